"""The rules of the ledger: what an event may say, given the events before it.

One set of rules serves two askers. Whoever makes an event asks before it is written, and a breach is an error that the
user sees; the verifier asks of every recorded event, and a breach is a finding. That arms and probabilities are what
the mechanism gives is not judged here but by the replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from lodd.allocation.breaches import Breach, breach
from lodd.allocation.events import (
    AmendedRow,
    Amendment,
    Beacon,
    Close,
    Draw,
    ErrorNoted,
    Event,
    Nomination,
    OutageIssued,
    OutageUsed,
    OutageVoided,
    RepeatedRequest,
    Role,
    RoleName,
    SamePerson,
    Withdrawal,
)
from lodd.allocation.slips import slip_hash
from lodd.allocation.state import LedgerState, round_name
from lodd.protocol.lock import Lock, locked_moment
from lodd.protocol.model import Trial

ZONE: Final = ZoneInfo("Europe/Oslo")
"""Days of draws are days of this zone, wherever the machine stands."""
DRAWS: Final[tuple[RoleName, ...]] = ("operator", "caseworker")
LEADS: Final[tuple[RoleName, ...]] = ("manager", "operator")
MANAGES: Final[tuple[RoleName, ...]] = ("manager",)
NOTES: Final[tuple[RoleName, ...]] = ("operator", "caseworker", "manager")
_AFTER_CLOSE: Final = (RepeatedRequest, ErrorNoted, Withdrawal)
_BEFORE_BEACON: Final = (Beacon, Role)


def local_day(at: datetime) -> date:
    """The day of a moment where the trial takes place."""
    return at.astimezone(ZONE).date()


@lru_cache(maxsize=8192)
def day_limits(day: date) -> tuple[datetime, datetime]:
    """The moments at which a day begins and the next one does."""
    return datetime.combine(day, time(), ZONE), datetime.combine(day + timedelta(days=1), time(), ZONE)


def _within(day: date, at: datetime) -> bool:
    begins, ends = day_limits(day)
    return begins <= at < ends


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What the rules need to know of the trial and its lock. ``beacon`` is empty for a simulation.

    ``locked`` is when the trial was locked; None for a simulation, whose days may be long past.
    """

    method: str
    arms: tuple[str, ...]
    offices: Mapping[str, str]
    opens: date
    closes: date
    beacon: Mapping[str, str]
    locked: datetime | None

    @classmethod
    def of(cls, trial: Trial, lock: Lock) -> Rulebook:
        """Raises:
        LockError: the lock does not say when it was made.
        """
        return cls(
            method=trial.draw.method,
            arms=trial.arm_ids,
            offices=trial.office_site,
            opens=trial.enrolment.opens,
            closes=trial.enrolment.closes,
            beacon=dict(lock.beacon),
            locked=locked_moment(lock) if lock.beacon else None,
        )

    def breaches(self, state: LedgerState, event: Event) -> list[Breach]:
        """Every rule that the event breaks, if it came next."""
        rules = _RULES[event.payload.type]
        return _always(self, state, event) + list(rules(self, state, event, event.payload))


def _always(book: Rulebook, state: LedgerState, event: Event) -> list[Breach]:
    found = []
    if state.last_at is not None and event.at < state.last_at:
        found.append(breach("clock", at=_shown(event.at), last=_shown(state.last_at)))
    if book.locked is not None and event.at < book.locked:
        found.append(breach("before_lock", at=_shown(event.at), locked=_shown(book.locked)))
    if state.closed is not None and not isinstance(event.payload, _AFTER_CLOSE):
        found.append(breach("closed"))
    if book.beacon and state.beacon is None:
        if state.count == 0 and not isinstance(event.payload, Beacon):
            found.append(breach("first_not_beacon"))
        elif not isinstance(event.payload, _BEFORE_BEACON):
            found.append(breach("no_beacon"))
    return found


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def _allowed(state: LedgerState, by: str, roles: tuple[RoleName, ...], office: str | None = None) -> Iterator[Breach]:
    if not state.may(by, roles, office):
        yield breach("role", by=by, roles=", ".join(roles))


def _anywhere(state: LedgerState, by: str) -> Iterator[Breach]:
    """The person may draw or manage somewhere."""
    if not any(role in NOTES for role, _ in state.roles.get(by, ())):
        yield breach("role", by=by, roles=", ".join(NOTES))


