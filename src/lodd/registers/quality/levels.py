"""Monthly series: breaks in their level, and months that ought to have records.

**A break** is a month from which the level is another, seasons and trends apart. With ``y`` the logarithm of the
series, ``D(t)`` is the mean of the twelve differences between the months ``t .. t+11`` and the same months a year
before, in which seasons cancel. A lasting step at ``t`` gives ``D(t)`` its size and leaves ``D`` twelve months before
and after at the trend, so ``J(t) = D(t) - (D(t-12) + D(t+12)) / 2`` is the step without the trend. A month is a break
if its ``|J|`` is

- the largest within a year on either side,
- at least the log of the smallest change looked for,
- at least four standard errors. The noise of one month is 1.4826 times the median absolute deviation of the yearly
  differences from their own twelve months' median, over the root of two, and never less than the root of one over the
  median count (counts vary by chance); ``J`` has a variance of 5/12 of a month's, and the standard error is made a
  quarter larger, because months that follow each other are alike (and where ``J`` is known for seven years or more,
  it is at least 1.4826 times the median of ``|J|``, which knows how alike they are),
- and not the work of a few months: with medians for means it is at least six tenths as large, and of the same sign.

Where only one of ``D(t-12)`` and ``D(t+12)`` is known it is taken for the trend, and the step must then show in
``D(t)`` itself, at half its size or more. A break needs a year on each side; nothing is said of the first and last
year, nor of registers with fewer than 36 months, nor where fewer than eight of twelve pairs of months have records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
YEAR: Final = 12
SMALLEST_COUNT: Final = 1.25
"""The smallest change of the number of rows that is looked for: a quarter."""
SMALLEST_MEAN: Final = 1.10
"""The smallest change of a column's mean that is looked for: a tenth."""
EXPECTED: Final = 10
"""A month without records is a gap if this many were to be expected."""
THIN: Final = 0.1
THIN_EXPECTED: Final = 50
"""A month is thin with less than a tenth of the records to be expected, if those are at least fifty."""
SPIKE: Final = 3
SPIKE_EXCESS: Final = 50
"""A month has unusually many with more than three times the records to be expected, and at least fifty above."""
_PAIRS: Final = 8
_SHORTEST: Final = 3 * YEAR
_LONG: Final = 7 * YEAR
_ERRORS: Final = 4.0
_ALIKE: Final = 1.25
_LEAST_NOISE: Final = 0.01
_BY_MEDIANS: Final = 0.6


@dataclass(frozen=True, slots=True)
class Step:
    """A break before the month with index ``at``; the level after is ``ratio`` times the one before."""

    at: int
    ratio: float


def level_breaks(values: Sequence[float | None], smallest: float, *, counts: bool = True) -> list[Step]:
    """The breaks in a monthly series, in order (see the module).

    Args:
        values: one a month; zero, negative and None are months without a value.
        smallest: the smallest change looked for, as a ratio above one.
        counts: are the values numbers of rows, which vary by chance?
    """
    if len(values) < _SHORTEST:
        return []
    y = np.array([log(v) if v is not None and v > 0 else np.nan for v in values])
    yearly = np.full(len(y), np.nan)
    yearly[YEAR:] = y[YEAR:] - y[:-YEAR]
    by_mean, by_median = _steps(yearly, np.nanmean), _steps(yearly, np.nanmedian)
    known = ~np.isnan(by_mean)
    if not known.any():
        return []
    error = _ALIKE * _noise(y, yearly, counts=counts) * sqrt(5 / 12)
    if np.count_nonzero(known) >= _LONG:
        error = max(error, 1.4826 * float(np.nanmedian(np.abs(by_mean))))
    least = max(log(smallest), _ERRORS * error)
    large = np.abs(by_mean) >= least
    robust = (np.abs(by_median) >= _BY_MEDIANS * np.abs(by_mean)) & (np.sign(by_median) == np.sign(by_mean))
    return [Step(t, exp(by_mean[t])) for t in np.flatnonzero(large & robust).tolist() if _is_peak(by_mean, t)]


