"""The redraws' statistics against a full refit for every redraw, another package, and all possible allocations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.evaluation.design import Booleans, Floats, Integers, NotEstimableError
from lodd.evaluation.randomisation import reference
from lodd.evaluation.randomisation.answers import critical_value
from lodd.evaluation.randomisation.counting import Question, ask
from lodd.evaluation.randomisation.inversion import Shifted, shift_columns
from lodd.evaluation.randomisation.statistics import Statistic, absolute_t, fixed_effects, post_stratified
from lodd.evaluation.randomisation.weighted import hajek


@dataclass(frozen=True)
class Case:
    """A generated trial: small strata, people not observed, outcomes with ties, constants and means far from zero."""

    outcomes: Floats
    people: Booleans
    strata: Integers
    probability: Floats
    covariates: Floats
    draws: Booleans


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(20, 50))
    strata = rng.integers(0, draw(st.integers(1, 6)), n)
    share = rng.uniform(0.15, 0.85, strata.max() + 1)[strata]
    covariates = rng.normal(size=(n, draw(st.integers(0, 3)))) * 10.0 ** rng.integers(-2, 5)
    outcomes = rng.normal(size=(n, 4)) * [1.0, 1.0, 1e5, 1.0] + rng.integers(-50, 50)
    outcomes[:, 1] = outcomes[:, 1] > np.quantile(outcomes[:, 1], 0.8)
    outcomes[:, 3] = 7.0
    people = rng.uniform(size=n) < draw(st.sampled_from([1.0, 0.7]))
    people[:4] = True
    draws = rng.uniform(size=(n, 12)) < share[:, None]
    draws[:, 0] = False
    draws[:, 1] = np.arange(n) == 0
    if n > 45:  # a probability for everybody
        share = rng.uniform(0.15, 0.85, n)
    return Case(outcomes, people, strata, np.column_stack([1 - share, share]), covariates, draws)


def check(statistic: Statistic, case: Case, one: Callable[[Floats, Floats], float]) -> None:
    """``one`` takes the outcome and the arm of the people compared. (Outcomes and covariates of a case differ by up to
    nine orders of magnitude, so that a few of sixteen digits are lost in both.)"""
    found = absolute_t(statistic.moments(case.draws))
    for redraw in range(case.draws.shape[1]):
        treated = case.draws[:, redraw].astype(float)
        for column in range(case.outcomes.shape[1]):
            assert found[column, redraw] == pytest.approx(one(case.outcomes[:, column], treated), rel=1e-9, abs=1e-10)


def alone(strata: Integers, people: Booleans) -> Booleans:
    """Who shares a stratum with nobody."""
    return np.bincount(strata[people], minlength=int(strata.max()) + 1)[strata] < 2


@settings(max_examples=60, deadline=None)
@given(cases())
def test_fixed_effects_are_refitted_in_every_redraw(case: Case) -> None:
    statistic = fixed_effects(case.outcomes, case.people, case.strata, covariates=case.covariates, dtype=np.float64)
    rows = np.sort(statistic.columns.rows)
    assert set(rows) <= set(np.flatnonzero(case.people & ~alone(case.strata, case.people)))
    strata, covariates = case.strata[rows], case.covariates[rows]
    check(statistic, case, lambda y, d: reference.fixed_effects_t(y[rows], d[rows], strata, covariates))


@settings(max_examples=40, deadline=None)
@given(cases())
def test_hajek_is_recomputed_in_every_redraw(case: Case) -> None:
    rows, whole = np.flatnonzero(case.people), np.zeros(len(case.people), dtype=np.int64)
    p, none = case.probability[rows], np.empty((len(rows), 0))
    check(
        hajek(case.outcomes, case.people, case.probability, dtype=np.float64),
        case,
        lambda y, d: reference.hajek_t(reference.residuals(y[rows], whole[rows], none), d[rows], p),
    )
    adjusted = hajek(case.outcomes, case.people, case.probability, covariates=case.covariates, dtype=np.float64)
    used = adjusted.columns.rows
    check(
        adjusted,
        case,
        lambda y, d: reference.hajek_t(
            reference.residuals(y[used], whole[used], case.covariates[used]), d[used], case.probability[used]
        ),
    )


@settings(max_examples=40, deadline=None)
@given(cases(), st.booleans())
def test_post_stratified_is_recomputed_in_every_redraw(case: Case, adjusted: bool) -> None:
    covariates = case.covariates if adjusted else None
    statistic = post_stratified(case.outcomes, case.people, case.strata, covariates=covariates, dtype=np.float64)
    rows, strata = statistic.columns.rows, case.strata[statistic.columns.rows]
    sizes = {s: int((case.strata[case.people] == s).sum()) for s in np.unique(strata).tolist()}
    x = case.covariates[rows] if adjusted else np.empty((len(rows), 0))

    def one(y: Floats, d: Floats) -> float:
        return reference.post_stratified_t(reference.residuals(y[rows], strata, x), d[rows], strata, sizes)

    check(statistic, case, one)


def trial(n: int = 120, columns: int = 6, seed: int = 5) -> tuple[Floats, Integers, Floats, Floats, Booleans]:
    """Outcomes, strata, covariates, probabilities and redraws (n, 400), the first being the actual draw."""
    rng = np.random.default_rng(seed)
    strata = rng.integers(0, 6, n)
    share = np.linspace(0.25, 0.6, 6)[strata]
    covariates = rng.normal(size=(n, 3))
    draws = rng.uniform(size=(n, 400)) < share[:, None]
    outcomes = covariates @ rng.normal(size=(3, columns)) + rng.normal(size=(n, columns))
    outcomes[:, :2] += 0.8 * draws[:, :1]
    outcomes[:, 2] = outcomes[:, 2] > 0
    return outcomes, strata, covariates, np.column_stack([1 - share, share]), draws


def everybody(n: int) -> Booleans:
    return np.ones(n, dtype=bool)


def statistics(dtype: type = np.float64) -> tuple[list[Statistic], Booleans]:
    y, strata, x, p, draws = trial()
    people = everybody(len(y))
    return [
        fixed_effects(y, people, strata, covariates=x, dtype=dtype),
        fixed_effects(y, people, strata, dtype=dtype),
        hajek(y, people, p, covariates=x, dtype=dtype),
        hajek(y, people, p, dtype=dtype),
        post_stratified(y, people, strata, covariates=x, dtype=dtype),
    ], draws


def test_p_values_and_step_down_are_those_of_a_plain_loop() -> None:
    made, draws = statistics()
    families = [np.arange(6), np.array([6, 7, 14, 20, 29]), np.array([12])]
    answer = ask(Question(made, families), lambda first, n: draws[:, 1 + first : 1 + first + n], draws[:, 0], 399)
    t = np.vstack([absolute_t(statistic.moments(draws)) for statistic in made])
    np.testing.assert_allclose(answer.observed, t[:, 0])
    expected = [reference.p_value(t[c, 0], t[c, 1:].tolist()) for c in range(len(t))]
    np.testing.assert_allclose(answer.p_value, expected, rtol=1e-12)
    for family in families[:2]:
        stepped = reference.step_down(t[family, 0].tolist(), t[family, 1:].T)
        np.testing.assert_allclose(answer.p_family[family], stepped, rtol=1e-12)
    assert np.isnan(answer.p_family[13])


def test_a_family_of_one_has_the_p_value_of_its_outcome() -> None:
    made, draws = statistics()
    answer = ask(
        Question(made, [np.array([4])]), lambda first, n: draws[:, 1 + first : 1 + first + n], draws[:, 0], 399
    )
    assert answer.p_family[4] == answer.p_value[4]


@pytest.mark.parametrize(("batch", "step", "threads"), [(1000, 250, 1), (7, 3, 3), (50, 50, 2), (399, 1, 1)])
def test_batches_steps_and_threads_make_no_difference(batch: int, step: int, threads: int) -> None:
    made, draws = statistics()
    question = Question(made, [np.arange(12)], [np.arange(3), np.arange(20, 24)], made[1:2])

    def redraw(first: int, n: int) -> Booleans:
        return draws[:, 1 + first : 1 + first + n]

    usual = ask(question, redraw, draws[:, 0], 399)
    other = ask(question, redraw, draws[:, 0], 399, batch=batch, step=step, threads=threads)
    assert (usual.p_value == other.p_value).all()
    np.testing.assert_array_equal(usual.p_family, other.p_family)
    np.testing.assert_allclose(usual.largest, other.largest, rtol=1e-12)
    np.testing.assert_allclose(usual.kept[0][1], other.kept[0][1], rtol=1e-12)


def test_single_and_double_precision_agree_within_one_count() -> None:
    double, draws = statistics()
    single, _ = statistics(np.float32)
    found = [
        ask(Question(made, [np.arange(12)]), lambda first, n: draws[:, 1 + first : 1 + first + n], draws[:, 0], 399)
        for made in (double, single)
    ]
    for name in ("p_value", "p_family"):
        one, other = (getattr(answer, name)[:12] * 400 for answer in found)
        assert np.abs(one - other).max() <= 1 + 1e-6
    np.testing.assert_allclose(found[0].observed, found[1].observed, rtol=1e-4)


def test_all_possible_allocations_of_a_tiny_trial_give_the_exact_p_value() -> None:
    """Lady Bradley-Fisher's kind: 9 people, 4 treated; the allocations that are at least as extreme are counted."""
    y = np.array([3.1, 0.2, 4.0, 1.1, 2.7, 0.4, 5.2, 1.9, 0.3])[:, None]
    sets = list(combinations(range(9), 4))
    draws = np.array([[i in chosen for chosen in sets] for i in range(9)])
    actual = sets.index((0, 2, 4, 6))
    statistic = post_stratified(y, everybody(9), np.zeros(9, dtype=np.int64), dtype=np.float64)
    others = np.delete(draws, actual, axis=1)
    answer = ask(
        Question([statistic]), lambda first, n: others[:, first : first + n], draws[:, actual], others.shape[1]
    )
    t = []
    for chosen in sets:
        one, zero = y[list(chosen), 0], np.delete(y[:, 0], chosen)
        t.append(abs(one.mean() - zero.mean()) / np.sqrt(one.var(ddof=1) / 4 + zero.var(ddof=1) / 5))
    assert len(t) == comb(9, 4)
    assert answer.p_value[0] == np.mean([value >= t[actual] - 1e-12 for value in t])


