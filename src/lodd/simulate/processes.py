"""Random streams and month-level processes over people: (n, months) arrays."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from lodd.simulate.settings import Points

Matrix = NDArray[np.float32]
State = NDArray[np.bool_]
_BURN_IN = 48
_REACH = 600
"""Event months that paths are tabulated for, on either side of the draw."""


@dataclass(frozen=True, slots=True)
class Streams:
    """One random stream a theme, by the theme's name: a new theme does not move the others."""

    seed: int

    def __getitem__(self, theme: str) -> np.random.Generator:
        sequence = np.random.SeedSequence(self.seed, spawn_key=(zlib.crc32(theme.encode()),))
        return np.random.default_rng(sequence)


def normals(rng: np.random.Generator, *shape: int) -> Matrix:
    return rng.standard_normal(shape, dtype=np.float32)


def slow_noise(rng: np.random.Generator, people: int, months: int, slow: float, quick: float = 0.0) -> Matrix:
    """(people, months) standard normal paths: an autoregression of order two with these roots.

    x_t = slow x_{t-1} + sqrt(1 - slow^2) e_t starts in its stationary distribution; y_t = quick y_{t-1} + x_t has
    variance (1 + slow quick) / ((1 - slow quick) (1 - quick^2)), by which it is scaled.
    """
    shocks = normals(rng, _BURN_IN + months, people)
    innovation = np.float32(np.sqrt(1 - slow**2))
    scale = np.float32(np.sqrt((1 - slow * quick) * (1 - quick**2) / (1 + slow * quick)))
    first, second = shocks[0], np.zeros(people, dtype=np.float32)
    smooth = np.empty((months, people), dtype=np.float32)
    for month, shock in enumerate(shocks[1:], start=1 - _BURN_IN):
        first = np.float32(slow) * first + innovation * shock
        second = np.float32(quick) * second + first
        if month >= 0:
            smooth[month] = scale * second
    return np.ascontiguousarray(smooth.T)


def path(points: Points, event_month: NDArray[np.integer], *, outside: float | None = None) -> Matrix:
    """Shares at event months, from points in per cent: linear in between; beyond the ends the end's value, or
    ``outside``."""
    return np.asarray(_table(points, outside)[np.clip(event_month, -_REACH, _REACH) + _REACH])


def threshold(points: Points, event_month: NDArray[np.integer]) -> Matrix:
    """The value that a standard normal exceeds with the path's probability."""
    quantiles = ndtri(1 - _table(points, None).astype(np.float64)).astype(np.float32)
    return np.asarray(quantiles[np.clip(event_month, -_REACH, _REACH) + _REACH])


def shift(state: State, eligible: State, observed: State, points: Matrix, latent: Matrix) -> State:
    """A second history whose mean over those observed differs from ``state`` by ``points`` (to the nearest person).

    Where points are positive, as many of the eligible people outside the state enter it as give the points on average
    over everybody observed: those of the largest ``latent``; where points are negative, eligible people inside leave.
    As ``latent`` is slow, it is much the same people from month to month.

    Args:
        state: (n, m) the reference history, by event month.
        eligible: (n, m) who the effect can fall on.
        observed: (n, m) who is alive, in the country and covered by the registers.
        points: (m,) change of the mean, as a share.
        latent: (n, m) shared between histories.

    Raises:
        ValueError: the effect is larger than the eligible can carry (``effect_too_large:<column>``).
    """
    changed = state.copy()
    wanted = np.rint(points.astype(np.float64) * observed.sum(axis=0)).astype(np.int64)
    for column in np.flatnonzero(wanted):
        gains, people = wanted[column] > 0, abs(int(wanted[column]))
        candidates = np.flatnonzero(eligible[:, column] & observed[:, column] & (state[:, column] != gains))
        if people > len(candidates):
            raise ValueError(f"effect_too_large:{column}")
        order = np.argsort(-latent[candidates, column], kind="stable")
        changed[candidates[order[:people]], column] = gains
    return changed


def _table(points: Points, outside: float | None) -> Matrix:
    months, per_cent = zip(*points, strict=True)
    grid = np.arange(-_REACH, _REACH + 1)
    return np.asarray(np.interp(grid, months, per_cent, left=outside, right=outside) / 100, dtype=np.float32)