def _steps(yearly: Numbers, middle: object) -> Numbers:
    """``J`` at each month: NaN where a year on either side is not known."""
    assert callable(middle)
    size = len(yearly)
    change = np.full(size, np.nan)
    for t in range(YEAR, size - YEAR + 1):
        pairs = yearly[t : t + YEAR]
        if np.count_nonzero(~np.isnan(pairs)) >= _PAIRS:
            change[t] = middle(pairs)
    around = np.full((2, size), np.nan)
    around[0, YEAR:], around[1, :-YEAR] = change[:-YEAR], change[YEAR:]
    trend = np.where(np.isnan(around[0]), around[1], np.where(np.isnan(around[1]), around[0], around.mean(axis=0)))
    steps: Numbers = change - trend
    one_sided = np.isnan(around).any(axis=0) & ~np.isnan(steps)
    steps[one_sided & ((np.abs(change) < np.abs(steps) / 2) | (np.sign(change) != np.sign(steps)))] = 0.0
    return steps


def _noise(y: Numbers, yearly: Numbers, *, counts: bool) -> float:
    """The standard deviation of one month's logarithm, seasons, trends and steps apart."""
    windows = np.lib.stride_tricks.sliding_window_view(yearly[YEAR:], YEAR)[::YEAR]
    whole = windows[np.count_nonzero(~np.isnan(windows), axis=1) >= _PAIRS]
    apart = np.abs(whole - np.nanmedian(whole, axis=1, keepdims=True)) if len(whole) else np.zeros((1, 1))
    chance = exp(-0.5 * float(np.nanmedian(y))) if counts else 0.0
    return max(1.4826 * float(np.nanmedian(apart)) / sqrt(2), chance, _LEAST_NOISE)


def _is_peak(steps: Numbers, t: int) -> bool:
    near = np.abs(steps[max(0, t - YEAR) : t + YEAR + 1])
    return bool(np.abs(steps[t]) >= np.nanmax(near))


@dataclass(frozen=True, slots=True)
class Odd:
    """Indices of months with no records, or hardly any, though some were to be expected, and with unusually many."""

    empty: tuple[int, ...]
    thin: tuple[int, ...]
    spikes: tuple[int, ...]


def odd_months(rows: Sequence[int], first_month: int, breaks: Sequence[int] = ()) -> Odd:
    """The months of which a person would ask what happened.

    To be expected is the median of the same calendar month in other years, and of all other months where there are
    fewer than two other years; only months from the first to the last with records are counted, so that an extract
    that ends early does not lower what is expected of it. Between declared breaks only months of the same stretch
    are counted, if it has records: a row a month is many more than a row a job.

    Args:
        rows: one a month of the register's coverage.
        first_month: the calendar month of the first.
        breaks: indices of the first months after the declared breaks.
    """
    counts = np.array(rows, dtype=np.float64)
    there = np.flatnonzero(counts)
    if not len(there):
        return Odd((), (), ())
    span = np.zeros(len(counts), dtype=np.bool_)
    span[there[0] : there[-1] + 1] = True
    place = np.arange(len(counts))
    calendar = (first_month + place) % YEAR
    stretch = np.searchsorted(sorted(breaks), place, side="right")
    empty, thin, spikes = [], [], []
    for i, count in enumerate(counts):
        alike = span & (stretch == stretch[i])
        others = (alike if alike.any() else span) & (place != i)
        same = counts[others & (calendar == calendar[i])]
        pool = same if len(same) > 1 else counts[others]
        expected = float(np.median(pool)) if len(pool) else 0.0
        if count == 0 and expected >= EXPECTED:
            empty.append(i)
        elif 0 < count < THIN * expected and expected >= THIN_EXPECTED:
            thin.append(i)
        elif len(pool) > 1 and _is_spike(count, max(expected, _around(counts, span, i))):
            spikes.append(i)
    return Odd(tuple(empty), tuple(thin), tuple(spikes))


def _is_spike(count: float, expected: float) -> bool:
    return count > SPIKE * expected and count - expected >= SPIKE_EXCESS


def _around(counts: Numbers, span: NDArray[np.bool_], i: int) -> float:
    """The median of the half year before and after."""
    near = np.abs(np.arange(len(counts)) - i)
    around = counts[span & (near > 0) & (near <= YEAR // 2)]
    return float(np.median(around)) if len(around) else 0.0


def runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring indices as first and last: ``[1, 2, 5]`` is ``[(1, 2), (5, 5)]``."""
    found: list[tuple[int, int]] = []
    for i in indices:
        if found and found[-1][1] == i - 1:
            found[-1] = (found[-1][0], i)
        else:
            found.append((i, i))
    return found
