"""The batched core equals the slow, obvious reference on generated trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.evaluation import reference
from lodd.evaluation.design import Booleans, Design, Effects, Floats, Integers, NotEstimableError
from lodd.evaluation.estimators import post_stratified, strata_fixed_effects, strata_joint, weighted
from lodd.evaluation.linear import covariance, effects

KINDS = ("classical", "HC1", "HC2", "HC3")


@dataclass(frozen=True)
class Case:
    """A generated trial: some strata are tiny, some lack an arm; covariates may be constant or duplicated."""

    arm: Integers
    strata: Integers
    probability: Floats
    covariates: Floats
    people: Booleans
    outcomes: Floats
    clusters: Integers

    @property
    def treated(self) -> Booleans:
        return self.arm == 1

    @property
    def pair(self) -> Booleans:
        return self.people & (self.arm < 2)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(12, 60))
    arms = draw(st.integers(2, 4))
    strata = rng.integers(0, draw(st.integers(1, 9)), n)
    share = rng.uniform(0.2, 0.8, strata.max() + 1)[strata]
    arm = np.where(rng.uniform(size=n) < share, rng.integers(1, arms, n), 0)
    covariates = rng.normal(size=(n, draw(st.integers(0, 3)))) * 10.0 ** rng.integers(-2, 5)
    if draw(st.booleans()) and covariates.shape[1]:
        covariates = np.column_stack([covariates, covariates[:, 0] * 2 + 1, np.full(n, 7.0), strata])
    outcomes = rng.normal(size=(n, 5)) + rng.integers(-50, 50) + arm[:, None]
    outcomes[:, 1] = outcomes[:, 1] > outcomes[:, 1].mean()
    people = rng.uniform(size=n) < draw(st.sampled_from([1.0, 0.8]))
    return Case(arm, strata, share, covariates, people, outcomes, rng.integers(0, 8, n))


def check(case: Case, design: Design, fits: list[reference.Fit], kinds: tuple[str, ...] = KINDS) -> None:
    for kind in kinds:
        found = effects(design, case.outcomes, kind=kind, clusters=case.clusters)  # type: ignore[arg-type]
        for column, fit in enumerate(fits):
            assert found.estimate[0, column] == pytest.approx(fit.estimate, rel=1e-9, abs=1e-9)
            assert found.std_error[0, column] ** 2 == pytest.approx(fit.variance[kind], rel=1e-8, abs=1e-12)
            assert found.df[0] == pytest.approx(fit.df[kind], rel=1e-6)
        levels(found)


def levels(found: Effects) -> None:
    np.testing.assert_allclose(found.mean_treated - found.mean_control, found.estimate[0], rtol=1e-8, atol=1e-8)


def prepared(build: object, *args: object, **kwargs: object) -> Design | None:
    try:
        return build(*args, **kwargs)  # type: ignore[operator,no-any-return]
    except NotEstimableError:
        return None


@settings(max_examples=60, deadline=None)
@given(cases())
def test_strata_fixed_effects_equal_dummy_regression_with_an_explicit_hat_matrix(case: Case) -> None:
    weights = 1 / case.probability
    design = prepared(
        strata_fixed_effects, case.treated, case.pair, case.strata, weights=weights, covariates=case.covariates
    )
    if design is None or len(np.unique(case.clusters[design.rows])) < 2:
        return
    rows, kept = design.rows, case.covariates[:, design.kept]
    fits = [
        reference.fixed_effects(
            case.outcomes[rows, c],
            case.treated[rows].astype(float),
            case.strata[rows],
            (kept - kept.mean(axis=0))[rows] / np.maximum(kept.std(axis=0), 1e-9),
            weights=weights[rows],
            clusters=case.clusters[rows],
        )
        for c in range(3)
    ]
    check(case, design, fits, (*KINDS, "CR1", "CR2"))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_hajek_equals_the_per_arm_formula(case: Case) -> None:
    own = np.where(case.treated, case.probability, 1 - case.probability)
    design = prepared(weighted, case.treated, case.pair, weights=1 / own)
    if design is None:
        return
    found = effects(design, case.outcomes)
    rows = design.rows
    for c in range(3):
        estimate, variance = reference.hajek(case.outcomes[rows, c], case.treated[rows].astype(float), own[rows])
        assert found.estimate[0, c] == pytest.approx(estimate, rel=1e-9, abs=1e-9)
        assert found.std_error[0, c] ** 2 == pytest.approx(variance, rel=1e-7, abs=1e-10)
    levels(found)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_post_stratified_equals_stratum_by_stratum(case: Case) -> None:
    design = prepared(post_stratified, case.treated, case.pair, case.strata, population=case.people)
    if design is None:
        return
    found, rows = effects(design, case.outcomes), design.rows
    sizes = {int(s): int((case.strata[case.people] == s).sum()) for s in np.unique(case.strata)}
    for c in range(3):
        treated = case.treated[rows].astype(float)
        estimate, variance = reference.post_stratified(case.outcomes[rows, c], treated, case.strata[rows], sizes)
        assert found.estimate[0, c] == pytest.approx(estimate, rel=1e-9, abs=1e-9)
        assert found.std_error[0, c] ** 2 == pytest.approx(variance, rel=1e-8, abs=1e-12)
    levels(found)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_adjusted_post_stratified_equals_the_saturated_dummy_regression(case: Case) -> None:
    args = (case.treated, case.pair, case.strata)
    first = prepared(post_stratified, *args, covariates=case.covariates)
    if first is None:
        return
    only = np.zeros(len(case.arm), dtype=bool)
    only[first.rows] = True  # so that the strata's shares are of the people used
    design = post_stratified(case.treated, only, case.strata, covariates=case.covariates)
    rows, kept = design.rows, case.covariates[:, design.kept]
    scaled = (kept - kept.mean(axis=0))[rows] / np.maximum(kept.std(axis=0), 1e-9)
    fits = [
        reference.post_stratified_adjusted(
            case.outcomes[rows, c], case.treated[rows].astype(float), case.strata[rows], scaled
        )
        for c in range(3)
    ]
    check(case, design, fits)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_joint_regression_equals_dummies_of_all_arms(case: Case) -> None:
    design = prepared(strata_joint, case.arm, case.people, strata=case.strata, covariates=case.covariates)
    if design is None:
        return
    rows, kept = design.rows, case.covariates[:, design.kept]
    arms = np.arange(1, case.arm[case.people].max() + 1)
    scaled = (kept - kept.mean(axis=0))[rows] / np.maximum(kept.std(axis=0), 1e-9)
    columns = np.column_stack([case.arm[rows][:, None] == arms, reference.dummies(case.strata[rows]), scaled])
    found, together = effects(design, case.outcomes), covariance(design, case.outcomes[:, 0])
    for t in range(len(arms)):
        target = np.eye(columns.shape[1])[t]
        fit = reference.least_squares(case.outcomes[rows, 0], columns.astype(float), target)
        assert found.estimate[t, 0] == pytest.approx(fit.estimate, rel=1e-8, abs=1e-8)
        assert found.std_error[t, 0] ** 2 == pytest.approx(fit.variance["HC2"], rel=1e-7, abs=1e-10)
        assert together[t, t] == pytest.approx(fit.variance["HC2"], rel=1e-7, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_what_is_dropped_is_counted_and_what_is_left_can_be_estimated(case: Case) -> None:
    design = prepared(strata_fixed_effects, case.treated, case.pair, case.strata, covariates=case.covariates)
    if design is None:
        return
    assert len(design.rows) + design.dropped.people == case.pair.sum()
    assert (design.leverage < 1).all()
    for s in np.unique(case.strata[design.rows]):
        assert len(np.unique(case.treated[design.rows][case.strata[design.rows] == s])) == 2
    assert len(np.unique(case.strata[case.pair])) - design.dropped.strata == design.groups


@settings(max_examples=40, deadline=None)
@given(cases())
def test_clusters_of_one_person_give_hc2(case: Case) -> None:
    design = prepared(weighted, case.treated, case.pair, weights=1 / case.probability, covariates=case.covariates)
    if design is None:
        return
    alone = np.arange(len(case.arm))
    one, two = effects(design, case.outcomes, kind="CR2", clusters=alone), effects(design, case.outcomes)
    np.testing.assert_allclose(one.std_error, two.std_error, rtol=1e-8, atol=1e-12)
    assert one.df[0] <= two.df[0] + 1e-6
