"""Redraws of larger histories: against the mechanism itself, person by person; and what they refuse."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import accumulate
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.allocation import FIXED, Design, DrawHistory
from lodd.allocation.minimisation import conditional_probability, imbalance_after
from lodd.allocation.redraw import redraw_independent
from lodd.allocation.words import words
from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants

MakeTrial = Callable[..., Trial]


def allocated(trial: Trial, enrolled: pl.DataFrame, people: int, seed: int = 1) -> tuple[Design, Participants]:
    """Drawn by the design's own mechanism, and then shuffled: the order is in ``draw_order``."""
    design = Design.from_trial(trial)
    drawn = design.allocate(np.random.default_rng(seed), enrolled.head(people))
    drawn = drawn.with_columns(person_id=pl.int_range(pl.len()).cast(pl.String).str.zfill(5))
    return design, Participants(drawn.sample(fraction=1.0, shuffle=True, seed=seed), design.arms)


MINIMISED = {"method": "minimisation", "factors": ["office", "female"], "biased_coin": "0.7"}


def slow_minimisation(history: DrawHistory, seed: int, number: int, pair: tuple[int, ...] = ()) -> list[int]:
    """One redraw, with the arithmetic that draws the lots, in fractions."""
    sequence = history.sequence
    assert sequence is not None
    arms, row_arm = range(history.arms), {}
    totals: dict[int, list[Fraction]] = {}
    tickets = words(seed, number, 1, len(history))[0].tolist()
    for step, row in enumerate(sequence.rows.tolist()):
        probability = tuple(Fraction(str(p)) for p in history.probability[row])
        weights = tuple(1 / p for p in probability)
        levels = [totals.setdefault(level, [Fraction(0)] * history.arms) for level in sequence.levels[step].tolist()]
        chance = conditional_probability(imbalance_after(levels, weights), probability, Fraction(str(sequence.coin)))
        if sequence.slips[step]:
            chance = probability
        actual = int(history.arm[row])
        if pair and actual in pair:
            chance = tuple(p if arm in pair else Fraction(0) for arm, p in enumerate(chance))
        elif pair:
            chance = tuple(Fraction(arm == actual) for arm in arms)
        ends = [total / sum(chance) * 2**32 for total in accumulate(chance)]
        row_arm[row] = bisect_right(ends[:-1], tickets[step])
        for level in levels:
            level[row_arm[row]] += weights[row_arm[row]]
    return [row_arm[row] if not pair or history.arm[row] in pair else FIXED for row in range(len(history))]


@pytest.mark.parametrize("pair", [None, (0, 2)])
def test_minimisation_redraws_person_by_person(
    make_trial: MakeTrial, enrolled: pl.DataFrame, pair: tuple[int, int] | None
):
    """Offices, periods and probabilities mixed; every redraw is exactly what the exact arithmetic gives."""
    design, people = allocated(make_trial(**MINIMISED), enrolled.sample(150, seed=1).sort("drawn_at"), 150)
    history = design.history(people)
    fast = design.redraw(history, 8, seed=5, pair=pair)
    for number in range(8):
        assert fast[number].tolist() == slow_minimisation(history, 5, number, pair or ())


def test_slips_are_redrawn_by_the_declared_probabilities_and_count(make_trial: MakeTrial, enrolled: pl.DataFrame):
    design, people = allocated(make_trial(**MINIMISED), enrolled, 60)
    slips = people.frame.with_columns(slip=pl.int_range(pl.len()) % 3 == 0)
    history = design.history(replace(people, frame=slips))
    fast = design.redraw(history, 5, seed=6)
    assert [row.tolist() for row in fast] == [slow_minimisation(history, 6, number) for number in range(5)]
    assert (fast != design.redraw(design.history(people), 5, seed=6)).any()


def test_slips_take_no_place_in_blocks(make_trial: MakeTrial, enrolled: pl.DataFrame):
    design, people = allocated(make_trial(method="blocks", block_sizes=[4]), enrolled, 200)
    first = people.frame.sort("draw_order").with_columns(slip=pl.int_range(pl.len()) % 5 == 0)
    history = design.history(replace(people, frame=first))
    redrawn = design.redraw(history, 400, seed=2)
    order = first.filter(~pl.col("slip")).with_row_index("row")
    online = redrawn[:, ~first["slip"].to_numpy()]
    for _, stratum in order.group_by("stratum"):
        rows = stratum["row"].to_numpy()
        counts = tuple(int(4 * stratum[f"marginal_{arm}"][0]) for arm in design.arms)
        for start in range(0, len(rows) - 3, 4):
            block = online[:, rows[start : start + 4]]
            assert all(((block == arm).sum(axis=1) == count).all() for arm, count in enumerate(counts))
    slips = redrawn[:, first["slip"].to_numpy()]
    share = first.filter("slip")["marginal_a"].to_numpy()
    assert np.abs((slips == 1).mean(axis=0) - share).max() < 4.5 * np.sqrt(0.25 / 400)


