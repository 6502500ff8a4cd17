"""Effects of participation against linearmodels' two-stage least squares, every dummy written out."""

from __future__ import annotations

import numpy as np
import pytest
from linearmodels.iv import IV2SLS

from lodd.evaluation import effects, strata_fixed_effects, weighted
from lodd.evaluation.covariates import Covariates
from lodd.evaluation.further.instrument import complier_effects
from lodd.evaluation.setting import Setting

N, OUTCOMES = 500, 3


def setting_of(clusters: np.ndarray | None = None) -> Setting:
    nothing = Covariates(np.empty((N, 0)), (), ())
    zeros = np.zeros(N, dtype=np.int64)
    return Setting(("control", "se"), zeros, zeros, None, nothing, clusters, ("hajek",), "hajek", 0.95)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("within", [False, True])
def test_two_stage_least_squares(within: bool, weights: bool) -> None:
    rng = np.random.default_rng(3)
    strata = rng.integers(0, 12, N)
    probability = rng.uniform(0.3, 0.6, 12)[strata]
    z = rng.uniform(size=N) < probability
    x = rng.normal(size=(N, 2))
    d = (0.9 * z + x[:, 0] + rng.normal(size=N) > 0.4).astype(float)
    y = 10 + d[:, None] * [1.0, 0.0, 500.0] + x @ rng.normal(size=(2, 3)) + rng.normal(size=(N, 3)) * (1 + z[:, None])
    w = 1 / np.where(z, probability, 1 - probability) if weights else np.ones(N)
    everybody = np.ones(N, dtype=bool)
    given = w if weights else None
    if within:
        design = strata_fixed_effects(z, everybody, strata, weights=given, covariates=x)
    else:
        design = weighted(z, everybody, weights=given, covariates=x)
    found = complier_effects(setting_of(), design, y, np.column_stack([d] * 3))
    dummies = (strata[:, None] == np.arange(12)).astype(float) if within else np.ones((N, 1))
    hc1 = effects(design, y - found.estimate * d[:, None], kind="HC1").std_error[0] / np.abs(found.first_stage)
    for c in range(OUTCOMES):
        fit = IV2SLS(y[:, c], np.hstack([dummies, x]), d, z.astype(float), weights=w).fit(
            cov_type="robust", debiased=True
        )
        assert found.estimate[c] == pytest.approx(fit.params.iloc[-1], rel=1e-8)
        assert hc1[c] == pytest.approx(fit.std_errors.iloc[-1], rel=1e-8)  # HC2 differs by leverages alone
        assert found.std_error[c] == pytest.approx(fit.std_errors.iloc[-1], rel=0.02)
        assert found.df == fit.df_resid
    control = IV2SLS(y[:, 0] * (d - 1), np.hstack([dummies, x]), d, z.astype(float), weights=w).fit(cov_type="robust")
    assert found.control_mean[0] == pytest.approx(control.params.iloc[-1], rel=1e-8)


def test_the_covariance_of_the_two_first_steps() -> None:
    """By hand for a difference in means: the sum of within-arm covariances."""
    rng = np.random.default_rng(4)
    z = np.arange(N) % 2 == 0
    d = (z + rng.normal(size=N) > 0.5).astype(float)
    y = 1e6 + 30_000 * d + 20_000 * rng.normal(size=N)
    found = complier_effects(setting_of(), weighted(z, np.ones(N, dtype=bool)), y[:, None], d[:, None])
    expected = sum(np.cov(y[z == arm], d[z == arm])[0, 1] / (z == arm).sum() for arm in (True, False))
    assert found.covariance[0] == pytest.approx(expected, rel=1e-8)
