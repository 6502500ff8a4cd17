"""Hard questions to the statistics: what a hostile referee would try."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lodd.errors import UsageError
from lodd.evaluation.power import given
from lodd.evaluation.randomisation import Question, absolute_t, ask, fixed_effects, hajek, post_stratified
from lodd.evaluation.randomisation.inversion import Shifted, shift_columns


@pytest.fixture(scope="module")
def permuted() -> np.ndarray:
    """(n, R) permutations of fixed numbers, the actual draw first."""
    rng = np.random.default_rng(3)
    arm = np.arange(3_700) < 1_300
    return np.stack([rng.permutation(arm) for _ in range(601)], axis=1)


@pytest.mark.parametrize("kind", ["hajek", "post_stratified", "fixed_effects"])
def test_ties_of_a_rare_outcome_are_ties_in_single_precision_too(permuted: np.ndarray, kind: str) -> None:
    """With fixed numbers t of a rare outcome takes few values, and most redraws give exactly the observed one."""
    rng = np.random.default_rng(4)
    n = len(permuted)
    outcomes = np.stack([rng.permutation(np.arange(n) < events) for events in (2, 7, 11, 40, 370)], axis=1).astype(
        float
    )
    everybody, together = np.ones(n, dtype=bool), np.zeros(n, dtype=np.int64)
    make = {
        "hajek": lambda dtype: hajek(outcomes, everybody, np.full((n, 2), 0.5), dtype=dtype),
        "post_stratified": lambda dtype: post_stratified(outcomes, everybody, together, dtype=dtype),
        "fixed_effects": lambda dtype: fixed_effects(outcomes, everybody, together, dtype=dtype),
    }[kind]

    def redraw(first: int, count: int) -> np.ndarray:
        return permuted[:, 1 + first : 1 + first + count]

    for actual in range(4):
        counts = [
            ask(Question([make(dtype)]), redraw, permuted[:, actual], 600, threads=1).p_value * 601
            for dtype in (np.float32, np.float64)
        ]
        assert np.abs(counts[0] - counts[1]).max() <= 1.001


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_an_inverted_interval_holds_what_is_not_rejected_also_with_many_covariates(seed: int) -> None:
    """Residuals of few people on many covariates take a good part of the arm, so t is 0 far from the estimate."""
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(24) < 12)
    covariates, outcome = rng.normal(size=(24, 8)), rng.normal(size=24) * 0.3 + 3 * arm
    everybody = np.ones(24, dtype=bool)
    columns, scale = shift_columns(outcome, arm, everybody)
    made = hajek(columns, everybody, np.full((24, 2), 0.5), covariates=covariates, dtype=np.float64)
    lots = np.stack([rng.permutation(arm) for _ in range(299)], axis=1)
    answer = ask(Question([], kept=[made]), lambda first, count: lots[:, first : first + count], arm, 299, threads=1)
    shifted = Shifted.of(*answer.kept[0], scale)
    accepted = [c for c in np.linspace(-5, 10, 1501) if shifted.p_value(c) > 0.05]
    low, high = shifted.interval(0.05)
    assert low == pytest.approx(min(accepted), abs=0.011)
    assert high == pytest.approx(max(accepted), abs=0.011)


@pytest.mark.parametrize("said", ["mean=30,sd=40", "mean=0.3,sd=0.9", "sd=0.7", "mean=nan,sd=0.4", "mean=-0.1,sd=0.1"])
def test_power_refuses_a_share_that_cannot_be(small: Any, said: str) -> None:
    """Percentages instead of shares, most often: they would give a power that is wrong by a hundred."""
    with pytest.raises(UsageError) as refused:
        given(small.trial, [f"work:{said}"])
    assert "√(mean·(1 − mean))" in str(refused.value)
    assert given(small.trial, ["work:mean=0.3,sd=0.46"])["work"].sd == 0.46  # rounded up


def test_a_sum_of_months_is_no_share(world: Any) -> None:
    """Months in work out of 36 vary by more than a half, and their deviation does not follow from a share."""
    trial = world(60, primary=[{"outcome": "work", "months": "1..4", "summary": "sum"}]).trial
    assert given(trial, ["work:mean=1.2,sd=1.4"])["work"].sd == 1.4
    with pytest.raises(UsageError):
        given(trial, ["work:mean=0.3"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_redraw_in_which_only_flat_strata_count_has_no_t(dtype: type) -> None:
    """Six ones in a stratum of their own leave residuals of 1e-16, which must not pass for variation."""
    outcome = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0] + [1.0] * 6)[:, None]
    strata = np.array([1] * 3 + [2] * 3 + [0] * 6)
    treated = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0], dtype=bool)[:, None]
    made = post_stratified(outcome, np.ones(12, dtype=bool), strata, dtype=dtype)
    assert absolute_t(made.moments(treated)) == 0.0
