"""Two versions of a panel compared: what changed, by outcome, arm and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.protocol.months import MonthRange, first_day, month_index
from lodd.protocol.types import Panel, Participants
from lodd.registers.versions import CHANGES_SCHEMA, MONTHS_SCHEMA, compare_panels, differential
from tests.properties.test_panel import examples
from tests.registers.small import people_of

DAY = date(2015, 3, 7)
ALWAYS = (month_index(date(2000, 1, 1)), month_index(date(2030, 1, 1)))
Values = Mapping[str, Sequence[float | None]]


def panel(values: Values, *, first: int = 0, covers: tuple[int, int] = ALWAYS, **more: Values) -> Panel:
    """A panel by hand: each person's values of ``y`` (and more outcomes), month by month."""
    months = len(next(iter(values.values())))
    calendar = [first_day(month_index(DAY) + first + m) for m in range(months)]
    frame = pl.DataFrame(
        {
            "person_id": [person for person in values for _ in range(months)],
            "month": calendar * len(values),
            "event_month": list(range(first, first + months)) * len(values),
            "dead": False,
            "abroad": False,
        }
        | {name: [v for own in held.values() for v in own] for name, held in {"y": values, **more}.items()}
    )
    coverage = dict.fromkeys(["y", *more], covers)
    return Panel(frame, MonthRange(first, first + months - 1), {}, coverage)


def people(names: str) -> Participants:
    """Every other one to the control arm."""
    return people_of(**dict.fromkeys(names, DAY))


def row(frame: pl.DataFrame, **which: Any) -> dict[str, Any]:
    (found,) = frame.filter(
        [pl.col(name).is_null() if value is None else pl.col(name) == value for name, value in which.items()]
    ).to_dicts()
    return found


def test_every_kind_of_change_is_counted_once() -> None:
    before = panel({"a": [1, 0, 1, None, 1, None], "b": [0, 0, 0, 0, 0, 0]})
    after = panel({"a": [1, 1, 0, 1, None, None], "b": [0, 0, 0, 0, 0, 0]})
    found = compare_panels(before, after, people("ab"))
    assert row(found.changes, arm="control") == {
        "outcome": "y", "arm": "control", "people": 1, "people_changed": 1, "person_months": 5, "changed": 4,
        "share": 0.8, "share_above_reference": None, "up": 1, "down": 1, "to_missing": 1, "from_missing": 1,
        "mean_before": 2 / 3, "mean_after": 2 / 3, "mean_difference": 0.0, "not_compared": 0,
    }  # fmt: skip
    treated, all_together = row(found.changes, arm="se"), row(found.changes, arm=None)
    assert (treated["changed"], treated["share"], treated["share_above_reference"]) == (0, 0.0, -0.8)
    assert (all_together["people"], all_together["people_changed"], all_together["person_months"]) == (2, 1, 11)
    assert all_together["share"] == 4 / 11
    assert all_together["share_above_reference"] is None
    assert found.changes["arm"].to_list() == [None, "control", "se"]
    assert found.changes.schema == CHANGES_SCHEMA
    assert found.months.schema == MONTHS_SCHEMA


def test_month_by_month() -> None:
    found = compare_panels(panel({"a": [1, 0], "b": [2, 2]}), panel({"a": [1, 3], "b": [2, 2]}), people("ab")).months
    assert row(found, arm="control", event_month=1) == {
        "outcome": "y", "arm": "control", "event_month": 1, "person_months": 1, "changed": 1, "share": 1.0,
        "mean_difference": 3.0,
    }  # fmt: skip
    assert row(found, arm=None, event_month=1)["mean_difference"] == 1.5
    assert row(found, arm=None, event_month=0)["changed"] == 0


def test_months_that_one_version_does_not_cover_are_no_corrections() -> None:
    march = month_index(DAY)
    before = panel({"a": [1, None, None]}, covers=(march, march))
    after = panel({"a": [1, 0, None]}, covers=(march, march + 1))
    found = row(compare_panels(before, after, people("a")).changes, arm=None)
    assert (found["person_months"], found["changed"], found["not_compared"]) == (1, 0, 1)


def test_only_what_both_versions_hold_is_compared() -> None:
    before = panel({"c": [9, 9, 9], "a": [1, 2, 3]}, first=-1, gone={"c": [0, 0, 0], "a": [0, 0, 0]})
    after = panel(
        {"a": [2, 9, 4], "b": [0, 0, 0], "x": [0, 0, 0]}, new={"a": [0, 0, 0], "b": [0, 0, 0], "x": [0, 0, 0]}
    )
    found = compare_panels(before, after, people("ab"))
    assert found.changes["outcome"].unique().to_list() == ["y"]
    assert found.other_people == 3
    assert row(found.changes, arm=None)["people"] == 1
    assert found.months.filter(pl.col("arm").is_null()).select("event_month", "changed").rows() == [(0, 0), (1, 1)]


def test_an_outcome_without_any_value_has_no_share() -> None:
    found = row(compare_panels(panel({"a": [None]}), panel({"a": [None]}), people("a")).changes, arm=None)
    assert (found["person_months"], found["share"], found["mean_difference"]) == (0, None, None)


def test_the_arm_whose_records_changed_otherwise_than_the_reference_arms() -> None:
    zeros = {name: [0, 0, 0, 0] for name in "abcd"}
    more = {"a": [1, 1, 1, 0], "b": [1, 0, 0, 0], "c": [0, 0, 0, 0], "d": [0, 0, 0, 0]}
    both = compare_panels(panel(zeros, z=zeros), panel(zeros, z=more), people("abcd"))
    found = differential(both, ["y", "z"])
    assert found is not None
    assert (found["outcome"], found["arm"], found["share_above_reference"]) == ("z", "se", pytest.approx(-2 / 8))
    assert differential(both, []) is None


CELL = st.sampled_from([0.0, 0.0, 1.0, 2.5, None])


@examples(30)
@given(st.lists(st.tuples(*[CELL] * 6), min_size=4, max_size=4), st.integers(-1, 3))
def test_it_is_what_counting_one_by_one_gives(cells: list[tuple[float | None, ...]], last: int) -> None:
    names, march = "abcd", month_index(DAY)
    before = {name: own[:3] for name, own in zip(names, cells, strict=True)}
    after = {name: own[3:] for name, own in zip(names, cells, strict=True)}
    found = compare_panels(panel(before, covers=(march, march + last)), panel(after), people(names))
    for arm, members in ((None, "abcd"), ("control", "ac"), ("se", "bd")):
        pairs = [(before[n][m], after[n][m]) for n in members for m in range(3) if m <= last]
        known = [(b, a) for b, a in pairs if b is not None or a is not None]
        both = [(b, a) for b, a in known if b is not None and a is not None]
        told = row(found.changes, arm=arm)
        assert told["person_months"] == len(known)
        assert told["changed"] == sum(b != a for b, a in known)
        assert told["up"] == sum(a > b for b, a in both)
        assert told["down"] == sum(a < b for b, a in both)
        assert told["to_missing"] == sum(a is None for _, a in known)
        assert told["from_missing"] == sum(b is None for b, _ in known)
        assert told["not_compared"] == len(members) * 3 - len(pairs)
        difference = float(np.mean([a - b for b, a in both])) if both else None
        assert told["mean_difference"] == (None if difference is None else pytest.approx(difference, abs=1e-12))
        assert found.months.filter(pl.col("arm").eq_missing(arm))["changed"].sum() == told["changed"]
