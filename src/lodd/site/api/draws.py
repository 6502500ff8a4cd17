"""Draws, for other programs: the same action as the pages', once for each idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lodd.allocation.receipts import hash_prefix
from lodd.errors import Problem, UsageError
from lodd.identity import parse_identity_number
from lodd.locale import Text
from lodd.protocol.canonical import canonical_bytes
from lodd.site import policies
from lodd.site.actions.draw import add_caseworker, draw_person
from lodd.site.actions.follow_up import Entered, effective, record
from lodd.site.actions.systems import Given, answer_once
from lodd.site.api.bodies import DrawBody, FollowUpBody
from lodd.site.api.callers import Caller, recent
from lodd.site.api.endpoint import answered, read_body, within
from lodd.site.api.problems import ApiError
from lodd.site.installation import installation
from lodd.site.models import Caseworker, FollowUp, Participant

_KEY: Final = re.compile(r"[\x21-\x7e]{8,200}\Z")
_LABEL: Final = b"lodd/api/idempotency/v1"


def draw(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Draw a person, or give the person's first answer again."""
    key = _idempotency_key(request)
    body = read_body(request, DrawBody)
    within(caller, body.office)
    here = installation()
    number = parse_identity_number(body.identity_number, here.setting)
    lot_id = here.keys.lot_id(number)
    asked = body.model_dump(exclude={"identity_number"}) | {"lot_id": lot_id, "sub": caller.caseworker}

    def act() -> Given:
        answer = draw_person(
            number,
            body.office,
            actor=caller.actor,
            confirmed=body.confirmed,
            factors=body.factors,
            caseworker=_caseworker(body, caller),
        )
        return Given(200 if answer.repeated else 201, _drawn(answer.participant, first=not answer.repeated))

    return _given(answer_once(key, _fingerprint("draw", asked), act, actor=caller.actor))


def participant(request: HttpRequest, caller: Caller, receipt: str) -> HttpResponse:
    """What is known of somebody drawn."""
    found = _participant(caller, receipt)
    happened = [] if found.withdrawn_at else [_happened(entry) for entry in effective(found)]
    drawn = {name: value for name, value in _drawn(found, first=True).items() if name != "first"}
    return answered(drawn | {"withdrawn": found.withdrawn_at is not None, "follow_up": happened})


def follow_up(request: HttpRequest, caller: Caller, receipt: str) -> HttpResponse:
    """Record a referral, a start or an end."""
    key = _idempotency_key(request)
    body = read_body(request, FollowUpBody)
    found = _participant(caller, receipt)
    asked = body.model_dump(mode="json") | {"seq": found.seq}
    entered = Entered(body.kind, body.day, body.programme, body.reason)

    def act() -> Given:
        entry = record(found, entered, actor=caller.actor, cross_over=body.crossover_confirmed)
        return Given(201, {"entry": entry.pk})  # by number only: a withdrawal must leave nothing of it behind

    given = answer_once(key, _fingerprint("follow_up", asked), act, actor=caller.actor)
    return _given(replace(given, body=_recorded(found, given.body["entry"])))


def _recorded(found: Participant, entry: int) -> dict[str, Any]:
    """Raises:
    NotNowError: it was destroyed with all else when the participant withdrew.
    """
    kept = FollowUp.objects.filter(pk=entry, participant=found).first()
    if kept is None:
        found.refresh_from_db(fields=["withdrawn_at"])
        policies.check_follow_up(found)
        raise ApiError("unknown")
    return _happened(kept)


def _given(given: Given) -> HttpResponse:
    return answered(given.body, given.status, **({"Idempotency_Replayed": "true"} if given.again else {}))


def _drawn(drawn: Participant, *, first: bool) -> dict[str, Any]:
    return {
        "receipt": drawn.receipt,
        **_arm(drawn.arm),
        "drawn_on": drawn.day.isoformat(),
        "office": drawn.office,
        "first": first,
    }


