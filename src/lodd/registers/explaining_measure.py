"""Which records a month's value of a measure is made of: the day, and the records that stand for the others on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lodd.locale import Text
from lodd.protocol import first_day
from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Register
from lodd.registers import explaining_words as words
from lodd.registers import reference_measures as slow
from lodd.registers.reference_measures import Record


@dataclass(frozen=True, slots=True)
class Moment:
    """The day (None: the months) that a measure's value is from.

    ``active`` are the rows of the records that were there; ``settled`` the records that the value is made of, and
    ``standing`` their rows.
    """

    day: date | None
    active: tuple[int, ...]
    settled: tuple[Record, ...]
    standing: frozenset[int]


def moment_of(register: Register, outcome: Outcome, measure: Measure, met: list[Record], month: int) -> Moment:
    """Of the days that count, the first on which the measure is largest, with the records of that day."""
    if measure.months_since is not None:
        return _since(register, outcome, measure, met, month)
    months = range(month - measure.months + 1, month + 1)
    if register.temporality != "status":
        active = [record for record in met if any(touches(register, record, each) for each in months)]
        return _made(None, active, _taken(register, measure, active))
    days = [day for each in months for day in slow.days_of(each) if slow.counts_on(day, outcome.day_rule)]
    values = {day: slow.day_value(register, measure, met, day) for day in days}
    known = {day: value for day, value in values.items() if value is not None}
    day = max(known, key=lambda day: (known[day], -day.toordinal()), default=days[0])
    active = [record for record in met if record["start"] <= day <= record["stop"]]
    settled = active if register.merge is None else slow.settled(register, measure, active)
    moment = _made(day, active, _taken(register, measure, settled))
    summed = register.merge is not None and register.merge.overlap == "sum" and measure.max is None
    return Moment(day, moment.active, moment.settled, frozenset(moment.active)) if summed else moment


def fate_of(register: Register, measure: Measure, record: Record, moment: Moment, month: int) -> Text:
    """What became of a record that the measure looks at."""
    months = range(month - measure.months + 1, month + 1)
    number = record["number"]
    if number in moment.standing:
        return words.COUNTS
    if measure.months_since is None and not any(touches(register, record, each) for each in months):
        return words.NOT_ACTIVE
    if number not in moment.active:
        return words.NOT_THAT_MONTH if moment.day is None else words.not_that_day(moment.day)
    if measure.max is not None:
        return words.SMALLER
    return words.EARLIER if measure.last is not None else words.merged(register)


def touches(register: Register, record: Mapping[str, Any], month: int) -> bool:
    """Is a record active on any day of a month, or its amount counted in it?"""
    if register.temporality == "status":
        start, stop = record["start"], record["stop"]
        return start is not None and start <= end_of(month) and stop >= first_day(month)
    if record["month"] is None:
        return False
    if register.period == "year" and register.temporality == "accumulated":
        return bool(record["month"] // 12 == month // 12)
    return bool(record["month"] == month)


def end_of(month: int) -> date:
    """The last day of a calendar month."""
    return max(slow.days_of(month))


def _since(register: Register, outcome: Outcome, measure: Measure, met: list[Record], month: int) -> Moment:
    since = slow.months_since(register, outcome, measure, met, month)
    if since is None:
        return _made(None, [], [])
    active = [record for record in met if slow.is_active(register, outcome, [record], month - int(since))]
    return _made(None, active, active)


def _taken(register: Register, measure: Measure, settled: list[Record]) -> list[Record]:
    """The records that the value is made of: of a largest or last value the one that it is in."""
    column = measure.column
    if column is None or not settled:
        return settled
    if measure.max is not None:
        return [max(settled, key=lambda record: record["row"][column])]
    return [slow.latest(register, column, settled)] if measure.last is not None else settled


def _made(day: date | None, active: Sequence[Record], settled: Sequence[Record]) -> Moment:
    ordered = tuple(sorted(settled, key=lambda record: int(record["number"])))
    return Moment(day, tuple(r["number"] for r in active), ordered, frozenset(r["number"] for r in ordered))
