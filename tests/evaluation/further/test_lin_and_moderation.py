"""Lin's adjustment and effects that change with the draw's probability, against dense least squares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation import effects, post_stratified, reference, weighted
from lodd.evaluation.further.lin import interacted
from tests.evaluation.further.tables import drawn_effects, further_of

World = Any


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)
    n = 300
    strata = rng.integers(0, 5, n)
    probability = rng.uniform(0.3, 0.6, 5)[strata]
    z = rng.uniform(size=n) < probability
    x = rng.normal(size=(n, 2)) + 0.3 * strata[:, None]
    y = x @ [1.0, -1.0] + z * (0.5 + x @ [0.8, 0.2]) + rng.normal(size=n)
    return {"s": strata, "p": np.where(z, probability, 1 - probability), "z": z, "x": x, "y": y}


def test_two_regressions_one_in_each_arm(data: dict[str, np.ndarray]) -> None:
    """Each arm's own weighted regression, predicted at everybody's mean."""
    everybody = np.ones(300, dtype=bool)
    z, x, y, w = data["z"], data["x"], data["y"], 1 / data["p"]
    design = weighted(z, everybody, weights=w, covariates=interacted(x, z, everybody))
    found = effects(design, y[:, None])
    levels = []
    for arm in (True, False):
        inside = z == arm
        columns = np.column_stack([np.ones(inside.sum()), x[inside]])
        root = np.sqrt(w[inside])
        beta = np.linalg.lstsq(columns * root[:, None], y[inside] * root, rcond=None)[0]
        levels.append(float(beta @ [1.0, *x.mean(axis=0)]))
    assert found.estimate[0, 0] == pytest.approx(levels[0] - levels[1], rel=1e-9)
    target = np.zeros(6)
    target[1] = 1.0
    columns = np.column_stack([np.ones(300), z, interacted(x, z, everybody)])
    dense = reference.least_squares(y, columns, target, weights=w)
    assert found.std_error[0, 0] ** 2 == pytest.approx(dense.variance["HC2"], rel=1e-9)


def test_dummies_of_strata_make_it_post_stratification(data: dict[str, np.ndarray]) -> None:
    everybody, z = np.ones(300, dtype=bool), data["z"]
    dummies = (data["s"][:, None] == np.arange(1, 5)).astype(float)
    lin = effects(weighted(z, everybody, covariates=interacted(dummies, z, everybody)), data["y"][:, None])
    strata = effects(post_stratified(z, everybody, data["s"]), data["y"][:, None])
    assert lin.estimate == pytest.approx(strata.estimate, rel=1e-9)
    assert lin.std_error == pytest.approx(strata.std_error, rel=1e-9)


def test_with_strata_interacted_the_slopes_are_each_arms_own(data: dict[str, np.ndarray]) -> None:
    """Each arm's own regression within strata, predicted for everybody."""
    everybody, z, x, y, s = np.ones(300, dtype=bool), data["z"], data["x"], data["y"], data["s"]
    found = effects(post_stratified(z, everybody, s, covariates=interacted(x, z, everybody)), y[:, None])
    levels = []
    for arm in (True, False):
        inside = z == arm
        columns = np.column_stack([(s[inside][:, None] == np.arange(5)).astype(float), x[inside]])
        beta = np.linalg.lstsq(columns, y[inside], rcond=None)[0]
        levels.append(float(np.mean(beta[s] + x @ beta[5:])))
    assert found.estimate[0, 0] == pytest.approx(levels[0] - levels[1], rel=1e-9)


def test_the_table_has_both_ways(small: World) -> None:
    table = further_of(small).tables["lin_adjustment"]
    assert set(table["estimator"]) == {"hajek", "post_stratified"}
    assert set(table["role"]) == {"primary", "period"}
    primary = drawn_effects(small).filter(pl.col("role") == "primary", pl.col("main"), pl.col("subgroup").is_null())
    both = table.filter(pl.col("estimator") == "hajek").join(primary, on=["outcome", "role", "months"], suffix="_main")
    difference = (both["estimate"] - both["estimate_main"]).abs()
    assert both.height == 2
    assert (difference < both["std_error_main"]).all()


def test_without_covariates_there_is_no_table(world: Callable[..., World]) -> None:
    assert "lin_adjustment" not in further_of(world(covariates=())).tables


