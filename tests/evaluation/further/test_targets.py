"""Effects projected to another group: weights against raking, estimates against effects known by category."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.errors import DataError
from lodd.evaluation import NotEstimableError, effects, weighted
from lodd.evaluation.further.balancing import effective_number, entropy_weights
from lodd.protocol.lock import Prespecification
from tests.evaluation.further.tables import further_of

World = Any


def raked(groups: list[np.ndarray], shares: list[np.ndarray]) -> np.ndarray:
    """Deming and Stephan's (1940) loop: every margin in turn, again and again."""
    weights = np.ones(len(groups[0])) / len(groups[0])
    for _ in range(2_000):
        for group, share in zip(groups, shares, strict=True):
            weights = weights * (share / np.bincount(group, weights=weights))[group]
    return weights


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_categories_are_raked(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = [rng.integers(0, k, 200) for k in (2, 3, 4)]
    shares = [rng.dirichlet(np.full(k, 5.0)) for k in (2, 3, 4)]
    columns = np.hstack(
        [(group[:, None] == np.arange(len(share))).astype(float) for group, share in zip(groups, shares, strict=True)]
    )
    found = entropy_weights(columns, np.concatenate(shares))
    assert found == pytest.approx(raked(groups, shares), rel=1e-6)
    assert found.sum() == pytest.approx(1.0)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=30, unique=True), st.floats(0.05, 0.95))
def test_a_mean_is_met_by_weights_of_exponential_form(values: list[float], place: float) -> None:
    y = np.array(values)
    if np.ptp(y) < 0.1:
        return
    mean = y.min() + place * np.ptp(y)
    found = entropy_weights(y[:, None], np.array([mean]))
    assert found @ y == pytest.approx(mean, abs=1e-7)
    order = np.argsort(y)
    steps = np.diff(y[order])
    if found.min() > 1e-200 and steps.min() > 1e-3:
        slopes = np.diff(np.log(found[order])) / steps
        assert slopes == pytest.approx(np.full(len(slopes), slopes[0]), rel=1e-3, abs=1e-3)


def test_margins_that_are_met_already_leave_people_equal() -> None:
    columns = np.array([[1.0, 2.0], [0.0, 4.0], [1.0, 6.0], [0.0, 8.0]])
    weights = entropy_weights(columns, columns.mean(axis=0))
    assert weights == pytest.approx(0.25)
    assert effective_number(weights) == pytest.approx(4.0)
    assert effective_number(np.array([1.0, 0.0, 0.0])) == 1.0


@pytest.mark.parametrize(
    ("columns", "means"),
    [([[0.0], [1.0], [2.0]], [2.5]), ([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.7]), ([[1.0], [1.0]], [0.5])],
)
def test_margins_out_of_reach(columns: list[list[float]], means: list[float]) -> None:
    with pytest.raises(NotEstimableError, match="target_unreachable"):
        entropy_weights(np.array(columns), np.array(means))


def target(*margins: dict[str, Any], name: str = "other") -> tuple[dict[str, Any], ...]:
    return ({"id": name, "margins": list(margins)},)


REGIONS = {"by": "region", "shares": {"a": 0.7, "b": 0.2, "c": 0.1}}


def test_an_effect_that_differs_by_category_is_weighted_as_declared(world: Callable[..., World]) -> None:
    big = world(2_000, targets=target(REGIONS), covariates=("age",))
    region, treated = big.participants.frame["region"].to_numpy(), big.participants.arm_index == 1
    size = np.select([region == "a", region == "b"], [1.0, 2.0], 5.0)
    noise = np.random.default_rng(1).normal(size=(2_000, 7)) * 0.1
    found = further_of(big.with_values(pay=noise + (treated * size)[:, None]))
    rows = found.tables["targets"].filter(pl.col("outcome") == "pay")
    assert rows["adjusted"].to_list() == [False, True]
    assert rows["estimate"].to_numpy() == pytest.approx(3 * (0.7 * 1 + 0.2 * 2 + 0.1 * 5), abs=0.25)
    margins = found.tables["target_margins"]
    assert margins["group"].to_list() == ["a", "b", "c"]
    assert margins["declared"].to_list() == [0.7, 0.2, 0.1]
    assert margins["reweighted"].to_numpy() == pytest.approx([0.7, 0.2, 0.1])
    assert margins["participants"].to_numpy() == pytest.approx([np.mean(region == r) for r in "abc"])
    assert (rows["effective_n"] < 2_000).all()
    assert (rows["largest_weight"] > 1).all()


