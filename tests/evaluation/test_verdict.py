"""Verdicts: from estimates to codes, sizes, Bayes factors."""

from __future__ import annotations

from math import isnan, nan
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from statsmodels.stats.multitest import multipletests

import lodd.examples
from lodd.evaluation import Evaluation
from lodd.evaluation.conclusions import Verdict
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan
from lodd.evaluation.verdict.bayes import POINTS, log10_factor, sensitivity
from lodd.evaluation.verdict.judge import holm, intervals, judge, primaries
from lodd.evaluation.verdict.sizes import size_of
from lodd.protocol import load_trial
from lodd.protocol.analysis import Primary
from lodd.protocol.lock import Prespecification
from lodd.protocol.months import MonthRange

World = Any
ENTRIES = ("primary:work:1..3:mean", "margin:work:1..3:mean", "prior:work:1..3:mean")
LOCKED = Prespecification(everything=True, outcomes=frozenset({"work", "pay"}), entries=frozenset(ENTRIES))


def judged(world: World, estimates: pl.DataFrame, locked: Prespecification = LOCKED) -> tuple[Verdict, ...]:
    return judge(Plan(world.trial, world.panel, locked, Notebook()), estimates)


def with_numbers(evaluated: Evaluation, **numbers: float | None) -> pl.DataFrame:
    """The estimates, with these numbers in the main row of the first primary outcome."""
    row = pl.col("main") & (pl.col("role") == "primary") & (pl.col("outcome") == "work") & pl.col("subgroup").is_null()
    changed = [pl.when(row).then(pl.lit(v, pl.Float64)).otherwise(pl.col(k)).alias(k) for k, v in numbers.items()]
    return evaluated.estimates.with_columns(changed)


@pytest.mark.parametrize(
    ("p_values", "code", "direction"),
    [
        ((0.02, 0.60), "different", -1),
        ((0.02, 0.01), "different_but_small", -1),
        ((0.05, 0.049), "equivalent", 0),  # the level itself is not below it
        ((0.40, 0.05), "inconclusive", 0),
    ],
)
def test_codes(small: World, evaluated: Evaluation, p_values: tuple[float, float], code: str, direction: int) -> None:
    p_family, p_equivalence = p_values
    rows = with_numbers(evaluated, estimate=-0.05, p_family=p_family, p_equivalence=p_equivalence)
    verdict = judged(small, rows)[0]
    assert (verdict.code, verdict.direction) == (code, direction)
    assert verdict.p_value == p_family
    assert verdict.p_kind == "randomisation_family"
    assert verdict.margin_locked
    assert verdict.prespecified


def test_only_a_locked_margin_shows_equivalence(small: World, evaluated: Evaluation) -> None:
    rows = with_numbers(evaluated, p_family=0.4, p_equivalence=0.001)
    for entries in (ENTRIES[:1], ()):
        locked = Prespecification(everything=True, outcomes=LOCKED.outcomes, entries=frozenset(entries))
        verdict = judged(small, rows, locked)[0]
        assert verdict.code == "inconclusive"
        assert verdict.equivalence == "not_preregistered"
        assert verdict.p_equivalence == 0.001
    without = judged(small, rows)[1]  # pay has no margin
    assert without.equivalence == "not_preregistered"
    assert isnan(without.margin)


def test_what_is_ruled_out_is_beyond_the_interval(small: World, evaluated: Evaluation) -> None:
    verdict = judged(small, evaluated.estimates)[0]
    row = evaluated.estimates.filter(pl.col("subgroup").is_null(), role="primary", main=True, outcome="work")
    found = row.row(0, named=True)
    assert verdict.estimate.value == found["estimate"]
    assert (verdict.ruled_out_below.value, verdict.ruled_out_above.value) == (found["ci_low"], found["ci_high"])
    assert verdict.estimate.points == pytest.approx(100 * found["estimate"])
    assert verdict.estimate.days == pytest.approx(found["estimate"] * 3 * 30.4375)
    assert verdict.estimate.relative == pytest.approx(found["estimate"] / found["mean_control"])
    assert verdict.equivalence_level == 0.9


@pytest.mark.parametrize("estimate", [-0.09, -0.02, 0.0, 0.03, 0.08])
@pytest.mark.parametrize("error", [0.01, 0.03, 0.06])
def test_equivalence_is_the_interval_inside_the_margin(
    small: World, evaluated: Evaluation, estimate: float, error: float
) -> None:
    df, margin = 200.0, 0.1
    p = max(stats.t.sf((estimate + margin) / error, df), stats.t.cdf((estimate - margin) / error, df))
    rows = with_numbers(evaluated, estimate=estimate, std_error=error, df=df, p_equivalence=p)
    verdict = judged(small, rows)[0]
    inside = -margin < verdict.equivalence_low and verdict.equivalence_high < margin
    assert (verdict.equivalence == "equivalent") == inside
    assert verdict.equivalence_low == pytest.approx(estimate - stats.t.ppf(0.95, df) * error)


