"""When the line is down: slips issued beforehand in sealed envelopes, and their reconciliation afterwards.

The arms are drawn, and their salted hashes are in the ledger, before any envelope is opened; the person and the time
are written down before the envelope is. So a slip can be neither chosen nor swapped without leaving a mark. A slip's
arm is the person's first answer, unless an online draw was recorded before: then that draw stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from lodd.allocation import problems
from lodd.allocation.breaches import breach
from lodd.allocation.events import OutageIssued, OutageUsed, OutageVoided, VoidReason
from lodd.allocation.live import LiveLedger, said
from lodd.allocation.receipts import receipt_of
from lodd.allocation.replay import shares
from lodd.allocation.rulebook import local_day
from lodd.allocation.service import DrawService, check_confirmed
from lodd.allocation.slips import Slip
from lodd.errors import DataError, LoddError, Problem, UsageError
from lodd.identity import IdentityNumber
from lodd.locale import Text

_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class SlipSheet:
    """A list of slips as issued, to be printed once and put into envelopes. Holds arms: never kept, never shown."""

    list_id: str
    office: str
    since: date
    until: date
    slips: tuple[Slip, ...]
    issued: int
    """Number of the ledger's event."""


@dataclass(frozen=True, slots=True)
class SlipRow:
    """What the office wrote on an envelope before opening it. ``opened_at`` has a time zone."""

    number: int
    person: IdentityNumber
    opened_at: datetime
    on_behalf_of: str | None = None
    factors: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SlipOutcome:
    """What became of a slip. ``stands`` is ``slip``, or ``draw`` where an online draw was recorded before."""

    number: int
    arm: str
    receipt: str
    stands: str
    opened_before_draw: bool = False
    """True where the slip was opened before the online draw that stands: the person may have heard two answers."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A list accounted for. Numbers of slips; ``refused`` says why a row could not be recorded."""

    recorded: tuple[SlipOutcome, ...]
    unused: tuple[int, ...]
    used_twice: tuple[int, ...]
    out_of_order: tuple[int, ...]
    refused: tuple[tuple[int, tuple[Problem, ...]], ...]

    @property
    def clean(self) -> bool:
        """Nothing to look into: every row recorded, no slip twice, all opened in order."""
        return not (self.used_twice or self.out_of_order or self.refused)


def issue_slips(
    service: DrawService,
    office: str,
    count: int,
    *,
    by: str,
    since: date | None = None,
    until: date | None = None,
    list_id: str | None = None,
) -> SlipSheet:
    """Draw the slips of a list and put their hashes into the ledger.

    Args:
        since: first day they are valid; default: today.
        until: last day; default: the end of the period of the office's schedule that ``since`` is in.

    Raises:
        UsageError: the number of slips is not 1 to 500.
        DataError: the days are not within one period of the schedule, or a rule is against it.
    """
    if not 1 <= count <= _MOST:
        raise UsageError(_wrong_count(count))
    live = service.live
    with live.turn():
        first = since or local_day(live.now())
        period = live.replay.design.period(office, first)
        last = until or (period.until if period else first)
        name = list_id or f"list-{office}-{first.isoformat()}"
        values: dict[str, object] = {"list_id": name, "office": office, "since": first, "until": last}
        live.check(said(OutageIssued, hashes=("0" * 64,) * count, **values), by)
        if not live.replay.one_period(office, first, last):
            raise DataError(breach("slip_period", since=first, until=last, office=office).problem)
        slips = live.replay.new_slips(office, first, name, count)
        event = live.record(said(OutageIssued, hashes=tuple(slip.sha256 for slip in slips), **values), by)
        return SlipSheet(name, office, first, last, slips, event.seq)


def record_slip(
    service: DrawService, list_id: str, row: SlipRow, *, by: str, confirmed: Collection[str] = ()
) -> SlipOutcome:
    """Record a slip that was opened. Its arm becomes the person's answer, unless an online draw stands.

    Raises:
        DataError: the slip was not issued, is accounted for already, was opened outside its period or in the future, or
            conditions were not confirmed.
    """
    check_confirmed(service.live.trial, confirmed)
    lot_id = service.live.keys.lot_id(row.person)
    with service.live.turn():
        answered = service.live.state.answer_to(lot_id)
        if answered is None:
            return _used(service.live, list_id, row, lot_id, by)
        before = answered.at <= row.opened_at
        voided = said(
            OutageVoided,
            first=answered.seq,
            list_id=list_id,
            lot_id=lot_id,
            number=row.number,
            reason="drawn_before" if before else "drawn_since",
        )
        service.live.record(voided, by)
        return SlipOutcome(row.number, answered.arm, receipt_of(answered.hash), "draw", not before)


