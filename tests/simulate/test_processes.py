"""Random streams and month-level processes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from lodd.simulate.processes import Streams, path, shift, slow_noise, threshold


def test_streams_depend_on_seed_and_theme_only():
    streams = Streams(4)
    first = streams["work"].random(3)
    streams["something else"].random(100)
    assert np.array_equal(first, streams["work"].random(3))
    assert not np.array_equal(first, streams["benefits"].random(3))
    assert not np.array_equal(first, Streams(5)["work"].random(3))


@pytest.mark.parametrize(("slow", "quick"), [(0.9, 0.0), (0.97, 0.6), (0.98, 0.9)])
def test_slow_noise_is_stationary_standard_normal(slow: float, quick: float):
    noise = slow_noise(np.random.default_rng(1), 20_000, 40, slow, quick)
    assert np.allclose(noise.var(axis=0), 1, atol=0.06 if quick < 0.9 else 0.12)
    assert np.allclose(noise.mean(axis=0), 0, atol=0.03)
    lag_one = (slow + quick) / (1 + slow * quick)  # of an AR(2) with these roots
    assert np.corrcoef(noise[:, 20], noise[:, 21])[0, 1] == pytest.approx(lag_one, abs=0.005)


def test_paths_are_linear_between_points():
    points = ((0, 10.0), (10, 20.0), (20, 0.0))
    months = np.array([-5, 0, 5, 10, 15, 20, 30])
    assert np.allclose(path(points, months), [0.1, 0.1, 0.15, 0.2, 0.1, 0, 0])
    assert np.allclose(path(points, months, outside=0.0), [0, 0.1, 0.15, 0.2, 0.1, 0, 0])


def test_thresholds_give_the_path():
    normal = np.random.default_rng(2).standard_normal(200_000)
    for share in (0.0, 3.0, 50.0, 100.0):
        limit = threshold(((0, share),), np.array([7]))[0]
        assert (normal > limit).mean() == pytest.approx(share / 100, abs=0.003)


@with_settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=6))
def test_a_shift_is_exact_and_falls_on_the_eligible(seed: int, points: list[float]):
    rng, shape = np.random.default_rng(seed), (400, len(points))
    state, observed = rng.random(shape) < 0.5, rng.random(shape) < 0.97
    eligible = rng.random(shape) < 0.8
    latent = rng.standard_normal(shape).astype(np.float32)
    changed = shift(state, eligible, observed, np.array(points, dtype=np.float32), latent)
    people = observed.sum(axis=0)
    assert np.abs((changed.sum(axis=0) - state.sum(axis=0)) - np.array(points) * people).max() <= 0.51
    moved = changed != state
    assert not (moved & ~(eligible & observed)).any()
    assert len(np.unique(np.sign((changed.astype(int) - state)[:, 0]))) <= 2, "only one way in a month"


def test_a_shift_that_too_few_can_carry():
    state = np.zeros((10, 2), dtype=bool)
    eligible = np.zeros_like(state)
    eligible[:2] = True
    with pytest.raises(ValueError, match="effect_too_large:1"):
        shift(state, eligible, ~state, np.array([0.2, 0.3], dtype=np.float32), np.zeros((10, 2), dtype=np.float32))
