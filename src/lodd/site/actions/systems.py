"""Systems that draw through the API: proposed by an administrator, approved by a trial manager, and what they do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet

from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Text
from lodd.site.actions.base import SITE, Actor, action, audit, ledger_action
from lodd.site.installation import installation
from lodd.site.models import ApiSystem, IdempotentAnswer
from lodd.site.rows import add_row

TOKEN_PREFIX: Final = "lodd_"
REMEMBERED: Final = timedelta(days=30)
"""How long a request may be repeated with its idempotency key."""
_BYTES: Final = 32
_ROLE: Final = "operator"


class KeyReusedError(DataError):
    """An idempotency key came back with another request."""


@dataclass(frozen=True, slots=True)
class Given:
    """The answer to a request. ``again``: it was given before, and nothing was done now."""

    status: int
    body: Mapping[str, Any]
    again: bool = False


def token_sha256(token: str) -> str:
    """What is kept of a token. (Its 256 random bits need no salt and no slow hash.)"""
    return hashlib.sha256(token.encode()).hexdigest()


@action
def propose_system(
    name: str, *, actor: Actor, site: str = "", office: str = "", issuer: str = "", per_minute: int = 600
) -> ApiSystem:
    """Ask that a system may draw: in a county, at one office, or (both empty) everywhere.

    Raises:
        UsageError: there is no such place, or the name or the issuer belongs to another system.
    """
    site, office = _place(site, office)
    others = ApiSystem.objects.filter(declined_at=None)
    if others.filter(name=name).exists() or (issuer and others.filter(issuer=issuer, revoked_at=None).exists()):
        raise UsageError(_taken())
    ApiSystem.objects.filter(name=name).delete()  # declined before: asked for again
    system = ApiSystem.objects.create(
        name=name, site=site, office=office, issuer=issuer, per_minute=per_minute, proposed_by=actor.user
    )
    audit(actor, "system.proposed", f"system:{system.ledger_id}", site=site, office=office)
    return system


@ledger_action
def approve_system(system: ApiSystem, *, actor: Actor) -> ApiSystem:
    """Let it draw, also in the ledger.

    Raises:
        PermissionDenied: the one who approves is the one who asked.
        UsageError: it was decided already.
    """
    system = _undecided(system, actor)
    system.approved_by, system.approved_at = actor.user, installation().now()
    system.save()
    for place in _ledger_places(system):
        installation().service.grant(system.ledger_id, _ROLE, by=actor.ledger_id, office=place)
    audit(actor, "system.approved", f"system:{system.ledger_id}", site=system.site, office=system.office)
    return system


@action
def decline_system(system: ApiSystem, *, actor: Actor) -> ApiSystem:
    """Do not let it draw.

    Raises:
        PermissionDenied, UsageError: as :func:`approve_system`.
    """
    system = _undecided(system, actor)
    system.declined_at = installation().now()
    system.save()
    audit(actor, "system.declined", f"system:{system.ledger_id}", site=system.site, office=system.office)
    return system


@ledger_action
def revoke_system(system: ApiSystem, *, actor: Actor) -> ApiSystem:
    """It draws no more, also in the ledger; its token dies within half a minute.

    Raises:
        UsageError: it may not draw.
    """
    system = ApiSystem.objects.select_for_update().get(pk=system.pk)
    if not system.active:
        raise UsageError(_decided())
    system.revoked_by, system.revoked_at, system.token_sha256 = actor.user, installation().now(), ""
    system.save()
    for place in _ledger_places(system):
        installation().service.revoke(system.ledger_id, _ROLE, by=actor.ledger_id, office=place)
    audit(actor, "system.revoked", f"system:{system.ledger_id}", site=system.site, office=system.office)
    return system


@action
def issue_token(system: ApiSystem, *, actor: Actor) -> str:
    """A new token, to be seen once; the one before dies within half a minute.

    Raises:
        UsageError: the system is not approved, or no longer.
    """
    system = ApiSystem.objects.select_for_update().get(pk=system.pk)
    if not system.active:
        raise UsageError(_not_approved())
    token = TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)
    system.token_sha256 = token_sha256(token)
    system.save()
    audit(actor, "system.token_issued", f"system:{system.ledger_id}", site=system.site, office=system.office)
    return token


@ledger_action
def answer_once(key: str, request_hmac: str, act: Callable[[], Given], *, actor: Actor) -> Given:
    """Do what a request asks for, once for each key; later, give the same answer again.

    ``act`` runs in the same transaction: what it does and what is remembered of it are kept or lost together.

    Raises:
        KeyReusedError: the key was used for another request.
        LoddError: ``act`` refuses; then nothing is remembered, and the request may be made again with its key.
    """
    if _answered(actor.system, key):
        kept = IdempotentAnswer.objects.get(system_id=actor.system.pk, key=key)
        if kept.request_hmac != request_hmac:
            raise KeyReusedError(_key_reused())
        audit(actor, "api.answer_repeated")
        return Given(kept.status, kept.body, again=True)
    given = act()
    add_row(
        IdempotentAnswer(
            system_id=actor.system.pk, key=key, request_hmac=request_hmac, status=given.status, body=given.body
        )
    )
    return given


def _answered(system: ApiSystem, key: str) -> bool:
    """Asked of every request, in the turn that all others wait for: a plain statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM lodd_idempotentanswer WHERE system_id = %s AND key = %s", [system.pk, key])
        return cursor.fetchone() is not None


