"""Whatever the registers hold and the protocol declares: what is said of a value adds up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given

from lodd.locale import LANGUAGES
from lodd.protocol import Trial, month_index
from lodd.protocol.types import Participants
from lodd.registers import explaining_words as words
from lodd.registers import reference_panel
from lodd.registers.explained import headline, lines_of
from lodd.registers.explaining import Explanation, Subject, explain
from lodd.registers.reference import RefusedError
from lodd.registers.reference_days import days_of_person
from tests.properties.test_panel import (
    AGGREGATES,
    DISTINCT,
    DRAWN,
    JOBS_HOLD,
    amounts,
    events,
    examples,
    jobs,
    outcomes,
    st,
    tables,
    trials_with_population,
)
from tests.registers.small import trial_of


def assert_explained(trial: Trial, held: Mapping[str, pl.DataFrame], participants: Participants) -> None:
    """Every value of two people in the month of the draw and the next."""
    rows = {name: table.to_dicts() for name, table in held.items()}
    try:
        panel = reference_panel(trial, rows, participants)
    except RefusedError:
        return
    for line in panel.filter(pl.col("event_month").is_in([0, 1]), pl.col("person_id").is_in(["a", "c"])).to_dicts():
        own = {
            name: [(i, row) for i, row in enumerate(each, 1) if row["person_id"] == line["person_id"]]
            for name, each in rows.items()
        }
        one = replace(participants, frame=participants.frame.filter(pl.col("person_id") == line["person_id"]))
        drawn_at = one.frame["drawn_at"].item()
        subject = Subject(line["person_id"], drawn_at, own, days_of_person(trial, one))
        for name in trial.outcomes:
            month = month_index(line["month"])
            assert_tells(explain(trial, subject, name, month, line[name]), own, trial)


def assert_tells(explanation: Explanation, own: Mapping[str, Any], trial: Trial) -> None:
    assert explanation.steps[-1].said == words.value(explanation.value)
    for time_line in explanation.time_lines:
        assert sorted(line.row for line in time_line.lines) == [number for number, _ in own[time_line.register]]
    for language in LANGUAGES:
        shown = "\n".join([headline(explanation, language), *lines_of(explanation, language)])
        assert "Fraction" not in shown
    outcome = trial.outcomes[explanation.outcome]
    plain = outcome.measure is not None and outcome.measure.aggregate == "count" and outcome.measure.at_least is None
    observed = len(explanation.steps) == 3  # what is measured, what it comes to, the value
    if plain and observed:
        # stays abroad have a time line of their own, also where they turn out not to count
        (time_line,) = (each for each in explanation.time_lines if each.register == outcome.register_id)
        assert sum(line.counts for line in time_line.lines) == explanation.value


@examples(6)
@given(
    jobs(),
    st.tuples(*(outcomes("jobs", a, number="hours", columns=DISTINCT, status=True) for a in AGGREGATES)),
    tables(JOBS_HOLD),
    DRAWN,
)
def test_status_registers(
    register: dict[str, Any], declared: tuple[dict[str, Any], ...], table: pl.DataFrame, participants: Participants
) -> None:
    trial = trial_of({"jobs": register}, {f"y{i}": y for i, y in enumerate(declared)}, window=(2, 2))
    assert_explained(trial, {"jobs": table}, participants)


@examples(6)
@given(
    amounts() | events(),
    st.tuples(*(outcomes("r", a, number="amount", columns=("source", "amount"), status=False) for a in AGGREGATES)),
    DRAWN,
)
def test_accumulated_and_event_registers(
    register: tuple[dict[str, Any], pl.DataFrame], declared: tuple[dict[str, Any], ...], participants: Participants
) -> None:
    trial = trial_of({"r": register[0]}, {f"y{i}": y for i, y in enumerate(declared)}, window=(2, 2))
    assert_explained(trial, {"r": register[1]}, participants)


@examples(6)
@given(trials_with_population(), DRAWN)
def test_population_and_combinations(trial: tuple[Trial, dict[str, pl.DataFrame]], participants: Participants) -> None:
    assert_explained(*trial, participants)