def test_bands_hold_the_whole_curve_and_inverted_intervals_a_constant_effect_as_often_as_they_say() -> None:
    """200 trials of 80 people and 12 months that go together, the effect rising over time: 95 % less two errors."""
    rng = np.random.default_rng(8)
    trials, n, months, draws = 200, 80, 12, 199
    effect = np.linspace(0.0, 1.0, months)
    inside_band = inside_interval = inside_pointwise = 0
    for _ in range(trials):
        untreated = np.cumsum(rng.normal(size=(n, months)), axis=1) / 2.0
        lots = rng.uniform(size=(n, 1 + draws)) < 0.4
        y = untreated + lots[:, :1] * effect
        half = np.full((n, 2), [0.6, 0.4])
        statistic = hajek(y, everybody(n), half, dtype=np.float64)
        columns, scale = shift_columns(y[:, -1], lots[:, 0], everybody(n))
        shifted = hajek(columns, everybody(n), half, dtype=np.float64)
        question = Question([statistic], curves=[np.arange(months)], kept=[statistic, shifted])
        answer = ask(question, lambda first, k, lots=lots: lots[:, 1 + first : 1 + first + k], lots[:, 0], draws)
        (estimate, variance), moments = answer.kept
        off = np.abs(estimate[:, 0] - effect) / np.sqrt(variance[:, 0])
        inside_band += (off <= critical_value(answer.largest[0], 0.95)).all()
        inside_pointwise += (off <= 1.99).all()
        low, high = Shifted.of(*moments, scale).interval(0.05)
        inside_interval += low <= effect[-1] <= high
    error = 2 * np.sqrt(0.05 * 0.95 / trials)
    assert abs(inside_band / trials - 0.95) <= error
    assert abs(inside_interval / trials - 0.95) <= error
    assert inside_pointwise / trials < 0.85


