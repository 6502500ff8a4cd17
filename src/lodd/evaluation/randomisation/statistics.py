"""The statistics that are recomputed in every redraw: estimate and HC2 variance, as after a full refit.

Each takes allocations (n, R), true for the people drawn to the arm, and returns estimates and variances (C, R) of the C
columns that it was prepared with, in units of ``scale`` and its square. A redraw in which there is nothing to compare,
or somebody's leverage is one, or the outcome is fitted exactly, has variance 0: its t counts as 0 (:func:`absolute_t`).

Matrices are laid out people x redraws and columns x redraws, so that a step over people takes whole rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.randomisation.columns import EXACT, NEAR_FULL, Array, Columns, columns_of

Allocations = NDArray[np.bool_]
Moments = tuple[Array, Array]
_NO_CONTRAST: Final = 1e-8


class Statistic(Protocol):
    """What can be recomputed for many allocations at once."""

    @property
    def name(self) -> str:
        """As in the column ``statistic`` of the estimates."""
        ...

    @property
    def scale(self) -> Floats:
        """(C,) units of the estimates; 0 for a column that does not vary."""
        ...

    def moments(self, treated: Allocations) -> Moments:
        """(C, R) estimates and variances for allocations (n, R)."""
        ...


def absolute_t(moments: Moments) -> Array:
    """(C, R) absolute values of estimate over standard error; 0 where the variance is 0. Overwrites the moments."""
    t, variance = moments
    np.multiply(t, t, out=t)
    np.divide(t, variance, out=t, where=variance > 0)
    t[variance <= 0] = 0.0
    return np.sqrt(t, out=t)


@dataclass(frozen=True, slots=True)
class FixedEffects:
    """Least squares on the arm, strata and covariates, refitted in every redraw by three matrix products.

    With ``d`` the arm net of strata and covariates (the strata's shares being those of the redraw), ``ss = sum d^2``,
    ``h`` the leverage of strata and covariates and ``w = d^2 / (1 - h - d^2 / ss)``:
    ``tau = d'y / ss`` and ``V ss^2 = w'y^2 - 2 tau (d w)'y + tau^2 sum d^2 w`` (Frisch and Waugh 1933; HC2 of MacKinnon
    and White 1985).
    """

    columns: Columns
    name: str = "strata_fixed_effects_hc2"

    @property
    def scale(self) -> Floats:
        return self.columns.scale

    def moments(self, treated: Allocations) -> Moments:
        c = self.columns
        d, within = self._net_of_strata(treated)
        fitted = c.basis.T @ d
        if len(fitted):
            d -= c.basis @ fitted
        square = d * d
        ss = ones(square) @ square
        none = ss <= np.maximum(_NO_CONTRAST, _NO_CONTRAST * within)
        ss[none] = 1.0
        weight = square * (-1.0 / ss)
        weight += c.room[:, None]
        if not self._has_room(fitted, ss):
            none |= weight.min(axis=0) <= NEAR_FULL
            weight[:, none] = 1.0
        np.divide(square, weight, out=weight)
        return self._solve(d, square, weight, ss, none)

    def _net_of_strata(self, treated: Allocations) -> tuple[Array, Array]:
        """(m, R) the arm less its share of the stratum, and its sum of squares (R,)."""
        c = self.columns
        d = treated[c.rows].astype(c.y.dtype)
        sizes = c.sizes[:, None].astype(c.y.dtype)
        counts = np.add.reduceat(d, c.starts, axis=0)
        shares = counts / sizes
        within = np.asarray((counts * (1.0 - shares)).sum(axis=0))
        d -= shares[c.group]
        return d, within

    def _has_room(self, fitted: Array, ss: Array) -> bool:
        """Can nobody's leverage be one in any of these redraws? By a bound: ``|d| <= 1 + |q| |Q'D|``."""
        furthest = np.sqrt((self.columns.basis**2).sum(axis=1).max(initial=0.0))
        largest = 1.0 + furthest * np.sqrt((fitted * fitted).sum(axis=0))
        return bool((largest * largest / ss < self.columns.room.min() - NEAR_FULL).all())

    def _solve(self, d: Array, square: Array, weight: Array, ss: Array, none: Booleans) -> Moments:
        c = self.columns
        estimate = c.y @ d
        estimate /= ss
        variance = c.y2 @ weight
        least = least_of(variance)
        square *= weight
        total = ones(square) @ square
        weight *= d
        cross = c.y @ weight
        cross *= -2.0
        cross += estimate * total
        cross *= estimate
        variance += cross
        variance[variance <= least] = 0.0
        variance /= ss * ss
        variance[:, none] = 0.0
        return estimate, variance


@dataclass(frozen=True, slots=True)
class PostStratified:
    """Within-stratum differences averaged by the strata's sizes, with Neyman's variance of every stratum.

    ``tau = sum_s share_s (mean1_s - mean0_s)``, ``V = sum_s share_s^2 (s1_s^2 / n1_s + s0_s^2 / n0_s)`` (Miratrix,
    Sekhon and Yu 2013), over the strata with two people in both arms in that redraw. ``population`` (S,): the people
    that a stratum stands for.
    """

    columns: Columns
    population: Array
    name: str

    @property
    def scale(self) -> Floats:
        return self.columns.scale

    def moments(self, treated: Allocations) -> Moments:
        c = self.columns
        d = treated[c.rows].astype(c.y.dtype)
        n1 = np.add.reduceat(d, c.starts, axis=0)
        n0 = c.sizes[:, None].astype(c.y.dtype) - n1
        whole = (n1 >= 2) & (n0 >= 2)
        n1[~whole] = n0[~whole] = 2.0
        share = whole * self.population[:, None]
        total = share.sum(axis=0)
        none = total <= 0
        share /= np.where(none, 1.0, total)
        return self._sum(d, share, n1, n0, none)

    def _sum(self, d: Array, share: Array, n1: Array, n0: Array, none: Booleans) -> Moments:
        """With outcomes centred in every stratum the means of a stratum's two arms have opposite sums."""
        c, squared = self.columns, share * share
        each1, each0 = squared / (n1 * (n1 - 1)), squared / (n0 * (n0 - 1))
        lost, factor = each1 / n1 + each0 / n0, share * (1 / n1 + 1 / n0)
        estimate = np.zeros((len(c.y), d.shape[1]), dtype=d.dtype)
        minus = np.zeros_like(estimate)
        for s, (start, stop) in enumerate(zip(c.starts, [*c.starts[1:], len(d)], strict=True)):
            sums = c.y[:, start:stop] @ d[start:stop]
            estimate += sums * factor[s]
            sums *= sums
            sums *= lost[s]
            minus += sums
        d *= (each1 - each0)[c.group]
        d += each0[c.group]
        variance = c.y2 @ d
        least = least_of(variance)
        variance -= minus
        variance[(variance <= least) | none] = 0.0
        return estimate, variance


