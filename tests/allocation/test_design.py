"""Every design, held to the same things: probabilities sum to one, shares are as declared, strata are homogeneous."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.allocation import Design, UnsupportedMethodError
from lodd.allocation.methods import decimals_of, draw_batches, draw_blocks, draw_keyed
from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.protocol.types import CONDITIONAL, MARGINAL

ARMS = ("control", "a", "b")


def probabilities(frame: pl.DataFrame, prefix: str) -> np.ndarray:
    return frame.select([prefix + arm for arm in ARMS]).to_numpy()


def assert_sound(frame: pl.DataFrame) -> None:
    """The one oracle for all designs."""
    for prefix in (MARGINAL, CONDITIONAL):
        p = probabilities(frame, prefix)
        assert np.allclose(p.sum(axis=1), 1)
        assert (p >= 0).all()
        own = p[np.arange(frame.height), [ARMS.index(arm) for arm in frame["arm"]]]
        assert (own > 0).all(), "somebody got an arm that they could not get"
    distinct = frame.group_by("stratum").agg(pl.col(MARGINAL + "a").n_unique(), pl.col(MARGINAL + "b").n_unique())
    assert distinct.select(pl.col("^marginal.*$").max()).row(0) == (1, 1)


def test_keyed_draws_with_the_probabilities_of_the_period(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    drawn = Design.from_trial(make_trial()).allocate(np.random.default_rng(1), enrolled)
    assert_sound(drawn)
    assert set(drawn["stratum"]) == {"n1:2020-01-01", "n1:2020-07-01", "n2:2020-01-01", "s1:2020-01-01"}
    for row in (
        drawn.group_by("stratum")
        .agg(pl.len(), *((pl.col("arm") == arm).mean().alias(arm) for arm in ARMS), pl.col("^marginal_.*$").first())
        .iter_rows(named=True)
    ):
        for arm in ARMS:
            p = row[MARGINAL + arm]
            assert abs(row[arm] - p) < 4.5 * (p * (1 - p) / row["len"]) ** 0.5
    late = drawn.filter((pl.col("office") == "n1") & (pl.col("drawn_at") >= date(2020, 7, 1)))
    assert late[MARGINAL + "a"].unique().to_list() == [0.5]
    assert drawn.filter(office="n2")[MARGINAL + "b"].unique().to_list() == [0.5]


def test_the_same_generator_state_draws_the_same(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    design = Design.from_trial(make_trial())
    once, again = (design.allocate(np.random.default_rng(7), enrolled) for _ in range(2))
    assert once.equals(again)
    assert not once.equals(design.allocate(np.random.default_rng(8), enrolled))


@pytest.mark.parametrize("strata", [("site",), ("female",), ("site", "female"), ()])
def test_strata_never_mix_probabilities(
    make_trial: Callable[..., Trial], enrolled: pl.DataFrame, strata: tuple[str, ...]
):
    drawn = Design.from_trial(make_trial(strata=strata)).allocate(np.random.default_rng(1), enrolled)
    assert_sound(drawn)
    expected = 4 * (2 if "female" in strata else 1)  # n1 in two periods, n2 with its own, s1
    assert drawn["stratum"].n_unique() == expected


def test_blocks_are_balanced_within_strata(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    drawn = Design.from_trial(make_trial(method="blocks")).allocate(np.random.default_rng(1), enrolled)
    assert_sound(drawn)
    for (_,), stratum in drawn.group_by("stratum"):
        for arm in ARMS:
            expected = stratum[MARGINAL + arm][0] * stratum.height
            assert abs((stratum["arm"] == arm).sum() - expected) <= 4  # at most the unfinished block is off
    assert (probabilities(drawn, CONDITIONAL) == 1).any(axis=1).mean() > 0.1, "the last of a block is certain"


def test_blocks_conditional_probability_is_what_remains():
    p = (Decimal("0.5"), Decimal("0.5"))
    lots = draw_blocks(np.random.default_rng(3), ["s"] * 8, [p] * 8, [4])
    for start in (0, 4):
        left = np.array([2.0, 2.0])
        for i in range(start, start + 4):
            assert np.allclose(lots.conditional[i], left / left.sum())
            left[lots.arm[i]] -= 1


def test_complete_gives_each_batch_its_numbers(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    people = enrolled.head(9).with_columns(pl.Series("batch", ["x"] * 5 + ["y"] * 4))
    design = Design.from_trial(make_trial(method="complete", strata=("batch",), schedule=()))
    drawn = design.allocate(np.random.default_rng(2), people, {"x": (2, 2, 1), "y": (1, 2, 1)})
    assert_sound(drawn)
    assert drawn["stratum"].to_list() == ["x"] * 5 + ["y"] * 4
    assert sorted(drawn.filter(batch="x")["arm"]) == ["a", "a", "b", "control", "control"]
    assert drawn.filter(batch="x")[MARGINAL + "b"].unique().to_list() == [0.2]


def test_complete_draws_every_arrangement_equally_often():
    seen: dict[tuple[int, ...], int] = {}
    rng = np.random.default_rng(4)
    for _ in range(3000):
        arrangement = tuple(draw_batches(rng, ["x"] * 4, {"x": (2, 2)}, 2).arm.tolist())
        seen[arrangement] = seen.get(arrangement, 0) + 1
    assert len(seen) == 6
    assert max(abs(count - 500) for count in seen.values()) < 4.5 * (3000 * (1 / 6) * (5 / 6)) ** 0.5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.decimals("0.001", "0.499", places=3), min_size=1, max_size=2), st.integers(0, 2**32))
def test_keyed_probabilities_are_exact(others: list[Decimal], seed: int):
    vector = (1 - sum(others, Decimal(0)), *others)
    lots = draw_keyed(np.random.default_rng(seed), [vector] * 50)
    assert np.array_equal(lots.marginal[0], [float(p) for p in vector])
    assert ((lots.arm >= 0) & (lots.arm < len(vector))).all()


@pytest.mark.parametrize(("written", "decimals"), [("0.40", 2), ("0.5", 1), ("0.125", 3), ("1", 0)])
def test_decimals_that_a_probability_needs(written: str, decimals: int):
    assert decimals_of(Decimal(written)) == decimals


def test_nobody_to_draw(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    assert Design.from_trial(make_trial()).allocate(np.random.default_rng(1), enrolled.head(0)).height == 0


@pytest.mark.parametrize("method", ["minimisation", "external"])
def test_methods_that_cannot_be_simulated_are_refused(make_trial: Callable[..., Trial], method: str):
    with pytest.raises(UnsupportedMethodError) as caught:
        Design.from_trial(make_trial(method=method, schedule=()))
    assert "draw.method" in caught.value.render("nb")
    assert "keyed, complete, blocks" in caught.value.render("en")


@pytest.mark.parametrize(("sizes", "said"), [((), "block_sizes"), ((3,), "a block of 3")])
def test_blocks_that_cannot_be_made(make_trial: Callable[..., Trial], sizes: tuple[int, ...], said: str):
    with pytest.raises(UsageError, match=said):
        Design.from_trial(make_trial(method="blocks", block_sizes=sizes))


def test_bad_people_are_told(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    design, rng = Design.from_trial(make_trial()), np.random.default_rng(1)
    with pytest.raises(DataError, match="lack the column drawn_at"):
        design.allocate(rng, enrolled.drop("drawn_at"))
    with pytest.raises(DataError, match='"x9" is not in the protocol'):
        design.allocate(rng, enrolled.head(2).with_columns(office=pl.lit("x9")))
    with pytest.raises(DataError, match="no probability on 2019-12-31"):
        design.allocate(rng, enrolled.head(2).with_columns(drawn_at=date(2019, 12, 31)))


@pytest.mark.parametrize("numbers", [{}, {"x": (1, 1)}, {"x": (1, 1, 1)}])
def test_a_batch_whose_numbers_do_not_add_up(
    make_trial: Callable[..., Trial], enrolled: pl.DataFrame, numbers: dict[str, tuple[int, ...]]
):
    design = Design.from_trial(make_trial(method="complete", strata=("batch",), schedule=()))
    with pytest.raises(DataError, match='the batch "x" has 2 people'):
        design.allocate(np.random.default_rng(1), enrolled.head(2).with_columns(batch=pl.lit("x")), numbers)
