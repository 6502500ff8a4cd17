"""From estimates and standard errors to intervals and p-values. All arrays broadcast; NaN where undefined."""

from __future__ import annotations

import numpy as np
from scipy import special

from lodd.evaluation.design import Floats


def two_sided(estimate: Floats, std_error: Floats, df: Floats | float) -> Floats:
    """Two-sided p-value of t; NaN where the standard error is 0."""
    return np.asarray(2.0 * special.stdtr(df, -np.abs(_t(estimate, std_error))))


def interval(estimate: Floats, std_error: Floats, df: Floats | float, confidence: float) -> tuple[Floats, Floats]:
    """Pointwise interval ``estimate -/+ t * std_error``; NaN where the standard error is 0."""
    half = special.stdtrit(df, 0.5 + confidence / 2.0) * np.where(std_error > 0, std_error, np.nan)
    return estimate - half, estimate + half


def equivalence(estimate: Floats, std_error: Floats, df: Floats | float, margin: Floats) -> Floats:
    """Two one-sided tests (Schuirmann 1987): the larger of the p-values of ``<= -margin`` and of ``>= margin``."""
    above = special.stdtr(df, -_t(estimate + margin, std_error))
    below = special.stdtr(df, _t(estimate - margin, std_error))
    return np.asarray(np.maximum(above, below))


def equal_effects(estimate: Floats, std_error: Floats, df: Floats) -> float:
    """p-value of equal effects in G independent groups (Welch 1951), from (G,) arrays.

    For two groups it is Welch's t-test of the difference. NaN with fewer than two groups or a standard error of 0.
    """
    groups = len(estimate)
    if groups < 2 or not np.all(std_error > 0):
        return float("nan")
    weight = std_error**-2.0
    share = weight / weight.sum()
    spread = (weight * (estimate - share @ estimate) ** 2).sum() / (groups - 1)
    uncertainty = ((1.0 - share) ** 2 / df).sum()
    statistic = spread / (1.0 + 2.0 * (groups - 2) / (groups**2 - 1) * uncertainty)
    return float(special.fdtrc(groups - 1, (groups**2 - 1) / (3.0 * uncertainty), statistic))


def _t(estimate: Floats, std_error: Floats) -> Floats:
    return np.asarray(estimate / np.where(std_error > 0, std_error, np.nan))
