"""The slow, obvious versions: every redraw a full refit, every p-value a plain loop.

Nothing here is used in an evaluation; the tests hold the engine to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lodd.evaluation import reference
from lodd.evaluation.design import Floats, Integers

FULL = 1e-4


def fixed_effects_t(y: Floats, treated: Floats, strata: Integers, covariates: Floats) -> float:
    """Absolute t of a dummy-variable regression; 0 where there is nothing to compare or no variance."""
    columns = np.column_stack([reference.dummies(strata), covariates])
    net = treated - columns @ np.linalg.lstsq(columns, treated, rcond=None)[0]
    if net @ net < 1e-8:
        return 0.0
    everything = np.column_stack([treated, columns])
    hat = np.einsum("ij,ji->i", everything, np.linalg.pinv(everything))
    if hat.max() > 1 - FULL:
        return 0.0
    fit = reference.fixed_effects(y, treated, strata, covariates)
    return _t(fit.estimate, fit.variance["HC2"], y)


def hajek_t(y: Floats, treated: Floats, probability: Floats) -> float:
    """Absolute t of the Hajek difference; ``probability`` (n, 2) of the reference and of the arm."""
    for arm in (0, 1):
        weights = (treated == arm) / probability[:, arm]
        if weights.sum() == 0 or (weights / weights.sum()).max() > 1 - FULL:
            return 0.0
    own = np.where(treated == 1, probability[:, 1], probability[:, 0])
    return _t(*reference.hajek(y, treated, own), y)


def post_stratified_t(y: Floats, treated: Floats, strata: Integers, sizes: dict[int, int]) -> float:
    """Absolute t of the post-stratified difference over the strata with two people in both arms."""
    used = [s for s in set(strata.tolist()) if min((strata == s)[treated == arm].sum() for arm in (0, 1)) >= 2]
    if not used:
        return 0.0
    inside = np.isin(strata, used)
    return _t(*reference.post_stratified(y[inside], treated[inside], strata[inside], sizes), y)


def residuals(y: Floats, strata: Integers, covariates: Floats) -> Floats:
    """What least squares on strata and covariates, without the draw, leaves of ``y``."""
    columns = np.column_stack([reference.dummies(strata), covariates])
    return np.asarray(y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0])


def p_value(observed: float, redrawn: Sequence[float]) -> float:
    """The share of the redraws, the actual draw among them, with at least the observed absolute t."""
    count = 1
    for t in redrawn:
        count += t >= observed - 5e-5 * max(1.0, observed)
    return count / (1 + len(redrawn))


def step_down(observed: Sequence[float], redrawn: Floats) -> list[float]:
    """Westfall and Young's step-down p-values of (C,) observed and (redraws, C) redrawn absolute t.

    The largest t is compared with the largest of all t*, the second with the largest of all but the first, and so on;
    no p-value is smaller than one before it.
    """
    order = sorted(range(len(observed)), key=lambda c: -observed[c])
    p_values = [0.0] * len(observed)
    before = 0.0
    for rank, c in enumerate(order):
        largest = [max(float(t[other]) for other in order[rank:]) for t in redrawn]
        before = max(before, p_value(observed[c], largest))
        p_values[c] = before
    return p_values


def _t(estimate: float, variance: float, y: Floats) -> float:
    if variance <= 1e-20 * max(1.0, float(y @ y)):
        return 0.0
    return abs(estimate) / float(np.sqrt(variance))