@pytest.mark.parametrize("draw", [{"method": "keyed"}, {"method": "blocks"}, MINIMISED])
def test_redraws_look_like_draws(
    monkeypatch: pytest.MonkeyPatch, make_trial: MakeTrial, enrolled: pl.DataFrame, draw: dict[str, Any]
):
    """The spread of the strata's counts over keys and over redraws: what restricted randomisation is about."""
    monkeypatch.setattr("lodd.allocation.simulated._REDRAWS", 10)  # their marginal probabilities are not used here
    people = enrolled.sample(240, seed=2).sort("drawn_at")
    drawn = [allocated(make_trial(**draw), people, 240, seed=seed) for seed in range(60)]
    design, participants = drawn[0]
    redrawn = design.redraw(design.history(participants), 2000, seed=3) == 1
    by_office = {name: (participants.frame["office"] == name).to_numpy() for name in ("n1", "n2", "s1")}
    for name, rows in by_office.items():
        counts = [int((p.frame.filter(office=name)["arm"] == "a").sum()) for _, p in drawn]
        again = redrawn[:, rows].sum(axis=1)
        assert abs(np.mean(counts) - again.mean()) < 4 * again.std() / np.sqrt(60) + 1e-9
        assert 0.55 < np.std(counts) / again.std() < 1.5


def test_restricted_designs_spread_less(make_trial: MakeTrial, enrolled: pl.DataFrame):
    spread = {}
    for method, draw in {"keyed": {"method": "keyed"}, "blocks": {"method": "blocks"}, "min": MINIMISED}.items():
        design, people = allocated(make_trial(**draw), enrolled, 600)
        rows = (people.frame["office"] == "s1").to_numpy()
        spread[method] = (design.redraw(design.history(people), 500, seed=1)[:, rows] == 1).sum(axis=1).std()
    assert spread["blocks"] < 0.4 * spread["keyed"]
    assert spread["min"] < 0.5 * spread["keyed"]


def test_two_separate_batches_keep_their_numbers(make_trial: MakeTrial, enrolled: pl.DataFrame):
    people = enrolled.head(300).with_columns(pl.Series("batch", ["x", "y", "y"] * 100))
    design = Design.from_trial(make_trial(method="complete", strata=("batch",), schedule=()))
    drawn = design.allocate(np.random.default_rng(1), people, {"x": (30, 30, 40), "y": (100, 50, 50)})
    redrawn = design.redraw(design.history(Participants(drawn, design.arms)), 50, seed=1)
    in_x = (drawn["batch"] == "x").to_numpy()
    for rows, counts in ((in_x, (30, 30, 40)), (~in_x, (100, 50, 50))):
        assert all((np.bincount(row[rows], minlength=3) == counts).all() for row in redrawn)


def test_urns_larger_than_a_byte(make_two_arm_trial: MakeTrial, enrolled: pl.DataFrame):
    people = enrolled.filter(pl.col("office") != "s1").head(700).with_columns(batch=pl.lit("x"))
    design = Design.from_trial(make_two_arm_trial(method="complete", strata=("batch",), schedule=()))
    drawn = design.allocate(np.random.default_rng(1), people, {"x": (400, 300)})
    redrawn = design.redraw(design.history(Participants(drawn, design.arms)), 50, seed=1)
    assert (redrawn.sum(axis=1) == 300).all()


def test_external_draws_by_declared_probabilities_or_within_strata(make_trial: MakeTrial, enrolled: pl.DataFrame):
    trial = make_trial()
    _, people = allocated(trial, enrolled, 300)
    design = Design.from_trial(trial.model_copy(update={"draw": trial.draw.model_copy(update={"method": "external"})}))
    declared = design.redraw(design.history(people), 2000, seed=1)
    marginal = people.marginal
    assert marginal is not None
    assert np.abs((declared == 1).mean(axis=0) - marginal[:, 1]).max() < 4.5 * np.sqrt(0.25 / 2000)
    bare = replace(people, frame=people.frame.drop([f"marginal_{arm}" for arm in design.arms]))
    permuted = design.redraw(design.history(bare), 20, seed=1)
    for stratum in people.frame["stratum"].unique():
        rows = (people.frame["stratum"] == stratum).to_numpy()
        actual = np.bincount(people.arm_index[rows], minlength=3)
        assert all((np.bincount(row[rows], minlength=3) == actual).all() for row in permuted)


def test_order_is_that_of_the_draws(make_trial: MakeTrial, enrolled: pl.DataFrame):
    """Within a day too, whatever order people stand in; blocks and minimisation alike."""
    for draw in (MINIMISED, {"method": "blocks"}):
        design, people = allocated(make_trial(**draw), enrolled.with_columns(drawn_at=date(2020, 3, 2)), 50)
        history = design.history(people)
        rows = [history.sequence.rows] if history.sequence else [urn.rows for urn in history.urns]
        for own in rows:
            assert people.frame["draw_order"][own.tolist()].is_sorted()


