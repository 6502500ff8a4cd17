"""The people that a trial plans to draw."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lodd.examples
from lodd.errors import UsageError
from lodd.protocol import Trial, load_trial
from lodd.protocol.model import PlannedDraws
from lodd.simulate import SimulationSettings, load_settings
from lodd.simulate.planning import invented, planned_number, planned_participants, resampled

EXAMPLES = Path(lodd.examples.__file__).parent


def with_plan(trial: Trial, *rows: dict[str, object]) -> Trial:
    plan = tuple(PlannedDraws.model_validate(row) for row in rows)
    return trial.model_copy(update={"enrolment": trial.enrolment.model_copy(update={"plan": plan})})


def test_the_settings_tell_how_many_and_where(trial: Trial, settings: SimulationSettings) -> None:
    assert planned_number(trial) is None
    assert planned_number(trial, settings) == 3737
    planned = planned_participants(trial, 1_000, settings)
    assert len(planned) == 1_000
    assert settings.offices is not None
    weights = settings.offices.weights
    counts = dict(planned.frame["office"].value_counts().iter_rows())
    for office, weight in weights.items():
        assert abs(counts[office] - 1_000 * weight / sum(weights.values())) <= 1
    assert planned.frame["drawn_at"].is_between(trial.enrolment.opens, trial.enrolment.closes).all()
    assert planned.marginal is not None
    assert planned.frame["person_id"].n_unique() == 1_000


def test_the_protocols_plan_comes_first(trial: Trial, settings: SimulationSettings) -> None:
    """Two offices in one county, ten draws a month for six months, then none; a half month counts by its days."""
    planned = with_plan(
        trial, {"site": "akershus", "from": date(2015, 1, 1), "until": date(2015, 6, 30), "per_month": 10}
    )
    assert planned_number(planned, settings) == 60
    frame = planned_participants(planned, 60, settings).frame
    assert set(frame["site"]) == {"akershus"}
    by_month = frame.group_by(pl.col("drawn_at").dt.month()).len().sort("drawn_at")
    assert by_month["drawn_at"].to_list() == [1, 2, 3, 4, 5, 6]
    assert by_month["len"].is_between(8, 12).all()
    half = with_plan(
        trial, {"site": "akershus", "from": date(2015, 6, 16), "until": date(2015, 6, 30), "per_month": 10}
    )
    assert planned_number(half) == 5


def test_without_a_plan_enrolment_is_even(trial: Trial) -> None:
    planned = planned_participants(trial, 460)
    counts = planned.frame["office"].value_counts()["count"]
    assert len(counts) == len(trial.office_site)
    assert counts.max() - counts.min() <= 1
    assert planned.frame["drawn_at"].dt.year().n_unique() == 4


def test_batches_are_scaled() -> None:
    klar, settings = load_trial(EXAMPLES / "se-klar").trial, load_settings(EXAMPLES / "se-klar")
    assert planned_number(klar, settings) == 268
    whole, twice = (planned_participants(klar, people, settings) for people in (268, 536))
    assert (len(whole), len(twice)) == (268, 536)
    assert (twice.arm_index == 1).sum() == 2 * (whole.arm_index == 1).sum() == 2 * 167
    with pytest.raises(UsageError) as error:
        planned_participants(klar, 268)
    assert "[nomination]" in error.value.problems[0].render("en")


def test_lots_that_lodd_does_not_draw_are_not_planned() -> None:
    with pytest.raises(UsageError):
        planned_participants(load_trial(EXAMPLES / "nsw").trial, 100)


def test_outcomes_are_drawn_as_assumed() -> None:
    zeros_and_ones = invented(0.2, 0.4, binary=True, people=500, count=20, seed=3)
    assert set(np.unique(zeros_and_ones)) == {0.0, 1.0}
    assert zeros_and_ones.mean() == pytest.approx(0.2, abs=0.02)
    normal = invented(5.0, 2.0, binary=False, people=500, count=20, seed=3)
    assert (normal.mean(), normal.std()) == (pytest.approx(5, abs=0.1), pytest.approx(2, abs=0.1))
    again = resampled(np.array([1.0, 4.0]), 300, 10, seed=3)
    assert again.shape == (300, 10)
    assert set(np.unique(again)) == {1.0, 4.0}
    assert np.array_equal(again, resampled(np.array([1.0, 4.0]), 300, 10, seed=3))
