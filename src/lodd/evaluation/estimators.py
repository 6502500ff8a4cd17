"""The estimators, each as a :class:`~lodd.evaluation.design.Design` prepared from who was drawn to what.

- :func:`weighted`: inverse-probability weights normalised within arms (Hajek 1971), or a plain difference in means;
  with covariates, weighted least squares.
- :func:`strata_fixed_effects`: least squares with a dummy for every stratum. Weights a stratum's difference by
  ``n_s p_s (1 - p_s)``.
- :func:`post_stratified`: within-stratum differences averaged by the strata's sizes (Miratrix, Sekhon and Yu 2013):
  least squares saturated in stratum x arm; covariates enter with common slopes within those cells.
- :func:`strata_joint`: dummies of all arms in one regression, to reproduce published tables. Its coefficients mix arms'
  effects where strata differ in probabilities (Goldsmith-Pinkham, Hull and Kolesar 2024), so nothing else uses it.

Before anything is estimated, strata that lack an arm and people of leverage one are dropped, again and again until none
is left, because HC2 is undefined for them: they are counted in ``Design.dropped``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from lodd.evaluation.design import Booleans, Design, Dropped, Floats, GroupMeans, Integers, NotEstimableError
from lodd.evaluation.variances import FULL

COLLINEAR: Final = 1e-9
"""A column counts as dependent on others when what they leave of it is this small a share of its norm."""


@dataclass(frozen=True, slots=True)
class _Regressors:
    """Columns net of absorbed groups: an orthonormal basis (m, k) and which columns it spans (p,)."""

    basis: Floats
    kept: Booleans


def weighted(
    treated: Booleans, people: Booleans, *, weights: Floats | None = None, covariates: Floats | None = None
) -> Design:
    """Difference in weighted means of the treated and the others among ``people``.

    Args:
        treated: (n,) who is in the arm.
        people: (n,) who is compared: observed, and in the arm or the reference.
        weights: (n,) inverse of the probability of the arm that each person was drawn to; default: equal.
        covariates: (n, p) or None.

    Raises:
        NotEstimableError: fewer than two people in an arm, or too few for the covariates.
    """
    strata = np.zeros(len(treated), dtype=np.int64)
    return strata_fixed_effects(treated, people, strata, weights=weights, covariates=covariates)


def strata_fixed_effects(
    treated: Booleans,
    people: Booleans,
    strata: Integers,
    *,
    weights: Floats | None = None,
    covariates: Floats | None = None,
) -> Design:
    """(Weighted) least squares on the arm and a dummy for every stratum. Arguments as :func:`weighted`.

    Raises:
        NotEstimableError: no stratum has both arms, or too few people for the covariates.
    """

    def build(rows: Integers) -> Design:
        columns = treated[rows].astype(float)[:, None]
        return _least_squares(
            rows, strata, weights, columns=columns, covariates=_rows(covariates, rows), treated=treated
        )

    return _settled(people, treated.astype(np.int64), strata, build)


def post_stratified(
    treated: Booleans,
    people: Booleans,
    strata: Integers,
    *,
    population: Booleans | None = None,
    covariates: Floats | None = None,
) -> Design:
    """Within-stratum differences averaged with the strata's shares of ``population`` (default: of ``people``).

    With several arms ``population`` is everybody observed, whatever their arm: the effect is for all participants. A
    stratum needs two people in each arm, for with one there is no variance (a row of leverage one).

    Raises:
        NotEstimableError: no stratum has two people in both arms, or too few people for the covariates.
    """
    sizes = np.bincount(strata[people if population is None else population], minlength=int(strata.max()) + 1)

    def build(rows: Integers) -> Design:
        return _saturated(rows, strata, treated, sizes.astype(float), _rows(covariates, rows))

    return _settled(people, treated.astype(np.int64), strata, build)


def strata_joint(
    arm: Integers,
    people: Booleans,
    *,
    strata: Integers | None = None,
    weights: Floats | None = None,
    covariates: Floats | None = None,
) -> Design:
    """All arms' dummies at once; one target for each arm but the reference (arm 0).

    Args:
        arm: (n,) index of each person's arm.
        people: (n,) who is in the regression.
        strata: (n,) absorbed; default: an intercept only.
    """
    absorbed = np.zeros(len(arm), dtype=np.int64) if strata is None else strata
    arms = np.arange(1, int(arm[people].max()) + 1)

    def build(rows: Integers) -> Design:
        columns = (arm[rows][:, None] == arms).astype(float)
        return _least_squares(
            rows, absorbed, weights, columns=columns, covariates=_rows(covariates, rows), treated=arm > 0
        )

    return _settled(people, arm, absorbed, build)


def moderated(
    treated: Booleans,
    people: Booleans,
    moderator: Floats,
    *,
    strata: Integers | None = None,
    weights: Floats | None = None,
    covariates: Floats | None = None,
) -> Design:
    """Least squares on the arm, the arm times the moderator less its mean, and the moderator beside the covariates.

    Two targets: the effect at the moderator's mean among the people used, and the effect's change per unit.

    Args:
        treated: (n,) who is in the arm.
        people: (n,) who is compared; the moderator is known for them.
        moderator: (n,) known at the draw.
        strata: (n,) absorbed; default: an intercept only.
        weights: (n,) as in :func:`weighted`.
        covariates: (n, p) or None.

    Raises:
        NotEstimableError: the moderator does not vary within the strata's contrasts, or too few people.
    """
    absorbed = np.zeros(len(treated), dtype=np.int64) if strata is None else strata

    def build(rows: Integers) -> Design:
        arm, centred = treated[rows].astype(float), moderator[rows] - moderator[rows].mean()
        columns = np.column_stack([arm, arm * centred])
        given = np.column_stack([centred, _rows(covariates, rows)])
        return _least_squares(rows, absorbed, weights, columns=columns, covariates=given, treated=treated)

    return _settled(people, treated.astype(np.int64), absorbed, build)


def span(columns: Floats, people: Booleans, *, strata: Integers | None = None, weights: Floats | None = None) -> Design:
    """Least squares on given columns (n, p): the targets are the coefficients on an orthonormal basis of them.

    For tests of all columns together, which do not depend on the basis and are best conditioned in this one.
    ``kept`` tells which columns it spans.

    Raises:
        NotEstimableError: no column varies within the strata, or more columns than people.
    """
    absorbed = np.zeros(len(people), dtype=np.int64) if strata is None else strata
    nobody = np.zeros(len(people), dtype=bool)

    def build(rows: Integers) -> Design:
        group, weight, means = _absorb(rows, absorbed, weights)
        found = _regressors(columns[rows], means, weight)
        if not found.kept.any():
            raise NotEstimableError("no_contrast")
        return _assemble(rows, group, weight, found=found, functional=found.basis, treated=nobody)

    return _settled(people, None, absorbed, build)


def _settled(people: Booleans, arm: Integers | None, strata: Integers, build: Callable[[Integers], Design]) -> Design:
    """Build, drop what has no contrast or leverage one, and build again until nothing is dropped."""
    rows = np.flatnonzero(people)
    before = len(np.unique(strata[rows]))
    singletons = without = leverage_one = 0
    while True:
        if arm is not None:
            contrast = _has_contrast(arm[rows], strata[rows])
            alone = ~contrast & (np.bincount(strata[rows])[strata[rows]] == 1)
            singletons, without = singletons + int(alone.sum()), without + int((~contrast & ~alone).sum())
            rows = rows[contrast]
        if len(rows) == 0:
            raise NotEstimableError("no_contrast")
        design = build(rows)
        full = design.leverage >= 1.0 - FULL
        if not full.any():
            lost = before - len(np.unique(strata[rows]))
            return replace(design, dropped=Dropped(singletons, without, leverage_one, lost))
        leverage_one += int(full.sum())
        rows = rows[~full]


def _has_contrast(arm: Integers, strata: Integers) -> Booleans:
    """(m,) is there more than one arm in the person's stratum?"""
    if len(arm) == 0:
        return np.zeros(0, dtype=bool)
    low, high = np.full(int(strata.max()) + 1, np.iinfo(np.int64).max), np.full(int(strata.max()) + 1, -1)
    np.minimum.at(low, strata, arm)
    np.maximum.at(high, strata, arm)
    return np.asarray((low < high)[strata])


