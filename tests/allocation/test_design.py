"""Every design, held to the same things: probabilities sum to one, shares are as declared, strata are homogeneous."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest

from lodd.allocation import Design, UnsupportedMethodError
from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.protocol.participants import participants_from
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


def test_complete_gives_each_batch_its_numbers(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    people = enrolled.head(9).with_columns(pl.Series("batch", ["x"] * 5 + ["y"] * 4))
    design = Design.from_trial(make_trial(method="complete", strata=("batch",), schedule=()))
    drawn = design.allocate(np.random.default_rng(2), people, {"x": (2, 2, 1), "y": (1, 2, 1)})
    assert_sound(drawn)
    assert drawn["stratum"].to_list() == ["x"] * 5 + ["y"] * 4
    assert sorted(drawn.filter(batch="x")["arm"]) == ["a", "a", "b", "control", "control"]
    assert drawn.filter(batch="x")[MARGINAL + "b"].unique().to_list() == [0.2]


def test_nobody_to_draw(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    assert Design.from_trial(make_trial()).allocate(np.random.default_rng(1), enrolled.head(0)).height == 0


@pytest.mark.parametrize(("sizes", "said"), [((), "block_sizes"), ((3,), "a block of 3")])
def test_blocks_that_cannot_be_made(make_trial: Callable[..., Trial], sizes: tuple[int, ...], said: str):
    with pytest.raises(UsageError, match=said):
        Design.from_trial(make_trial(method="blocks", block_sizes=sizes))


def test_minimisation_balances_and_has_marginal_probabilities(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    trial = make_trial(method="minimisation", factors=("office", "female"), biased_coin="0.9")
    drawn = Design.from_trial(trial).allocate(np.random.default_rng(1), enrolled.head(120))
    people = participants_from(trial, drawn.with_columns(person_id=pl.col("draw_order").cast(pl.String)))
    marginal, conditional = probabilities(people.frame, MARGINAL), probabilities(people.frame, CONDITIONAL)
    assert people.baseline_columns == ("female",)
    assert np.allclose(marginal.sum(axis=1), 1)
    assert np.abs(marginal.mean(axis=0) - [0.5, 0.25, 0.25]).max() < 0.15
    assert len(np.unique(conditional, axis=0)) > 3
    for (_,), office in drawn.filter(office="s1").group_by("female"):
        assert abs((office["arm"] == "a").mean() - 0.25) < 0.15


def test_an_external_design_can_be_made_but_refuses_to_draw(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    design = Design.from_trial(make_trial(method="external", schedule=()))
    for draw in (
        lambda: design.sequencer(lambda _: bytes(32), bytes(32)),
        lambda: design.allocate(np.random.default_rng(1), enrolled),
    ):
        with pytest.raises(UnsupportedMethodError) as caught:
            draw()
        assert "draw.method" in caught.value.render("nb")
        assert "keyed, complete, blocks, minimisation" in caught.value.render("en")


def test_bad_people_are_told(make_trial: Callable[..., Trial], enrolled: pl.DataFrame):
    design, rng = Design.from_trial(make_trial()), np.random.default_rng(1)
    with pytest.raises(DataError, match="lack the column drawn_at"):
        design.allocate(rng, enrolled.drop("drawn_at"))
    with pytest.raises(DataError, match='"x9" is not in the protocol'):
        design.allocate(rng, enrolled.head(2).with_columns(office=pl.lit("x9")))
    with pytest.raises(DataError, match="enrolled:1: 2019-12-31 is outside enrolment"):
        design.allocate(rng, enrolled.head(2).with_columns(drawn_at=date(2019, 12, 31)))


@pytest.mark.parametrize("numbers", [{}, {"x": (1, 1)}, {"x": (1, 1, 1)}, {"x": (0, 1, 1)}])
def test_a_batch_whose_numbers_do_not_add_up(
    make_trial: Callable[..., Trial], enrolled: pl.DataFrame, numbers: dict[str, tuple[int, ...]]
):
    design = Design.from_trial(make_trial(method="complete", strata=("batch",), schedule=()))
    with pytest.raises(DataError, match='the batch "x" has 2 people'):
        design.allocate(np.random.default_rng(1), enrolled.head(2).with_columns(batch=pl.lit("x")), numbers)
