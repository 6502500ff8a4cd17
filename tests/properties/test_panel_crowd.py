"""Every rule of the panel on many people at once: the fast panel equals the slow truth.

Fixed pseudo-random records, dense around the edges of months, so that a rule that is off by a day shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lodd.registers import build_panel_from, reference_panel
from tests.registers.small import people_of, trial_of

PEOPLE = [f"p{number}" for number in range(40)]
COVERS = {"from": date(2015, 12, 1), "until": date(2016, 7, 30)}
ENDLESS = date(9999, 12, 31)
SPELL = {"file": "r.parquet", "temporality": "status", "start": "start", "stop": "stop", "covers": COVERS}
EVENT = {"file": "r.parquet", "temporality": "event", "start": "day", "covers": COVERS}
HOURS = {"hours": {"decimals": 1, "missing": "exclude"}}


def day(rng: random.Random) -> date:
    """A day of the first half of 2016 (a leap year), often at an edge of a month or around its 16th."""
    month = rng.randint(1, 6)
    edges = [date(2016, month, d) for d in (1, 15, 16, 17)] + [date(2016, month + 1, 1) - timedelta(days=1)]
    return rng.choice(edges) if rng.random() < 0.6 else date(2016, month, rng.randint(1, 28))


def spell(rng: random.Random) -> tuple[date, date | None]:
    start = date(2010, 1, 1) if rng.random() < 0.05 else day(rng)
    if rng.random() < 0.5:
        return start, rng.choice([start, day(rng), start + timedelta(days=rng.randint(0, 40))])
    return start, rng.choice([day(rng), day(rng), None, ENDLESS, date(2016, 7, 31), date(2017, 1, 1)])


def records(rng: random.Random, each: int, of: Callable[[], tuple[Any, ...]], names: str) -> pl.DataFrame:
    rows = [(person, *of()) for person in PEOPLE for _ in range(rng.randint(0, each))]
    return pl.DataFrame(rows, schema=["person_id", *names.split()], orient="row", infer_schema_length=None)


def tables(seed: int, period: str) -> dict[str, pl.DataFrame]:
    rng = random.Random(seed)

    def job() -> tuple[Any, ...]:
        hours = None if rng.random() < 0.1 else rng.randint(-20, 60) / 10
        return (*spell(rng), rng.choice("xyz"), rng.choice([1, 2, 3, None]), hours, rng.randint(1, 12), day(rng))

    def amount() -> tuple[Any, ...]:
        when = day(rng) if period == "month" else date(rng.choice([2015, 2016]), 3, 1)
        return when, rng.choice("xyz"), rng.randint(-50, 900) / 10

    return {
        "jobs": records(rng, 10, job, "start stop employer rank hours record registered"),
        "pay": records(rng, 6, amount, "day source hours"),
        "visits": records(rng, 6, lambda: (day(rng), rng.choice("xyz"), rng.randint(1, 9) / 10), "day source hours"),
        "programmes": records(rng, 3, lambda: (*spell(rng), rng.choice("xyz")), "start stop code"),
        "abroad": records(rng, 1, lambda: spell(rng), "start stop"),
        "deaths": records(rng, 1, lambda: (day(rng) + timedelta(days=60),), "day"),
    }


def outcomes() -> dict[str, dict[str, Any]]:
    measures: dict[str, dict[str, Any]] = {
        "any": {"any": True},
        "count": {"count": True},
        "sum": {"sum": "hours"},
        "enough": {"sum": "hours", "at_least": "4.05"},
        "ranks": {"count_distinct": "rank"},
    }
    rules = ["any day", "first day", "last day", "day 16"]
    found = {
        f"{name}-{rule.replace(' ', '-')}": {
            "register": "jobs",
            "measure": measure,
            "counts": rule,
            "after_death": "zero",
        }
        for name, measure in measures.items()
        for rule in (rules if name in ("any", "sum") else rules[:1])
    }
    for register in ("pay", "visits"):
        for name in ("any", "count", "sum"):
            found[f"{register}-{name}"] = {"register": register, "measure": measures[name], "after_emigration": "zero"}
        distinct = {"count_distinct": "source", "where": {"source": {"not_in": ["z"]}}}
        found[f"{register}-sources"] = {"register": register, "measure": distinct}
    found["both"] = {"all_of": ["any-any-day", "visits-any"], "after_death": "zero", "after_emigration": "zero"}
    return found | {"neither": {"none_of": ["any-any-day", "visits-any"], "any_of": ["pay-any"]}}


@pytest.mark.parametrize(
    ("overlap", "period"), [(None, "month"), ("latest", "year"), ("max", "month"), ("sum", "year")]
)
def test_every_rule(overlap: str | None, period: str) -> None:
    merge = {"by": ["employer"], "overlap": overlap} if overlap else None
    versions = {"record": ["record"], "registered": "registered"}
    pay = {"temporality": "accumulated", "period": period, "columns": HOURS}
    dated = [{"code": "x", "from": date(2016, 2, 15)}, {"code": "y", "until": date(2016, 4, 16)}]
    trial = trial_of(
        {
            "jobs": SPELL | versions | {"merge": merge, "columns": HOURS},
            "pay": EVENT | pay,
            "visits": EVENT | {"columns": HOURS},
            "programmes": SPELL,
            "abroad": SPELL,
            "deaths": EVENT,
        },
        outcomes(),
        window=(2, 3),
        programmes={"se": dated, "control": [{"code": "z"}]},
        population={"deaths": "deaths", "emigrations": "abroad"},
        participation={"register": "programmes", "code": "code"},
    )
    rng = random.Random(7)
    participants = people_of(**{person: date(2016, rng.randint(3, 4), rng.randint(1, 28)) for person in PEOPLE})
    held = tables(len(period) + len(overlap or ""), period)
    panel = build_panel_from(trial, held, participants)
    reference = reference_panel(trial, {name: table.to_dicts() for name, table in held.items()}, participants)
    assert_frame_equal(panel.frame, reference, check_exact=True)