def test_without_redraws_the_t_test_is_corrected_over_the_family(small: World, evaluated: Evaluation) -> None:
    rows = evaluated.estimates.with_columns(pl.lit(None, pl.Float64).alias("p_family"))
    main = rows.filter(pl.col("subgroup").is_null(), role="primary", main=True)["p_value"].to_list()
    verdicts = judged(small, rows)
    assert {verdict.p_kind for verdict in verdicts} == {"model_holm"}
    assert [verdict.p_value for verdict in verdicts] == pytest.approx(multipletests(main, method="holm")[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm(p_values: list[float]) -> None:
    found = holm(dict(enumerate(p_values)))
    with patch("gc.collect"):  # which statsmodels calls each time, and which takes longer than all else here
        expected = multipletests(p_values, method="holm")[1]
    assert [found[i] for i in range(len(p_values))] == pytest.approx(expected)


def test_what_cannot_be_estimated_has_a_verdict_too(small: World) -> None:
    evaluation = small.with_column(arm=["control"] * 240).evaluate()
    assert [verdict.code for verdict in evaluation.verdicts] == ["not_estimated", "not_estimated"]
    assert isnan(evaluation.verdicts[0].estimate.value)
    assert "verdict_intervals" not in evaluation.tables
    assert "bayes_sensitivity" not in evaluation.tables


def test_a_constant_outcome_is_not_estimated(small: World) -> None:
    n = 240
    evaluation = small.with_values(work=np.ones((n, 7))).evaluate()
    assert evaluation.verdicts[0].code == "not_estimated"
    assert evaluation.verdicts[0].estimate.value == 0.0
    chance = next(f for f in evaluation.findings if f.rival == "chance")
    assert (chance.status, chance.why, chance.numbers) == ("cannot_tell", "not_estimated", ())


def test_every_arm_has_its_verdict(world: Any) -> None:
    found = world(400, arms=("control", "a", "b")).evaluate()
    assert [(v.outcome, v.arm) for v in found.verdicts] == [
        ("work", "a"), ("work", "b"), ("pay", "a"), ("pay", "b")
    ]  # fmt: skip
    table = intervals(found.verdicts)
    assert table is not None
    assert table.height == 8
    assert table["kind"].unique().sort().to_list() == ["confidence", "equivalence"]


def test_sizes_in_every_unit() -> None:
    trial = load_trial(Path(lodd.examples.__file__).parent / "se").trial
    months = MonthRange(1, 36)

    def sizes(outcome: str, summary: Any, value: float, mean: float) -> tuple[float, ...]:
        size = size_of(trial, Primary(outcome=outcome, months=months, summary=summary), value, mean)
        return size.points, size.days, size.total, size.relative

    same = {"nan_ok": True}
    assert sizes("in_work", "mean", 0.02, 0.4) == pytest.approx((2.0, 0.02 * 36 * 30.4375, nan, 0.05), **same)
    assert sizes("in_work", "sum", 0.5, 10.0) == pytest.approx((nan, 0.5 * 30.4375, nan, 0.05), **same)
    assert sizes("earnings", "mean", 500.0, 0.0) == pytest.approx((nan, nan, 18_000.0, nan), **same)
    assert sizes("earnings", "sum", 500.0, 1_000.0) == pytest.approx((nan, nan, 500.0, 0.5), **same)
    assert sizes("hours", "mean", 1.0, 10.0) == pytest.approx((nan, nan, nan, 0.1), **same)


@pytest.mark.parametrize("shape", ["normal", "half_normal"])
@pytest.mark.parametrize(("estimate", "sd"), [(0.0, 0.05), (0.06, 0.05), (-0.04, 0.2), (0.1, 0.01)])
def test_bayes_factor_against_integration(estimate: float, sd: float, shape: Any) -> None:
    error = 0.02
    lowest, height = (0.0, 2.0) if shape == "half_normal" else (-1.0, 1.0)

    def both(effect: float) -> float:
        return float(height * stats.norm.pdf(effect, 0, sd) * stats.norm.pdf(estimate, effect, error))

    marginal = integrate.quad(both, lowest, 1.0, points=[0.0, estimate], epsabs=1e-13, limit=200)[0]
    expected = np.log10(marginal / stats.norm.pdf(estimate, 0, error))
    assert log10_factor(estimate, error, sd, shape) == pytest.approx(expected, abs=1e-7)


@settings(max_examples=50)
@given(st.floats(-50, 50), st.floats(0.01, 100), st.floats(0.01, 100))
def test_bayes_factors_of_opposite_priors_average(z: float, error: float, sd: float) -> None:
    """The normal prior is an even mixture of its halves, so its factor is the mean of theirs."""
    whole = log10_factor(z * error, error, sd)
    above, below = (log10_factor(sign * z * error, error, sd, "half_normal") for sign in (1, -1))
    mixed = max(above, below) + np.log10((1 + 10 ** -abs(above - below)) / 2)
    assert mixed == pytest.approx(whole, abs=1e-9)


def test_the_sensitivity_curve_passes_the_declared_prior(world: Any) -> None:
    primary = {"outcome": "work", "months": "1..3", "summary": "mean", "prior": {"sd": 0.08, "shape": "half_normal"}}
    small = world(primary=[primary, {"outcome": "pay", "months": "1..3", "margin": 1000}])
    found = small.evaluate(LOCKED)
    assert found.verdicts[0].bayes is not None
    assert found.verdicts[0].bayes.locked
    assert found.verdicts[1].bayes is None
    table = found.tables["bayes_sensitivity"]
    declared = table.filter("declared")
    assert declared.height == 1
    assert declared["log10_factor"][0] == pytest.approx(found.verdicts[0].bayes.log10)
    assert table.filter(outcome="work")["sd"].to_list() == pytest.approx(
        list(np.geomspace(0.01, 0.64, POINTS)), rel=1e-9
    )
    assert table.filter(outcome="pay")["sd"][POINTS // 2] == pytest.approx(1000.0)
    assert sensitivity((), [primary for primary, _ in primaries(small.trial)][:0]) is None
