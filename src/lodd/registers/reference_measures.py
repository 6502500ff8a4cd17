"""The slow truth of measures: what one person's records come to in a month, day by day.

The other half of ``reference.py``. A value is a ``Fraction``, or None where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lodd.protocol.code_list import CodeGroup
from lodd.protocol.months import first_day, last_day, month_index
from lodd.protocol.outcome import Condition, Counts, Measure, Outcome
from lodd.protocol.register import Register
from lodd.registers.needs import group_key

Row = Mapping[str, Any]
Record = dict[str, Any]


def considered(
    register: Register, measure: Measure, records: list[Record], days: Mapping[str, date | None]
) -> list[Record]:
    """The records that a measure looks at: they meet ``where``, start within the person's ``days`` (``since`` and
    ``until``), and have a value in the column that is measured.
    """
    met = [record for record in records if meets(register, measure, record["row"]) and starts_within(record, days)]
    if measure.column is None:
        return met
    return [record for record in met if record["row"][measure.column] is not None]


def starts_within(record: Record, days: Mapping[str, date | None]) -> bool:
    """Does a record start within the days; or an amount's month, within their months?"""
    since, until = days.get("since"), days.get("until")
    if "start" in record:
        begun: date = record["begun"] if "begun" in record else record["start"]
        return (since is None or begun >= since) and (until is None or begun <= until)
    after = since is None or record["month"] >= month_index(since)
    return after and (until is None or record["month"] <= month_index(until))


