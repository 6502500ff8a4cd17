"""The slow truth: the panel in plain Python, person by person, month by month, day by day.

Nothing here is clever. Property tests hold the fast panel to it; when in doubt about what a month's value means, read
this. Values are exact (``Fraction``) until the last line that makes them floats.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from lodd.protocol.measure import DRAW
from lodd.protocol.model import Trial
from lodd.protocol.months import first_day, month_index, whole_months
from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Column, Register
from lodd.protocol.types import PARTICIPATES, Participants, known_register, registers_behind
from lodd.registers.needs import needs_of
from lodd.registers.parts import BEGUN, ENDED
from lodd.registers.reference_codes import with_groups
from lodd.registers.reference_measures import Record, Row, considered, days_of, month_value
from lodd.registers.reference_versions import (
    RefusedError,
    known_rows,
    latest_versions,
    not_taken_back,
    refuse_mixed_zones,
    refuse_too_early,
)

ENDLESS = date(9999, 12, 31)


def reference_panel(trial: Trial, tables: Mapping[str, Sequence[Row]], participants: Participants) -> pl.DataFrame:
    """The columns of ``Panel.frame``, from each register's rows (as dictionaries, in the order of the file).

    Raises:
        RefusedError: equal rows or missing values where the protocol says that they are an error.
    """
    cleaned = {name: _cleaned(trial, name, rows, participants) for name, rows in tables.items()}
    lines = []
    for facts in participants.frame.iter_rows(named=True):
        person_id, drawn_at = facts["person_id"], facts["drawn_at"]
        own = {name: [each for each in records if each["person"] == person_id] for name, records in cleaned.items()}
        person = Person(own, drawn_at, reference_days(trial, facts))
        for event_month in trial.analysis.window.months:
            line = {"person_id": person_id, "event_month": event_month}
            lines.append(line | person_month(trial, person, month_index(drawn_at) + event_month))
    return pl.DataFrame(lines, schema=_schema(trial), orient="row")


@dataclass(frozen=True, slots=True)
class Person:
    """One person: the cleaned records by register, the day of the draw, and other reference days by column."""

    records: Mapping[str, list[Record]]
    drawn_at: date
    days: Mapping[str, date | None] = field(default_factory=dict)


def reference_days(trial: Trial, facts: Mapping[str, Any]) -> dict[str, date | None]:
    """A person's days that measures refer to: ``draw``, and columns of dates."""
    columns = {column for outcome in trial.outcomes.values() for column in outcome.reference if column != DRAW}
    return {DRAW: facts["drawn_at"]} | {column: as_date(facts[column]) for column in columns}


def person_month(trial: Trial, person: Person, month: int) -> dict[str, Any]:
    """One person's values in one calendar month."""
    records = person.records
    dead = is_dead(trial, records, first_day(month))
    abroad = is_abroad(trial, records, first_day(month))
    line: dict[str, Any] = {"month": first_day(month), "dead": dead, "abroad": abroad}
    for name, outcome in trial.outcomes.items():
        value = value_of(trial, name, person, month)
        line[name] = None if value is None else _plain(value, outcome)
    for arm, declared in trial.arms.items():
        if trial.participation is not None and declared.programmes:
            name = PARTICIPATES + arm
            here = takes_part(trial, arm, records, month) and not dead and not abroad
            line[name] = int(here) if is_covered(trial, name, month) else None
    return line


def value_of(trial: Trial, name: str, person: Person, month: int) -> Fraction | None:
    """An outcome's value in a month: what covered records say, under the rules of death and emigration."""
    outcome = trial.outcomes[name]
    if not is_covered(trial, name, month):
        return None
    if is_dead(trial, person.records, first_day(month)):
        return Fraction(0) if outcome.after_death == "zero" else None
    if is_abroad(trial, person.records, first_day(month)):
        return Fraction(0) if outcome.after_emigration == "zero" else None
    return from_records(trial, name, person, month)


# What is observed ----------------------------------------------------------------------------------------------------


def is_covered(trial: Trial, column: str, month: int) -> bool:
    """Is the whole month, and each that a measure goes back to, covered by every register behind the column?"""
    outcome = trial.outcomes.get(column)
    if outcome is not None and outcome.parts:
        return all(is_covered(trial, part, month) for part in outcome.parts)
    back = outcome.measure.months if outcome is not None and outcome.measure is not None else 1
    for register_id in registers_behind(trial, column):
        covers = known_register(trial, register_id).covers
        assert covers is not None
        first, last = whole_months(covers.since, covers.until)
        if not all(first <= each <= last for each in range(month - back + 1, month + 1)):
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
            in_use = (programme.since or date.min) <= record["begun"] <= (programme.until or ENDLESS)
            same = str(record["raw"][trial.participation.code]) == programme.code
            if same and in_use and any(record["start"] <= day <= record["stop"] for day in days_of(month)):
                return True
    return False


# What a month's value is ---------------------------------------------------------------------------------------------


def from_records(trial: Trial, name: str, person: Person, month: int) -> Fraction | None:
    """An outcome's value before any rule of coverage, death or emigration; None where the records leave it unknown."""
    outcome = trial.outcomes[name]
    if outcome.first_of is not None:
        return first_of(trial, outcome, person, month)
    if outcome.ever_of is not None:
        return ever_of(trial, outcome, person, month)
    if outcome.months_since is not None:
        day = person.days[outcome.months_since]
        return None if day is None or month_index(day) > month else Fraction(month - month_index(day))
    if outcome.measure is not None:
        return measured(trial, outcome, outcome.measure, person, month)
    return combination(outcome, {part: from_records(trial, part, person, month) for part in outcome.parts})


