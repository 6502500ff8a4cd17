"""The pure functions that an evaluation is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import lodd.evaluation
from lodd.evaluation import NOTE_KINDS, NotEstimableError, effects, inference, post_stratified, strata_joint, weighted
from lodd.evaluation.columns import Block, Label, by_mask
from lodd.evaluation.estimators import span
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan
from lodd.evaluation.subgroups import groups_of
from lodd.protocol.analysis import Subgroup
from lodd.protocol.lock import Prespecification

World = Any


def test_columns_with_the_same_people_are_grouped_across_blocks() -> None:
    nan = np.nan
    one = Block(np.array([[1, nan, 3], [4, 5, 6.0]]), tuple(Label(f"a{i}", "curve", "") for i in range(3)))
    two = Block(np.array([[7.0], [8.0]]), (Label("b", "curve", ""),))
    kept = Block(np.array([[7.0], [8.0]]), (Label("c", "curve", ""),), np.array([False, True]))
    groups = by_mask([one, two, kept])
    assert [[label.outcome for label in group.labels([one, two, kept])] for group in groups] == [
        ["a0", "a2", "b"],
        ["a1", "c"],
    ]
    np.testing.assert_array_equal(groups[0].values([one, two, kept]), [[1, 3, 7], [4, 6, 8]])
    np.testing.assert_array_equal(groups[1].observed, [False, True])


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_welch_keeps_its_level_and_ignores_order(groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    estimate, error, df = rng.normal(size=groups), rng.uniform(0.5, 2, groups), rng.uniform(5, 80, groups)
    p = inference.equal_effects(estimate, error, df)
    assert 0 <= p <= 1
    order = rng.permutation(groups)
    assert inference.equal_effects(estimate[order], error[order], df[order]) == pytest.approx(p, rel=1e-9)
    assert inference.equal_effects(np.full(groups, 0.3), error, df) == pytest.approx(1.0)


def test_welch_is_scipys_analysis_of_variance_with_unequal_variances() -> None:
    rng = np.random.default_rng(3)
    samples = [rng.normal(0.4 * g, 1 + g, 12 + 5 * g) for g in range(4)]
    expected = stats.f_oneway(*samples, equal_var=False).pvalue
    means, sizes = np.array([s.mean() for s in samples]), np.array([len(s) for s in samples])
    errors = np.array([s.std(ddof=1) for s in samples]) / np.sqrt(sizes)
    assert inference.equal_effects(means, errors, sizes - 1.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("estimate", "error"), [([0.1], [1.0]), ([0.1, 0.2], [1.0, 0.0])])
def test_groups_that_cannot_be_compared(estimate: list[float], error: list[float]) -> None:
    assert np.isnan(inference.equal_effects(np.array(estimate), np.array(error), np.full(len(error), 9.0)))


def test_equivalence_is_certain_only_well_inside_the_margin() -> None:
    estimate, error = np.array([0.0, 0.0, 0.03, 0.1]), np.array([0.001, 1.0, 0.01, 0.01])
    p = inference.equivalence(estimate, error, 1e6, np.full(4, 0.03))
    assert p[0] < 1e-6
    assert p[1] > 0.4
    assert p[2] == pytest.approx(0.5)
    assert p[3] > 0.999


def test_notes_are_gathered() -> None:
    notes = Notebook()
    notes.add("constant", "hours", 2)
    notes.add("constant", "hours")
    notes.at_most("singletons", "hajek", 3, "se")
    notes.at_most("singletons", "hajek", 1, "se")
    notes.at_most("singletons", "hajek", 0, "other")
    assert [(n.kind, n.count) for n in notes.notes] == [("singletons", 3), ("constant", 3)]


def test_every_note_and_every_reason_has_its_explanation() -> None:
    source = "\n".join(path.read_text() for path in Path(lodd.evaluation.__file__).parent.rglob("*.py"))
    made = set(re.findall(r'(?:notes|self)\.(?:add|at_most)\(\s*"(\w+)"', source))
    raised = set(re.findall(r'NotEstimableError\("(\w+)"\)', source)) - {"no_covariates", "clusters"}
    assert made | raised <= set(NOTE_KINDS)
    assert set(NOTE_KINDS) - made - raised == {
        "singletons",
        "without_contrast",
        "leverage_one",
        "constant",
        "fitted_by_covariates",
    }


def test_a_clustered_error_needs_clusters() -> None:
    treated = np.arange(10) % 2 == 0
    design = weighted(treated, np.ones(10, dtype=bool))
    with pytest.raises(ValueError, match="needs clusters"):
        effects(design, np.ones((10, 1)), kind="CR2")


@pytest.mark.parametrize("build", [weighted, lambda t, p: post_stratified(t, p, np.zeros(6, dtype=np.int64))])
def test_one_person_in_an_arm_is_too_few(build: Callable[..., object]) -> None:
    treated = np.array([True, False, False, False, False, False])
    with pytest.raises(NotEstimableError, match="no_contrast"):
        build(treated, np.ones(6, dtype=bool))


def test_nobody_and_nothing() -> None:
    nobody = np.zeros(6, dtype=bool)
    with pytest.raises(NotEstimableError, match="no_contrast"):
        weighted(nobody, nobody)
    with pytest.raises(NotEstimableError, match="no_contrast"):
        span(np.ones((6, 2)), ~nobody)


def test_the_joint_regression_mixes_arms_where_pairs_do_not() -> None:
    """Three arms, two strata with different probabilities and effects: the coefficients differ from pairwise ones."""
    rng = np.random.default_rng(5)
    strata = np.repeat([0, 1], 3_000)
    arm = np.array([rng.choice(3, p=[0.2, 0.7, 0.1] if s == 0 else [0.4, 0.1, 0.5]) for s in strata])
    y = np.where(arm == 1, 4.0 * strata, 0.0)[:, None] + 0.01 * rng.normal(size=(6_000, 1))
    joint = effects(strata_joint(arm, np.ones(6_000, dtype=bool), strata=strata), y)
    assert joint.estimate.shape == (2, 1)
    assert abs(joint.estimate[1, 0]) > 0.1  # arm 2 has no effect anywhere


def plan_of(world: World) -> Plan:
    return Plan(world.trial, world.panel, Prespecification(), Notebook())


def test_groups_by_cut_points_start_at_their_cut(small: World) -> None:
    def groups(**declared: Any) -> dict[str, int]:
        found = groups_of(plan_of(small), small.participants, Subgroup(id="g", **declared))
        return {name: int(members.sum()) for name, members in found.items()}

    age = small.participants.frame["age"].to_numpy()
    assert groups(by="age", split=(30,)) == {"below": (age < 30).sum(), "above": (age >= 30).sum()}
    three = {"below": (age < 30).sum(), "from 30": ((age >= 30) & (age < 45)).sum(), "from 45": (age >= 45).sum()}
    assert groups(by="age", split=(45, 30)) == three
    july = small.participants.frame["drawn_at"] < date(2015, 7, 1)
    assert groups(by="drawn_at", split=(date(2015, 7, 1),)) == {"below": july.sum(), "above": 240 - july.sum()}
    median = groups(by="pay@-2..-1", split="median")
    assert median == {"below": 120, "above": 120}
    work = small.panel.matrix("work")[:, :2].mean(axis=1)
    by_value = {"0": (work == 0).sum(), "0.5": (work == 0.5).sum(), "1": (work == 1).sum()}
    assert groups(by="work@-2..-1", split="categories") == by_value
    region = small.participants.frame["region"]
    assert groups(by="region", split="categories") == {name: (region == name).sum() for name in "abc"}


def test_people_without_a_value_are_in_no_group(small: World) -> None:
    region = [None, *small.participants.frame["region"].to_list()[1:]]
    days = [None, *small.participants.frame["drawn_at"].to_list()[1:]]
    world = small.with_column(region=region, registered=days, unknown=np.full(240, np.nan))
    for declared in (
        {"by": "region", "split": "categories"},
        {"by": "registered", "split": (date(2015, 7, 1),)},
    ):
        found = groups_of(plan_of(world), world.participants, Subgroup(id="g", **declared))
        assert sum(members.sum() for members in found.values()) == 239
    nobody = groups_of(plan_of(world), world.participants, Subgroup(id="g", by="unknown", split="median"))
    assert sum(members.sum() for members in nobody.values()) == 0


def test_wholly_missing_covariates_do_no_harm(world: Callable[..., World]) -> None:
    evaluation = world(covariates=("unknown", "age")).with_column(unknown=np.full(240, np.nan)).evaluate()
    assert evaluation.estimates["adjusted"].any()
    assert evaluation.balance_tests[0].covariates == ("age",)
