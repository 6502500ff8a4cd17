"""Probabilities by office and day; months; the panel's arithmetic."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.protocol import (
    MonthRange,
    Panel,
    Participants,
    first_day,
    last_day,
    month_index,
    office_periods,
    parse_trial,
    period_on,
    whole_months,
)
from lodd.protocol.types import combination_order, coverage_months, registers_behind

days = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@given(days)
def test_months_contain_their_days(day: date) -> None:
    month = month_index(day)
    assert first_day(month) <= day <= last_day(month)
    assert last_day(month) + timedelta(days=1) == first_day(month + 1)


@given(days, days)
def test_whole_months_are_those_that_lie_inside(since: date, until: date) -> None:
    first, last = whole_months(since, until)
    around = range(month_index(since) - 1, month_index(until) + 2)
    inside = [m for m in around if since <= first_day(m) and last_day(m) <= until]
    assert inside == list(range(first, last + 1))


def test_month_range() -> None:
    months = MonthRange.parse("-2..1")
    assert list(months) == [-2, -1, 0, 1]
    assert len(months) == 4
    assert str(months) == "-2..1"


def test_every_office_and_day_has_one_period(trial) -> None:
    day = trial.enrolment.opens
    while day <= trial.enrolment.closes:
        for office in trial.office_site:
            period = period_on(trial, office, day)
            assert period is not None
            assert sum(period.probability) == 1
        day += timedelta(days=1)
    assert period_on(trial, "n1", date(2021, 1, 1)) is None


def test_reference_takes_the_exact_remainder(trial) -> None:
    first, second = office_periods(trial, "n1")
    assert first.probability == (Decimal("0.50"), Decimal("0.30"), Decimal("0.20"))
    assert (first.until, second.since) == (date(2020, 6, 30), date(2020, 7, 1))
    assert second.until == trial.enrolment.closes


def test_an_office_overrides_its_site(edited) -> None:
    row = '  { site = "north", office = "n2", from = 2020-01-01, probability = { coaching = "0.1", subsidy = "0.1" } },'
    trial = parse_trial(edited(("},\n]", "},\n" + row + "\n]")).encode()).trial
    assert [p.probability[1] for p in office_periods(trial, "n1")] == [Decimal("0.30"), Decimal("0.25")]
    assert [p.probability[1] for p in office_periods(trial, "n2")] == [Decimal("0.1")]


def test_coverage_is_that_of_all_registers_behind(trial) -> None:
    assert registers_behind(trial, "in_work_alone") == {"jobs", "programmes"}
    assert registers_behind(trial, "participates_subsidy") == {"programmes"}
    assert coverage_months(trial, "in_work_alone") == (month_index(date(2019, 1, 1)), month_index(date(2022, 12, 1)))


def test_parts_come_before_their_combination(trial) -> None:
    order = combination_order(trial)
    assert order.index("in_work_alone") > max(order.index("in_work"), order.index("in_programme"))
    assert sorted(order) == sorted(trial.outcomes)


def small_panel(trial) -> Panel:
    """Two people, three months; the first dies after month 0, the second lives abroad in month 1."""
    frame = pl.DataFrame(
        {
            "person_id": ["a"] * 3 + ["b"] * 3,
            "month": [date(2020, m, 1) for m in (3, 4, 5)] * 2,
            "event_month": [-1, 0, 1] * 2,
            "dead": [False, False, True, False, False, False],
            "abroad": [False, False, True, False, False, True],
            "in_work": [1, 0, None, None, 1, None],
        }
    )
    coverage = {"in_work": (month_index(date(2020, 3, 1)), month_index(date(2020, 5, 1)))}
    return Panel(frame, MonthRange(-1, 1), {"in_work": trial.outcomes["in_work"]}, coverage)


def test_panel_as_matrix(trial) -> None:
    panel = small_panel(trial)
    assert panel.people == 2
    np.testing.assert_array_equal(panel.event_months, [-1, 0, 1])
    np.testing.assert_array_equal(panel.matrix("in_work"), [[1, 0, np.nan], [np.nan, 1, np.nan]])
    np.testing.assert_array_equal(panel.covered("in_work"), np.ones((2, 3), bool))


def test_other_rules_for_death_and_emigration(trial) -> None:
    panel = small_panel(trial)
    np.testing.assert_array_equal(panel.matrix_with("in_work", "zero", "missing")[:, 2], [0, np.nan])
    np.testing.assert_array_equal(panel.matrix_with("in_work", "missing", "zero")[:, 2], [np.nan, 0])


def test_participants_as_arrays() -> None:
    frame = pl.DataFrame(
        {
            "person_id": ["a", "b"], "arm": ["y", "x"], "site": ["s"] * 2, "office": ["o"] * 2, "stratum": ["2", "1"],
            "drawn_at": [date(2020, 1, 31), date(2021, 2, 1)], "age": [30, 40],
        }
    )  # fmt: skip
    people = Participants(frame, ("x", "y"))
    np.testing.assert_array_equal(people.arm_index, [1, 0])
    np.testing.assert_array_equal(people.draw_month, [month_index(date(2020, 1, 1)), month_index(date(2021, 2, 1))])
    np.testing.assert_array_equal(people.stratum_index, [1, 0])
    assert people.marginal is None
    assert people.baseline_columns == ("age",)
    with_p = Participants(frame.with_columns(marginal_x=0.25, marginal_y=0.75), ("x", "y"))
    np.testing.assert_array_equal(with_p.marginal, [[0.25, 0.75]] * 2)
    assert len(with_p) == 2


def test_months_read_by_models(trial) -> None:
    assert trial.analysis.primary[0].months == MonthRange(1, 24)
    again = trial.analysis.primary[0].model_copy(update={"months": MonthRange(1, 12)})
    assert type(again).model_validate(again.model_dump()).months == MonthRange(1, 12)


def test_no_register_behind_means_no_limit(trial) -> None:
    unlimited = trial.model_copy(update={"registers": {}, "participation": None})
    first, last = coverage_months(unlimited, "participates_subsidy")
    assert first < month_index(date(1900, 1, 1))
    assert last > month_index(date(2900, 1, 1))


def test_period_of_unknown_office(trial) -> None:
    with pytest.raises(KeyError):
        period_on(trial, "nowhere", date(2020, 1, 1))