def measured(trial: Trial, outcome: Outcome, measure: Measure, person: Person, month: int) -> Fraction | None:
    """A measure's value, or whether it is large enough."""
    assert outcome.register_id is not None
    register = known_register(trial, outcome.register_id)
    days = {key: person.days[column] for key, column in measure.reference.items()}
    if None in days.values():
        return None
    met = considered(register, measure, person.records[outcome.register_id], days)
    value = month_value(register, outcome, measure, met, month)
    if value is None and measure.empty == "zero":
        value = Fraction(0)
    if value is None or measure.at_least is None:
        return value
    return Fraction(value >= Fraction(measure.at_least))


def combination(outcome: Outcome, parts: Mapping[str, Fraction | None]) -> Fraction | None:
    """1 or 0, or None where any part is unknown."""
    if any(value is None for value in parts.values()):
        return None
    return Fraction(
        all(parts[part] for part in outcome.all_of)
        and (not outcome.any_of or any(parts[part] for part in outcome.any_of))
        and not any(parts[part] for part in outcome.none_of)
    )


def first_of(trial: Trial, outcome: Outcome, person: Person, month: int) -> Fraction | None:
    """1 in the first month in which the part is 1; None where that may have been an earlier, unobserved one."""
    *earlier, now = _since_from(trial, outcome, person, month) or [Fraction(0)]
    if 1 in earlier or now == 0:
        return Fraction(0)
    return None if now is None or None in earlier else Fraction(1)


def ever_of(trial: Trial, outcome: Outcome, person: Person, month: int) -> Fraction | None:
    """1 from the first month in which the part is 1; None where it may have been 1 in an unobserved one."""
    so_far = _since_from(trial, outcome, person, month)
    if 1 in so_far:
        return Fraction(1)
    return None if None in so_far else Fraction(0)


def _since_from(trial: Trial, outcome: Outcome, person: Person, month: int) -> list[Fraction | None]:
    """The part's values, as in the panel, in each month from the one that is looked from up to this one."""
    (part,) = outcome.parts
    months = range(month_index(person.drawn_at) + outcome.from_month, month + 1)
    return [value_of(trial, part, person, each) for each in months]


# Cleaning ------------------------------------------------------------------------------------------------------------


def _cleaned(trial: Trial, register_id: str, rows: Sequence[Row], participants: Participants) -> list[Record]:
    register, as_of = trial.registers[register_id], trial.analysis.as_of
    if not needs_of(trial, register_id).rare:
        refuse_too_early(register, rows, as_of)
    return with_groups(trial, register_id, clean_register(register, rows, participants, as_of))


def clean_register(
    register: Register, rows: Sequence[Row], participants: Participants, as_of: date | None = None
) -> list[Record]:
    """The records that count: ``person``, ``number`` (of the row), ``raw`` and ``row`` (typed), and their dates."""
    drawn = set(participants.frame["person_id"].to_list())
    stated = [{name: None if value == "" else value for name, value in row.items()} for row in rows]
    kept: list[tuple[int, Row]] = [(i, row) for i, row in enumerate(stated, 1) if str(row[register.person]) in drawn]
    refuse_mixed_zones(register, kept)
    kept = known_rows(register, kept, as_of)
    kept = without_equal(register, kept)
    kept = latest_versions(register, kept)
    kept = not_taken_back(register, kept)
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


def record_of(register: Register, number: int, row: Row) -> dict[str, Any]:
    """A row with its dates and numbers made what they mean."""
    assert register.start is not None
    typed = {name: exact(row[name], register.columns.get(name)) for name in row}
    if BEGUN in row and register.stop is not None:
        typed |= {register.start: row[BEGUN], register.stop: row[ENDED]}
    record = {"person": str(row[register.person]), "number": number, "raw": row, "row": typed}
    if register.temporality == "accumulated":
        return record | {"month": as_month(row[register.start])}
    start = as_date(row[register.start])
    if register.temporality == "event":
        return record | {"start": start, "month": None if start is None else month_index(start)}
    stop = as_date(row[register.stop]) if register.stop is not None else None
    # a record that is cut to the days of its part began when it did
    return record | {"start": start, "stop": stop or ENDLESS, "begun": as_date(row[BEGUN]) if BEGUN in row else start}


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


def _plain(value: Fraction, outcome: Outcome) -> int | float:
    return float(value) if _is_amount(outcome) else int(value)


def _is_amount(outcome: Outcome) -> bool:
    return outcome.measure is not None and outcome.measure.number is not None and not outcome.binary


def _schema(trial: Trial) -> dict[str, pl.DataType]:
    schema: dict[str, pl.DataType] = {
        "person_id": pl.String(),
        "month": pl.Date(),
        "event_month": pl.Int32(),
        "dead": pl.Boolean(),
        "abroad": pl.Boolean(),
    }
    for name, outcome in trial.outcomes.items():
        schema[name] = pl.UInt8() if outcome.binary else pl.Float64() if _is_amount(outcome) else pl.Int64()
    if trial.participation is not None:
        schema |= {PARTICIPATES + arm: pl.UInt8() for arm in trial.arm_ids if trial.arms[arm].programmes}
    return schema
