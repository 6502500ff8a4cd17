"""From a request to an answer: never two draws, never a lost one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone

from lodd.allocation import receipt_of
from lodd.allocation.simulated import factor_columns
from lodd.identity import IdentityNumber
from lodd.site import policies
from lodd.site.actions.base import SITE, Actor, action, audit, ledger_action
from lodd.site.facts import check_factors
from lodd.site.installation import Installation, installation
from lodd.site.models import Caseworker, DrawRequest, Participant
from lodd.site.rows import add_row


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caseworker hears. ``repeated``: the person had been drawn before, and this is the first answer."""

    participant: Participant
    repeated: bool


@action
def request_draw(
    number: IdentityNumber,
    office: str,
    *,
    actor: Actor,
    confirmed: Collection[str],
    factors: Mapping[str, str],
    caseworker: Caseworker | None = None,
    caller: str = "",
    instead_of: DrawRequest | None = None,
) -> DrawRequest:
    """Keep what was typed, to be read back before the draw. The number is sealed.

    Args:
        caller: the name of who is on the phone: a caseworker on the office's list, or one who is added to it.
        instead_of: the request that this one corrects; it is given up.
    """
    assert actor.user is not None
    here = installation()
    if instead_of is not None:
        cancel_request(instead_of, actor=actor)
    request = DrawRequest(
        by=actor.user,
        caseworker=caseworker or (_called(caller, office, actor) if caller else None),
        office=office,
        lot_id=here.keys.lot_id(number),
        confirmed=sorted(confirmed),
        factors=dict(factors),
    )
    request.sealed = here.sealer.seal(number, f"request:{request.pk}")
    request.save()
    audit(actor, "draw.requested", f"request:{request.pk}", office=office, site=here.trial.office_site[office])
    return request


@ledger_action
def answer_request(request: DrawRequest, *, actor: Actor) -> DrawRequest:
    """Draw for a request, or give the answer that it has. Safe to repeat.

    Raises:
        NotNowError: the request was cancelled or is too old.
        PermissionDenied: somebody else made it.
        DataError: a rule of the ledger is against the draw; nothing is written.
    """
    here = installation()
    request = _own(request, actor)
    policies.check_answer(request, timezone.now())
    if request.state == DrawRequest.State.ANSWERED:
        audit(actor, "draw.answer_shown_again", f"request:{request.pk}")
        return request
    number = here.sealer.unseal(request.sealed, f"request:{request.pk}")
    answer = draw_person(
        number,
        request.office,
        actor=actor,
        confirmed=request.confirmed,
        factors=request.factors,
        caseworker=request.caseworker,
    )
    request.sealed, request.factors = "", {}
    request.state = DrawRequest.State.ANSWERED
    request.answered_at = here.now()
    request.participant = answer.participant
    request.repeated = answer.repeated
    if answer.participant.withdrawn_at is not None:
        request.caseworker = None  # nothing more is kept of who asks about somebody who has withdrawn
    request.save()
    return request


@ledger_action
def draw_person(
    number: IdentityNumber,
    office: str,
    *,
    actor: Actor,
    confirmed: Collection[str],
    factors: Mapping[str, str],
    caseworker: Caseworker | None,
) -> Answer:
    """Draw a person, or give the person's first answer again (which the ledger notes).

    Raises:
        DataError: a rule of the ledger is against it; nothing is written.
        IdentityNumberError: a number that cannot be drawn here.
        UsageError: a fact that no lot depends on, or a value that is not one of the fact's.
    """
    here = installation()
    check_factors(here.trial, factor_columns(here.service.live.replay.design), factors)
    answer = here.service.draw(
        number,
        office,
        by=actor.ledger_id,
        confirmed=confirmed,
        factors=factors,
        on_behalf_of=caseworker.code if caseworker else None,
    )
    place = {"office": office, "site": here.trial.office_site[office]}
    if not answer.first:
        audit(actor, "draw.repeated", f"participant:{answer.seq}", **place)
        return Answer(Participant.objects.get(pk=answer.seq), repeated=True)
    participant = _participant(here, answer.seq, number, actor, caseworker)
    audit(actor, "draw.made", f"participant:{answer.seq}", **place)
    return Answer(participant, repeated=False)