def fixed_effects(
    outcomes: Floats,
    people: Booleans,
    strata: Integers,
    *,
    covariates: Floats | None = None,
    dtype: DTypeLike = np.float32,
) -> FixedEffects:
    """Strata fixed effects of (n, C) outcomes among ``people`` (n,); outcomes of others may be NaN.

    Raises:
        NotEstimableError: everybody is alone in their stratum.
    """
    return FixedEffects(columns_of(outcomes, people, strata, covariates=covariates, dtype=dtype))


def post_stratified(
    outcomes: Floats,
    people: Booleans,
    strata: Integers,
    *,
    population: Booleans | None = None,
    covariates: Floats | None = None,
    dtype: DTypeLike = np.float32,
) -> PostStratified:
    """The post-stratified difference; with covariates, of what strata and they leave of the outcomes.

    ``population`` (n,): whom the strata stand for (default: ``people``). Else as :func:`hajek`.
    """
    columns = columns_of(outcomes, people, strata, covariates=covariates, dtype=dtype)
    everybody = np.bincount(strata[people if population is None else population], minlength=int(strata.max()) + 1)
    sizes = everybody[strata[columns.rows[columns.starts]]].astype(dtype)
    return PostStratified(columns, sizes, named("post_stratified", covariates))


def named(estimator: str, covariates: Floats | None) -> str:
    """The name of an estimator's statistic: residualised where there are covariates."""
    adjusted = covariates is not None and covariates.shape[1] > 0
    return f"{estimator}_residualised_hc2" if adjusted else f"{estimator}_hc2"


def least_of(sums: Array) -> Array:
    """What a variance must exceed to count, from the sums of squares that it is the difference of."""
    return np.asarray(sums * sums.dtype.type(EXACT[sums.dtype]))


def ones(matrix: NDArray[Any]) -> Array:
    """Ones that sum a matrix over its rows, in a product."""
    return np.ones(len(matrix), dtype=matrix.dtype)
