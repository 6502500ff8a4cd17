"""How one person's value in one month came about: record by record, rule by rule.

The value itself is always the panel's. What is said of it is worked out by the slow reference, which is the definition
that the panel is held to, and decided here as frozen values; `explained.py` puts them into lines of text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from lodd.locale import Text
from lodd.protocol import Participants, Trial, first_day, month_index
from lodd.protocol.measure import DRAW
from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Register
from lodd.protocol.types import known_register, registers_behind
from lodd.registers import explaining_words as words
from lodd.registers import reference
from lodd.registers.explaining_measure import end_of, fate_of, moment_of, touches
from lodd.registers.needs import needs_of
from lodd.registers.parts import BEGUN, ENDED, OUTSIDE, PART
from lodd.registers.reference_codes import with_groups
from lodd.registers.reference_measures import considered, month_value, starts_within
from lodd.registers.reference_versions import known_rows, latest_versions, not_taken_back

MONTHS_SHOWN: Final = 12
"""How many months the time line shows before and after the month explained."""
Numbered = tuple[int, Mapping[str, Any]]
"""A record as the file has it, with its row number (from 1)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One person: the day of the draw, and by register the records, as the files have them.

    ``days`` are the person's reference days, by column, where outcomes count from any other than the draw.
    """

    person_id: str
    drawn_at: date
    records: Mapping[str, Sequence[Numbered]]
    days: Mapping[str, date | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One record on the time line: its row, when, what it says, what became of it; and the months it is active in."""

    row: int
    since: str
    until: str | None
    """None: a moment or a month; empty: ongoing."""
    values: str
    fate: Text
    counts: bool
    months: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class TimeLine:
    """One register's records of the person, in the order of their dates."""

    register: str
    label: Text
    first_month: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of how the value came about; ``depth`` grows where a combination's parts are gone into."""

    depth: int
    said: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """The value of an outcome in a calendar month (12 * year + month - 1), and how it came about."""

    outcome: str
    label: Text
    month: int
    event_month: int
    drawn_at: date
    value: float | int | None
    time_lines: tuple[TimeLine, ...]
    steps: tuple[Step, ...]