def _absorb(rows: Integers, strata: Integers, weights: Floats | None) -> tuple[Integers, Floats, GroupMeans]:
    names, group = np.unique(strata[rows], return_inverse=True)
    weight = np.ones(len(rows)) if weights is None else weights[rows]
    return group, weight, GroupMeans(group, len(names), weight)


def _rows(covariates: Floats | None, rows: Integers) -> Floats:
    return np.empty((len(rows), 0)) if covariates is None else covariates[rows]


def _least_squares(
    rows: Integers,
    strata: Integers,
    weights: Floats | None,
    *,
    columns: Floats,
    covariates: Floats,
    treated: Booleans,
) -> Design:
    group, weight, means = _absorb(rows, strata, weights)
    root = np.sqrt(weight)[:, None]
    found = _regressors(covariates, means, weight)
    _enough_people(rows, int(group.max()) + 1 + columns.shape[1], found)
    within = means.subtract(columns) * root
    net = within - found.basis @ (found.basis.T @ within)
    left, singular, right = np.linalg.svd(net, full_matrices=False)
    if singular[-1] <= COLLINEAR * np.linalg.norm(within):
        raise NotEstimableError("arm_collinear")
    functional = left @ (right / singular[:, None])
    together = _Regressors(np.hstack([found.basis, left]), found.kept)
    return _assemble(rows, group, weight, found=together, functional=functional, treated=treated)