def test_an_interval_from_all_allocations_holds_exactly_the_shifts_that_are_not_rejected() -> None:
    y = np.array([3.1, 0.2, 4.0, 1.1, 2.7, 0.4, 5.2, 1.9])
    sets = list(combinations(range(8), 4))
    draws = np.array([[i in chosen for chosen in sets] for i in range(8)])
    draws = np.roll(draws, -sets.index((0, 2, 4, 6)), axis=1)
    columns, scale = shift_columns(y, draws[:, 0], everybody(8))
    statistic = post_stratified(columns, everybody(8), np.zeros(8, dtype=np.int64), dtype=np.float64)
    moments = [
        moment * statistic.scale[:, None] ** power
        for moment, power in zip(statistic.moments(draws), (1, 2), strict=True)
    ]
    shifted = Shifted.of(moments[0], moments[1], scale)
    low, high = shifted.interval(0.1)

    def p_value(shift: float) -> float:
        t = [reference.hajek_t(y - shift * draws[:, 0], d.astype(float), np.full((8, 2), 0.5)) for d in draws.T]
        return float(np.mean([value >= t[0] * (1 - 1e-5) for value in t]))

    for shift in np.linspace(low - 1, high + 1, 41):
        assert shifted.p_value(shift) == pytest.approx(p_value(shift))
        assert (p_value(shift) > 0.1) <= (low <= shift <= high)
    assert p_value(low + 1e-4) > 0.1 >= p_value(low - 1e-4)
    assert p_value(high - 1e-4) > 0.1 >= p_value(high + 1e-4)
    assert shifted.interval(1 / 71) == (-np.inf, np.inf)  # 1 of 70 allocations can be no smaller share than that