def test_too_many_covariates_are_said_to_be(world: Callable[..., World]) -> None:
    names = [f"x{j}" for j in range(30)]
    rng = np.random.default_rng(1)
    few = world(40, covariates=tuple(names)).with_column(**{name: rng.normal(size=40) for name in names})
    found = further_of(few)
    assert {note.subject for note in found.noted("lin_not_made")} == {"work", "pay"}
    assert {note.detail for note in found.noted("lin_not_made")} == {"fewer_people_than_covariates"}


def slope_table(world: World) -> pl.DataFrame:
    return further_of(world).tables["effects_by_probability"]


def test_an_effect_that_follows_the_probability_is_found(world: Callable[..., World]) -> None:
    big = world(3_000, covariates=("age",))
    p = big.participants.marginal[:, 1]
    treated = big.participants.arm_index == 1
    rng = np.random.default_rng(2)
    pay = rng.normal(size=(3_000, 7)) + (treated * (1 + 10 * (p - p.mean())))[:, None]
    table = slope_table(big.with_values(pay=pay)).filter(pl.col("outcome") == "pay")
    assert table.height == 4
    assert table["estimate"].to_numpy() == pytest.approx(30.0, abs=3.0)  # a sum of three months
    assert table["effect_at_mean"].to_numpy() == pytest.approx(3.0, abs=0.3)
    assert (table["p_value"] < 1e-6).all()


@pytest.mark.parametrize(("estimator", "adjusted"), [("hajek", False), ("strata_fixed_effects", True)])
def test_slopes_are_those_of_dense_least_squares(small: World, estimator: str, adjusted: bool) -> None:
    found = further_of(small)
    row = slope_table(small).row(
        by_predicate=(pl.col("outcome") == "pay")
        & (pl.col("estimator") == estimator)
        & (pl.col("adjusted") == adjusted),
        named=True,
    )
    setting = found.setting
    p, z = small.participants.marginal[:, 1], small.participants.arm_index == 1
    y = small.panel.matrix("pay")[:, 3:6].sum(axis=1)
    centred = p - p.mean()
    extra = [] if estimator == "strata_fixed_effects" else [centred[:, None]]
    columns = np.column_stack([z, z * centred, *extra, *([setting.covariates.columns] if adjusted else [])])
    group = reference.dummies(setting.strata) if estimator == "strata_fixed_effects" else np.ones((240, 1))
    columns = np.column_stack([columns, group])
    weights = 1 / setting.own_probability if estimator == "hajek" else None
    for position, (name, error) in enumerate(
        [("effect_at_mean", "effect_at_mean_std_error"), ("estimate", "std_error")]
    ):
        target = np.zeros(columns.shape[1])
        target[position] = 1.0
        dense = reference.least_squares(y, columns, target, weights=weights)
        assert row[name] == pytest.approx(dense.estimate, rel=1e-7)
        assert row[error] ** 2 == pytest.approx(dense.variance["HC2"], rel=1e-7)


def test_one_probability_for_all_is_said_to_be(small: World) -> None:
    found = further_of(small.with_column(marginal_se=[0.4] * 240, marginal_control=[0.6] * 240))
    assert "effects_by_probability" not in found.tables
    assert [note.subject for note in found.noted("probability_constant")] == ["se"]


def test_unknown_probabilities_test_nothing(world: Callable[..., World]) -> None:
    external = world(draw={"method": "external", "schedule": []}).without("marginal_se", "marginal_control")
    assert "effects_by_probability" not in further_of(external).tables


def test_fixed_numbers_per_arm_are_tested_within_strata(world: Callable[..., World]) -> None:
    table = slope_table(world(draw={"method": "complete"}))
    assert set(table["estimator"]) == {"strata_fixed_effects"}


def test_a_slope_that_hangs_on_too_few_is_said_not_to_be_estimated(world: Callable[..., World]) -> None:
    """Two people of another probability, in a stratum of their own that lacks an arm."""
    complete = world(draw={"method": "complete"}, covariates=())
    marginal = np.where(np.arange(240) < 2, 0.3, 0.6)
    strata = ["x" if i < 2 else "y" for i in range(240)]
    arm = ["control", "control", *complete.participants.frame["arm"].to_list()[2:]]
    found = further_of(
        complete.with_column(marginal_se=marginal, marginal_control=1 - marginal, stratum=strata, arm=arm)
    )
    assert "effects_by_probability" not in found.tables
    assert [(note.subject, note.detail) for note in found.noted("slope_not_estimated")] == [
        ("probability", "arm_collinear")
    ]
