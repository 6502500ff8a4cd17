"""Means, largest and last values, several months, months since and first times, on a crowd: the slow truth holds."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lodd.protocol import Trial
from lodd.protocol.types import Participants
from lodd.registers import build_panel_from, reference_panel
from tests.properties.test_panel_crowd import EVENT, HOURS, SPELL, tables
from tests.registers.small import people_of, trial_of

pytestmark = pytest.mark.long
PEOPLE = [f"p{number}" for number in range(6)]
DAYS = ["any day", "first day", "last day", "day 16"]


def of_jobs(overlap: str | None) -> dict[str, dict[str, Any]]:
    """Measures of spells: by aggregate and day, over one month and several."""
    found: dict[str, dict[str, Any]] = {}
    empty = random.Random(overlap or "none")
    for aggregate in ("mean", "max", "last"):
        if aggregate == "last" and overlap in ("max", "sum"):
            continue
        for rule in DAYS:
            measure = {aggregate: "hours", "empty": empty.choice(["missing", "zero"])}
            found[f"{aggregate}-{rule.replace(' ', '-')}"] = {"measure": measure, "counts": rule}
        limit = {aggregate: "hours", "empty": "missing", "at_least": "1.3"}
        found[f"{aggregate}-enough"] = {"measure": limit}
    for name, measure in {
        "sum": {"sum": "hours"},
        "any": {"any": True},
        "count": {"count": True},
        "ranks": {"count_distinct": "rank"},
        "max": {"max": "hours", "empty": "missing"},
    }.items():
        for months in (2, 5):
            found[f"{name}-{months}"] = {"measure": measure | {"within": months}, "counts": empty.choice(DAYS)}
    for which in ("last", "first"):
        since = {"months_since": which, "where": {"rank": {"above": 1, "at_most": 3}}, "empty": "missing"}
        found[f"since-{which}"] = {"measure": since, "counts": empty.choice(DAYS)}
        found[f"long-since-{which}"] = {"measure": since | {"empty": "zero", "at_least": 2}}
    found["started-since-draw"] = {"measure": {"count": True, "since": "draw"}}
    found["started-before-ill"] = {"measure": {"sum": "hours", "until": "ill", "within": 3}}
    found["between"] = {"measure": {"mean": "hours", "since": "ill", "until": "draw", "empty": "zero"}}
    found["since-ill"] = {"measure": {"months_since": "first", "since": "ill", "empty": "missing"}}
    return {name: {"register": "jobs"} | outcome for name, outcome in found.items()}


def of_amounts(register: str, period: str) -> dict[str, dict[str, Any]]:
    """Measures of amounts or events."""
    yearly, measures = period == "year" and register == "pay", {}
    for aggregate in ("mean", "max", *(["last"] if register == "visits" else [])):
        measures[aggregate] = {aggregate: "hours", "empty": "missing"}
        measures[f"{aggregate}-enough"] = {aggregate: "hours", "empty": "zero", "at_least": "4.0"}
    several = {
        **measures,
        "any": {"any": True},
        "count": {"count": True, "where": {"hours": {"below": "60", "above": "0.5"}}},
        "sum": {"sum": "hours"},
        "sources": {"count_distinct": "source"},
    }
    if not yearly:
        measures |= {f"{name}-{n}": measure | {"within": n} for name, measure in several.items() for n in (2, 4)}
        measures |= {f"count-{key}": {"count": True, key: "ill"} for key in ("since", "until")}
        measures |= {f"since-{w}": {"months_since": w, "empty": "missing"} for w in ("last", "first")}
    return {f"{register}-{name}": {"register": register, "measure": measure} for name, measure in measures.items()}


def of_parts() -> dict[str, dict[str, Any]]:
    """First times of parts that are missing in some months, combinations of them, and combinations of what is empty."""
    found: dict[str, dict[str, Any]] = {
        "job": {"register": "jobs", "measure": {"any": True}, "counts": "day 16"},
        "job0": {"register": "jobs", "measure": {"any": True}, "after_death": "zero", "after_emigration": "zero"},
        "well-paid": {"register": "jobs", "measure": {"mean": "hours", "empty": "missing", "at_least": 2}},
    }
    for part in list(found):
        for start in (-1, 1):
            found[f"first-{part}-{start}"] = {"first_of": part, "from": start}
            found[f"ever-{part}-{start}"] = {"ever_of": part, "from": start, "after_death": "zero"}
    found |= {f"months-since-{day}": {"months_since": day} for day in ("draw", "ill")}
    found["first-pay"] = {"first_of": "both"}
    found["both"] = {"all_of": ["well-paid", "ever-job-1"], "none_of": ["first-job0--1"]}
    return found


class Crowd(NamedTuple):
    trial: Trial
    tables: dict[str, pl.DataFrame]
    people: Participants


def crowd(overlap: str | None, period: str) -> Crowd:
    """Every measure of every register, and a crowd's records."""
    merge = {"by": ["employer"], "overlap": overlap} if overlap else None
    pay = {"temporality": "accumulated", "period": period, "columns": HOURS}
    outcomes = of_jobs(overlap) | of_amounts("pay", period) | of_amounts("visits", period) | of_parts()
    late = {"from": date(2016, 2, 1), "until": date(2016, 7, 30)}
    registers = {
        "jobs": SPELL | {"merge": merge, "columns": HOURS},
        "pay": EVENT | pay | ({"covers": late} if period == "month" else {}),
        "visits": EVENT | {"columns": HOURS},
        "abroad": SPELL,
        "deaths": EVENT,
    }
    trial = trial_of(registers, outcomes, window=(2, 3), population={"deaths": "deaths", "emigrations": "abroad"})
    rng = random.Random(7)
    participants = people_of(**{person: date(2016, rng.randint(3, 4), rng.randint(1, 28)) for person in PEOPLE})
    ill = [None if rng.random() < 0.2 else date(2016, rng.randint(1, 5), rng.randint(1, 28)) for _ in PEOPLE]
    participants = replace(participants, frame=participants.frame.with_columns(ill=pl.Series(ill)))
    held = {
        name: table.filter(pl.col("person_id").is_in(PEOPLE))
        for name, table in tables(len(overlap or ""), period).items()
        if name in registers
    }
    return Crowd(trial, held, participants)


@pytest.mark.parametrize(
    ("overlap", "period"), [(None, "month"), ("latest", "year"), ("max", "month"), ("sum", "month")]
)
def test_every_measure(overlap: str | None, period: str) -> None:
    trial, held, participants = crowd(overlap, period)
    panel = build_panel_from(trial, held, participants)
    reference = reference_panel(trial, {name: table.to_dicts() for name, table in held.items()}, participants)
    assert [name for name in trial.outcomes if not panel.frame[name].equals(reference[name])] == []
    assert_frame_equal(panel.frame, reference, check_exact=True)
