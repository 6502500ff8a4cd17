"""The worked examples of docs/reference/definitions.md give the values that they say, fast and slowly."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest

from lodd.protocol import Trial
from lodd.protocol.checks import check_trial
from lodd.protocol.types import Participants
from lodd.registers import build_panel_from, reference_panel
from lodd.registers.assuring import narrowed
from tests.registers.small import people_of, table, trial_of
from tests.spec.definitions import COLUMNS, DRAWN, EXAMPLES, REGISTERS, WINDOW, Example


def declared(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def person_of(number: int) -> str:
    return f"p{number}"


def whole_trial() -> Trial:
    """One trial with every example's outcomes."""
    outcomes: dict[str, Any] = {}
    for example in EXAMPLES:
        for name, outcome in declared(example.toml)["outcomes"].items():
            assert outcomes.setdefault(name, {"unit": "x"} | outcome) == {"unit": "x"} | outcome
    shared = declared(REGISTERS)
    lists = shared["code_lists"]
    return trial_of(shared["registers"], outcomes, window=WINDOW, facts=shared["facts"], code_lists=lists)


@cache
def world() -> tuple[Trial, dict[str, pl.DataFrame], Participants]:
    """A person for each example, and the records of all."""
    held = {
        register: table(
            " ".join(["person_id", *columns]),
            *((person_of(i), *row) for i, example in enumerate(EXAMPLES) for row in example.records.get(register, ())),
        )
        for register, columns in COLUMNS.items()
    }
    participants = people_of(**{person_of(i): DRAWN for i in range(len(EXAMPLES))})
    ill = pl.Series([example.facts.get("ill_since") for example in EXAMPLES], dtype=pl.Date)
    return whole_trial(), held, replace(participants, frame=participants.frame.with_columns(ill_since=ill))


@cache
def panel() -> pl.DataFrame:
    return build_panel_from(*world()).frame


def slowly(person: str, outcome: str) -> pl.DataFrame:
    trial, held, people = world()
    rows = {name: table.filter(pl.col("person_id") == person).to_dicts() for name, table in held.items()}
    one = replace(people, frame=people.frame.filter(pl.col("person_id") == person))
    return reference_panel(narrowed(trial, [outcome]), rows, one)


def shown(frame: pl.DataFrame, person: str, outcome: str) -> str:
    values = frame.filter(pl.col("person_id") == person)[outcome].to_list()
    return " ".join("." if value is None else f"{value:.17g}".removesuffix(".0") for value in values)


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda number: EXAMPLES[number].says.en)
def test_example(number: int) -> None:
    example: Example = EXAMPLES[number]
    *_, outcome = declared(example.toml)["outcomes"]
    assert shown(slowly(person_of(number), outcome), person_of(number), outcome) == example.values
    assert shown(panel(), person_of(number), outcome) == example.values


def test_the_definitions_are_sound() -> None:
    assert [finding.found.en for finding in check_trial(whole_trial()) if not finding.warning] == []
