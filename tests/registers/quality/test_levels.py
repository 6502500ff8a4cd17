"""Breaks in level, and months of which a person would ask what happened."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.registers.quality.levels import SMALLEST_COUNT, SMALLEST_MEAN, level_breaks, odd_months, runs

JANUARY_2010 = 12 * 2010


def series(*, typical: float = 300.0, season: float = 0.0, growth: float = 0.0, seed: int = 1) -> np.ndarray:
    """Counts by month with a season, a yearly growth (of the logarithm) and nothing else but chance."""
    at = np.arange(120)
    level = typical * np.exp(season * np.sin(2 * np.pi * at / 12) + growth * at / 12)
    return np.random.default_rng(seed).poisson(level).astype(float)


def stepped(values: np.ndarray, at: int, ratio: float) -> list[float]:
    return np.where(np.arange(len(values)) >= at, np.round(values * ratio), values).tolist()


@settings(max_examples=30, deadline=None)
@given(
    values=st.builds(
        series,
        seed=st.integers(0, 10_000),
        season=st.floats(0, 1),
        growth=st.floats(-0.1, 0.2),
        typical=st.floats(500, 5_000),
    ),
    at=st.integers(24, 96),
    ratio=st.sampled_from([0.4, 2.0, 3.0]),
)
def test_a_step_is_found_where_it_is_whatever_the_season_and_trend(values, at: int, ratio: float) -> None:
    found = level_breaks(stepped(values, at, ratio), SMALLEST_COUNT)
    nearest = min(found, key=lambda step: abs(step.at - at), default=None)
    assert nearest is not None
    assert abs(nearest.at - at) <= 1
    assert nearest.ratio == pytest.approx(ratio, rel=0.25)


@pytest.mark.long
def test_seasons_trends_and_chance_are_seldom_breaks() -> None:
    tried = [
        level_breaks(series(season=season, growth=growth, typical=typical, seed=seed).tolist(), SMALLEST_COUNT)
        for seed in range(10)
        for season in (0.0, 0.8)
        for growth in (-0.15, 0.0, 0.15)
        for typical in (8.0, 500.0)
    ]
    assert sum(map(bool, tried)) <= 0.03 * len(tried)


def test_a_change_smaller_than_looked_for_is_none() -> None:
    assert level_breaks(stepped(np.full(120, 10_000.0), 60, 1.2), SMALLEST_COUNT) == []
    (step,) = level_breaks(stepped(np.full(120, 10_000.0), 60, 1.3), SMALLEST_COUNT)
    assert (step.at, round(step.ratio, 2)) == (60, 1.3)


def test_a_single_odd_month_is_no_break() -> None:
    values = series().tolist()
    values[60] *= 30
    values[80] = 0
    assert level_breaks(values, SMALLEST_COUNT) == []


def test_a_mean_has_no_chance_of_counts_in_it() -> None:
    hours = [20.0 + 0.05 * (i % 3) for i in range(72)]
    assert level_breaks(hours, SMALLEST_MEAN, counts=False) == []
    longer = [value * (1.15 if i >= 30 else 1) for i, value in enumerate(hours)]
    (step,) = level_breaks(longer, SMALLEST_MEAN, counts=False)
    assert step.at == 30


EVERY_AUGUST = [500 if i % 12 == 7 else 0 for i in range(60)]


@pytest.mark.parametrize("values", [[], [5.0] * 35, [None] * 60, [0.0] * 60, EVERY_AUGUST])
def test_nothing_is_said_of_too_little(values: list[float | None]) -> None:
    assert level_breaks(values, SMALLEST_COUNT) == []


def test_an_extract_that_ends_early_has_a_gap_at_its_end() -> None:
    odd = odd_months([40] * 50 + [0] * 10, JANUARY_2010)
    assert odd.empty == tuple(range(50, 60))
    assert odd.thin == odd.spikes == ()


def test_a_hole_a_thin_month_and_a_flood() -> None:
    rows = [100] * 60
    rows[20], rows[33], rows[41] = 0, 4, 900
    odd = odd_months(rows, JANUARY_2010)
    assert (odd.empty, odd.thin, odd.spikes) == ((20,), (33,), (41,))


def test_months_without_records_that_nobody_expects() -> None:
    assert odd_months(EVERY_AUGUST, JANUARY_2010).empty == ()
    assert odd_months([0, 1, 0, 2, 0, 1] * 10, JANUARY_2010).empty == ()
    assert odd_months([0] * 24, JANUARY_2010).empty == ()
    assert odd_months([*EVERY_AUGUST[:31], 0, *EVERY_AUGUST[32:]], JANUARY_2010).empty == (31,)


def test_a_register_that_grows_has_no_floods() -> None:
    assert odd_months([10] * 24 + [200] * 24, JANUARY_2010).spikes == ()


def test_runs_of_neighbours() -> None:
    assert runs([1, 2, 5, 7, 8, 9]) == [(1, 2), (5, 5), (7, 9)]
    assert runs([]) == []


def test_what_is_expected_of_a_month_is_that_of_its_own_side_of_a_declared_break() -> None:
    rows = [12, 0, *[12] * 58, *[600] * 60]
    rows[80] = 30
    undeclared, declared = odd_months(rows, JANUARY_2010), odd_months(rows, JANUARY_2010, [60])
    assert (declared.empty, declared.thin, declared.spikes) == ((1,), (80,), ())
    assert 80 not in undeclared.thin  # and months that are as they should be are
    few = odd_months([3, 0, *[3] * 46, *[600] * 72], JANUARY_2010, [48])
    assert (few.empty, few.thin, few.spikes) == ((), (), ())


def test_a_side_of_a_break_that_has_no_records_at_all_was_not_delivered() -> None:
    assert odd_months([40] * 36 + [0] * 24, JANUARY_2010, [36]).empty == tuple(range(36, 60))
