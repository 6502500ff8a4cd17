"""Amended schedules: new rows from a day on, for the places that they name and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodd.allocation import Design
from lodd.errors import DataError, UsageError
from lodd.protocol.draw import ScheduleRow
from lodd.protocol.model import Trial

MakeTrial = Callable[..., Trial]


def row(site: str, since: date, a: str, b: str, **more: Any) -> ScheduleRow:
    return ScheduleRow.model_validate({"site": site, "from": since, "probability": {"a": a, "b": b}} | more)


def shares(design: Design, office: str) -> Mapping[date, tuple[str, ...]]:
    return {period.since: tuple(str(p) for p in period.probability[1:]) for period in design.periods[office]}


def test_a_sites_rows_are_replaced_from_the_day(make_trial: MakeTrial):
    before = Design.from_trial(make_trial())
    since = date(2020, 5, 1)
    design = before.with_amendment([row("north", since, "0.1", "0.2")], since)
    assert shares(design, "n1") == {date(2020, 1, 1): ("0.25", "0.25"), since: ("0.1", "0.2")}
    assert shares(design, "n2") == shares(before, "n2"), "its schedule is its own"
    assert shares(design, "s1") == shares(before, "s1")
    assert shares(before, "n1")[date(2020, 7, 1)] == ("0.50", "0.25"), "the design before is a value"


def test_an_office_gets_a_schedule_of_its_own(make_trial: MakeTrial):
    since = date(2020, 8, 1)
    design = Design.from_trial(make_trial()).with_amendment([row("north", since, "0.1", "0.2", office="n1")], since)
    assert shares(design, "n1") == {
        date(2020, 1, 1): ("0.25", "0.25"),
        date(2020, 7, 1): ("0.50", "0.25"),
        since: ("0.1", "0.2"),
    }
    assert "n1" in design.own_schedule


def test_several_rows_and_an_office_that_had_its_own(make_trial: MakeTrial):
    since = date(2020, 3, 1)
    rows = [row("north", since, "0.1", "0.2", office="n2"), row("north", date(2020, 9, 1), "0.3", "0.2", office="n2")]
    design = Design.from_trial(make_trial()).with_amendment(rows, since)
    assert shares(design, "n2") == {
        date(2020, 1, 1): ("0.25", "0.50"),
        since: ("0.1", "0.2"),
        date(2020, 9, 1): ("0.3", "0.2"),
    }


def test_a_late_beacon_moves_the_rows_that_would_have_begun(make_trial: MakeTrial):
    rows = [row("south", date(2020, 3, 1), "0.1", "0.2"), row("south", date(2020, 4, 1), "0.3", "0.2")]
    late = Design.from_trial(make_trial()).with_amendment(rows, date(2020, 3, 15))
    assert shares(late, "s1") == {
        date(2020, 1, 1): ("0.25", "0.25"),
        date(2020, 3, 15): ("0.1", "0.2"),
        date(2020, 4, 1): ("0.3", "0.2"),
    }
    later = Design.from_trial(make_trial()).with_amendment(rows, date(2020, 5, 15))
    assert shares(later, "s1") == {date(2020, 1, 1): ("0.25", "0.25"), date(2020, 5, 15): ("0.3", "0.2")}


@pytest.mark.parametrize(
    ("amendment", "said"),
    [
        ({"site": "north", "until": date(2020, 6, 1)}, "no probability for n1 from 2020-06-02 to 2020-12-31"),
        ({"site": "west"}, "west"),
        ({"site": "north", "office": "s1"}, "s1"),
        ({"site": "north", "probability": {"a": "0.7", "c": "0.1"}}, "c"),
        ({"site": "north", "probability": {"a": "0.7", "b": "0.3"}}, "the sum is 1.0"),
    ],
)
def test_an_amendment_that_cannot_be(make_trial: MakeTrial, amendment: dict[str, Any], said: str):
    since = date(2020, 5, 1)
    values = {"from": since, "probability": {"a": "0.1", "b": "0.1"}} | amendment
    with pytest.raises(DataError, match=said):
        Design.from_trial(make_trial()).with_amendment([ScheduleRow.model_validate(values)], since)


def test_a_ratio_that_gives_no_whole_blocks(make_trial: MakeTrial):
    since = date(2020, 5, 1)
    with pytest.raises(DataError, match="a block of 4 cannot be divided"):
        Design.from_trial(make_trial(method="blocks")).with_amendment([row("south", since, "0.1", "0.2")], since)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        ({"factors": []}, "draw.factors"),
        ({"factors": ["female"], "biased_coin": "0.25"}, "a coin of 0.25 prefers nobody"),
    ],
)
def test_minimisation_that_cannot_be(make_trial: MakeTrial, draw: dict[str, Any], said: str):
    with pytest.raises(UsageError, match=said):
        Design.from_trial(make_trial(method="minimisation", **draw))


def test_probabilities_that_lose_their_last_digits(make_trial: MakeTrial):
    """The remainder of forty decimals is rounded by Decimal, so the sum is not one."""
    awkward = {"site": "north", "from": date(2020, 1, 1), "probability": {"a": "0." + "1" * 40, "b": "0.1"}}
    with pytest.raises(UsageError, match="exactly 1 together"):
        Design.from_trial(make_trial(schedule=[awkward]))


days = st.integers(0, 365).map(lambda n: date(2020, 1, 1) + timedelta(days=n))
changes = st.tuples(st.sampled_from(["n1", "n2", None]), days, st.sampled_from(["0.1", "0.2", "0.3"]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(planned=st.lists(changes, max_size=4))
def test_amendments_never_touch_the_past_and_leave_no_gap(
    make_trial: MakeTrial, planned: list[tuple[str | None, date, str]]
):
    design = Design.from_trial(make_trial())
    for office, since, share in sorted(planned, key=lambda change: change[1]):
        before = design
        design = before.with_amendment([row("north", since, share, "0.4", office=office)], since)
        for place, first in (("n1", date(2020, 1, 1)), ("n2", date(2020, 1, 1)), ("s1", date(2020, 1, 1))):
            for number in range(366):
                day = first + timedelta(days=number)
                old, new = before.period(place, day), design.period(place, day)
                assert old is not None
                assert new is not None
                touched = day >= since and place in ((office,) if office else ("n1", "n2"))
                if not touched:
                    assert new.probability == old.probability
                elif place == office or place not in before.own_schedule:
                    assert new.probability[1] == Decimal(share)
