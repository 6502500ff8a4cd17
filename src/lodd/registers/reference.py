"""The slow truth: the panel in plain Python, person by person, month by month, day by day.

Nothing here is clever. Property tests hold the fast panel to it; when in doubt about what a month's value means, read
this. Values are exact (``Fraction``) until the last line that makes them floats.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from lodd.protocol.model import Trial
from lodd.protocol.months import first_day, last_day, month_index, whole_months
from lodd.protocol.outcome import Condition, Counts, Measure, Outcome
from lodd.protocol.register import Column, Register
from lodd.protocol.types import PARTICIPATES, Participants, registers_behind

Row = Mapping[str, Any]
ENDLESS = date(9999, 12, 31)


class RefusedError(ValueError):
    """The records are such that building a panel must stop."""


def reference_panel(trial: Trial, tables: Mapping[str, Sequence[Row]], participants: Participants) -> pl.DataFrame:
    """The columns of ``Panel.frame``, from each register's rows (as dictionaries, in the order of the file).

    Raises:
        RefusedError: equal rows or missing values where the protocol says that they are an error.
    """
    cleaned = {name: clean_register(trial.registers[name], rows, participants) for name, rows in tables.items()}
    lines = []
    for person, drawn_at in participants.frame.select("person_id", "drawn_at").iter_rows():
        own = {name: [record for record in records if record["person"] == person] for name, records in cleaned.items()}
        for event_month in trial.analysis.window.months:
            line = {"person_id": person, "event_month": event_month}
            lines.append(line | person_month(trial, own, month_index(drawn_at) + event_month))
    return pl.DataFrame(lines, schema=_schema(trial), orient="row")


def person_month(trial: Trial, records: Mapping[str, list[dict[str, Any]]], month: int) -> dict[str, Any]:
    """One person's values in one calendar month."""
    dead = is_dead(trial, records, first_day(month))
    abroad = is_abroad(trial, records, first_day(month))
    line: dict[str, Any] = {"month": first_day(month), "dead": dead, "abroad": abroad}
    for name, outcome in trial.outcomes.items():
        value: Fraction | None = from_records(trial, name, records, month)
        if not is_covered(trial, name, month):
            value = None
        elif dead:
            value = Fraction(0) if outcome.after_death == "zero" else None
        elif abroad:
            value = Fraction(0) if outcome.after_emigration == "zero" else None
        line[name] = None if value is None else _plain(value, outcome)
    for arm, declared in trial.arms.items():
        if trial.participation is not None and declared.programmes:
            name = PARTICIPATES + arm
            here = takes_part(trial, arm, records, month) and not dead and not abroad
            line[name] = int(here) if is_covered(trial, name, month) else None
    return line


# What is observed ----------------------------------------------------------------------------------------------------


def is_covered(trial: Trial, column: str, month: int) -> bool:
    """Is the whole month covered by every register behind the column?"""
    for register_id in registers_behind(trial, column):
        covers = trial.registers[register_id].covers
        assert covers is not None
        first, last = whole_months(covers.since, covers.until)
        if not first <= month <= last:
            return False
    return True


def is_dead(trial: Trial, records: Mapping[str, list[dict[str, Any]]], day: date) -> bool:
    """Did the person die before this day?"""
    deaths = records[trial.population.deaths] if trial.population.deaths else []
    return any(record["start"] < day for record in deaths)


def is_abroad(trial: Trial, records: Mapping[str, list[dict[str, Any]]], day: date) -> bool:
    """Does a stay abroad cover this day?"""
    stays = records[trial.population.emigrations] if trial.population.emigrations else []
    return any(record["start"] <= day <= record["stop"] for record in stays)


def takes_part(trial: Trial, arm: str, records: Mapping[str, list[dict[str, Any]]], month: int) -> bool:
    """Is a programme of the arm, begun while its code was in use, active on any day of the month?"""
    assert trial.participation is not None
    for record in records[trial.participation.register_id]:
        for programme in trial.arms[arm].programmes:
            in_use = (programme.since or date.min) <= record["start"] <= (programme.until or ENDLESS)
            same = str(record["raw"][trial.participation.code]) == programme.code
            if same and in_use and any(record["start"] <= day <= record["stop"] for day in days_of(month)):
                return True
    return False


# What a month's value is ---------------------------------------------------------------------------------------------