def _participant(
    here: Installation, seq: int, number: IdentityNumber, actor: Actor, caseworker: Caseworker | None
) -> Participant:
    """The row of somebody just drawn, from the event that the ledger took."""
    event = here.service.live.last
    draw = event.payload
    participant = Participant(
        seq=seq,
        lot_id=draw.lot_id,
        sealed=here.sealer.seal(number, f"participant:{seq}"),
        arm=draw.arm,
        site=here.trial.office_site[draw.office],
        office=draw.office,
        day=draw.day,
        drawn_at=event.at,
        receipt=receipt_of(event.hash),
        conditional=list(draw.conditional),
        marginal=list(draw.marginal) if draw.marginal is not None else None,
        drawn_by=actor.ledger_id,
        caseworker=caseworker,
    )
    return add_row(participant)


@action
def cancel_request(request: DrawRequest, *, actor: Actor) -> DrawRequest:
    """Give up a request before the draw; what it says of the person is destroyed. One that has ended stays as it is.

    Raises:
        PermissionDenied: somebody else made it.
    """
    request = _own(request, actor)
    if request.state == DrawRequest.State.OPEN:
        _ended(DrawRequest.objects.filter(pk=request.pk), DrawRequest.State.CANCELLED)
        request.refresh_from_db()
    audit(actor, "draw.cancelled", f"request:{request.pk}", office=request.office)
    return request


def expire_requests() -> int:
    """Empty what has waited too long for its draw; how many there were. Cheap when there is nothing to do."""
    return _expire() if _too_old().exists() else 0


@action
def _expire() -> int:
    expired = _ended(_too_old(), DrawRequest.State.EXPIRED)
    audit(SITE, "draw.requests_expired", count=expired)
    return expired


def _too_old() -> QuerySet[DrawRequest]:
    return DrawRequest.objects.filter(
        state=DrawRequest.State.OPEN, created_at__lte=timezone.now() - policies.REQUEST_LIVES
    )


def _ended(requests: QuerySet[DrawRequest], state: str) -> int:
    """Nobody was drawn for these: nothing about a person is kept, not even a pseudonym."""
    return requests.update(state=state, sealed="", lot_id="", factors={}, confirmed=[])


def _own(request: DrawRequest, actor: Actor) -> DrawRequest:
    """The request as it is now, held until the transaction ends."""
    now = DrawRequest.objects.select_for_update().get(pk=request.pk)
    if now.by_id != (actor.user.pk if actor.user else None):
        raise PermissionDenied("another's request")
    return now


@action
def show_request(request: DrawRequest, *, actor: Actor, why: str = "read_back") -> IdentityNumber:
    """Open the number of a request that awaits its draw, to be read back or corrected."""
    audit(actor, "identity.shown", f"request:{request.pk}", office=request.office, why=why)
    return installation().sealer.unseal(request.sealed, f"request:{request.pk}")


@action
def add_caseworker(name: str, office: str, *, actor: Actor) -> Caseworker:
    """Somebody who phones the line and is not on the office's list yet."""
    code = "cw-" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(8))
    caseworker = Caseworker.objects.create(code=code, name=name, office=office)
    audit(actor, "caseworker.added", f"caseworker:{code}", office=office)
    return caseworker


def _called(name: str, office: str, actor: Actor) -> Caseworker:
    """The office's caseworker of this name, however it is spaced and capitalised; a new one if there is none."""
    return known_caseworker(name, office) or add_caseworker(" ".join(name.split()), office, actor=actor)


def known_caseworker(name: str, office: str) -> Caseworker | None:
    """The caseworker on the office's list with this name, if there is one."""
    wanted = " ".join(name.split()).casefold()
    on_list = Caseworker.objects.filter(office=office, left=False).order_by("pk")
    return next((one for one in on_list if " ".join(one.name.split()).casefold() == wanted), None)
