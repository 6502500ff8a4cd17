"""The core against pyfixest and statsmodels, to eight digits.

CR2 has no peer here (pyfixest's CRV3 is a jackknife, statsmodels has CR0 and CR1 only): it is held to closed forms in
``test_cr2.py`` and to the explicit reference in ``tests/properties``; clustered CR1 is compared below.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from lodd.evaluation import Effects, effects, strata_fixed_effects, weighted
from lodd.evaluation.design import Floats

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyfixest
    import statsmodels.api as sm

N, OUTCOMES = 600, 3


@dataclass(frozen=True)
class Data:
    frame: pd.DataFrame

    def column(self, name: str) -> np.ndarray:
        return self.frame[name].to_numpy()

    @property
    def outcomes(self) -> Floats:
        return self.frame[[f"y{c}" for c in range(OUTCOMES)]].to_numpy()

    @property
    def covariates(self) -> Floats:
        return self.frame[["x0", "x1"]].to_numpy()


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(7)
    strata = rng.integers(0, 25, N)
    probability = rng.uniform(0.2, 0.7, 25)[strata]
    d = (rng.uniform(size=N) < probability).astype(float)
    x = rng.normal(size=(N, 2)) + 0.1 * strata[:, None]
    noise = rng.normal(size=(N, OUTCOMES)) * (1 + d[:, None])
    y = 10 + x @ rng.normal(size=(2, OUTCOMES)) + d[:, None] * strata[:, None] / 25 + noise
    own = np.where(d == 1, probability, 1 - probability)
    columns = {"d": d, "s": strata, "w": 1 / own, "g": rng.integers(0, 30, N), "x0": x[:, 0], "x1": x[:, 1]}
    return Data(pd.DataFrame(columns | {f"y{c}": y[:, c] for c in range(OUTCOMES)}))


def lodd(data: Data, kind: str, *, weights: bool, within: bool) -> Effects:
    treated, everybody = data.column("d") == 1, np.ones(N, dtype=bool)
    w = data.column("w") if weights else None
    if within:
        design = strata_fixed_effects(treated, everybody, data.column("s"), weights=w, covariates=data.covariates)
    else:
        design = weighted(treated, everybody, weights=w, covariates=data.covariates)
    clusters = data.column("g") if kind == "CR1" else None
    return effects(design, data.outcomes, kind=kind, clusters=clusters)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(("kind", "vcov"), [("HC1", "HC1"), ("CR1", {"CRV1": "g"}), ("classical", "iid")])
def test_pyfixest_absorbing_strata(data: Data, kind: str, vcov: object, weights: bool) -> None:
    found = lodd(data, kind, weights=weights, within=True)
    small_sample = pyfixest.ssc(k_fixef="full", G_df="conventional")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = pyfixest.feols(
            "y0 + y1 + y2 ~ d + x0 + x1 | s",
            data.frame,
            vcov=vcov,  # type: ignore[arg-type]
            ssc=small_sample,
            weights="w" if weights else None,
        )
    for c, model in enumerate(fit.to_list()):
        assert found.estimate[0, c] == pytest.approx(model.coef()["d"], rel=1e-8)
        assert found.std_error[0, c] == pytest.approx(model.se()["d"], rel=1e-8)


@pytest.mark.parametrize("kind", ["HC1", "HC2", "HC3"])
def test_pyfixest_without_strata(data: Data, kind: str) -> None:
    found = lodd(data, kind, weights=False, within=False)
    plain = pyfixest.ssc(k_adj=kind == "HC1", G_adj=False)  # by default it multiplies HC2 and HC3 too by n / (n - k)
    fit = pyfixest.feols("y0 + y1 + y2 ~ d + x0 + x1", data.frame, vcov=kind, ssc=plain)
    for c, model in enumerate(fit.to_list()):
        assert found.estimate[0, c] == pytest.approx(model.coef()["d"], rel=1e-8)
        assert found.std_error[0, c] == pytest.approx(model.se()["d"], rel=1e-8)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("kind", ["HC1", "HC2", "HC3"])
def test_statsmodels_with_every_dummy_written_out(data: Data, kind: str, within: bool, weights: bool) -> None:
    found = lodd(data, kind, weights=weights, within=within)
    group = pd.get_dummies(data.frame["s"]).to_numpy(dtype=float) if within else np.ones((N, 1))
    columns = np.column_stack([data.column("d"), data.covariates, group])
    w = data.column("w") if weights else np.ones(N)
    for c in range(OUTCOMES):
        fit = sm.WLS(data.outcomes[:, c], columns, weights=w).fit(cov_type=kind, use_t=True)
        assert found.estimate[0, c] == pytest.approx(fit.params[0], rel=1e-8)
        assert found.std_error[0, c] == pytest.approx(fit.bse[0], rel=1e-8)
        assert found.df[0] == fit.df_resid
