"""Cumulative incidence against lifelines, and against a slow product over months."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.evaluation.further.incidence import Lifetimes, incidence, restricted_mean

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lifelines import AalenJohansenFitter, KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

MONTHS = 60


def crowd(seed: int, *, tied: bool, n: int = 50) -> Lifetimes:
    """Event months are different people's own unless ``tied``; censored months repeat."""
    rng = np.random.default_rng(seed)
    month = rng.integers(1, 20, n) if tied else rng.permutation(np.arange(1, MONTHS + 1))[:n]
    cause = rng.choice([0, 1, 1, 2, 3], n)
    month = np.where(cause == 0, rng.integers(0, 30, n), month)
    return Lifetimes(month.astype(np.int64), cause.astype(np.int64))


def slow(lives: Lifetimes, weights: np.ndarray, cause: int, months: int) -> list[float]:
    """Month by month, person by person."""
    curve, so_far, alive = [], 0.0, 1.0
    for t in range(1, months + 1):
        at_risk = sum(w for w, m in zip(weights, lives.month, strict=True) if m >= t)
        leaving = {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0}
        for w, m, c in zip(weights, lives.month, lives.cause, strict=True):
            if m == t:
                leaving[int(c)] += w
        if at_risk > 0:
            so_far += alive * leaving[cause] / at_risk
            alive *= 1 - (leaving[1] + leaving[2] + leaving[3]) / at_risk
        curve.append(so_far)
    return curve


@pytest.mark.parametrize("seed", range(3))
def test_aalen_johansen_of_lifelines(seed: int) -> None:
    lives = crowd(seed, tied=False)
    found = incidence(lives, np.ones(50), 1, MONTHS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = AalenJohansenFitter().fit(lives.month, lives.cause, event_of_interest=1)
    curve, variance = peer.cumulative_density_.iloc[:, 0], peer.variance_
    for t in range(1, MONTHS + 1):
        if found.at_risk[t - 1] == 0:
            break
        known = curve.index[curve.index <= t].max()
        assert found.curve[t - 1] == pytest.approx(curve[known], abs=1e-12)
        if found.at_risk[t - 1] > 1:
            assert (found.influence[:, t - 1] ** 2).sum() == pytest.approx(variance[known], abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_one_cause_is_kaplan_meier_with_greenwoods_variance(seed: int) -> None:
    tied = crowd(seed, tied=True)
    lives = Lifetimes(tied.month, np.minimum(tied.cause, 1))
    found = incidence(lives, np.ones(50), 1, 15)
    km = KaplanMeierFitter().fit(lives.month, lives.cause)
    survival = km.survival_function_at_times(range(1, 16)).to_numpy()
    assert 1 - found.curve == pytest.approx(survival, abs=1e-12)
    table = km.event_table
    step = table["observed"] / (table["at_risk"] * (table["at_risk"] - table["observed"]))
    greenwood = np.array([survival[t - 1] ** 2 * step[step.index <= t].sum() for t in range(1, 16)])
    assert (found.influence**2).sum(axis=0) == pytest.approx(greenwood, abs=1e-12)
    mean, influence = restricted_mean(found, 15)
    assert mean == pytest.approx(restricted_mean_survival_time(km, t=15), rel=1e-12)
    left = np.array([survival[t - 1 : 14].sum() for t in range(1, 16)])  # Klein and Moeschberger (2003), formula 4.5.2
    variance = sum(left[int(t) - 1] ** 2 * step[t] for t in step.index if 1 <= t <= 14)
    assert influence @ influence == pytest.approx(variance, rel=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_weighted_kaplan_meier_of_lifelines(seed: int) -> None:
    tied = crowd(seed, tied=True)
    lives = Lifetimes(tied.month, np.minimum(tied.cause, 1))
    weights = np.random.default_rng(seed).uniform(0.5, 4, 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        km = KaplanMeierFitter().fit(lives.month, lives.cause, weights=weights)
    survival = km.survival_function_at_times(range(1, 16)).to_numpy()
    assert 1 - incidence(lives, weights, 1, 15).curve == pytest.approx(survival, abs=1e-9)


people = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=12)


@given(people)
def test_the_slow_product(who: list[tuple[int, int, int]]) -> None:
    month, cause, weight = (np.array(part) for part in zip(*who, strict=True))
    lives = Lifetimes(month, cause)
    for j in (1, 2, 3):
        found = incidence(lives, weight.astype(float), j, 8)
        assert found.curve == pytest.approx(slow(lives, weight, j, 8), abs=1e-12)
        many = Lifetimes(np.repeat(month, weight), np.repeat(cause, weight))
        assert found.curve == pytest.approx(incidence(many, np.ones(weight.sum()), j, 8).curve, abs=1e-12)


@given(people, st.integers(0, 11))
def test_influence_is_the_derivative_by_a_persons_weight(who: list[tuple[int, int, int]], position: int) -> None:
    month, cause, weight = (np.array(part) for part in zip(*who, strict=True))
    lives, i = Lifetimes(month, cause), position % len(month)
    found = incidence(lives, weight.astype(float), 1, 8)
    step = np.zeros(len(month))
    step[i] = 1e-6 * weight[i]
    up, down = (incidence(lives, weight + sign * step, 1, 8).curve for sign in (1, -1))
    assert found.influence[i] == pytest.approx((up - down) / 2e-6, abs=1e-6)
    assert found.influence.sum(axis=0) == pytest.approx(0, abs=1e-9)


def test_everybody_dead_in_the_first_month() -> None:
    lives = Lifetimes(np.ones(4, dtype=np.int64), np.array([1, 1, 2, 2]))
    found = incidence(lives, np.ones(4), 1, 3)
    assert found.curve.tolist() == [0.5, 0.5, 0.5]
    assert np.isfinite(found.influence).all()
    assert restricted_mean(found, 3)[0] == 3 - 0.5 - 0.5
