"""The whole definition language, in odd corners: the fast panel equals the slow truth, and explanations add up to it.

Worlds of this module are for other engines, too. ``test_panel_measures.py`` goes through the rules one by one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.protocol.model import Trial
from lodd.protocol.types import Participants
from tests.properties.test_explaining import assert_explained
from tests.properties.test_panel import (
    DAYS,
    DRAWN,
    EXIT,
    JOBS_HOLD,
    WHERE,
    amounts,
    assert_panel_is_true,
    events,
    examples,
    jobs,
    tables,
)
from tests.registers.small import trial_of

pytestmark = pytest.mark.long


class World(NamedTuple):
    trial: Trial
    tables: dict[str, pl.DataFrame]
    people: Participants


@st.composite
def measures(draw: st.DrawFn, register: dict[str, Any], number: str, distinct: tuple[str, ...]) -> dict[str, Any]:
    """Any measure that such a register has an answer to."""
    kind, yearly = register["temporality"], register.get("period") == "year"
    merge = register.get("merge")
    ordered = kind != "accumulated" and (merge is None or merge["overlap"] == "latest")
    aggregates = ["any", "count", "count_distinct", "sum", "mean", "mean", "max", "max"]
    aggregates += ["last"] * 2 * ordered + ["months_since"] * 2 * (not yearly)
    aggregate = draw(st.sampled_from(aggregates))
    columns = {"any": True, "count": True, "count_distinct": draw(st.sampled_from(distinct))}
    which = draw(st.sampled_from(["last", "first"]))
    measure: dict[str, Any] = {aggregate: which if aggregate == "months_since" else columns.get(aggregate, number)}
    if aggregate != "any" and draw(st.booleans()):
        measure["at_least"] = draw(st.sampled_from(["1", "2", "3.5"] if aggregate in {"sum", "mean"} else ["1", "2"]))
    if aggregate in {"mean", "max", "last", "months_since"}:
        measure["empty"] = draw(st.sampled_from(["missing", "zero"]))
    if not yearly and aggregate != "months_since" and not (kind == "status" and aggregate in {"mean", "last"}):
        measure["within"] = draw(st.sampled_from([None, 2, 3, 7]))
    if not yearly:
        measure |= {key: draw(st.sampled_from([None, None, None, "draw", "ill"])) for key in ("since", "until")}
    if kind == "status":
        dated = {"start": {"above": date(2016, 1, 15)}, "registered": {"at_most": date(2016, 2, 1)}}
        conditions = [{"hours": {"at_most": "3", "above": "0.55"}}, *({name: on} for name, on in dated.items())]
        measure["where"] = draw(WHERE | st.sampled_from(conditions))
    return measure


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A register, its records, and four outcomes of it; first times and combinations of those that are 1 or 0."""
    if draw(st.booleans()):
        register, table = draw(jobs()), draw(tables(JOBS_HOLD))
        number, distinct = "hours", ("employer", "rank", "hours", "share")
    else:
        register, table = draw(amounts() | events())
        number, distinct = "amount", ("source", "amount")
    outcomes: dict[str, Any] = {}
    for i in range(4):
        outcomes[f"y{i}"] = {
            "register": "r",
            "measure": draw(measures(register, number, distinct)),
            "after_death": draw(EXIT),
            "after_emigration": draw(EXIT),
        }
        if register["temporality"] == "status":
            outcomes[f"y{i}"]["counts"] = draw(st.sampled_from([None, "any day", "first day", "last day", "day 16"]))
    binary = [name for name, y in outcomes.items() if "any" in y["measure"] or "at_least" in y["measure"]]
    if binary:
        part = draw(st.sampled_from(binary))
        outcomes["first"] = {"first_of": part, "from": draw(st.integers(-2, 2)), "after_emigration": draw(EXIT)}
        outcomes["ever"] = {"ever_of": part, "from": draw(st.integers(-2, 2)), "after_death": draw(EXIT)}
        outcomes["both"] = {"any_of": ["first", *binary], "none_of": ["ever"]}
    outcomes["since"] = {"months_since": draw(st.sampled_from(["draw", "ill"])), "after_death": draw(EXIT)}
    registers = {
        "r": register,
        "abroad": {"file": "a.csv", "temporality": "status", "start": "start", "stop": "stop"},
        "deaths": {"file": "d.csv", "temporality": "event", "start": "day"},
    }
    covers = {"from": date(2015, 1, 1), "until": date(2017, 12, 31)}
    trial = trial_of(
        {name: {"covers": covers} | each for name, each in registers.items()},
        outcomes,
        window=(2, 2),
        population={"deaths": "deaths", "emigrations": "abroad"},
        facts={"ill": {"label": "Ill"}},
    )
    person = {"person_id": st.sampled_from("abcd")}
    few = {"abroad": person | {"spell": JOBS_HOLD["spell"]}, "deaths": person | {"day": DAYS}}
    held = {name: draw(tables(column)).head(draw(st.integers(0, 3))) for name, column in few.items()}
    people = draw(DRAWN)
    ill = pl.Series(draw(st.lists(DAYS | st.none(), min_size=4, max_size=4)), dtype=pl.Date)
    return World(trial, {"r": table} | held, replace(people, frame=people.frame.with_columns(ill=ill)))


@examples(40)
@given(worlds())
def test_the_panel_is_true(world: World) -> None:
    assert_panel_is_true(world.trial, world.tables, world.people)


@examples(20)
@given(worlds())
def test_explanations_add_up(world: World) -> None:
    assert_explained(world.trial, world.tables, world.people)