def _known_office(book: Rulebook, office: str) -> Iterator[Breach]:
    if office not in book.offices:
        yield breach("unknown_office", office=office)


def _within_enrolment(book: Rulebook, day: date) -> Iterator[Breach]:
    if not book.opens <= day <= book.closes:
        yield breach("outside_enrolment", day=day, opens=book.opens, closes=book.closes)


# Answers --------------------------------------------------------------------------------------------------------------


def _new_answer(book: Rulebook, state: LedgerState, event: Event, answer: Draw | OutageUsed) -> list[Breach]:
    """What every event that gives somebody an arm must satisfy. (Asked of every draw by the verifier: no detours.)"""
    found = []
    if not state.may(event.by, DRAWS, answer.office):
        found.append(breach("role", by=event.by, roles=", ".join(DRAWS)))
    if answer.office not in book.offices:
        found.append(breach("unknown_office", office=answer.office))
    if not book.opens <= answer.day <= book.closes:
        found += _within_enrolment(book, answer.day)
    if answer.arm not in book.arms:
        found.append(breach("unknown_arm", arm=answer.arm))
    if (first := state.answers.get(answer.lot_id)) is not None:
        found.append(breach("drawn_already", first=first.seq))
    return found


def _draw(book: Rulebook, state: LedgerState, event: Event, draw: Draw) -> list[Breach]:
    found = _new_answer(book, state, event, draw)
    if not _within(draw.day, event.at):
        found.append(breach("wrong_day", day=draw.day, local=local_day(event.at)))
    if book.method == "external":
        found.append(breach("external"))
    if state.nominated or draw.batch is not None or book.method == "complete":
        found += _batch(book, state, draw)
    return found


def _batch(book: Rulebook, state: LedgerState, draw: Draw) -> Iterator[Breach]:
    nominated = state.nominated.get(draw.lot_id)
    if nominated != draw.batch or (book.method == "complete" and draw.batch is None):
        yield breach("batch", nominated=nominated or "–", batch=draw.batch or "–")
    elif draw.batch is not None and draw.batch not in state.batch_beacons:
        yield breach("batch_no_beacon", batch=draw.batch)


def _repeated(book: Rulebook, state: LedgerState, event: Event, repeated: RepeatedRequest) -> Iterator[Breach]:
    yield from _allowed(state, event.by, DRAWS, repeated.office)
    yield from _known_office(book, repeated.office)
    first = state.answer_to(repeated.lot_id)
    if first is None or first.seq != repeated.first:
        yield breach("not_first_answer", first=repeated.first)


def _same_person(book: Rulebook, state: LedgerState, event: Event, same: SamePerson) -> Iterator[Breach]:
    yield from _anywhere(state, event.by)
    if same.old == same.new:
        yield breach("same_twice")
    old, new = state.answer_to(same.old), state.answer_to(same.new)
    if old is not None and new is not None and old.seq != new.seq:
        yield breach("both_drawn", old=old.seq, new=new.seq)


def _error_noted(book: Rulebook, state: LedgerState, event: Event, noted: ErrorNoted) -> Iterator[Breach]:
    yield from _about(state, event, noted.about)


def _about(state: LedgerState, event: Event, about: int) -> Iterator[Breach]:
    yield from _anywhere(state, event.by)
    if about not in state.answers_by_seq:
        yield breach("no_answer", about=about)


def _withdrawal(book: Rulebook, state: LedgerState, event: Event, withdrawal: Withdrawal) -> Iterator[Breach]:
    about = withdrawal.about
    yield from _about(state, event, about)
    if about in state.withdrawn:
        yield breach("withdrawn_already", about=about)
    answer = state.answers_by_seq.get(about)
    if answer is not None and state.answer_to(withdrawal.lot_id) is not answer:
        yield breach("not_first_answer", first=about)


# Beacons, amendments, batches, roles ----------------------------------------------------------------------------------


def _two(by: str, one: str, other: str) -> Iterator[Breach]:
    if one == other:
        yield breach("two_people")
    if by not in (one, other):
        yield breach("not_by_either", by=by)


