"""Statistics of the draw that was made among those of redraws: how far out in either tail?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lodd.allocation import Design, DrawHistory
from lodd.evaluation.design import Floats

Lots = NDArray[np.uint8]
Measure = Callable[[Lots], Floats]
"""From (r, n) arms, as indexes in the history's order, to (r, s) statistics."""
SEED: Final = 20_140_501
_AT_ONCE: Final = 1_500_000
"""Lots (redraws x people) at a time: bounds the memory to some tens of megabytes."""
_NOTHING: Final = 1e-6
"""A spread below this is rounding: sums of arms vary by whole people, or of characteristics by standard deviations."""
_TIE: Final = 1e-5
"""Statistics closer than this share of their spread are tied: the same sum, rounded in another order."""


@dataclass(frozen=True, slots=True)
class Reference:
    """(s,) statistics of the actual draw, and (R, s) of its redraws."""

    actual: Floats
    redrawn: Floats

    @property
    def expected(self) -> Floats:
        """(s,) mean over the redraws and the actual draw."""
        return np.asarray((self.redrawn.sum(axis=0) + self.actual) / (len(self.redrawn) + 1))

    @property
    def spread(self) -> Floats:
        """(s,) standard deviation over the same; 0 where the design leaves nothing to chance."""
        centre = self.expected
        squares = ((self.redrawn - centre) ** 2).sum(axis=0) + (self.actual - centre) ** 2
        found = np.sqrt(squares / (len(self.redrawn) + 1))
        return np.where(found > _NOTHING, found, 0.0)

    @property
    def upper(self) -> Floats:
        """(s,) add-one p-values: how often a fair draw gives as much or more."""
        reached = (self.redrawn >= self.actual - self._tolerance).sum(axis=0)
        return np.asarray((1 + reached) / (len(self.redrawn) + 1))

    @property
    def lower(self) -> Floats:
        """(s,) add-one p-values: how often a fair draw gives as little or less."""
        reached = (self.redrawn <= self.actual + self._tolerance).sum(axis=0)
        return np.asarray((1 + reached) / (len(self.redrawn) + 1))

    @property
    def two_sided(self) -> Floats:
        """(s,) twice the smaller tail, at most 1: valid whatever the shape, as each tail is."""
        return np.minimum(1.0, 2.0 * np.minimum(self.upper, self.lower))

    @property
    def standardised(self) -> Reference:
        """The same with mean 0 and spread 1 over redraws and draw together; 0 where nothing varies.

        The actual draw is one of those that mean and spread come from, so it stays exchangeable with the redraws.
        """
        scale = np.where(self.spread > 0, self.spread, np.inf)
        return Reference((self.actual - self.expected) / scale, (self.redrawn - self.expected) / scale)

    def largest(self) -> Reference:
        """(1,) the largest absolute standardised statistic: one test of all of them."""
        common = self.standardised
        return Reference(np.abs(common.actual).max(keepdims=True), np.abs(common.redrawn).max(axis=1)[:, None])

    def joint(self) -> Reference:
        """(1,) Mahalanobis distance from the mean, in the covariance of redraws and draw together.

        Directions that hardly vary (collinear statistics, or what the design balances exactly) are left out.
        """
        common = self.standardised
        everything = np.vstack([common.actual, common.redrawn])
        values, vectors = np.linalg.eigh(everything.T @ everything / len(everything))
        kept = values > max(1e-6 * values.max(initial=0.0), 1e-12)
        distance = ((everything @ (vectors[:, kept] / np.sqrt(values[kept]))) ** 2).sum(axis=1)
        return Reference(distance[:1], distance[1:, None])

    @property
    def _tolerance(self) -> Floats:
        return _TIE * self.spread


def references(
    design: Design, history: DrawHistory, measures: Mapping[str, Measure], count: int, seed: int = SEED
) -> dict[str, Reference]:
    """The statistics of the actual draw and of ``count`` redraws by the same mechanism, by measure.

    Results do not depend on how the redraws are cut into chunks.
    """
    size = max(1, _AT_ONCE // max(1, len(history)))
    found: dict[str, list[Floats]] = {name: [measure(history.arm[None, :])] for name, measure in measures.items()}
    for start in range(0, count, size):
        lots = design.redraw(history, min(size, count - start), seed, first=start)
        for name, measure in measures.items():
            found[name].append(measure(lots))
    return {name: Reference(parts[0][0], np.vstack(parts[1:])) for name, parts in found.items()}
