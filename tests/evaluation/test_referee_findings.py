"""No finding says more than its test: few people, registers that end early, goals that are far off."""

from __future__ import annotations

import warnings
from math import isnan
from typing import Any

import numpy as np
import pytest

from lodd.evaluation.further.incidence import Lifetimes, incidence
from lodd.evaluation.verdict.placement import placed_by

World = Any


def placed(months: list[int], causes: list[int], by: int, *, followed: int = 25) -> Any:
    lives = Lifetimes(np.array(months), np.array(causes))
    return placed_by(incidence(lives, np.ones(len(months)), 1, followed), by, 0.95)


def test_nobody_placed_of_five_is_not_shown_to_be_few() -> None:
    found = placed([25] * 5, [0] * 5, 3)
    assert found.value == 0.0
    assert 0.4 < found.high < 0.6  # Wilson: 43 %; Clopper and Pearson: 52 %
    assert placed([25] * 500, [0] * 500, 3).high < 0.01


def test_everybody_placed_of_five_is_not_shown_to_be_many() -> None:
    found = placed([1] * 5, [1] * 5, 3)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.4 < found.low < 0.6


def test_nothing_is_said_of_months_in_which_nobody_is_followed() -> None:
    """Registers that end two months after the start tell nothing of the sixth."""
    assert isnan(placed([1, 2, 2, 2, 2, 2], [1, 0, 0, 0, 0, 0], 6).low)
    assert not isnan(placed([1, 2, 2, 2, 2, 7], [1, 0, 0, 0, 0, 0], 6).low)


def test_the_interval_of_a_plain_share_is_wilsons() -> None:
    found = placed([1] * 20 + [25] * 80, [1] * 20 + [0] * 80, 3)
    assert (found.low, found.high) == pytest.approx((0.1334, 0.2888), abs=1e-4)


def test_a_trial_that_ends_in_the_month_of_the_draw_is_evaluated(world: Any) -> None:
    small = world(60, window=(2, 0), primary=(), periods=(), cumulative=())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert small.evaluate().estimates.height


def test_a_covariate_that_is_the_same_for_everybody_is_named(world: Any) -> None:
    notes = world(60).with_column(region=["a"] * 60).evaluate().notes
    assert ("covariate_dropped", "region=a") in [(note.kind, note.subject) for note in notes]


def test_people_with_no_chance_of_either_arm_of_a_pair(world: Any) -> None:
    """An external draw that some could come out of with one arm only: they are in no comparison."""
    small = world(90, arms=("control", "a", "b"), draw={"method": "external"}, covariates=())
    sure = np.flatnonzero(small.participants.arm_index == 2)[:5]
    shares = np.full((90, 3), 1 / 3)
    shares[sure] = [0.0, 0.0, 0.999]
    marked = small.with_column(**{f"marginal_{arm}": shares[:, k] for k, arm in enumerate(("control", "a", "b"))})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert marked.evaluate().estimates.filter("main")["p_randomisation"].null_count() == 0


def test_what_nobody_uses_is_used_alike(world: Any) -> None:
    """No variance is no ignorance: 400 people without a month in any instrument, or in work practice."""
    explanations = {"work": "work", "instruments": ["pay"], "work_practice": "pay", "placement_months": 1}
    small = world(400, explanations=explanations, covariates=())
    rng = np.random.default_rng(2)
    work = np.zeros((400, 7))
    work[:, 3:] = (rng.random(400) < 0.9 * small.participants.arm_index)[:, None]
    found = {f.rival: f for f in small.with_values(work=work, pay=np.zeros((400, 7))).evaluate().findings}
    assert (found["other_instruments"].status, found["other_instruments"].why) == ("not_supported", "used_alike")
    assert found["implementation"].why == "as_intended"