def _beacon(book: Rulebook, state: LedgerState, event: Event, beacon: Beacon) -> Iterator[Breach]:
    yield from _two(event.by, *beacon.entered_by)
    of_trial = beacon.amendment is None and beacon.batch is None
    expected, recorded = _awaited(book, state, beacon)
    if expected is None:
        yield breach("simulated_beacon" if of_trial else "no_target")
    elif expected != (beacon.source, beacon.round):
        yield breach("wrong_beacon", source=beacon.source, round=beacon.round, expected=", ".join(expected))
    if recorded:
        yield breach("beacon_again")
    for person in () if of_trial else beacon.entered_by:
        yield from _allowed(state, person, LEADS)


def _awaited(book: Rulebook, state: LedgerState, beacon: Beacon) -> tuple[tuple[str, str] | None, bool]:
    """Source and round that this beacon must have (None: nothing awaits it), and whether it was recorded before."""
    if beacon.amendment is not None:
        amendment = state.amendments.get(beacon.amendment) if beacon.batch is None else None
        wanted = (amendment.beacon_source, amendment.beacon_round) if amendment else None
        return wanted, beacon.amendment in state.amendment_beacons
    if beacon.batch is not None:
        batch = state.batches.get(beacon.batch)
        return (batch.beacon_source, batch.beacon_round) if batch else None, beacon.batch in state.batch_beacons
    return (book.beacon["source"], book.beacon["round"]) if book.beacon else None, state.beacon is not None


def _unknown_yet(state: LedgerState, source: str, round_: str) -> Iterator[Breach]:
    if round_name(source, round_) in state.used_rounds:
        yield breach("round_known", source=source, round=round_)


def _amendment(book: Rulebook, state: LedgerState, event: Event, amendment: Amendment) -> Iterator[Breach]:
    yield from _two(event.by, amendment.proposed_by, amendment.approved_by)
    for person in sorted({amendment.proposed_by, amendment.approved_by}):
        yield from _allowed(state, person, MANAGES)
        if person in state.has_held_a_key:
            yield breach("key_holder", person=person)
    if amendment.effective_from < (local := local_day(event.at)):
        yield breach("retroactive", day=amendment.effective_from, local=local)
    elif amendment.effective_from > book.closes:
        yield from _within_enrolment(book, amendment.effective_from)
    if book.method in ("external", "complete"):
        yield breach("no_schedule", method=book.method)
    for row in amendment.rows:
        yield from _amended_row(book, row)
    yield from _unknown_yet(state, amendment.beacon_source, amendment.beacon_round)


def _amended_row(book: Rulebook, row: AmendedRow) -> Iterator[Breach]:
    where = row.office or row.site
    if row.site not in book.offices.values() or (row.office is not None and book.offices.get(row.office) != row.site):
        yield breach("amended_place", where=where)
    elif set(row.probability) != set(book.arms[1:]):
        yield breach("amended_arms", where=where, arms=", ".join(book.arms[1:]))
    elif (total := sum(map(Decimal, row.probability.values()))) >= 1 or not all(map(Decimal, row.probability.values())):
        yield breach("amended_shares", where=where, total=total)


def _role(book: Rulebook, state: LedgerState, event: Event, role: Role) -> Iterator[Breach]:
    founding = not book.beacon and not state.has_manager and role.role == "manager" and role.person == event.by
    if not founding:
        yield from _allowed(state, event.by, MANAGES)
    if role.office is not None:
        yield from _known_office(book, role.office)
        if role.role in ("manager", "key_holder"):
            yield breach("whole_trial", role=role.role)
    grants = state.roles.get(role.person, set())
    if role.action == "revoked" and (role.role, role.office) not in grants:
        yield breach("not_granted", person=role.person, role=role.role)
    manages, holds = ("manager", None) in grants, role.person in state.has_held_a_key
    if role.action == "granted" and ((role.role == "key_holder" and manages) or (role.role == "manager" and holds)):
        yield breach("holds_other_role", person=role.person)


