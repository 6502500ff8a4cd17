"""What happens after the draw: referral, start and end. An entry is never changed: a correction replaces it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.site import policies
from lodd.site.actions.base import Actor, action, audit
from lodd.site.installation import installation
from lodd.site.models import FollowUp, Participant
from lodd.site.participants.programmes import arm_of
from lodd.site.participants.words import END_REASONS
from lodd.site.policies import NotNowError


class CrossOverError(NotNowError):
    """A programme of another arm than the participant's: to be confirmed, for it is marked as a cross-over."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What is said to have happened. ``programme`` is left empty for an end: it is that of what ends."""

    kind: str
    day: date
    programme: str = ""
    reason: str = ""

    def same_as(self, entry: FollowUp) -> bool:
        return (self.kind, self.day, self.reason) == (entry.kind, entry.day, entry.reason) and self.programme in (
            "",
            entry.programme,
        )


@action
def record(participant: Participant, entered: Entered, *, actor: Actor, cross_over: bool = False) -> FollowUp:
    """Enter what happened. The same thing entered again is the entry that is there.

    Args:
        cross_over: it is confirmed that the programme is another arm's.

    Raises:
        NotNowError: the participant has withdrawn, or it cannot have happened there in the course of things.
        CrossOverError: another arm's programme, not confirmed.
        UsageError: a programme or a reason that is not known; an end without a reason.
    """
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    policies.check_follow_up(participant)
    entries = effective(participant)
    for entry in entries:
        if entered.same_as(entry):
            _audit(actor, "follow_up.repeated", participant, entry)
            return entry
    made = _checked(participant, entered, entries, cross_over=cross_over)
    return _kept(participant, made, [*entries, made], actor, "follow_up.recorded")


@action
def correct(entry: FollowUp, entered: Entered, *, actor: Actor, cross_over: bool = False) -> FollowUp:
    """Say what happened instead. Both stay; the new entry counts.

    Raises:
        NotNowError, CrossOverError, UsageError: as :func:`record`; or the entry was corrected already.
    """
    participant = Participant.objects.select_for_update().get(pk=entry.participant_id)
    policies.check_follow_up(participant)
    _check_stands(entry)
    others = [other for other in effective(participant) if other.pk != entry.pk]
    made = _checked(participant, entered, others, cross_over=cross_over)
    made.replaces = entry
    return _kept(participant, made, [*others, made], actor, "follow_up.corrected")


@action
def void(entry: FollowUp, *, actor: Actor) -> FollowUp:
    """Say that it did not happen. Safe to repeat.

    Raises:
        NotNowError: the participant has withdrawn, the entry was corrected already, or later ones rest on it.
    """
    participant = Participant.objects.select_for_update().get(pk=entry.participant_id)
    policies.check_follow_up(participant)
    _check_stands(entry)
    others = [other for other in effective(participant) if other.pk != entry.pk]
    made = FollowUp(
        participant=participant,
        kind=entry.kind,
        programme=entry.programme,
        arm=entry.arm,
        day=entry.day,
        reason=entry.reason,
        replaces=entry,
        void=True,
    )
    return _kept(participant, made, others, actor, "follow_up.voided")


def effective(participant: Participant) -> list[FollowUp]:
    """The entries that count, in the order of their days: neither replaced nor void."""
    return counting(FollowUp.objects.filter(participant=participant))


def counting(entries: Iterable[FollowUp]) -> list[FollowUp]:
    """Of all entries of a participant, those that count, by day; on one day as they were first entered."""
    known = {entry.pk: entry for entry in entries}
    replaced = {entry.replaces_id for entry in known.values()}
    kept = [entry for entry in known.values() if not entry.void and entry.pk not in replaced]
    return sorted(kept, key=lambda entry: (entry.day, _first_of(entry, known)))


def _first_of(entry: FollowUp, known: dict[int, FollowUp]) -> int:
    while entry.replaces_id in known:
        entry = known[entry.replaces_id]
    return entry.pk


def _checked(participant: Participant, entered: Entered, others: Sequence[FollowUp], *, cross_over: bool) -> FollowUp:
    """The entry, if it can have happened."""
    here = installation()
    policies.check_day(entered.day, participant.day, here.today)
    if entered.kind == FollowUp.Kind.END:
        before = [other for other in others if other.day <= entered.day and other.kind != FollowUp.Kind.END]
        programme, arm = (before[-1].programme, before[-1].arm) if before else ("", "")
        _check_reason(entered.reason)
    else:
        programme = entered.programme
        arm = arm_of(here.trial, programme, entered.day, participant.arm)
        if arm not in ("", participant.arm) and not cross_over:
            raise CrossOverError(_crosses_over(arm, participant.arm))
    reason = entered.reason if entered.kind == FollowUp.Kind.END else ""
    return FollowUp(
        participant=participant, kind=entered.kind, programme=programme, arm=arm, day=entered.day, reason=reason
    )


def _kept(
    participant: Participant, made: FollowUp, counting_now: Sequence[FollowUp], actor: Actor, done: str
) -> FollowUp:
    """Write the entry and what the participant's entries say now, if they can have happened together."""
    ordered = sorted(counting_now, key=lambda entry: (entry.day, _place(entry)))
    participant.state = policies.state_after(entry.kind for entry in ordered)
    participant.state_since = ordered[-1].day if ordered else None
    made.by = actor.ledger_id
    made.save()
    participant.save(update_fields=["state", "state_since"])
    _audit(actor, done, participant, made)
    return made


def _place(entry: FollowUp) -> float:
    """A new entry comes last on its day; a correction takes the place of what it replaces."""
    if entry.pk is None:
        return _place(entry.replaces) if entry.replaces is not None else float("inf")
    while entry.replaces is not None:
        entry = entry.replaces
    return entry.pk


def _check_stands(entry: FollowUp) -> None:
    if entry.void or FollowUp.objects.filter(replaces=entry).exists():
        raise NotNowError(
            Problem(
                Text(nb="dette er rettet allerede", en="this was corrected already"),
                next_step=Text(nb="Se tidslinjen til deltakeren.", en="See the participant's time line."),
            )
        )


def _check_reason(reason: str) -> None:
    if reason not in END_REASONS:
        raise UsageError(
            Problem(
                Text(nb="det er ikke sagt hvorfor det tok slutt", en="it is not said why it ended"),
                "reason",
                Text.same(", ".join(END_REASONS)),
            )
        )


def _crosses_over(arm: str, own: str) -> Problem:
    theirs, drawn = (installation().trial.arms[one].label for one in (arm, own))
    return Problem(
        Text(
            nb=f"tiltaket hører til {theirs.nb}, men personen er trukket til {drawn.nb}",
            en=f"the programme belongs to {theirs.en}, but the person was drawn to {drawn.en}",
        ),
        "cross_over",
        next_step=Text(
            nb="Kontroller tiltaket. Er det riktig, så bekreft at personen får et tiltak fra en annen gruppe.",
            en="Check the programme. If it is right, confirm that the person gets another group's programme.",
        ),
    )


def _audit(actor: Actor, done: str, participant: Participant, entry: FollowUp) -> None:
    audit(
        actor,
        done,
        f"participant:{participant.seq}",
        site=participant.site,
        office=participant.office,
        entry=entry.pk,
        kind=entry.kind,
        cross_over=entry.arm not in ("", participant.arm),
    )
