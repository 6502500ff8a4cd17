"""The batched core: one prepared regression, any number of outcome columns.

Every estimator here is linear in the outcome: ``estimate = a'y`` with weights ``a`` that depend only on who was drawn
to what, never on ``y``. A :class:`Design` holds what a set of people, an arm and a choice of covariates have in common:
``a``, the absorbed groups, an orthonormal basis of the other regressors, the leverages. :func:`effects` then takes
thousands of outcome columns through it with a few matrix products.

Notation: ``m`` people used, ``C`` outcome columns, ``T`` targets (coefficients asked for; one in a pairwise design).
The heteroskedasticity-robust variance of ``a'y`` is ``sum_i a_i^2 f_i e_i^2`` with residuals ``e`` and ``f`` as in
MacKinnon and White (1985): HC1 ``m / (m - rank)``, HC2 ``1 / (1 - h_i)``, HC3 ``1 / (1 - h_i)^2``.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lodd.evaluation.design import Design, Effects, ErrorKind, Floats, GroupMeans, Integers
from lodd.evaluation.variances import meat_of

COLUMNS_AT_A_TIME: Final = 128
"""Columns that are residualised together: small enough for the cache, large enough for matrix products."""
EXACT_FIT: Final = 1e-24
"""A column whose residual sum of squares is below this share of its sum of squares is fitted exactly."""


class Residuals:
    """Takes (m, c) columns to what the design's regressors leave of them: group means first, then the basis."""

    def __init__(self, design: Design) -> None:
        root = np.sqrt(design.weights)[:, None]
        self._means = GroupMeans(design.group, design.groups, design.weights)
        self._slopes, self._fitted = (design.basis * root).T, design.basis / root

    def of(self, columns: Floats) -> Floats:
        residual = self._means.subtract(columns)
        residual -= self._fitted @ (self._slopes @ residual)
        return residual


def effects(design: Design, outcomes: Floats, *, kind: ErrorKind = "HC2", clusters: Integers | None = None) -> Effects:
    """Estimates of every outcome column in one prepared design.

    Args:
        design: made by :mod:`lodd.evaluation.estimators`.
        outcomes: (n, C) for the n people that the design was prepared from; not NaN for the people it uses.
        kind: of the standard errors. Clustered kinds need ``clusters``.
        clusters: (n,) integer cluster of each person.

    Raises:
        NotEstimableError: clustered, and fewer than two clusters.
    """
    meat = meat_of(design, kind, clusters)
    columns, targets = outcomes.shape[1], design.functional.shape[1]
    estimate, variance = np.empty((targets, columns)), np.empty((targets, columns))
    mean_control, mean_treated = np.empty(columns), np.empty(columns)
    residuals = Residuals(design)
    combined = np.vstack([_arm_weights(design), design.functional.T])
    for start in range(0, columns, COLUMNS_AT_A_TIME):
        part = slice(start, min(start + COLUMNS_AT_A_TIME, columns))
        y = np.take(outcomes[:, part], design.rows, axis=0)
        first = y[0].copy()
        y -= first  # a constant becomes exactly zero, and large means cost no digits
        products = combined @ y
        mean_control[part], mean_treated[part] = first + products[:2]
        estimate[:, part] = products[2:]
        squares = np.einsum("ij,ij->j", y, y)
        residual = residuals.of(y)
        exact = np.einsum("ij,ij->j", residual, residual) <= EXACT_FIT * squares
        variance[:, part] = np.where(exact, 0.0, meat.variance(residual))
    return Effects(estimate, np.sqrt(variance), meat.df, mean_control, mean_treated)


def covariance(design: Design, outcome: Floats) -> Floats:
    """(T, T) HC2 covariance of the targets' estimates, for one outcome column (n,)."""
    y = outcome[design.rows][:, None]
    scores = design.functional * Residuals(design).of(y)
    return np.asarray(scores.T @ (scores / (1.0 - design.leverage)[:, None]))


def _arm_weights(design: Design) -> Floats:
    """(2, m): what the estimator gives each person's outcome in the mean of the reference and of the arm."""
    a = design.functional[:, 0]
    return np.vstack([np.where(design.treated, 0.0, -a), np.where(design.treated, a, 0.0)])