def _nomination(book: Rulebook, state: LedgerState, event: Event, nomination: Nomination) -> Iterator[Breach]:
    yield from _allowed(state, event.by, LEADS)
    members, counts = nomination.members, nomination.counts
    if book.method != "complete":
        yield breach("not_complete", method=book.method)
    if nomination.batch in state.batches:
        yield breach("batch_again", batch=nomination.batch)
    if list(members) != sorted(set(members)):
        yield breach("members")
    if taken := sum(member in state.answers or member in state.nominated for member in members):
        yield breach("member_elsewhere", count=taken)
    if len(counts) != len(book.arms) or sum(counts) != len(members) or min(counts) < 1:
        yield breach("counts", counts=", ".join(map(str, counts)), people=len(members), arms=len(book.arms))
    yield from _unknown_yet(state, nomination.beacon_source, nomination.beacon_round)


# Slips and the close --------------------------------------------------------------------------------------------------


def _slips_issued(book: Rulebook, state: LedgerState, event: Event, issued: OutageIssued) -> Iterator[Breach]:
    yield from _allowed(state, event.by, LEADS)
    yield from _known_office(book, issued.office)
    yield from _within_enrolment(book, issued.since)
    yield from _within_enrolment(book, issued.until)
    if book.method in ("external", "complete"):
        yield breach("slips_method", method=book.method)
    if issued.list_id in state.slips:
        yield breach("list_again", list_id=issued.list_id)
    if issued.since < local_day(event.at):
        yield breach("slips_late", since=issued.since, local=local_day(event.at))
    if issued.until < issued.since:
        yield breach("slip_period", since=issued.since, until=issued.until, office=issued.office)


def _slip_used(book: Rulebook, state: LedgerState, event: Event, used: OutageUsed) -> Iterator[Breach]:
    yield from _new_answer(book, state, event, used)
    yield from _slip_open(state, used.list_id, used.number)
    if used.opened_at > event.at:
        yield breach("slip_future", opened=_shown(used.opened_at))
    if used.day != (local := local_day(used.opened_at)):
        yield breach("wrong_day", day=used.day, local=local)
    slips = state.slips.get(used.list_id)
    if slips is None or used.number > len(slips.issued.hashes):
        return
    issued = slips.issued
    if issued.office != used.office:
        yield breach("slip_office", issued=issued.office, office=used.office)
    if not issued.since <= used.day <= issued.until:
        yield breach("slip_outside", day=used.day, since=issued.since, until=issued.until)
    if slip_hash(used.list_id, used.number, used.arm, used.salt) != issued.hashes[used.number - 1]:
        yield breach("slip_hash", number=used.number, list_id=used.list_id, arm=used.arm)


def _slip_open(state: LedgerState, list_id: str, number: int) -> Iterator[Breach]:
    """The slip was issued, and nothing has become of it yet."""
    slips = state.slips.get(list_id)
    if slips is None or number > len(slips.issued.hashes):
        yield breach("unknown_slip", number=number, list_id=list_id)
    elif seq := slips.used.get(number) or slips.voided.get(number):
        yield breach("slip_again", number=number, list_id=list_id, seq=seq)


def _slip_voided(book: Rulebook, state: LedgerState, event: Event, voided: OutageVoided) -> Iterator[Breach]:
    yield from _anywhere(state, event.by)
    yield from _slip_open(state, voided.list_id, voided.number)
    drawn = voided.reason in ("drawn_before", "drawn_since")
    answer = state.answer_to(voided.lot_id) if voided.lot_id is not None else None
    if not drawn == (voided.first is not None) == (voided.lot_id is not None) or (
        drawn and (answer is None or answer.seq != voided.first)
    ):
        yield breach("void_reason", first=voided.first or "–")


def _close(book: Rulebook, state: LedgerState, event: Event, close: Close) -> Iterator[Breach]:
    yield from _allowed(state, event.by, MANAGES)
    if count := sum(len(slips.unaccounted) for slips in state.slips.values()):
        yield breach("slips_open", count=count)
    if close.answers != len(state.answers_by_seq):
        yield breach("close_count", said=close.answers, counted=len(state.answers_by_seq))


_RULES: Final[Mapping[str, Callable[[Rulebook, LedgerState, Event, Any], Iterable[Breach]]]] = {
    "amendment": _amendment,
    "beacon": _beacon,
    "close": _close,
    "draw": _draw,
    "error_noted": _error_noted,
    "nomination": _nomination,
    "outage_issued": _slips_issued,
    "outage_used": _slip_used,
    "outage_voided": _slip_voided,
    "repeated_request": _repeated,
    "role": _role,
    "same_person": _same_person,
    "withdrawal": _withdrawal,
}