def _arm(arm: str) -> dict[str, Any]:
    declared = installation().trial.arms[arm]
    step = declared.next_step
    return {
        "arm": arm,
        "arm_label": {"nb": declared.label.nb, "en": declared.label.en},
        "next_step": {"nb": step.nb, "en": step.en} if step else None,
    }


def _happened(entry: FollowUp) -> dict[str, Any]:
    return {
        "kind": str(entry.kind),
        "programme": entry.programme,
        "arm": entry.arm,
        "day": entry.day.isoformat(),
        "reason": entry.reason,
    }


def _participant(caller: Caller, receipt: str) -> Participant:
    """Somebody drawn at one of the system's offices; elsewhere is the same as nowhere."""
    try:
        hash_prefix(receipt)
    except UsageError as error:
        raise ApiError("unknown", error.problems) from None
    written = "".join(letter for letter in receipt.upper() if letter.isalnum())
    grouped = "-".join(written[start : start + 4] for start in range(0, len(written), 4))
    found = Participant.objects.filter(receipt=grouped).first()
    if found is None or found.office not in caller.offices:
        raise ApiError("unknown")
    return found


def _caseworker(body: DrawBody, caller: Caller) -> Caseworker:
    """The caseworker that the body or the signed token names; a new name is added to the office's list.

    Raises:
        UsageError: nobody is named, or the office has nobody with this code.
    """
    named = body.caseworker
    name, code = (named.name, named.code) if named else (None, caller.caseworker)
    if name:
        return _found(body.office, name=name) or add_caseworker(name, body.office, actor=caller.actor)
    known = _found(body.office, code=code) if code else None
    if known is None:
        raise UsageError(_unknown_caseworker() if code else _nobody_named())
    return known


def _found(office: str, **by: str) -> Caseworker | None:
    def on_list() -> Caseworker | None:
        return Caseworker.objects.filter(office=office, left=False, **by).order_by("pk").first()

    found: Caseworker | None = recent.get(f"caseworker:{office}:{by}", on_list)
    return found


def _idempotency_key(request: HttpRequest) -> str:
    """What is kept of the header: an HMAC, for systems may choose keys that name people.

    Raises:
        ApiError: 400; there is none, or it is too short to be anybody's own.
    """
    given = request.headers.get("Idempotency-Key", "")
    if not _KEY.match(given):
        raise ApiError("key", [_no_key()])
    return _mac(given.encode())


def _fingerprint(what: str, asked: dict[str, Any]) -> str:
    """Tells two requests apart. The person is in it by pseudonym only."""
    return _mac(what.encode() + b"\0" + canonical_bytes(_plain(asked)))


def _plain(value: Any) -> Any:
    """Tuples as lists and nothing that is empty, so that leaving a field out is the same as its default."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if part not in (None, "", (), {})}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def _mac(message: bytes) -> str:
    return hmac.digest(_secret(settings.SECRET_KEY), message, "sha256").hex()


@cache
def _secret(secret: str) -> bytes:
    return hashlib.sha256(_LABEL + b"\0" + secret.encode()).digest()


def _nobody_named() -> Problem:
    return Problem(
        Text(nb="det er ikke sagt hvem trekningen er for", en="it is not said on whose behalf the draw is"),
        "caseworker",
        Text(nb="veilederens kode eller navn", en="the caseworker's code or name"),
    )


def _unknown_caseworker() -> Problem:
    return Problem(
        Text(nb="kontoret har ingen veileder med denne koden", en="the office has no caseworker with this code"),
        "caseworker",
        next_step=Text(nb="Oppgi navnet i stedet.", en="Give the name instead."),
    )


def _no_key() -> Problem:
    return Problem(
        Text(nb="nøkkelen mangler eller er ugyldig", en="the key is missing or malformed"),
        "Idempotency-Key",
        Text(nb="8 til 200 synlige ASCII-tegn", en="8 to 200 visible ASCII characters"),
        Text(
            nb="Lag en ny, tilfeldig nøkkel for hver forespørsel, og send den samme igjen når svaret uteblir.",
            en="Make a new random key for every request, and send the same one again when no answer comes.",
        ),
    )
