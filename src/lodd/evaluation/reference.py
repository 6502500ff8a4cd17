"""The slow, obvious versions: one outcome at a time, every dummy written out, the whole hat matrix.

Nothing here is used in an evaluation. The tests hold the batched core to these functions, which follow the textbook
formulas literally: dense dummy-variable least squares, explicit hat matrices, explicit matrix square roots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodd.evaluation.design import Floats, Integers


@dataclass(frozen=True, slots=True)
class Fit:
    """Estimate, variance by kind of standard error, and residual degrees of freedom of one linear functional."""

    estimate: float
    variance: dict[str, float]
    df: dict[str, float]


def dummies(group: Integers) -> Floats:
    """(n, G) one column for every value of ``group``."""
    return np.asarray(group[:, None] == np.unique(group), dtype=float)


def least_squares(
    y: Floats, columns: Floats, target: Floats, *, weights: Floats | None = None, clusters: Integers | None = None
) -> Fit:
    """The functional ``target'beta`` of (weighted) least squares of ``y`` (n,) on ``columns`` (n, k), full rank."""
    n, k = columns.shape
    w = np.ones(n) if weights is None else weights
    z, v = np.sqrt(w)[:, None] * columns, np.sqrt(w) * y
    bread = np.linalg.inv(z.T @ z)
    hat = z @ bread @ z.T
    e, h = v - hat @ v, np.diag(hat)
    a = z @ bread @ target
    variance = {
        "classical": float(e @ e / (n - k) * (a @ a)),
        "HC1": float((a**2 * e**2).sum() * n / (n - k)),
        "HC2": float((a**2 * e**2 / (1 - h)).sum()),
        "HC3": float((a**2 * e**2 / (1 - h) ** 2).sum()),
    }
    df = dict.fromkeys(variance, float(n - k))
    if clusters is not None:
        variance["CR1"], df["CR1"] = _cr1(a, e, k, clusters)
        variance["CR2"], df["CR2"] = _cr2(a, e, hat, clusters)
    return Fit(float(a @ v), variance, df)


def _cr1(a: Floats, e: Floats, k: int, clusters: Integers) -> tuple[float, float]:
    names, n = np.unique(clusters), len(e)
    total = sum(float((a * e)[clusters == g].sum()) ** 2 for g in names)
    return total * len(names) / (len(names) - 1) * (n - 1) / (n - k), float(len(names) - 1)


def _cr2(a: Floats, e: Floats, hat: Floats, clusters: Integers) -> tuple[float, float]:
    """Bell and McCaffrey: every cluster's block of ``I - H`` inverted and rooted; ``P`` written out in full."""
    n = len(e)
    annihilator = np.eye(n) - hat
    variance, columns = 0.0, []
    for g in np.unique(clusters):
        inside = clusters == g
        bent = _inverse_root(annihilator[np.ix_(inside, inside)]) @ a[inside]
        variance += float(bent @ e[inside]) ** 2
        columns.append(annihilator[:, inside] @ bent)
    p = np.column_stack(columns)
    inner = p.T @ p
    return variance, float(np.trace(inner) ** 2 / np.trace(inner @ inner))


def _inverse_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    rooted = np.array([1 / np.sqrt(value) if value > 1e-8 else 0.0 for value in values])
    return np.asarray(vectors @ np.diag(rooted) @ vectors.T)


def fixed_effects(
    y: Floats,
    treated: Floats,
    strata: Integers,
    covariates: Floats,
    *,
    weights: Floats | None = None,
    clusters: Integers | None = None,
) -> Fit:
    """The coefficient of ``treated`` beside a dummy for every stratum and the covariates."""
    columns = np.column_stack([treated, dummies(strata), covariates])
    target = np.zeros(columns.shape[1])
    target[0] = 1.0
    return least_squares(y, columns, target, weights=weights, clusters=clusters)


def hajek(y: Floats, treated: Floats, probability: Floats) -> tuple[float, float]:
    """Estimate and HC2 variance of the difference in inverse-probability weighted means, arm by arm.

    ``probability`` is of the arm that each person was drawn to. With ``A`` the inverse probability of the arm's people,
    ``b = A^2 / (1 - A / sum A)``: ``V = (b y^2 - 2 mu b y + mu^2 sum b) / (sum A)^2``, summed over the two arms.
    """
    means, variances = [], []
    for arm in (1.0, 0.0):
        inside = treated == arm
        a, values = 1 / probability[inside], y[inside]
        total = a.sum()
        mu, b = float(a @ values / total), a**2 / (1 - a / total)
        means.append(mu)
        variances.append(float(b @ values**2 - 2 * mu * (b @ values) + mu**2 * b.sum()) / total**2)
    return means[0] - means[1], sum(variances)


def post_stratified(y: Floats, treated: Floats, strata: Integers, sizes: dict[int, int]) -> tuple[float, float]:
    """Estimate and variance, stratum by stratum: ``sum_s (n_s / n) d_s`` and ``sum_s (n_s / n)^2 (s1^2/n1 + s0^2/n0)``.

    ``sizes`` gives ``n_s``, the people that stratum ``s`` stands for.
    """
    estimate = variance = 0.0
    total = sum(sizes[s] for s in set(strata.tolist()))
    for s in sorted(set(strata.tolist())):
        one, zero = y[(strata == s) & (treated == 1)], y[(strata == s) & (treated == 0)]
        share = sizes[s] / total
        estimate += share * float(one.mean() - zero.mean())
        variance += share**2 * float(one.var(ddof=1) / len(one) + zero.var(ddof=1) / len(zero))
    return estimate, variance


def post_stratified_adjusted(y: Floats, treated: Floats, strata: Integers, covariates: Floats) -> Fit:
    """Saturated in stratum x arm, common slopes: dummies of every cell and the covariates, shares of all people."""
    cells = 2 * strata + treated.astype(np.int64)
    names = np.unique(cells)
    columns = np.column_stack([dummies(cells), covariates])
    target = np.zeros(columns.shape[1])
    for position, cell in enumerate(names):
        share = float(np.mean(strata == cell // 2))
        target[position] = share if cell % 2 == 1 else -share
    return least_squares(y, columns, target)
