"""The Hajek difference in every redraw: three matrix products an arm, or two where few probabilities occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import DTypeLike

from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.randomisation.columns import NEAR_FULL, Array, Columns, columns_of
from lodd.evaluation.randomisation.statistics import Allocations, Moments, Statistic, least_of, named, ones

MANY_LEVELS: Final = 40
"""With more different probabilities than this, sums by level cost more than they save."""


@dataclass(frozen=True, slots=True)
class Hajek:
    """Difference of inverse-probability weighted means, by three matrix products for each arm.

    With ``A`` the arm's indicators over their probability, ``b = A^2 / (1 - A / sum A)`` and ``mu = A'y / sum A``:
    ``V = (b'y^2 - 2 mu b'y + mu^2 sum b) / (sum A)^2``, summed over the arms. ``inverse`` (2, m): one over the
    probability of the reference and of the arm.
    """

    columns: Columns
    inverse: Array
    name: str

    @property
    def scale(self) -> Floats:
        return self.columns.scale

    def moments(self, treated: Allocations) -> Moments:
        d = treated[self.columns.rows].astype(self.columns.y.dtype)
        mean, variance, none = self._arm(d, self.inverse[1])
        np.subtract(1.0, d, out=d)
        other, other_variance, other_none = self._arm(d, self.inverse[0])
        mean -= other
        variance += other_variance
        variance[(variance <= 0) | none | other_none] = 0.0
        return mean, variance

    def _arm(self, inside: Array, inverse: Array) -> tuple[Array, Array, Booleans]:
        c = self.columns
        a = inside * inverse[:, None]
        total = ones(a) @ a
        none: Booleans = total <= 0
        total[none] = 1.0
        room = 1.0 - a / total
        none |= room.min(axis=0) <= NEAR_FULL
        room[:, none] = 1.0
        mean = c.y @ a
        mean /= total
        a *= inverse[:, None]
        a /= room
        variance = c.y2 @ a
        least = least_of(variance)
        cross = c.y @ a
        cross *= -2.0
        cross += mean * (ones(a) @ a)
        cross *= mean
        variance += cross
        variance[variance <= least] = 0.0
        variance /= total * total
        return mean, variance, none


@dataclass(frozen=True, slots=True)
class HajekByLevel:
    """:class:`Hajek` where few different probabilities occur: two products over the people of each, for both arms.

    Within a level of the probability ``A`` and ``b`` are the same for all of an arm's people, and sums over the others
    are the level's own less the arm's. ``inverse`` (2, L), ``starts`` (L,), ``sums`` and ``squares`` (C, L) of ``y``.
    """

    columns: Columns
    inverse: Array
    starts: Integers
    sums: Array
    squares: Array
    name: str

    @property
    def scale(self) -> Floats:
        return self.columns.scale

    def moments(self, treated: Allocations) -> Moments:
        c = self.columns
        d = treated[c.rows].astype(c.y.dtype)
        people = np.diff(self.starts, append=len(d))[:, None].astype(d.dtype)
        count = np.add.reduceat(d, self.starts, axis=0)
        arms = [_Arm.of(people - count, self.inverse[0]), _Arm.of(count, self.inverse[1])]
        first, second = self._weighted(d, [arms[1].mean, arms[1].b, arms[0].mean, arms[0].b], arms[1].b - arms[0].b)
        mean1, cross1, mean0, cross0 = first
        mean0, cross0 = self.sums @ arms[0].mean - mean0, self.sums @ arms[0].b - cross0
        second += self.squares @ arms[0].b
        least = least_of(second)
        second += mean1 * (mean1 * arms[1].total - 2.0 * cross1)
        second += mean0 * (mean0 * arms[0].total - 2.0 * cross0)
        second[(second <= least) | (arms[0].none | arms[1].none)] = 0.0
        mean1 -= mean0
        return mean1, second

    def _weighted(self, d: Array, weights: list[Array], squared: Array) -> tuple[list[Array], Array]:
        """Sums (C, R) of the treated people's ``y`` with each of the weights (L, R), and of ``y2`` with ``squared``."""
        c = self.columns
        first = [np.zeros((len(c.y), d.shape[1]), dtype=d.dtype) for _ in weights]
        second = np.zeros_like(first[0])
        for level, (start, stop) in enumerate(zip(self.starts, [*self.starts[1:], len(d)], strict=True)):
            sums = c.y[:, start:stop] @ d[start:stop]
            for position, weight in enumerate(weights):
                first[position] += sums * weight[level]
            second += (c.y2[:, start:stop] @ d[start:stop]) * squared[level]
        return first, second


@dataclass(frozen=True, slots=True)
class _Arm:
    """Weights (L, R) in an arm's mean and variance, the latter's total (R,), and where nobody can be compared."""

    mean: Array
    b: Array
    total: Array
    none: Booleans

    @classmethod
    def of(cls, count: Array, inverse: Array) -> _Arm:
        """From (L, R) people in the arm and (L,) one over its probability."""
        total = inverse @ count
        none: Booleans = total <= 0
        total = np.where(none, total.dtype.type(1.0), total)
        mean = inverse[:, None] / total
        room = 1.0 - mean
        none |= ((room <= NEAR_FULL) & (count > 0)).any(axis=0)
        b = mean * mean / np.where(room <= NEAR_FULL, room.dtype.type(1.0), room)
        return cls(mean, b, np.einsum("lr,lr->r", b, count), none)


def hajek(
    outcomes: Floats,
    people: Booleans,
    probability: Floats,
    *,
    covariates: Floats | None = None,
    dtype: DTypeLike = np.float32,
    name: str = "hajek",
) -> Statistic:
    """The Hajek difference; with covariates, of what they leave of the outcomes, fitted once without the draw.

    Args:
        outcomes: (n, C); those of people who are not compared may be NaN.
        people: (n,) who is compared.
        probability: (n, 2) of the reference and of the arm.
        covariates: (n, p) or None.
        dtype: of the matrix products.
        name: of the estimator.
    """
    used = np.where(people[:, None], probability, 0.5)
    levels, level = np.unique(used, axis=0, return_inverse=True)
    nobody = np.zeros(len(people), dtype=np.int64)
    columns = columns_of(outcomes, people, nobody, covariates=covariates, dtype=dtype, order=level.ravel())
    called = named(name, covariates)
    if len(levels) > MANY_LEVELS:
        inverse = np.ascontiguousarray((1.0 / probability[columns.rows]).T, dtype=dtype)
        return Hajek(columns, inverse, called)
    return HajekByLevel(columns, *_levels(columns, levels, level.ravel()[columns.rows]), called)


def _levels(columns: Columns, levels: Floats, level: Integers) -> tuple[Array, Integers, Array, Array]:
    """One over the probabilities of each level present, where its people begin, and sums of their outcomes."""
    starts = np.flatnonzero(np.diff(level, prepend=-1))
    inverse = (1.0 / levels[level[starts]]).T.astype(columns.y.dtype)
    sums, squares = (np.add.reduceat(y, starts, axis=1) for y in (columns.y, columns.y2))
    return inverse, starts, sums, squares