def void_slips(
    service: DrawService, list_id: str, numbers: Sequence[int], reason: VoidReason = "unused", *, by: str
) -> int:
    """Record that these slips gave nobody an arm: unused, spoiled, or opened out of their period. How many there were.

    Raises:
        DataError: a slip was not issued or is accounted for already.
    """
    with service.live.turn():
        for number in numbers:
            voided = said(OutageVoided, first=None, list_id=list_id, lot_id=None, number=number, reason=reason)
            service.live.record(voided, by)
    return len(numbers)


def reconcile(
    service: DrawService,
    list_id: str,
    rows: Sequence[SlipRow],
    *,
    by: str,
    confirmed: Collection[str] = (),
    void_unused: bool = False,
) -> Reconciliation:
    """Account for a list: record every row, and find slips that are unused, used twice or opened out of order.

    Rows are recorded in the order of their opening. One that cannot be is left out and said why; the others are
    recorded. Of two people on one slip the first to open it has it; the other has no answer yet.

    Args:
        void_unused: the list is back: void the slips that nobody used.

    Raises:
        DataError: the list was not issued.
    """
    recorded: list[SlipOutcome] = []
    refused: list[tuple[int, tuple[Problem, ...]]] = []
    for row in sorted(rows, key=lambda row: (row.opened_at, row.number)):
        try:
            recorded.append(record_slip(service, list_id, row, by=by, confirmed=confirmed))
        except LoddError as error:
            refused.append((row.number, error.problems))
    opened = {row.number for row in rows}  # one that was refused is not unused: it must be looked into first
    unused = tuple(number for number in unaccounted_slips(service, list_id) if number not in opened)
    if void_unused:
        void_slips(service, list_id, unused, by=by)
    times = Counter(row.number for row in rows)
    return Reconciliation(
        recorded=tuple(recorded),
        unused=unused,
        used_twice=tuple(sorted(number for number, count in times.items() if count > 1)),
        out_of_order=_out_of_order(rows),
        refused=tuple(refused),
    )


def unaccounted_slips(service: DrawService, list_id: str) -> tuple[int, ...]:
    """Numbers of the list's slips that are neither used nor voided.

    Raises:
        DataError: the list was not issued.
    """
    with service.live.turn():
        slips = service.live.state.slips.get(list_id)
        if slips is None:
            raise DataError(_no_list(list_id, tuple(service.live.state.slips)))
        return slips.unaccounted


def _used(live: LiveLedger, list_id: str, row: SlipRow, lot_id: str, by: str) -> SlipOutcome:
    slips = live.replay.slips.get(list_id, ())
    if not 1 <= row.number <= len(slips):
        raise DataError(breach("unknown_slip", number=row.number, list_id=list_id).problem)
    slip = slips[row.number - 1]
    office = live.state.slips[list_id].issued.office
    opened = row.opened_at.astimezone(UTC).replace(microsecond=0)
    values: dict[str, object] = {
        "arm": slip.arm,
        "conditional": shares(slip.probability),
        "day": local_day(opened),
        "eligible": True,
        "list_id": list_id,
        "lot_id": lot_id,
        "marginal": shares(slip.probability),
        "number": row.number,
        "office": office,
        "opened_at": opened,
        "salt": slip.salt,
    }
    live.check(said(OutageUsed, details=None, **values), by)
    if missing := live.replay.missing_factors(row.factors):
        raise DataError([problems.missing_factor(factor) for factor in missing])
    if live.replay.declared_then(office, local_day(opened), opened) != slip.probability:
        raise DataError(breach("slip_amended", office=office, opened=row.opened_at.isoformat(" ", "minutes")).problem)
    details = live.keep_outside({"factors": dict(row.factors or {}), "on_behalf_of": row.on_behalf_of})
    event = live.record(said(OutageUsed, details=details, **values), by)
    return SlipOutcome(row.number, slip.arm, receipt_of(event.hash), "slip")


def _out_of_order(rows: Sequence[SlipRow]) -> tuple[int, ...]:
    """Slips opened although one with a lower number was still closed: opened later than that one, or never."""
    opened = {row.number: row.opened_at for row in sorted(rows, key=lambda row: row.opened_at, reverse=True)}
    wrong = []
    for number, moment in opened.items():
        lower = range(1, number)
        if any(other not in opened or opened[other] > moment for other in lower):
            wrong.append(number)
    return tuple(sorted(wrong))


def _wrong_count(count: int) -> Problem:
    return Problem(
        Text(nb=f"det kan ikke lages {count} lapper", en=f"{count} slips cannot be made"),
        allowed=Text(nb=f"1 til {_MOST}", en=f"1 to {_MOST}"),
    )


def _no_list(list_id: str, issued: Sequence[str]) -> Problem:
    return Problem(
        breach("unknown_list", list_id=list_id).found,
        allowed=Text.same(", ".join(issued) or "–"),
    )