def _saturated(rows: Integers, strata: Integers, treated: Booleans, sizes: Floats, covariates: Floats) -> Design:
    group, weight, means = _absorb(rows, 2 * strata + treated, None)
    found = _regressors(covariates, means, weight)
    _enough_people(rows, int(group.max()) + 1, found)
    share = sizes[strata[rows]] / sizes[np.unique(strata[rows])].sum()
    plain = np.where(treated[rows], 1.0, -1.0) * share / np.bincount(group)[group]
    kept = covariates[:, found.kept]
    within = means.subtract(kept)
    imbalance = plain @ (kept - kept.mean(axis=0))
    slopes = np.linalg.solve((found.basis.T @ within).T, imbalance)
    functional = plain - found.basis @ slopes
    return _assemble(rows, group, weight, found=found, functional=functional[:, None], treated=treated)


def _enough_people(rows: Integers, parameters: int, found: _Regressors) -> None:
    covariates = found.basis.shape[1]
    if covariates and len(rows) <= parameters + covariates:
        raise NotEstimableError("fewer_people_than_covariates")


def _assemble(
    rows: Integers, group: Integers, weight: Floats, *, found: _Regressors, functional: Floats, treated: Booleans
) -> Design:
    """Put a design together; ``functional`` comes in units of the square root of the weight."""
    totals = np.bincount(group, weights=weight)
    leverage = weight / totals[group] + (found.basis**2).sum(axis=1)
    raw = functional * np.sqrt(weight)[:, None]
    return Design(rows, weight, group, len(totals), found.basis, raw, leverage, treated[rows], found.kept)


def _regressors(columns: Floats, means: GroupMeans, weight: Floats) -> _Regressors:
    """An orthonormal basis of the columns net of group means; a dependent column yields to those before it."""
    root = np.sqrt(weight)[:, None]
    centred = (columns - columns.mean(axis=0)) * root
    norms = np.linalg.norm(centred, axis=0)
    within = means.subtract(columns - columns.mean(axis=0)) * root
    kept = np.linalg.norm(within, axis=0) > COLLINEAR * np.where(norms > 0, norms, np.inf)
    scaled = within[:, kept] / norms[kept]
    basis = np.empty((len(columns), 0))
    if scaled.shape[1]:
        kept[kept], basis = _independent(scaled)
    return _Regressors(basis, kept)


def _independent(columns: Floats) -> tuple[Booleans, Floats]:
    """Which columns are independent of those before them, and an orthonormal basis of these."""
    m, p = columns.shape
    if m >= p:
        q, r = np.linalg.qr(columns)
        if np.all(np.abs(np.diag(r)) > COLLINEAR):
            return np.ones(p, dtype=bool), q
    kept = np.zeros(p, dtype=bool)
    basis = np.empty((m, 0))
    for j in range(p):
        left = columns[:, j] - basis @ (basis.T @ columns[:, j])
        left -= basis @ (basis.T @ left)  # twice is enough (Giraud, Langou and Rozloznik 2005)
        norm = np.linalg.norm(left)
        if norm > COLLINEAR:
            kept[j] = True
            basis = np.column_stack([basis, left / norm])
    return kept, basis