def forget_what_is_due() -> int:
    """As :func:`forget_old_answers`, when there is anything to forget."""
    return forget_old_answers() if _old_answers().exists() else 0


@action
def forget_old_answers() -> int:
    """Forget answers older than :data:`REMEMBERED`; how many."""
    count, _ = _old_answers().delete()
    audit(SITE, "api.answers_forgotten", count=count)
    return count


def _old_answers() -> QuerySet[IdempotentAnswer]:
    return IdempotentAnswer.objects.filter(at__lt=installation().now() - REMEMBERED)


def _undecided(system: ApiSystem, actor: Actor) -> ApiSystem:
    system = ApiSystem.objects.select_for_update().get(pk=system.pk)
    if actor.user == system.proposed_by:
        raise PermissionDenied("two people")
    if system.approved_at or system.declined_at:
        raise UsageError(_decided())
    return system


def _place(site: str, office: str) -> tuple[str, str]:
    trial = installation().trial
    if office in trial.office_site:
        return trial.office_site[office], office
    if not office and (not site or site in trial.sites):
        return site, ""
    raise UsageError(
        Problem(
            Text(nb="fylket eller kontoret finnes ikke i protokollen", en="there is no such county or office"),
            allowed=Text.same(", ".join([*trial.sites, *trial.office_site])),
        )
    )


def system_offices(system: ApiSystem) -> list[str]:
    """The offices where a system may draw."""
    places = installation().trial.office_site
    return [
        office
        for office, site in places.items()
        if office == system.office or (not system.office and _in(system, site))
    ]


def _in(system: ApiSystem, site: str) -> bool:
    return system.site in ("", site)


def _ledger_places(system: ApiSystem) -> list[str | None]:
    return [*system_offices(system)] if system.site else [None]


def _taken() -> Problem:
    return Problem(
        Text(nb="et annet system har dette navnet eller denne utstederen", en="another system has this name or issuer"),
        next_step=Text(nb="Velg et annet.", en="Choose another one."),
    )


def _decided() -> Problem:
    return Problem(Text(nb="dette er avgjort allerede", en="this was decided already"))


def _not_approved() -> Problem:
    return Problem(
        Text(nb="systemet er ikke godkjent", en="the system is not approved"),
        next_step=Text(nb="En forsøksleder må godkjenne det først.", en="A trial manager must approve it first."),
    )


def _key_reused() -> Problem:
    return Problem(
        Text(
            nb="nøkkelen i Idempotency-Key er brukt til en annen forespørsel",
            en="the key in Idempotency-Key was used for another request",
        ),
        "Idempotency-Key",
        next_step=Text(nb="Lag en ny nøkkel for hver forespørsel.", en="Make a new key for every request."),
    )
