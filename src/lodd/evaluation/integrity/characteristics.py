"""Is the draw unrelated to everything that was known before it? All characteristics at once, and office by office."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lodd.evaluation.balance import Characteristic
from lodd.evaluation.design import Floats, Integers
from lodd.evaluation.integrity.drawn import Groups
from lodd.evaluation.integrity.order import membership
from lodd.evaluation.integrity.tails import Lots, Measure

_COMPONENTS: Final = 5
"""Principal components of the characteristics that offices are compared by."""


def within_strata(characteristics: list[Characteristic], strata: Integers) -> NDArray[np.float32]:
    """(n, q) standardised characteristics less their stratum's mean, so that how many were drawn plays no part.

    A missing value is the mean of those known, and a column of its own says who is missing. Columns that are constant
    within strata are left out.
    """
    columns = [column for c in characteristics for column in _filled(c.values)]
    if not columns:
        return np.empty((len(strata), 0), dtype=np.float32)
    matrix = np.column_stack(columns)
    sizes = np.bincount(strata)
    for j in range(matrix.shape[1]):
        matrix[:, j] -= (np.bincount(strata, weights=matrix[:, j]) / sizes)[strata]
    spread = matrix.std(axis=0)
    kept = spread > 1e-9
    return np.asarray(matrix[:, kept] / spread[kept], dtype=np.float32)


def arm_sums(matrix: NDArray[np.float32], k: int) -> Measure:
    """(r, q) sums of the characteristics over the arm."""
    return lambda lots: np.asarray(_arm(lots, k) @ matrix, dtype=np.float64)


def office_sums(matrix: NDArray[np.float32], office: Groups, k: int) -> Measure:
    """(r, offices x components): the same by office, for the first principal components."""
    _, vectors = np.linalg.eigh(matrix.T.astype(float) @ matrix.astype(float))
    leading = (matrix @ vectors[:, ::-1][:, :_COMPONENTS].astype(np.float32)).astype(np.float32)
    members = membership(office)

    def measure(lots: Lots) -> Floats:
        arm = _arm(lots, k)
        return np.hstack([np.asarray((arm * column) @ members, dtype=np.float64) for column in leading.T])

    return measure


def _arm(lots: Lots, k: int) -> NDArray[np.float32]:
    return np.asarray(lots == k, dtype=np.float32)


def _filled(values: Floats) -> list[Floats]:
    known = ~np.isnan(values)
    if known.all():
        return [values.astype(float)]
    filled = np.where(known, values, values[known].mean() if known.any() else 0.0)
    return [filled, (~known).astype(float)]