def from_records(trial: Trial, name: str, records: Mapping[str, list[dict[str, Any]]], month: int) -> Fraction:
    """An outcome's value before any rule of coverage, death or emigration."""
    outcome = trial.outcomes[name]
    if outcome.measure is None:
        parts = {part: from_records(trial, part, records, month) != 0 for part in outcome.parts}
        return Fraction(
            all(parts[part] for part in outcome.all_of)
            and (not outcome.any_of or any(parts[part] for part in outcome.any_of))
            and not any(parts[part] for part in outcome.none_of)
        )
    assert outcome.register_id is not None
    register = trial.registers[outcome.register_id]
    measure = outcome.measure
    met = [record for record in records[outcome.register_id] if meets(register, measure, record["row"])]
    if measure.column is not None:
        met = [record for record in met if record["row"][measure.column] is not None]
    value = month_value(register, outcome, measure, met, month)
    return Fraction(value >= Fraction(measure.at_least)) if measure.at_least is not None else value


def month_value(
    register: Register, outcome: Outcome, measure: Measure, records: list[dict[str, Any]], month: int
) -> Fraction:
    if register.temporality == "status":
        days = [day for day in days_of(month) if counts_on(day, outcome.day_rule)]
        return max(day_value(register, measure, records, day) for day in days)
    if register.period == "year":
        this_year = [record for record in records if record["month"] // 12 == month // 12]
        total = aggregate(measure, [record["row"] for record in this_year])
        return total / 12 if measure.sum is not None else total
    return aggregate(measure, [record["row"] for record in records if record["month"] == month])


def counts_on(day: date, rule: Counts) -> bool:
    if rule == "first day":
        return day.day == 1
    if rule == "last day":
        return (day + timedelta(days=1)).day == 1
    return day.day == 16 if rule == "day 16" else True


def day_value(register: Register, measure: Measure, records: list[dict[str, Any]], day: date) -> Fraction:
    """The measure over the records that are active on one day, after overlaps within a relationship are settled."""
    active = [record for record in records if record["start"] <= day <= record["stop"]]
    if register.merge is not None:
        active = settled(register, measure, active)
    return aggregate(measure, [record["row"] for record in active])


def settled(register: Register, measure: Measure, active: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of a day that stand for their relationships."""
    assert register.merge is not None
    overlap = register.merge.overlap
    if measure.sum is not None and overlap == "sum":
        return active
    if measure.count_distinct is not None and overlap != "latest":
        return active
    relationships: dict[Any, list[dict[str, Any]]] = {}
    for record in active:
        names = tuple(record["raw"][name] for name in register.merge.by)
        unnamed = any(name is None for name in names)
        relationships.setdefault(("unnamed", record["number"]) if unnamed else names, []).append(record)
    return [stands_for(register, measure, together) for together in relationships.values()]


def stands_for(register: Register, measure: Measure, together: list[dict[str, Any]]) -> dict[str, Any]:
    """Of one relationship's records on a day, the one whose value counts."""
    assert register.merge is not None
    assert register.covers is not None
    covered_until = register.covers.until
    if measure.column is None:
        return together[0]
    column = measure.column
    if register.merge.overlap == "max":
        return max(together, key=lambda record: record["row"][column])
    # a stop after the coverage says only that the record was ongoing
    return max(together, key=lambda r: (r["start"], min(r["stop"], covered_until), r["row"][column]))


def aggregate(measure: Measure, rows: list[Row]) -> Fraction:
    if measure.sum is not None:
        return sum((row[measure.sum] for row in rows), Fraction(0))
    if measure.count_distinct is not None:
        return Fraction(len({row[measure.count_distinct] for row in rows}))
    return Fraction(len(rows) > 0) if measure.any else Fraction(len(rows))


def meets(register: Register, measure: Measure, row: Row) -> bool:
    """Does a record meet every entry of ``where``? A missing value meets none."""
    for name, wanted in measure.where.items():
        value = row[name]
        if value is None or not _meets_one(value, wanted):
            return False
    return True


def _meets_one(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Condition):
        return any(value == _like(value, one) for one in (wanted if isinstance(wanted, tuple) else (wanted,)))
    if wanted.at_least is not None and value < _like(value, wanted.at_least):
        return False
    if wanted.below is not None and value >= _like(value, wanted.below):
        return False
    return all(value != _like(value, one) for one in wanted.not_in)


def _like(value: Any, wanted: Any) -> Any:
    """A number of the protocol as a float where the record's is one, else exact."""
    return float(wanted) if isinstance(value, float) and isinstance(wanted, int | Decimal) else wanted


# Cleaning ------------------------------------------------------------------------------------------------------------


def clean_register(register: Register, rows: Sequence[Row], participants: Participants) -> list[dict[str, Any]]:
    """The records that count: ``person``, ``number`` (of the row), ``raw`` and ``row`` (typed), and their dates."""
    drawn = set(participants.frame["person_id"].to_list())
    kept = [(i, row) for i, row in enumerate(rows, 1) if str(row[register.person]) in drawn]
    kept = without_equal(register, kept)
    kept = latest_versions(register, kept)
    records = [record_of(register, number, row) for number, row in kept]
    records = [record for record in records if has_dates(register, record)]
    for record in records:
        for name, column in register.columns.items():
            if record["row"][name] is None and column.missing == "error":
                raise RefusedError(f"row {record['number']} lacks {name}")
            if record["row"][name] is None and isinstance(column.missing, Decimal):
                record["row"][name] = Fraction(column.missing)
    return records


def without_equal(register: Register, rows: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
    """Without rows that equal an earlier one in every column."""
    if register.duplicates == "keep":
        return rows
    kept: dict[Any, tuple[int, Row]] = {}
    for number, row in rows:
        kept.setdefault(tuple(row.items()), (number, row))
    if register.duplicates == "error" and len(kept) < len(rows):
        raise RefusedError("equal rows")
    return list(kept.values())


def latest_versions(register: Register, rows: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
    """Of each person's record the version registered last; among equals the first when sorted by all columns."""
    if register.registered is None:
        return rows
    unnamed = [(i, row) for i, row in rows if any(row[name] is None for name in register.record)]
    versions: dict[Any, list[tuple[int, Row]]] = {}
    for number, row in rows:
        if all(row[name] is not None for name in register.record):
            key = (str(row[register.person]), *(row[name] for name in register.record))
            versions.setdefault(key, []).append((number, row))
    return unnamed + [_newest(register.registered, group) for group in versions.values()]


def _newest(registered: str, group: list[tuple[int, Row]]) -> tuple[int, Row]:
    dated = [row[registered] for _, row in group if row[registered] is not None]
    newest = max(dated, default=None)
    candidates = [(number, row) for number, row in group if row[registered] == newest]
    return min(candidates, key=lambda item: [_last_if_missing(value) for value in item[1].values()])


def _last_if_missing(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)


def record_of(register: Register, number: int, row: Row) -> dict[str, Any]:
    """A row with its dates and numbers made what they mean."""
    assert register.start is not None
    typed = {name: exact(row[name], register.columns.get(name)) for name in row}
    record = {"person": str(row[register.person]), "number": number, "raw": row, "row": typed}
    if register.temporality == "accumulated":
        return record | {"month": as_month(row[register.start])}
    start = as_date(row[register.start])
    if register.temporality == "event":
        return record | {"start": start, "month": None if start is None else month_index(start)}
    stop = as_date(row[register.stop]) if register.stop is not None else None
    return record | {"start": start, "stop": stop or ENDLESS}


def has_dates(register: Register, record: Mapping[str, Any]) -> bool:
    if register.temporality == "accumulated":
        return record["month"] is not None
    return record["start"] is not None and (register.temporality == "event" or record["start"] <= record["stop"])


def exact(value: Any, declared: Column | None) -> Any:
    """A declared number as a fraction of whole units of its last decimal; others as they are (NaN is missing)."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if declared is None:
        return float(value) if isinstance(value, Decimal) else value
    if value is None or value == "":
        return None
    unit = 10**declared.decimals
    return Fraction(round(value * unit), unit) if isinstance(value, float) else Fraction(value)


def as_date(value: Any) -> date | None:
    """A date, a moment or text ``YYYY-MM-DD`` as a date; empty text is missing."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        return date.fromisoformat(value) if value else None
    return value if isinstance(value, date) else None


def as_month(value: Any) -> int | None:
    """A date, text ``YYYY-MM``, or ``YYYYMM`` or ``YYYY`` as text or number, as a calendar month."""
    if isinstance(value, date):
        return month_index(value)
    digits = re.sub(r"\D", "", str(value or ""))
    if not digits:
        return None
    return 12 * int(digits[:4]) + (int(digits[4:6]) - 1 if len(digits) > 4 else 0)


# The table -----------------------------------------------------------------------------------------------------------


def days_of(month: int) -> Iterable[date]:
    return (first_day(month).replace(day=day) for day in range(1, last_day(month).day + 1))


def _plain(value: Fraction, outcome: Outcome) -> int | float:
    return float(value) if _is_sum(outcome) else int(value)


def _is_sum(outcome: Outcome) -> bool:
    return outcome.measure is not None and outcome.measure.sum is not None and not outcome.binary


def _schema(trial: Trial) -> dict[str, pl.DataType]:
    schema: dict[str, pl.DataType] = {
        "person_id": pl.String(),
        "month": pl.Date(),
        "event_month": pl.Int32(),
        "dead": pl.Boolean(),
        "abroad": pl.Boolean(),
    }
    for name, outcome in trial.outcomes.items():
        schema[name] = pl.UInt8() if outcome.binary else pl.Float64() if _is_sum(outcome) else pl.Int64()
    if trial.participation is not None:
        schema |= {PARTICIPATES + arm: pl.UInt8() for arm in trial.arm_ids if trial.arms[arm].programmes}
    return schema
