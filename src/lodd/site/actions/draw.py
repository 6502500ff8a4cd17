"""From a request to an answer: never two draws, never a lost one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lodd.allocation import receipt_of
from lodd.identity import IdentityNumber
from lodd.site import policies
from lodd.site.actions.base import Actor, action, audit, ledger_action
from lodd.site.installation import Installation, installation
from lodd.site.models import Caseworker, DrawRequest, Participant


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
    caseworker: Caseworker | None,
) -> DrawRequest:
    """Keep what was typed, to be read back before the draw. The number is sealed."""
    assert actor.user is not None
    here = installation()
    request = DrawRequest(
        by=actor.user,
        caseworker=caseworker,
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
        DataError: a rule of the ledger is against the draw; nothing is written.
    """
    here = installation()
    request = DrawRequest.objects.select_for_update().get(pk=request.pk)
    policies.check_answer(request)
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
    request.sealed = ""
    request.state = DrawRequest.State.ANSWERED
    request.answered_at = here.now()
    request.participant = answer.participant
    request.repeated = answer.repeated
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
    """
    here = installation()
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
    return Participant.objects.create(
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


@action
def cancel_request(request: DrawRequest, *, actor: Actor) -> None:
    """Give up a request before the draw; the number in it is destroyed."""
    request = DrawRequest.objects.select_for_update().get(pk=request.pk)
    if request.state == DrawRequest.State.OPEN:
        request.state, request.sealed = DrawRequest.State.CANCELLED, ""
        request.save()
    audit(actor, "draw.cancelled", f"request:{request.pk}", office=request.office)


@action
def show_identity(participant: Participant, *, actor: Actor, why: str) -> IdentityNumber:
    """Open a participant's identity for somebody who needs it; noted in the audit log.

    Raises:
        NotNowError: the participant has withdrawn: there is no identity any more.
    """
    policies.check_follow_up(participant)
    audit(
        actor,
        "identity.shown",
        f"participant:{participant.seq}",
        site=participant.site,
        office=participant.office,
        why=why,
    )
    return installation().sealer.unseal(participant.sealed, f"participant:{participant.seq}")


@action
def show_request(request: DrawRequest, *, actor: Actor) -> IdentityNumber:
    """Open the number of a request that awaits its draw, to be read back."""
    audit(actor, "identity.shown", f"request:{request.pk}", office=request.office, why="read_back")
    return installation().sealer.unseal(request.sealed, f"request:{request.pk}")


@action
def add_caseworker(name: str, office: str, *, actor: Actor) -> Caseworker:
    """Somebody who phones the line and is not on the office's list yet."""
    code = "cw-" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(8))
    caseworker = Caseworker.objects.create(code=code, name=name, office=office)
    audit(actor, "caseworker.added", f"caseworker:{code}", office=office)
    return caseworker