def explain(trial: Trial, subject: Subject, outcome: str, month: int, value: float | int | None) -> Explanation:
    """Explain the panel's value of an outcome for a person in a calendar month.

    Args:
        subject: the person with every record of the registers behind the outcome, and of deaths and stays abroad.
        value: what the panel has; None is missing.
    """
    explained = _Explained(trial, subject, month)
    steps = [*explained.steps(outcome, 0), *explained.observed(outcome, value)]
    return Explanation(
        outcome=outcome,
        label=trial.outcomes[outcome].label,
        month=month,
        event_month=month - month_index(subject.drawn_at),
        drawn_at=subject.drawn_at,
        value=value,
        time_lines=tuple(explained.time_lines(outcome)),
        steps=tuple(steps),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A register's records of the person: those that count, and why each of the others does not."""

    counted: list[dict[str, Any]]
    left_out: dict[int, Text]


class _Explained:
    """The working of one explanation."""

    def __init__(self, trial: Trial, subject: Subject, month: int) -> None:
        self.trial = trial
        self.subject = subject
        self.month = month
        self.judged = {name: self._judge(name) for name in trial.registers if name in subject.records}
        self.clean = {name: each.counted for name, each in self.judged.items()}
        known = {**{name: [] for name in self._population()}, **self.clean}
        self.person = reference.Person(known, subject.drawn_at, {DRAW: subject.drawn_at, **subject.days})

    def steps(self, name: str, depth: int) -> Iterator[Step]:
        """How the value comes from the records, before coverage, death and stays abroad."""
        outcome = self.trial.outcomes[name]
        if outcome.measure is not None:
            yield from self._measured_steps(outcome, outcome.measure, depth)
            return
        if outcome.months_since is not None:
            yield Step(depth, words.reference(outcome.months_since, self.person.days.get(outcome.months_since)))
            return
        for part in outcome.parts:
            yield Step(depth, words.part(self.trial.outcomes[part].label, part))
            yield from self.steps(part, depth + 1)
        value = reference.from_records(self.trial, name, self.person, self.month)
        if outcome.first_of or outcome.ever_of:
            yield Step(depth, words.from_first(outcome, self._first(outcome), value))
        else:
            parts = {part: reference.from_records(self.trial, part, self.person, self.month) for part in outcome.parts}
            yield Step(depth, words.combined(outcome, parts, value))

    def _measured_steps(self, outcome: Outcome, measure: Measure, depth: int) -> Iterator[Step]:
        assert outcome.register_id is not None
        register = known_register(self.trial, outcome.register_id)
        yield Step(depth, words.definition(outcome, register, outcome.register_id))
        days = self._days(measure)
        for column, day in zip(measure.reference.values(), days.values(), strict=True):
            yield Step(depth, words.reference(column, day))
        if None in days.values():
            return
        met = self._met(outcome.register_id, measure)
        moment = moment_of(register, outcome, measure, met, self.month)
        total = month_value(register, outcome, measure, met, self.month)
        if total is None:
            yield Step(depth, words.nothing(measure))
        elif measure.months_since is not None:
            yield Step(depth, words.months_since(self.month - int(total), moment.settled, int(total)))
        else:
            yield Step(depth, words.worked_out(register, measure, moment.day, moment.settled, total))
        if measure.at_least is not None and total is not None:
            yield Step(depth, words.threshold(total, measure.at_least))

    def _first(self, outcome: Outcome) -> int | None:
        """The first month, up to this one, in which the part is 1."""
        (part,) = outcome.parts
        months = range(month_index(self.subject.drawn_at) + outcome.from_month, self.month + 1)
        return next((m for m in months if reference.value_of(self.trial, part, self.person, m) == 1), None)

    def observed(self, name: str, value: float | int | None) -> Iterator[Step]:
        """What coverage, death and stays abroad make of it, and the value in the end."""
        day, outcome = first_day(self.month), self.trial.outcomes[name]
        for register_id, outcomes in sorted(self._measured(name).items()):
            covers = known_register(self.trial, register_id).covers
            months = max(each.measure.months for each in outcomes if each.measure is not None)
            since = first_day(self.month - months + 1)
            if covers is not None and not (covers.since <= since and end_of(self.month) <= covers.until):
                yield Step(0, words.not_covered(register_id, covers.since, covers.until, months))
        if reference.is_dead(self.trial, self.person.records, day):
            yield Step(0, words.dead(outcome.after_death))
        elif reference.is_abroad(self.trial, self.person.records, day):
            yield Step(0, words.abroad(outcome.after_emigration))
        yield Step(0, words.value(value))

    def time_lines(self, name: str) -> Iterator[TimeLine]:
        """The records of the registers behind the outcome, then deaths and stays abroad, if any."""
        behind = registers_behind(self.trial, name)
        measured = self._measured(name)
        for register_id in self.trial.registers:
            rows = self.subject.records.get(register_id, ())
            if register_id in behind or (rows and register_id in self._population()):
                label = self.trial.registers[register_id].label or Text.same(register_id)
                fates = self._fates(register_id, measured.get(register_id, []))
                lines = sorted((self._line(register_id, row, fates) for row in rows), key=lambda line: line.since)
                yield TimeLine(register_id, label, self.month - MONTHS_SHOWN, tuple(lines))

    # The records ------------------------------------------------------------------------------------------------------

    def _judge(self, register_id: str) -> _Judged:
        register, rows = self.trial.registers[register_id], list(self.subject.records[register_id])
        as_of = self.trial.analysis.as_of
        known = known_rows(register, rows, as_of)
        unlike = reference.without_equal(register, known)
        newest = latest_versions(register, unlike)
        latest = not_taken_back(register, newest)
        people = Participants(pl.DataFrame({"person_id": [self.subject.person_id]}), ())
        numbers = {i for i, _ in unlike}, {i for i, _ in newest}
        left_out = {i: words.taken_back(register, row) for i, row in newest if (i, row) not in latest}
        for number, row in rows:
            if (number, row) not in known:
                assert as_of is not None
                left_out[number] = words.not_known(as_of)
            elif number not in numbers[0]:
                left_out[number] = words.equal_to(next(i for i, other in unlike if other == row))
            elif number not in numbers[1]:
                left_out[number] = words.corrected_by(_successor(register, row, newest))
        # the reference numbers rows as it is given them; here they keep the numbers that they have in the file
        records = [reference.record_of(register, number, row) for number, row in latest]
        for record in records:
            if record["raw"].get(OUTSIDE):
                left_out[record["number"]] = words.OUTSIDE_PART
            elif not reference.has_dates(register, record):
                left_out[record["number"]] = words.without_dates(_start(register, record) is None)
        given = [row for number, row in latest if number not in left_out]
        places = [number for number, _ in latest if number not in left_out]
        kept = with_groups(self.trial, register_id, reference.clean_register(register, given, people))
        return _Judged([record | {"number": places[record["number"] - 1]} for record in kept], left_out)

    def _met(self, register_id: str, measure: Measure) -> list[dict[str, Any]]:
        """The records that a measure looks at."""
        register = self.trial.registers[register_id]
        return considered(register, measure, self.clean[register_id], self._days(measure))

    def _days(self, measure: Measure) -> dict[str, date | None]:
        """The person's reference days of a measure, by ``since`` and ``until``."""
        return {key: self.person.days.get(column) for key, column in measure.reference.items()}

    def _fates(self, register_id: str, outcomes: list[Outcome]) -> dict[int, Text]:
        """What became of each record: of several measures of one register, one that it counts in tells it."""
        judged = self.judged[register_id]
        if not outcomes:
            return judged.left_out | {record["number"]: words.SEEN for record in judged.counted}
        told = [self._told(register_id, outcome) for outcome in outcomes]
        fates = {number: [each[number] for each in told] for number in told[0]}
        chosen = {number: words.COUNTS if words.COUNTS in said else said[0] for number, said in fates.items()}
        several = {n for n, said in fates.items() if len(set(said)) > 1 and words.COUNTS not in said}
        return judged.left_out | chosen | dict.fromkeys(several, words.COUNTS_NOWHERE)

    def _told(self, register_id: str, outcome: Outcome) -> dict[int, Text]:
        """What became of each record in one measure."""
        register, measure = known_register(self.trial, register_id), outcome.measure
        assert measure is not None
        met = self._met(register_id, measure)
        moment = moment_of(register, outcome, measure, met, self.month)
        fates: dict[int, Text] = {}
        for record in self.clean[register_id]:
            days = self._days(measure)
            if not starts_within(record, days):
                fates[record["number"]] = words.OUTSIDE_REFERENCE
            elif record in met:
                fates[record["number"]] = fate_of(register, measure, record, moment, self.month)
            else:
                fates[record["number"]] = words.not_met(register, measure, record["row"])
        return fates

    def _line(self, register_id: str, numbered: Numbered, fates: Mapping[int, Text]) -> Line:
        number, row = numbered
        register = self.trial.registers[register_id]
        record = reference.record_of(register, number, row)
        shown = [name for name in needs_of(self.trial, register_id).columns if name not in _of_dates(register)]
        span = range(self.month - MONTHS_SHOWN, self.month + MONTHS_SHOWN + 1)
        return Line(
            row=number,
            since=str(row.get(BEGUN, row[register.start]) or "") if register.start else "",
            until=None if register.stop is None else str(row.get(ENDED, row[register.stop]) or ""),
            values=", ".join(f"{name} {_shown(row[name])}" for name in shown if row[name] not in (None, "")),
            fate=fates[number],
            counts=fates[number] == words.COUNTS,
            months=tuple(touches(register, record, month) for month in span),
        )

    def _measured(self, name: str) -> dict[str, list[Outcome]]:
        """By register, the outcomes behind this one that measure it."""
        outcome = self.trial.outcomes[name]
        if outcome.register_id is not None:
            return {outcome.register_id: [outcome]}
        found: dict[str, list[Outcome]] = {}
        for part in outcome.parts:
            for register_id, outcomes in self._measured(part).items():
                found.setdefault(register_id, []).extend(outcomes)
        return found

    def _population(self) -> list[str]:
        population = self.trial.population
        return [name for name in (population.deaths, population.emigrations) if name is not None]


def _successor(register: Register, row: Mapping[str, Any], latest: Sequence[Numbered]) -> int:
    def name(other: Mapping[str, Any]) -> list[Any]:
        return [other.get(PART), *(other[column] for column in register.record)]

    return next(number for number, other in latest if name(other) == name(row))


def _start(register: Register, record: Mapping[str, Any]) -> Any:
    return record["start"] if register.temporality == "status" else record["month"]


def _of_dates(register: Register) -> set[str]:
    """Columns that the time line shows as dates, or does not show."""
    return {name for name in (register.person, register.start, register.stop) if name is not None}


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
