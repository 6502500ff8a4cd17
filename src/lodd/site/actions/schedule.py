"""The trial's public random values, its schedule and its close: always two people, never the past, and no key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from django.core.exceptions import PermissionDenied

from lodd.allocation import amended_row
from lodd.allocation.events import AmendedRow
from lodd.allocation.live import said
from lodd.allocation.replay import schedule_rows
from lodd.allocation.service import beacon_value
from lodd.allocation.state import round_name
from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.site import policies
from lodd.site.actions.base import Actor, action, audit, ledger_action
from lodd.site.installation import installation
from lodd.site.models import BeaconEntry, ScheduleProposal

_State = ScheduleProposal.State


class BeaconStep(StrEnum):
    """What came of a value that somebody typed."""

    WAITING = "waiting"
    """It is the first; another person types it too."""
    RECORDED = "recorded"
    """Both agree, and it is in the ledger."""
    DIFFERED = "differed"
    """They do not agree; both are given up, and nothing is recorded."""


@ledger_action
def enter_beacon(value: str, *, actor: Actor, amendment: int | None = None) -> BeaconStep:
    """A public random value as one person read it; the second person's makes it an event, if it is the same.

    Raises:
        DataError: nothing awaits a value, or a rule of the ledger is against it.
        PermissionDenied: the same person twice.
    """
    check_awaited(amendment)
    about = f"amendment:{amendment}" if amendment else "trial"
    waiting = BeaconEntry.objects.filter(amendment=amendment, settled_at=None).first()
    if waiting is None:
        BeaconEntry.objects.create(amendment=amendment, value=value, by=actor.user)
        audit(actor, "beacon.entered", about)
        return BeaconStep.WAITING
    if waiting.by == actor.user:
        raise PermissionDenied("two people")
    waiting.settled_at = installation().now()
    waiting.save()
    if beacon_value(waiting.value) != beacon_value(value):
        audit(actor, "beacon.differed", about)
        return BeaconStep.DIFFERED
    typed = (waiting.by.ledger_id, waiting.value), (actor.ledger_id, value)
    installation().service.record_beacon(*typed, amendment=amendment)
    audit(actor, "beacon.recorded", about)
    return BeaconStep.RECORDED


def check_awaited(amendment: int | None) -> None:
    """Asked in a turn of the ledger.

    Raises:
        DataError: no value is awaited.
    """
    state = installation().service.live.state
    pending = state.beacon is None if amendment is None else amendment in state.pending_amendments
    if not pending:
        raise DataError(Problem(Text(nb="ingenting venter på et tall nå", en="nothing awaits a value now")))


@ledger_action
def propose_schedule(
    rows: Mapping[str, Mapping[str, str]],
    effective_from: date,
    *,
    actor: Actor,
    beacon_source: str,
    beacon_round: str,
    note: str = "",
) -> ScheduleProposal:
    """Ask for other probabilities at some counties or offices from a day to come.

    Args:
        rows: by place, the probability of each arm but the reference, as exact decimals.

    Raises:
        DataError: the day is not to come, the round has been used, or the schedule would not be sound.
        UsageError: an unknown place, or a probability that is no exact decimal.
    """
    amended = _amended(rows)
    _check_to_come(effective_from)
    state = installation().service.live.state
    if round_name(beacon_source, beacon_round) in state.used_rounds:
        raise DataError(_known_round())
    proposed = said(schedule_rows, amended, effective_from)
    installation().service.live.replay.design.with_amendment(proposed, effective_from)
    proposal = ScheduleProposal.objects.create(
        rows=[{"place": place, "probability": dict(shares)} for place, shares in rows.items()],
        effective_from=effective_from,
        beacon_source=beacon_source,
        beacon_round=beacon_round,
        note=note,
        proposed_by=actor.user,
    )
    audit(actor, "schedule.proposed", f"proposal:{proposal.pk}", effective_from=effective_from.isoformat())
    return proposal


@ledger_action
def approve_schedule(proposal: ScheduleProposal, *, actor: Actor) -> ScheduleProposal:
    """Let it be so: an amendment in the ledger, which waits for its beacon.

    Raises:
        PermissionDenied: the one who approves is the one who asked.
        NotNowError: it was decided already.
        DataError: a rule of the ledger is against it (the day has passed, one of the two has held a key).
    """
    proposal = _undecided(proposal)
    if actor.user == proposal.proposed_by:
        raise PermissionDenied("two people")
    event = installation().service.amend(
        _amended({row["place"]: row["probability"] for row in proposal.rows}),
        proposal.effective_from,
        proposed_by=proposal.proposed_by.ledger_id,
        approved_by=actor.ledger_id,
        beacon_source=proposal.beacon_source,
        beacon_round=proposal.beacon_round,
        note=proposal.note or None,
    )
    proposal.amendment = event.seq
    return _decided(proposal, _State.APPROVED, actor)


@action
def decline_schedule(proposal: ScheduleProposal, *, actor: Actor) -> ScheduleProposal:
    """Leave the schedule as it is; the one who asked takes it back instead.

    Raises:
        PermissionDenied, NotNowError: as :func:`approve_schedule`.
    """
    proposal = _undecided(proposal)
    if actor.user == proposal.proposed_by:
        raise PermissionDenied("two people")
    return _decided(proposal, _State.DECLINED, actor)


@action
def take_back_schedule(proposal: ScheduleProposal, *, actor: Actor) -> ScheduleProposal:
    """The one who asked asks no longer.

    Raises:
        PermissionDenied: it was somebody else.
        NotNowError: it was decided already.
    """
    proposal = _undecided(proposal)
    if actor.user != proposal.proposed_by:
        raise PermissionDenied("own proposal")
    return _decided(proposal, _State.TAKEN_BACK, actor)


@ledger_action
def close_trial(*, actor: Actor) -> None:
    """No more draws, for good. After this the draw key may be revealed.

    Raises:
        DataError: slips are unaccounted for, or it is closed already.
    """
    from lodd.site.actions.exports import make_checkpoint

    event = installation().service.close(by=actor.ledger_id)
    audit(actor, "trial.closed", answers=event.payload.answers)
    make_checkpoint()


def _amended(rows: Mapping[str, Mapping[str, str]]) -> Sequence[AmendedRow]:
    return [amended_row(installation().trial, place, shares) for place, shares in rows.items()]


def _undecided(proposal: ScheduleProposal) -> ScheduleProposal:
    proposal = ScheduleProposal.objects.select_for_update().select_related("proposed_by").get(pk=proposal.pk)
    policies.check_decide_schedule(proposal)
    return proposal


def _decided(proposal: ScheduleProposal, state: ScheduleProposal.State, actor: Actor) -> ScheduleProposal:
    proposal.state, proposal.decided_at = state, installation().now()
    proposal.decided_by = actor.user
    proposal.save()
    audit(actor, f"schedule.{state}", f"proposal:{proposal.pk}")
    return proposal


def _check_to_come(day: date) -> None:
    here = installation()
    if not here.today < day <= here.trial.enrolment.closes:
        raise DataError(
            Problem(
                Text(
                    nb="dagen er ikke mellom i morgen og siste trekningsdag",
                    en="the day is not between tomorrow and the last day of enrolment",
                ),
                "effective_from",
            )
        )


def _known_round() -> Problem:
    return Problem(
        Text(nb="dette tallet er brukt før, og altså kjent", en="this value has been used before, and so is known"),
        "beacon_round",
        next_step=Text(nb="Velg et tall som ikke er kunngjort ennå.", en="Choose one that is not published yet."),
    )
