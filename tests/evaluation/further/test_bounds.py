"""Lee's bounds against a plain loop over people, and their errors against the derivative by each person's weight."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.evaluation.further.bounds import Arm, LeeBounds, imbens_manski, lee_bounds
from tests.evaluation.further.tables import drawn_effects, further_of

World = Any


def arm(values: list[float], weights: list[float] | None = None) -> Arm:
    return Arm(
        np.array(values, dtype=float), np.ones(len(values)) if weights is None else np.array(weights, dtype=float)
    )


def trimmed_mean(values: list[float], keep: float, *, lowest: bool) -> float:
    """One person at a time, the last one in part, until ``keep`` people are in."""
    total, left = 0.0, keep
    for value in sorted(values, reverse=not lowest):
        part = min(1.0, left)
        total, left = total + part * value, left - part
        if left <= 0:
            break
    return total / keep


def slow(control: list[float], treated: list[float]) -> tuple[float, float]:
    here = [[y for y in values if not np.isnan(y)] for values in (control, treated)]
    stayed = [len(here[0]) / len(control), len(here[1]) / len(treated)]
    if stayed[1] >= stayed[0]:
        keep = len(here[1]) * stayed[0] / stayed[1]
        low, high = (trimmed_mean(here[1], keep, lowest=first) for first in (True, False))
        return low - float(np.mean(here[0])), high - float(np.mean(here[0]))
    keep = len(here[0]) * stayed[1] / stayed[0]
    low, high = (trimmed_mean(here[0], keep, lowest=first) for first in (False, True))
    return float(np.mean(here[1])) - low, float(np.mean(here[1])) - high


outcomes = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=12)
losses = st.lists(st.just(np.nan), max_size=6)


@given(outcomes, losses, outcomes, losses)
def test_a_plain_loop(here0: list[float], lost0: list[float], here1: list[float], lost1: list[float]) -> None:
    control, treated = here0 + lost0, here1 + lost1
    found = lee_bounds(arm(control), arm(treated))
    assert (found.low, found.high) == pytest.approx(slow(control, treated), abs=1e-9)
    assert found.low <= found.high + 1e-12


@given(outcomes, losses, outcomes, losses, st.lists(st.integers(1, 3), min_size=36, max_size=36))
def test_a_weight_is_so_many_people(
    here0: list[float], lost0: list[float], here1: list[float], lost1: list[float], weight: list[int]
) -> None:
    arms = [here0 + lost0, here1 + lost1]
    weights = [weight[: len(arms[0])], weight[18 : 18 + len(arms[1])]]
    found = lee_bounds(*(arm(values, list(map(float, w))) for values, w in zip(arms, weights, strict=True)))
    many = [
        [y for y, w in zip(values, ws, strict=True) for _ in range(w)] for values, ws in zip(arms, weights, strict=True)
    ]
    assert (found.low, found.high) == pytest.approx(slow(*many), abs=1e-9)


@pytest.mark.parametrize("lost", [(60, 20), (20, 60), (0, 30)])
def test_errors_are_made_of_each_persons_influence(lost: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    arms = []
    for k in (0, 1):
        values = rng.normal(size=200) + 0.3 * k
        values[: lost[k]] = np.nan
        arms.append(Arm(values, rng.uniform(1, 3, 200)))
    found = lee_bounds(*arms)
    squares = np.zeros(2)
    for k in (0, 1):
        for i in range(200):
            ends = []
            for sign in (1, -1):
                weights = arms[k].weights.copy()
                weights[i] *= 1 + sign * 1e-6
                moved = lee_bounds(*(Arm(a.values, weights) if j == k else a for j, a in enumerate(arms)))
                ends.append(np.array([moved.low, moved.high]))
            squares += ((ends[0] - ends[1]) / 2e-6) ** 2
    assert [found.low_std_error, found.high_std_error] == pytest.approx(np.sqrt(squares), rel=1e-4)


def test_errors_are_the_spread_over_many_trials() -> None:
    rng = np.random.default_rng(6)
    made = []
    for _ in range(400):
        stayed = rng.uniform(size=(2, 300)) < np.array([[0.8], [0.95]])
        values = np.where(stayed, rng.normal(size=(2, 300)), np.nan)
        found = lee_bounds(*(Arm(v, np.ones(300)) for v in values))
        made.append((found.low, found.low_std_error, found.high, found.high_std_error))
    low, low_error, high, high_error = np.array(made).T
    assert low_error.mean() == pytest.approx(low.std(), rel=0.12)
    assert high_error.mean() == pytest.approx(high.std(), rel=0.12)


def test_equal_loss_is_a_difference_in_means() -> None:
    found = lee_bounds(arm([1, 2, np.nan]), arm([4, 5, np.nan]))
    assert (found.low, found.high, found.trimmed, found.share) == (3.0, 3.0, "none", 0.0)


def test_the_interval_is_for_the_effect_not_for_its_bounds() -> None:
    point = LeeBounds(1.0, 0.5, 1.0, 0.5, "none", 0.0)
    assert imbens_manski(point, 0.95) == pytest.approx((1 - 1.96 * 0.5, 1 + 1.96 * 0.5), abs=1e-3)
    wide = LeeBounds(-10.0, 0.5, 10.0, 0.5, "treated", 0.5)
    assert imbens_manski(wide, 0.95) == pytest.approx((-10 - 1.645 * 0.5, 10 + 1.645 * 0.5), abs=1e-3)
    assert imbens_manski(LeeBounds(1.0, 0.0, 2.0, 0.0, "treated", 0.1), 0.95) == (1.0, 2.0)


@pytest.fixture(scope="module")
def bereaved(small: World) -> World:
    """In month 2 one in six controls dies, and one in twelve of the SE arm; work is then missing, pay is zero."""
    chosen = np.arange(240) % np.where(small.participants.arm_index == 1, 12, 6) == 0
    dead = np.zeros((240, 7))
    dead[chosen, 4:] = 1
    work, pay = small.panel.matrix("work").copy(), small.panel.matrix("pay").copy()
    work[dead == 1], pay[dead == 1] = np.nan, 0.0
    return small.with_values(work=work, pay=pay).with_state(dead=dead)


def test_only_outcomes_that_are_missing_after_death_have_bounds(bereaved: World) -> None:
    table = further_of(bereaved).tables["bounds_for_loss"]
    assert table["outcome"].to_list() == ["work"]
    row = table.row(0, named=True)
    arm = bereaved.participants.arm_index
    assert row["n_control"] == (arm == 0).sum()
    assert row["lost_control"] == ((arm == 0) & (np.arange(240) % 6 == 0)).sum()
    assert row["trimmed"] == "treated"
    assert row["low"] <= row["estimate"] <= row["high"]
    assert row["ci_low"] < row["low"]
    main = drawn_effects(bereaved).filter(
        pl.col("role") == "primary",
        pl.col("outcome") == "work",
        pl.col("estimator") == "hajek",
        ~pl.col("adjusted"),
        pl.col("subgroup").is_null(),
    )
    assert row["estimate"] == pytest.approx(main["estimate"].item())


def test_administrative_censoring_is_no_loss(small: World, bereaved: World) -> None:
    censored = small.with_coverage(date(2000, 1, 1), date(2015, 12, 31))
    assert "bounds_for_loss" not in further_of(censored).tables
    both = further_of(bereaved.with_coverage(date(2000, 1, 1), date(2015, 12, 31))).tables["bounds_for_loss"]
    followed = small.participants.draw_month + 3 <= 12 * 2015 + 11
    assert both["n_control"].item() + both["n_treated"].item() == followed.sum()


def test_an_arm_in_which_nobody_stayed_has_no_bounds(bereaved: World) -> None:
    work = bereaved.panel.matrix("work").copy()
    work[bereaved.participants.arm_index == 1, 4:] = np.nan
    found = further_of(bereaved.with_values(work=work))
    assert "bounds_for_loss" not in found.tables
    assert [(note.subject, note.detail) for note in found.noted("bounds_not_made")] == [("work", "se")]
