"""One oracle for every method of drawing: probabilities, counts, and the whole distribution of small designs.

The distribution is worked out by going through everything that can happen (``exact.py``). Draws over many keys and
redraws over many streams must both have it. Seeds are fixed, so a test that passes does so always.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from lodd.allocation import FIXED, marginal_by_redraws
from lodd.protocol.model import Trial
from tests.allocation import exact
from tests.allocation.cases import DAY, NAMES, Case, case_of, mac_of

KEYS, REDRAWS = 3_000, 40_000
RARE = 1e-4


@pytest.fixture(params=NAMES)
def case(
    request: pytest.FixtureRequest, make_trial: Callable[..., Trial], make_two_arm_trial: Callable[..., Trial]
) -> Case:
    return case_of(request.param, make_trial, make_two_arm_trial)


def allocations(rows: np.ndarray) -> list[exact.Allocation]:
    return [tuple(row) for row in rows.tolist()]


def assert_distributed(seen: Iterable[exact.Allocation], truth: exact.Distribution) -> None:
    """Nothing impossible, everything possible that is to be expected, and all as often as it should be."""
    counts = Counter(seen)
    total = sum(counts.values())
    assert set(counts) <= {arms for arms, chance in truth.items() if chance}
    expected = {arms: float(chance) * total for arms, chance in truth.items()}
    assert all(counts[arms] for arms, number in expected.items() if number > 15)
    often = [arms for arms, number in expected.items() if number >= 5]
    observed = [counts[arms] for arms in often]
    wanted = [expected[arms] for arms in often]
    if (rest := total - sum(wanted)) > 1e-6:
        observed, wanted = [*observed, total - sum(observed)], [*wanted, rest]
    if len(wanted) > 1:
        assert stats.chisquare(observed, wanted).pvalue > RARE


def test_draws_over_keys_have_the_true_distribution(case: Case):
    assert sum(case.truth.values()) == 1
    seen = [tuple(lot.arm for lot in case.draw(mac_of(key))) for key in range(KEYS)]
    assert_distributed(seen, case.truth)


def test_redraws_have_the_true_distribution(case: Case):
    history = case.design.history(case.participants(case.draw(mac_of(1))))
    assert_distributed(allocations(case.design.redraw(history, REDRAWS, seed=20140501)), case.truth)


def test_probabilities_are_exact_and_realised(case: Case):
    """They sum to one exactly; each arm comes as often as its conditional probabilities say (a martingale)."""
    arms, keys = len(case.design.arms), 600
    excess, variance = np.zeros((len(case.requests), arms)), np.zeros((len(case.requests), arms))
    for key in range(keys):
        for person, lot in enumerate(case.draw(mac_of(key))):
            assert sum(lot.conditional) == 1
            assert lot.marginal is None or sum(lot.marginal) == 1
            assert lot.conditional[lot.arm] > 0, "an arm that could not be"
            p = np.array([float(share) for share in lot.conditional])
            excess[person] += (np.arange(arms) == lot.arm) - p
            variance[person] += p * (1 - p)
    moved = variance > 0
    assert np.abs(excess[moved] / np.sqrt(variance[moved])).max() < 4
    assert np.all(excess[~moved] == 0)


def test_marginal_probabilities_are_the_true_ones(case: Case):
    arms = range(len(case.design.arms))
    true = [
        [sum((p for drawn, p in case.truth.items() if drawn[person] == arm), Fraction(0)) for arm in arms]
        for person in range(len(case.requests))
    ]
    lots = case.draw(mac_of(2))
    if lots[0].marginal is not None:
        assert [list(lot.marginal or ()) for lot in lots] == true
    history = case.design.history(case.participants(lots))
    found = marginal_by_redraws(history, 8_000, seed=3)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.abs(found - np.array(true, dtype=float)).max() < 4.5 * np.sqrt(0.25 / 8_000)


@pytest.mark.parametrize("name", ["complete", "blocks", "blocks of two arms"])
def test_counts_are_met_exactly(make_trial: Callable[..., Trial], make_two_arm_trial: Callable[..., Trial], name: str):
    """Of a batch, and of every block: in each draw, and in each redraw."""
    case = case_of(name, make_trial, make_two_arm_trial)
    size = case.design.block_sizes[0] if not case.counts else len(case.requests)
    case = replace(case, design=replace(case.design, block_sizes=(size,)))
    first = case.draw(mac_of(0))
    counts = case.counts or tuple(int(share * size) for share in first[0].marginal or ())
    drawn = np.array([[lot.arm for lot in case.draw(mac_of(key))] for key in range(100)])
    redrawn = case.design.redraw(case.design.history(case.participants(first)), 500, seed=1)
    for lots in (drawn, redrawn):
        for start in range(0, lots.shape[1] - size + 1, size):
            block = lots[:, start : start + size]
            assert all(((block == arm).sum(axis=1) == count).all() for arm, count in enumerate(counts))


def test_redraws_do_not_depend_on_what_is_asked_for_together(case: Case):
    history = case.design.history(case.participants(case.draw(mac_of(5))))
    whole = case.design.redraw(history, 300, seed=9)
    parts = [case.design.redraw(history, count, seed=9, first=first) for first, count in ((0, 1), (1, 99), (100, 200))]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, case.design.redraw(history, 300, seed=10))
    assert whole.dtype == np.uint8


def test_the_same_key_draws_the_same(case: Case):
    assert case.draw(mac_of(6)) == case.draw(mac_of(6))
    assert {tuple(lot.arm for lot in case.draw(mac_of(key))) for key in range(20)} != {
        tuple(lot.arm for lot in case.draw(mac_of(6)))
    }


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (2, 1)])
@pytest.mark.parametrize("name", ["keyed", "complete", "blocks", "minimisation"])
def test_a_pair_is_redrawn_given_where_the_others_are(
    make_trial: Callable[..., Trial], make_two_arm_trial: Callable[..., Trial], name: str, pair: tuple[int, int]
):
    case = case_of(name, make_trial, make_two_arm_trial)
    for key in (1, 2, 3):
        lots = case.draw(mac_of(key))
        actual = tuple(lot.arm for lot in lots)
        redrawn = case.design.redraw(case.design.history(case.participants(lots)), 8_000, seed=key, pair=pair)
        assert ((redrawn == FIXED) == ~np.isin(actual, pair)).all()
        truth = _given_in_order(case, pair, actual) if name == "minimisation" else exact.given(case.truth, actual, pair)
        assert_distributed(allocations(redrawn), truth)


def _given_in_order(case: Case, pair: tuple[int, int], actual: exact.Allocation) -> exact.Distribution:
    """Minimisation redraws each person of the pair given those before, not given the others' later places."""
    values = [("s1", request.factors["female"], request.factors["age"]) for request in case.requests]
    ratio = case.design.place("s1", DAY).probability
    allowed = [pair if arm in pair else (arm,) for arm in actual]
    truth = exact.minimisation(values, [ratio] * len(values), Fraction(case.design.biased_coin), allowed)
    return exact.given(truth, actual, pair)