def test_order_is_the_days_where_no_order_is_known(make_trial: MakeTrial, enrolled: pl.DataFrame):
    design, people = allocated(make_trial(**MINIMISED), enrolled, 50)
    frame = people.frame.drop("draw_order").sort("person_id", descending=True)
    sequence = design.history(replace(people, frame=frame)).sequence
    assert sequence is not None
    ordered = frame[sequence.rows.tolist()]
    assert ordered.equals(frame.sort("drawn_at", maintain_order=True))


@pytest.mark.parametrize(
    ("draw", "column"),
    [
        ({"method": "keyed"}, "marginal_control"),
        ({"method": "blocks"}, "marginal_control"),
        ({"method": "complete"}, "batch"),
        (MINIMISED, "female"),
    ],
)
def test_what_redraws_need(make_trial: MakeTrial, enrolled: pl.DataFrame, draw: dict[str, Any], column: str):
    _, people = allocated(make_trial(), enrolled, 20)
    design = Design.from_trial(make_trial(**draw))
    frame = people.frame.drop(column, strict=False)
    with pytest.raises(DataError, match=f'without the column "{column}"'):
        design.history(replace(people, frame=frame))


def test_a_batch_for_everybody(make_trial: MakeTrial, enrolled: pl.DataFrame):
    _, people = allocated(make_trial(), enrolled, 20)
    frame = people.frame.with_columns(batch=pl.lit(None, dtype=pl.String))
    with pytest.raises(DataError, match='without the column "batch"'):
        Design.from_trial(make_trial(method="complete")).history(replace(people, frame=frame))


@pytest.mark.parametrize("pair", [(0, 0), (0, 3), (-1, 1)])
def test_pairs_that_are_none(make_trial: MakeTrial, enrolled: pl.DataFrame, pair: tuple[int, int]):
    design, people = allocated(make_trial(), enrolled, 20)
    with pytest.raises(UsageError, match="not two of the arms"):
        design.redraw(design.history(people), 1, seed=1, pair=pair)


def test_counts_and_seeds_that_cannot_be(make_trial: MakeTrial, enrolled: pl.DataFrame):
    design, people = allocated(make_trial(), enrolled, 20)
    history = design.history(people)
    for count, seed, first in ((-1, 1, 0), (1, 1, -1), (1, -1, 0), (1, 2**64, 0)):
        with pytest.raises(UsageError):
            design.redraw(history, count, seed=seed, first=first)
    assert design.redraw(history, 0, seed=1).shape == (0, 20)
    assert design.redraw(history, 1, seed=2**64 - 1, first=10**9).shape == (1, 20)


def test_others_in_impossible_places_are_told(make_trial: MakeTrial, enrolled: pl.DataFrame):
    """Five people of arm b in a row are not from blocks of four with one b each."""
    design, people = allocated(make_trial(method="blocks", block_sizes=[4]), enrolled.filter(office="s1"), 40)
    wrong = people.frame.with_columns(arm=pl.when(pl.col("draw_order") < 6).then(pl.lit("b")).otherwise("arm"))
    history = design.history(replace(people, frame=wrong))
    with pytest.raises(DataError, match="draw_order"):
        design.redraw(history, 1, seed=1, pair=(0, 1))


def test_nobody(make_trial: MakeTrial, enrolled: pl.DataFrame):
    design, people = allocated(make_trial(), enrolled, 20)
    history = design.history(replace(people, frame=people.frame.head(0)))
    assert design.redraw(history, 3, seed=1).shape == (3, 0)


def test_words_are_the_streams_and_uniform():
    some = words(7, 3, 5, 11)
    assert np.array_equal(some, words(7, 0, 20, 11)[3:8])
    many = words(1, 0, 400, 500).ravel()
    assert abs(many.mean() / 2**32 - 0.5) < 4 / np.sqrt(12 * many.size)
    assert len(np.unique(many[:1000])) == 1000
    counts = np.bincount((many >> np.uint32(28)).astype(int), minlength=16)
    assert np.abs(counts - many.size / 16).max() < 4.5 * np.sqrt(many.size / 16)


def test_intervals_of_independent_lots():
    """At the very ends of the range nobody falls outside the arms."""
    history = DrawHistory(2, np.zeros(3, np.uint8), np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]), np.arange(3))
    ends = np.array([[0, 2**31 - 1, 0], [2**32 - 2, 2**31, 2**32 - 1]], dtype=np.uint32)
    assert redraw_independent(history, np.arange(3), ends, None).tolist() == [[0, 0, 1], [0, 1, 1]]
