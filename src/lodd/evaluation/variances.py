"""Variances of linear estimators: independent people (classical, HC1-HC3) and clusters (CR1, CR2).

CR2 is the bias-reduced linearisation of Bell and McCaffrey (2002): residuals of a cluster are multiplied by
``A_g = (I - H_gg)^(-1/2)`` (pseudo-inverse where a cluster fits a direction alone, as with strata inside clusters), and
t has Satterthwaite's degrees of freedom for independent errors (Imbens and Kolesar 2016, equation 12). Weights are
taken as inverse variances in that working model, so that CR2 with clusters of one person is exactly HC2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from lodd.evaluation.design import Design, ErrorKind, Floats, Integers, NotEstimableError

FULL: Final = 1e-8
"""A leverage (or a squared singular value of a cluster's block) this close to one counts as one."""


@dataclass(frozen=True, slots=True)
class Meat:
    """How residuals (m, C) become variances (T, C), and the degrees of freedom (T,) that go with them."""

    variance: Callable[[Floats], Floats]
    df: Floats


def meat_of(design: Design, kind: ErrorKind, clusters: Integers | None) -> Meat:
    """The variance estimator of a kind for a design.

    Raises:
        ValueError: a clustered kind without clusters.
        NotEstimableError: fewer than two clusters.
    """
    if kind in ("CR1", "CR2"):
        if clusters is None:
            raise ValueError(f"{kind} needs clusters")
        return _clustered(design, kind, np.unique(clusters[design.rows], return_inverse=True)[1])
    df = np.full(design.functional.shape[1], float(design.degrees_of_freedom))
    if kind == "classical":
        return _classical(design, df)
    squared = design.functional**2 * _inflation(design, kind)[:, None]
    return Meat(lambda residual: squared.T @ residual**2, df)


def _inflation(design: Design, kind: ErrorKind) -> Floats:
    if kind == "HC1":
        return np.full(len(design.rows), len(design.rows) / design.degrees_of_freedom)
    return np.asarray((1.0 - design.leverage) ** (-1.0 if kind == "HC2" else -2.0))


def _classical(design: Design, df: Floats) -> Meat:
    bread = (design.functional**2 / design.weights[:, None]).sum(axis=0)
    scaled = design.weights / design.degrees_of_freedom
    return Meat(lambda residual: np.outer(bread, scaled @ residual**2), df)


def _clustered(design: Design, kind: ErrorKind, cluster: Integers) -> Meat:
    count = int(cluster.max()) + 1
    if count < 2:
        raise NotEstimableError("too_few_clusters")
    root = np.sqrt(design.weights)
    if kind == "CR1":
        m = len(design.rows)
        factor = count / (count - 1) * (m - 1) / design.degrees_of_freedom
        scores = [_by_cluster(np.sqrt(factor) * a, cluster, count) for a in design.functional.T]
        return Meat(lambda residual: _sum_of_squares(scores, residual), np.full(len(scores), float(count - 1)))
    bent = _bell_mccaffrey(design, cluster, count)
    scores = [_by_cluster(root * b, cluster, count) for b in bent.T]
    df = np.array([_satterthwaite(design, b, cluster, count) for b in bent.T])
    return Meat(lambda residual: _sum_of_squares(scores, residual), df)


def _by_cluster(weights: Floats, cluster: Integers, count: int) -> sparse.csc_array:
    m = len(cluster)
    return sparse.csc_array((weights, cluster, np.arange(m + 1)), shape=(count, m))


def _sum_of_squares(scores: list[sparse.csc_array], residual: Floats) -> Floats:
    return np.vstack([((by_cluster @ residual) ** 2).sum(axis=0) for by_cluster in scores])


def _bell_mccaffrey(design: Design, cluster: Integers, count: int) -> Floats:
    """(m, T): ``A_g`` applied to the functional of every cluster, in units of the square root of the weight."""
    bent = design.functional / np.sqrt(design.weights)[:, None]
    for g in range(count):
        inside = np.flatnonzero(cluster == g)
        u, s, _ = np.linalg.svd(_hat_factor(design, inside), full_matrices=False)
        alone = s**2 >= 1.0 - FULL
        factor = np.where(alone, 0.0, 1.0 / np.sqrt(np.where(alone, 1.0, 1.0 - s**2)))
        bent[inside] += u @ ((factor - 1.0)[:, None] * (u.T @ bent[inside]))
    return bent


def _hat_factor(design: Design, inside: Integers) -> Floats:
    """(m_g, q): a factor ``Q_g`` of the cluster's block of the hat matrix, ``H_gg = Q_g Q_g'``."""
    groups, local = np.unique(design.group[inside], return_inverse=True)
    dummies = np.zeros((len(inside), len(groups)))
    dummies[np.arange(len(inside)), local] = _group_entries(design)[inside]
    return np.hstack([dummies, design.basis[inside]])


def _group_entries(design: Design) -> Floats:
    totals = np.bincount(design.group, weights=design.weights, minlength=design.groups)
    return np.sqrt(design.weights / totals[design.group])


def _satterthwaite(design: Design, bent: Floats, cluster: Integers, count: int) -> float:
    """``tr(P'P)^2 / tr((P'P)^2)``, ``P'P = diag(b_g'b_g) - B'B`` with ``B_g = Q_g'b_g``."""
    by_group = np.zeros((design.groups, count))
    np.add.at(by_group, (design.group, cluster), _group_entries(design) * bent)
    by_basis = np.zeros((count, design.basis.shape[1]))
    np.add.at(by_basis, cluster, design.basis * bent[:, None])
    own = np.bincount(cluster, weights=bent**2, minlength=count)
    inner = np.diag(own) - by_group.T @ by_group - by_basis @ by_basis.T
    return float(np.trace(inner) ** 2 / (inner**2).sum())
