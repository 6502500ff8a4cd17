"""The cases of `assurance.toml` run: a panel of all of them, and an explanation of each value that is not as expected.

All cases are built in one small panel, by the very code that builds the trial's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa

from lodd.errors import DataError
from lodd.protocol import Panel, Participants, Trial, month_index
from lodd.protocol.analysis import Window
from lodd.protocol.types import combination_order
from lodd.registers.assurance import ASSURANCE_FILE, Assured, Case, Expectation
from lodd.registers.explaining import Explanation, Subject, explain
from lodd.registers.needs import needs_of, registers_used
from lodd.registers.panel import build_panel_from
from lodd.registers.reference_days import columns_of_reference, days_of_person

_NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Tested:
    """One expected value and the one found; ``explanation`` where they differ."""

    case: Case
    expectation: Expectation
    found: float | int | None
    explanation: Explanation | None

    @property
    def holds(self) -> bool:
        return self.explanation is None


def assure(trial: Trial, assured: Assured) -> tuple[Tested, ...]:
    """Test every expected value.

    Raises:
        DataError: a case has records that no panel can be built from (a missing value that is an error, say).
    """
    asked = _only(trial, assured)
    panel = _panel(asked, assured)
    return tuple(_test(asked, assured, panel, expectation) for expectation in assured.expectations)


def narrowed(trial: Trial, outcomes: Sequence[str]) -> Trial:
    """The trial with no other outcomes than these and their parts, and without participation."""
    kept: dict[str, None] = {}
    for name in reversed(combination_order(trial)):
        if name in outcomes or any(name in trial.outcomes[whole].parts for whole in kept):
            kept[name] = None
    chosen = {name: outcome for name, outcome in trial.outcomes.items() if name in kept}
    return trial.model_copy(update={"outcomes": chosen, "participation": None})


def _only(trial: Trial, assured: Assured) -> Trial:
    """What is asked about, in a window that holds every month asked for, and each that first times are looked from."""
    asked = narrowed(trial, [each.outcome for each in assured.expectations])
    months = [each.month - month_index(assured.drawn_at[each.case]) for each in assured.expectations]
    months += [outcome.from_month for outcome in asked.outcomes.values() if outcome.first_of or outcome.ever_of]
    window = Window.model_construct(before=max(0, -min(months)), after=max(0, *months))
    return asked.model_copy(update={"analysis": asked.analysis.model_copy(update={"window": window})})


def _panel(trial: Trial, assured: Assured) -> Panel:
    numbers = range(len(assured.cases))
    try:
        return _built(trial, assured, numbers)
    except DataError:
        for number in numbers:  # which case is it?
            _built(trial, assured, [number])
        raise


def _built(trial: Trial, assured: Assured, numbers: Sequence[int]) -> Panel:
    tables = {name: _table(trial, name, assured, numbers) for name in registers_used(trial)}
    try:
        return build_panel_from(trial, tables, _participants(trial, assured, numbers))
    except DataError as error:
        if len(numbers) > 1:
            raise
        says = assured.cases[numbers[0]].says
        where = f"{ASSURANCE_FILE}, case {numbers[0] + 1} ({says.en})"
        raise DataError([replace(problem, where=f"{where}: {problem.where}") for problem in error.problems]) from None


def _participants(trial: Trial, assured: Assured, numbers: Sequence[int]) -> Participants:
    given = (name for number in numbers for name in assured.cases[number].facts)
    names = dict.fromkeys([*given, *columns_of_reference(trial)])
    facts = {name: pl.Series(_column([assured.cases[n].facts.get(name) for n in numbers])) for name in names}
    people = {"person_id": [_person(number) for number in numbers], "arm": [trial.arm_ids[0]] * len(numbers)}
    drawn = {"drawn_at": pl.Series([assured.drawn_at[number] for number in numbers], dtype=pl.Date)}
    return Participants(pl.DataFrame(people | drawn | facts), trial.arm_ids)


def _table(trial: Trial, register_id: str, assured: Assured, numbers: Sequence[int]) -> pa.Table:
    """The register's records of the cases, with every column that the protocol uses."""
    person = trial.registers[register_id].person
    rows = [(_person(n), record) for n in numbers for record in assured.cases[n].records.get(register_id, ())]
    columns = dict.fromkeys([*needs_of(trial, register_id).columns, *(name for _, record in rows for name in record)])
    values = {name: _column([record.get(name) for _, record in rows]) for name in columns if name != person}
    return pa.table({person: pa.array([name for name, _ in rows], pa.string()), **values})


def _column(values: Sequence[Any]) -> pa.Array:
    decimal = any(isinstance(value, Decimal) for value in values)
    return pa.array([float(value) if decimal and value is not None else value for value in values])


def _person(number: int) -> str:
    return f"case {number + 1}"


def _test(trial: Trial, assured: Assured, panel: Panel, expectation: Expectation) -> Tested:
    case = assured.cases[expectation.case]
    drawn_at = assured.drawn_at[expectation.case]
    event_month = expectation.month - month_index(drawn_at)
    own = panel.frame.filter(pl.col("person_id") == _person(expectation.case), pl.col("event_month") == event_month)
    found = own[expectation.outcome].item()
    if _same(expectation.value, found):
        return Tested(case, expectation, found, None)
    person = _person(expectation.case)
    days = days_of_person(trial, _participants(trial, assured, [expectation.case]))
    subject = Subject(person, drawn_at, dict(_numbered(trial, person, case)), days)
    return Tested(case, expectation, found, explain(trial, subject, expectation.outcome, expectation.month, found))


def _numbered(trial: Trial, person: str, case: Case) -> Iterator[tuple[str, list[tuple[int, Mapping[str, Any]]]]]:
    """By register the case's records, numbered as they are written, with empty columns where nothing is said."""
    for register_id in registers_used(trial):
        register = trial.registers[register_id]
        empty = dict.fromkeys(needs_of(trial, register_id).columns)
        records = [
            {**empty, **{name: _plain(value) for name, value in record.items()}, register.person: person}
            for record in case.records.get(register_id, ())
        ]
        yield register_id, list(enumerate(records, 1))


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else None if value == "" else value


def _same(expected: Decimal | None, found: float | int | None) -> bool:
    """Equal, but for the last digits of a number that cannot be written out (a twelfth of a year's pay)."""
    if expected is None or found is None:
        return expected is None and found is None
    return abs(float(expected) - found) <= _NEAR * max(1.0, abs(found))