def month_value(
    register: Register, outcome: Outcome, measure: Measure, records: list[Record], month: int
) -> Fraction | None:
    """The measure in a month, from the records that are considered; None where there is no record to take it of."""
    if measure.months_since is not None:
        return months_since(register, outcome, measure, records, month)
    months = range(month - measure.months + 1, month + 1)
    if register.temporality == "status":
        days = [day for each in months for day in days_of(each) if counts_on(day, outcome.day_rule)]
        values = [day_value(register, measure, records, day) for day in days]
        return max((value for value in values if value is not None), default=None)
    if register.period == "year":
        this_year = [record for record in records if record["month"] // 12 == month // 12]
        total = aggregate(register, measure, this_year)
        return total if total is None or measure.number is None else total / 12
    return aggregate(register, measure, [record for record in records if record["month"] in months])


def months_since(
    register: Register, outcome: Outcome, measure: Measure, records: list[Record], month: int
) -> Fraction | None:
    """Whole months since the last (or first) month up to this one in which a record is active."""
    begun = [record["month"] if "month" in record else month_index(record["start"]) for record in records]
    looked_at = range(min(begun), month + 1) if begun else range(0)
    for each in looked_at if measure.months_since == "first" else reversed(looked_at):
        if is_active(register, outcome, records, each):
            return Fraction(month - each)
    return None


def is_active(register: Register, outcome: Outcome, records: list[Record], month: int) -> bool:
    """Is any record active in a month, on a day that counts?"""
    if register.temporality != "status":
        return any(record["month"] == month for record in records)
    days = [day for day in days_of(month) if counts_on(day, outcome.day_rule)]
    return any(record["start"] <= day <= record["stop"] for record in records for day in days)


def counts_on(day: date, rule: Counts) -> bool:
    if rule == "first day":
        return day.day == 1
    if rule == "last day":
        return (day + timedelta(days=1)).day == 1
    return day.day == 16 if rule == "day 16" else True


def day_value(register: Register, measure: Measure, records: list[Record], day: date) -> Fraction | None:
    """The measure over the records that are active on one day, after overlaps within a relationship are settled."""
    active = [record for record in records if record["start"] <= day <= record["stop"]]
    if register.merge is not None:
        active = settled(register, measure, active)
    return aggregate(register, measure, active)


def settled(register: Register, measure: Measure, active: list[Record]) -> list[Record]:
    """The records of a day that stand for their relationships."""
    assert register.merge is not None
    overlap = register.merge.overlap
    if measure.sum is not None and overlap == "sum":
        return active
    if measure.count_distinct is not None and overlap != "latest":
        return active
    relationships: dict[Any, list[Record]] = {}
    for record in active:
        names = tuple(record["raw"][name] for name in register.merge.by)
        unnamed = any(name is None for name in names)
        relationships.setdefault(("unnamed", record["number"]) if unnamed else names, []).append(record)
    return [stands_for(register, measure, together) for together in relationships.values()]


def stands_for(register: Register, measure: Measure, together: list[Record]) -> Record:
    """Of one relationship's records on a day, the one whose value counts; where values are summed, one of the sum."""
    assert register.merge is not None
    if measure.column is None:
        return together[0]
    column = measure.column
    if register.merge.overlap == "max":
        return max(together, key=lambda record: record["row"][column])
    if register.merge.overlap == "sum" and measure.number is not None:
        total = sum((record["row"][column] for record in together), Fraction(0))
        return together[0] | {"row": together[0]["row"] | {column: total}}
    return latest(register, column, together)


def latest(register: Register, column: str, records: list[Record]) -> Record:
    """The record that started last (among equals: ended last, then the largest value)."""
    if register.temporality == "event":
        return max(records, key=lambda record: (record["start"], record["row"][column]))
    assert register.covers is not None
    covered_until = register.covers.until
    # a stop after the coverage says only that the record was ongoing
    return max(records, key=lambda r: (r["begun"], min(r["stop"], covered_until), r["row"][column]))


def aggregate(register: Register, measure: Measure, records: list[Record]) -> Fraction | None:
    """The measure over records; None where it has no value without one."""
    if measure.any:
        return Fraction(len(records) > 0)
    if measure.count:
        return Fraction(len(records))
    assert measure.column is not None
    values = [record["row"][measure.column] for record in records]
    if measure.count_distinct is not None:
        return Fraction(len(set(values)))
    if measure.sum is not None:
        return sum(values, Fraction(0))
    return of_records(register, measure, records) if records else None


def of_records(register: Register, measure: Measure, records: list[Record]) -> Fraction:
    """The mean, largest or last value of records, of which there is one at least."""
    assert measure.number is not None
    values: list[Fraction] = [record["row"][measure.number] for record in records]
    if measure.mean is not None:
        return sum(values, Fraction(0)) / len(values)
    if measure.max is not None:
        return max(values)
    value: Fraction = latest(register, measure.number, records)["row"][measure.number]
    return value


def meets(register: Register, measure: Measure, row: Row) -> bool:
    """Does a record meet every entry of ``where``? A missing value meets none."""
    for name, wanted in measure.where.items():
        if isinstance(wanted, CodeGroup):
            if not row[group_key(name, wanted)]:
                return False
            continue
        value = row[name]
        if value is None or not _meets_one(value, wanted):
            return False
    return True


def _meets_one(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Condition):
        return any(value == _like(value, one) for one in (wanted if isinstance(wanted, tuple) else (wanted,)))
    if any(isinstance(limit, date) for limit in wanted.limits.values()):
        value = _as_day(value)
    within = {
        "at_least": lambda limit: value >= limit,
        "below": lambda limit: value < limit,
        "at_most": lambda limit: value <= limit,
        "above": lambda limit: value > limit,
    }
    held = all(value is not None and within[key](_like(value, limit)) for key, limit in wanted.limits.items())
    return held and all(value != _like(value, one) for one in wanted.not_in)


def _as_day(value: Any) -> date | None:
    """A date, a moment, or text ``YYYY-MM-DD``, as a date; empty text is missing."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        return date.fromisoformat(value.strip()) if value.strip() else None
    return value if isinstance(value, date) else None


def _like(value: Any, wanted: Any) -> Any:
    """A number of the protocol as a float where the record's is one, else exact."""
    return float(wanted) if isinstance(value, float) and isinstance(wanted, int | Decimal) else wanted


def days_of(month: int) -> Iterable[date]:
    """Each day of a calendar month."""
    return (first_day(month).replace(day=day) for day in range(1, last_day(month).day + 1))