def test_the_estimate_is_hajeks_with_both_weights(world: Callable[..., World]) -> None:
    declared = target(
        REGIONS, {"by": "age", "split": (30, 45), "shares": {"below": 0.5, "from 30": 0.3, "from 45": 0.2}}
    )
    small = world(targets=declared)
    found = further_of(small)
    row = found.tables["targets"].row(by_predicate=(pl.col("outcome") == "work") & ~pl.col("adjusted"), named=True)
    frame = small.participants.frame
    region = np.searchsorted(["a", "b", "c"], frame["region"].to_numpy())
    age = np.digitize(frame["age"].to_numpy(), [30, 45])
    weights = raked([region, age], [np.array([0.7, 0.2, 0.1]), np.array([0.5, 0.3, 0.2])])
    everybody = np.ones(240, dtype=bool)
    design = weighted(small.participants.arm_index == 1, everybody, weights=weights / found.setting.own_probability)
    peer = effects(design, small.panel.matrix("work")[:, 3:6].mean(axis=1)[:, None])
    assert row["estimate"] == pytest.approx(peer.estimate[0, 0], rel=1e-6)
    assert row["std_error"] == pytest.approx(peer.std_error[0, 0], rel=1e-6)
    assert row["effective_n"] == pytest.approx(effective_number(weights), rel=1e-6)


def test_a_group_without_a_share_is_left_out(world: Callable[..., World]) -> None:
    only = world(targets=target({"by": "region", "shares": {"a": 1, "b": 0}}))
    rows = further_of(only).tables["targets"]
    there = (only.participants.frame["region"] == "a").sum()
    assert (rows["n_control"] + rows["n_treated"]).to_list() == [there] * rows.height
    assert rows["effective_n"].to_numpy() == pytest.approx(there)


def test_a_mean_and_a_history_can_be_margins(world: Callable[..., World]) -> None:
    declared = target({"by": "age", "mean": 31.5}, {"by": "work@-2..-1", "mean": 0.2})
    margins = further_of(world(targets=declared)).tables["target_margins"]
    assert margins["by"].to_list() == ["age", "work@-2..-1"]
    assert margins["group"].is_null().all()
    assert margins["reweighted"].to_numpy() == pytest.approx([31.5, 0.2])


def test_whose_margins_are_unknown_is_counted(world: Callable[..., World]) -> None:
    declared = world(targets=target(REGIONS, {"by": "age", "mean": 35}))
    region = [None, None, *declared.participants.frame["region"].to_list()[2:]]
    age = [*declared.participants.frame["age"].to_list()[:239], None]
    found = further_of(declared.with_column(region=region, age=age))
    assert [(note.subject, note.count) for note in found.noted("target_missing")] == [("other", 3)]
    assert (found.tables["targets"]["n_control"] + found.tables["targets"]["n_treated"]).max() == 237


@pytest.mark.parametrize(
    ("margin", "said"),
    [
        ({"by": "region", "shares": {"a": 0.5, "x": 0.5}}, ["«x»", "a, b, c"]),
        ({"by": "age", "split": (90,), "shares": {"below": 0.5, "above": 0.5}}, ["«above»"]),
        ({"by": "age", "mean": 90}, ["90", "mellom deltakernes verdier: 20"]),
        ({"by": "region", "mean": 1}, ["shares"]),
        ({"by": "nothing", "mean": 1}, ["«nothing»"]),
        ({"by": "nothing", "shares": {"a": 1}}, ["«nothing»"]),
    ],
)
def test_a_group_that_the_participants_cannot_stand_for(
    world: Callable[..., World], margin: dict[str, Any], said: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        further_of(world(targets=target(margin)))
    for words in said:
        assert words in caught.value.render("nb")
    assert caught.value.render("en") != caught.value.render("nb")


def test_margins_that_cannot_be_met_together_are_said_to_be(world: Callable[..., World]) -> None:
    """Everybody in region a is old, and the target has region a and young people only."""
    declared = world(targets=target(REGIONS, {"by": "old", "mean": 0.2}))
    region = declared.participants.frame["region"].to_numpy()
    found = further_of(declared.with_column(old=(region == "a").astype(float)))
    assert "targets" not in found.tables
    assert [note.subject for note in found.noted("target_unreachable")] == ["other"]
    assert {note.detail for note in found.noted("target_not_estimated")} == {"target_unreachable"}


def test_a_target_in_the_lock_is_prespecified(world: Callable[..., World]) -> None:
    declared = world(targets=target(REGIONS))
    assert not further_of(declared).tables["targets"]["prespecified"].any()
    entries = frozenset({"target:other", "primary:work:1..3:mean"})
    locked = further_of(declared, Prespecification(True, frozenset({"work", "pay"}), entries)).tables["targets"]
    assert set(locked.filter(pl.col("prespecified"))["outcome"]) == {"work"}


def test_without_targets_there_are_no_tables(small: World) -> None:
    assert not {"targets", "target_margins"} & set(further_of(small).tables)
