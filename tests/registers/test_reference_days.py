"""Each person's own days, from the participants: dates or text, and what is said where they are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from lodd.errors import DataError
from lodd.protocol.measure import Measure
from lodd.registers.reference_days import days_of_reference, without_day
from tests.registers.small import JOBS, VISITS, panel_of, people_of, table, trial_of, values

PEOPLE = people_of(a=date(2015, 3, 7), b=date(2015, 3, 7))
SINCE_ILL = Measure.model_validate({"any": True, "since": "ill"})


@pytest.mark.parametrize(
    "held",
    [
        pl.Series([date(2015, 2, 1), None]),
        pl.Series([datetime(2015, 2, 1, 13, 30), None]),
        pl.Series([" 2015-02-01", ""]),
        pl.Series(["2015-02-01", None]),
    ],
)
def test_dates_moments_and_text(held: pl.Series) -> None:
    days = days_of_reference(replace(PEOPLE, frame=PEOPLE.frame.with_columns(ill=held)), SINCE_ILL)
    assert days["since"].to_list() == [date(2015, 2, 1), None]
    lacking = without_day(days)
    assert lacking is not None
    assert lacking.tolist() == [False, True]


def test_the_draw_is_a_day_of_everyone() -> None:
    days = days_of_reference(PEOPLE, Measure.model_validate({"any": True, "until": "draw"}))
    assert days["until"].to_list() == [date(2015, 3, 7)] * 2
    assert without_day(days_of_reference(PEOPLE, Measure.model_validate({"any": True}))) is None


@pytest.mark.parametrize(
    "held",
    [
        pl.Series([1, 2]),
        pl.Series(["2015-02-01", "yesterday"]),
        pl.Series([datetime(2015, 2, 1, 23, 30, tzinfo=UTC), None]),
    ],
)
def test_what_is_no_date(held: pl.Series) -> None:
    with pytest.raises(DataError) as caught:
        days_of_reference(replace(PEOPLE, frame=PEOPLE.frame.with_columns(ill=held)), SINCE_ILL)
    assert caught.value.problems[0].found.nb == "deltakernes kolonne «ill» er ikke datoer"


def test_no_such_column_is_said_with_those_that_there_are() -> None:
    born = replace(PEOPLE, frame=PEOPLE.frame.with_columns(born=pl.lit(date(1980, 1, 1))))
    trial = trial_of({"jobs": JOBS}, {"y": {"register": "jobs", "measure": {"any": True, "since": "ill"}}})
    with pytest.raises(DataError) as caught:
        panel_of(trial, born, jobs=table("person_id start stop hours"))
    (problem,) = caught.value.problems
    assert problem.allowed is not None
    assert problem.allowed.en == '"draw", or a column of dates: born'
    assert problem.next_step is not None


def test_months_since_ones_own_day() -> None:
    trial = trial_of(
        {"visits": VISITS}, {"y": {"months_since": "draw"}, "late": {"months_since": "ill"}}, window=(1, 2)
    )
    ill = replace(PEOPLE, frame=PEOPLE.frame.with_columns(ill=pl.Series([date(2015, 4, 30), None])))
    panel = panel_of(trial, ill)
    assert values(panel, "y") == [None, 0, 1, 2]
    assert values(panel, "late") == [None, None, 0, 1]
    assert values(panel, "late", "b") == [None] * 4
    assert panel.frame.schema["y"] == pl.Int64
