"""CR2 against closed forms, for clusters drawn whole.

No Python package at hand computes CR2 (pyfixest's CRV3 is a jackknife; statsmodels stops at CR1), but for a mean it has
a closed form, by which the R package clubSandwich is tested too. With clusters inside arms a difference in means is two
such means: with N people in clusters of n_j,
``V = sum_j n_j^2 (ybar_j - ybar)^2 / (1 - n_j/N) / N^2`` and
``df = N^2 / (N^2 S_2 - 2 N S_3 + S_1^2)``, ``S_k = sum_j n_j^k / (N - n_j)^2`` for k = 2, 3 and
``S_1 = sum_j n_j^2 / (N - n_j)``. As each V is unbiased (1/N) in the working model, two arms' df combine as Welch's do.
"""

from __future__ import annotations

import numpy as np
import pytest

from lodd.evaluation import effects, weighted
from lodd.evaluation.design import Floats, Integers


def one_arm(y: Floats, cluster: Integers) -> tuple[float, float]:
    """Variance of the mean and its degrees of freedom, by the closed form."""
    total = len(y)
    inside = [y[cluster == g] for g in np.unique(cluster)]
    n = np.array([len(values) for values in inside], dtype=float)
    means = np.array([values.mean() for values in inside])
    variance = float((n**2 * (means - y.mean()) ** 2 / (1 - n / total)).sum() / total**2)
    left = total - n
    bracket = total**2 * (n**2 / left**2).sum() - 2 * total * (n**3 / left**2).sum() + (n**2 / left).sum() ** 2
    return variance, float(total**2 / bracket)


@pytest.mark.parametrize("seed", range(8))
def test_difference_of_two_means_with_clusters_inside_arms(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 30, 17)
    cluster = np.repeat(np.arange(17), sizes)
    treated = cluster < rng.integers(4, 13)
    y = rng.normal(size=17)[cluster] + rng.normal(size=len(cluster)) + treated
    design = weighted(treated, np.ones(len(y), dtype=bool))
    found = effects(design, y[:, None], kind="CR2", clusters=cluster)
    (v1, df1), (v0, df0) = one_arm(y[treated], cluster[treated]), one_arm(y[~treated], cluster[~treated])
    expected = np.array([1 / treated.sum(), 1 / (~treated).sum()])
    df = expected.sum() ** 2 / (expected**2 / [df1, df0]).sum()
    assert found.std_error[0, 0] == pytest.approx(np.sqrt(v1 + v0), rel=1e-10)
    assert found.df[0] == pytest.approx(df, rel=1e-10)
