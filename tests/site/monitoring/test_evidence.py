"""The alarm's mathematics: fair under the null at every stopping time, quick where an office tilts its lots."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.site.monitoring.evidence import TILTS, arrival_weights, gather, log_path, log_ratios, raised


def evidence(lots: Sequence[tuple[bool, float]]) -> float:
    """E by the formula, one tilt and one lot at a time."""
    products = []
    for tilt in TILTS:
        product = 1.0
        for drawn, p in lots:
            if 0 < p < 1:
                product *= (math.exp(tilt) if drawn else 1.0) / (1 - p + p * math.exp(tilt))
        products.append(product)
    return sum(products) / len(products)


lots_of = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 1 / 3, 0.5, 0.9, 1.0])), min_size=1, max_size=30)


@given(lots_of)
def test_the_path_is_the_formula(lots: list[tuple[bool, float]]) -> None:
    path = log_path(np.array([a for a, _ in lots]), np.array([p for _, p in lots]))
    slow = [math.log(evidence(lots[: n + 1])) for n in range(len(lots))]
    np.testing.assert_allclose(path, slow, atol=1e-9)


@given(lots_of, st.lists(st.integers(-1, 3), min_size=30, max_size=30))
def test_streams_are_gathered_apart(lots: list[tuple[bool, float]], streams: list[int]) -> None:
    found = gather(np.array(streams[: len(lots)]), 4, np.array([a for a, _ in lots]), np.array([p for _, p in lots]))
    for stream in range(4):
        own = [lot for lot, s in zip(lots, streams, strict=False) if s == stream]
        path = [math.log(evidence(own[:n])) for n in range(len(own) + 1)]
        assert found.log_now[stream] == pytest.approx(path[-1], abs=1e-9)
        assert found.log_peak[stream] == pytest.approx(max(path), abs=1e-9)
        assert found.informative[stream] == sum(0 < p < 1 for _, p in own)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_the_mean_is_one_when_the_lots_are_as_declared(n: int) -> None:
    declared = [0.4, 0.25, 0.5, 0.1, 0.9, 0.4, 1 / 3][:n]
    total = 0.0
    for outcome in itertools.product([False, True], repeat=n):
        chance = math.prod(p if drawn else 1 - p for drawn, p in zip(outcome, declared, strict=True))
        total += chance * math.exp(log_path(np.array(outcome), np.array(declared))[-1])
    assert total == pytest.approx(1.0, abs=1e-12)


def test_the_mean_is_one_in_blocks_at_a_stopping_time() -> None:
    """Two blocks of four with two lots each; stopped at the first lot where the evidence is above 1.2."""
    total, certain = 0.0, 0
    for blocks in itertools.product(set(itertools.permutations([True, True, False, False])), repeat=2):
        lots = [(drawn, float(Fraction(sum(b[i:]), 4 - i))) for b in blocks for i, drawn in enumerate(b)]
        path = np.exp(log_path(np.array([a for a, _ in lots]), np.array([p for _, p in lots])))
        stop = next((i for i, value in enumerate(path) if value > 1.2), len(path) - 1)
        total += path[stop] / 36
        certain += sum(p in {0.0, 1.0} for _, p in lots)
    assert certain
    assert total == pytest.approx(1.0, abs=1e-12)


def test_certain_lots_say_nothing() -> None:
    ratios = log_ratios(np.array([True, False]), np.array([1.0, 0.0]))
    assert not ratios.any()


def paths(rng: np.random.Generator, runs: int, lots: int, declared: float, true: float) -> np.ndarray:
    """The largest log E of each run."""
    stream = np.repeat(np.arange(runs), lots)
    drawn = rng.random(runs * lots) < true
    return gather(stream, runs, drawn, np.full(runs * lots, declared)).log_peak


def test_looking_after_every_lot_raises_at_most_alpha_false_alarms() -> None:
    peaks = paths(np.random.default_rng(1), 2000, 400, 0.4, 0.4)
    share = (peaks >= math.log(20)).mean()
    assert share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert share > 0.003, "the bound is not met by never saying anything"


@pytest.mark.parametrize(("true", "lots"), [(0.6, 150), (0.2, 150), (0.95, 16)])
def test_a_tilted_office_is_found(true: float, lots: int) -> None:
    peaks = paths(np.random.default_rng(2), 300, lots, 0.4, true)
    assert (peaks >= math.log(20)).mean() > 0.9


def test_lots_in_turn_are_not_seen() -> None:
    turns = np.arange(2000) % 2 == 0
    assert log_path(turns, np.full(2000, 0.5)).max() < math.log(2)


def raised_slowly(log_evidence: Sequence[float], weight: Sequence[float], alpha: float) -> set[int]:
    best: set[int] = set()
    for count in range(1, len(weight) + 1):
        over = {
            i
            for i, (e, w) in enumerate(zip(log_evidence, weight, strict=True))
            if math.exp(e) * w >= 1 / (alpha * count)
        }
        if len(over) >= count:
            best = over
    return best


@given(st.lists(st.tuples(st.floats(-3, 12), st.floats(0.001, 0.1)), min_size=1, max_size=10))
def test_the_alarm_is_the_plain_loop(streams: list[tuple[float, float]]) -> None:
    logs, weights = zip(*streams, strict=True)
    found = raised(np.array(logs), np.array(weights), 0.05)
    assert set(np.flatnonzero(found)) == raised_slowly(logs, weights, 0.05)


def test_false_alarms_are_a_small_share_of_all_alarms() -> None:
    """Forty streams of which ten are tilted, looked at after 120 lots: the mean false discovery proportion."""
    rng, weight = np.random.default_rng(3), np.full(40, 1 / 40)
    proportions, found = [], 0
    for _ in range(150):
        true = np.repeat(np.where(np.arange(40) < 10, 0.7, 0.4), 120)
        got = gather(np.repeat(np.arange(40), 120), 40, rng.random(4800) < true, np.full(4800, 0.4))
        alarm = raised(got.log_now, weight, 0.05)
        found += alarm[:10].sum()
        proportions.append(alarm[10:].sum() / max(alarm.sum(), 1))
    assert found > 0.9 * 10 * 150
    assert np.mean(proportions) <= 0.05


def test_weights_by_arrival_never_sum_to_more_than_one() -> None:
    weights = arrival_weights(5000)
    assert weights.sum() < 1
    assert (np.diff(weights) <= 0).all()
    assert arrival_weights(1023).sum() == pytest.approx(1 - 1 / 11)
    assert arrival_weights(0).size == 0
