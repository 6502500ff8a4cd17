"""Weights that give people the margins of another group, as near to equal as that allows.

Entropy balancing (Hainmueller 2012): of all weights with the declared means, those with the largest entropy,
``w_i ~ exp(c_i'l)``; with shares of categories only, what raking converges to (Ireland and Kullback 1968).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import special

from lodd.evaluation.design import Floats, NotEstimableError

TOLERANCE: Final = 1e-9
"""How near, in standard deviations, every mean comes to its target."""
STEPS: Final = 200
ROUNDING: Final = 1e-13
"""By how much a step may seem to raise the dual, near its minimum."""


def entropy_weights(columns: Floats, means: Floats) -> Floats:
    """(m,) weights that sum to 1, under which columns (m, q) have these means (q,).

    Raises:
        NotEstimableError: no positive weights do that ("target_unreachable").
    """
    spread = columns.std(axis=0)
    apart = (columns - means) / np.where(spread > 0, spread, 1.0)
    slopes = np.zeros(columns.shape[1])
    value, weights = _dual(apart, slopes)
    for _ in range(STEPS):
        gap = apart.T @ weights
        if np.abs(gap).max(initial=0.0) <= TOLERANCE:
            return weights
        curvature = (apart * weights[:, None]).T @ apart - np.outer(gap, gap)
        step: Floats = np.linalg.lstsq(curvature, -gap, rcond=1e-12)[0].astype(np.float64)
        slopes, value, weights, moved = _descend(apart, slopes, value, step, gap)
        if not moved:
            break
    raise NotEstimableError("target_unreachable")


def effective_number(weights: Floats) -> float:
    """Kish's (1965) number of equally weighted people that would tell as much."""
    return float(weights.sum() ** 2 / (weights @ weights))


def _descend(
    apart: Floats, slopes: Floats, value: float, step: Floats, gap: Floats
) -> tuple[Floats, float, Floats, bool]:
    """A Newton step, halved until the dual falls enough (Armijo)."""
    size = 1.0
    while size > 1e-10:
        tried, weights = _dual(apart, slopes + size * step)
        if tried <= value + 1e-4 * size * float(gap @ step) + ROUNDING:
            return slopes + size * step, tried, weights, True
        size /= 2.0
    return slopes, value, _dual(apart, slopes)[1], False


def _dual(apart: Floats, slopes: Floats) -> tuple[float, Floats]:
    """``log sum exp(c'l)``, whose gradient is the gap in means, and the weights."""
    exponent = apart @ slopes
    total = float(special.logsumexp(exponent))
    return total, np.exp(exponent - total)