def test_the_same_estimates_and_t_as_another_package_in_every_redraw() -> None:
    """pyfixest's ``ritest`` redraws by fair coins; where that is the design, estimates are equal, redraw by redraw."""
    import pandas as pd
    import pyfixest

    y, strata, x, _, _ = trial(60)
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"y": y[:, 0], "x0": x[:, 0], "s": strata, "d": rng.permutation(60) % 2})
    fit = pyfixest.feols("y ~ d + x0 | s", frame, vcov="iid")
    fit.ritest("d", reps=12, rng=np.random.default_rng(3), choose_algorithm="slow", store_ritest_statistics=True)
    coins = np.random.default_rng(3)
    draws = np.array([[coins.integers(0, 2) for _ in range(60)] for _ in range(12)], dtype=bool).T
    statistic = fixed_effects(y, everybody(60), strata, covariates=x[:, :1], dtype=np.float64)
    estimate, variance = statistic.moments(draws)
    np.testing.assert_allclose(estimate[0] * statistic.scale[0], fit._ritest_statistics, rtol=1e-8)
    plain = pyfixest.ssc(k_adj=False, G_adj=False)
    for redraw in range(3):
        frame["d"] = draws[:, redraw].astype(float)
        refit = pyfixest.feols("y ~ d + x0 + C(s)", frame, vcov="HC2", ssc=plain)
        assert np.sqrt(variance[0, redraw]) * statistic.scale[0] == pytest.approx(refit.se()["d"], rel=1e-8)


def test_covariates_that_do_not_vary_within_strata_change_nothing_and_nobody_cannot_be_compared() -> None:
    y, strata, _, p, draws = trial()
    people = everybody(len(y))
    plain, constant = (
        fixed_effects(y, people, strata, covariates=x, dtype=np.float64) for x in (None, strata[:, None] * 2.0)
    )
    for one, other in zip(plain.moments(draws), constant.moments(draws), strict=True):
        np.testing.assert_allclose(one, other)
    with pytest.raises(NotEstimableError):
        hajek(y, ~people, p)
    with pytest.raises(NotEstimableError):
        fixed_effects(y[:6], people[:6], np.arange(6))
