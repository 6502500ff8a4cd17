"""The National Supported Work experiment, Dehejia and Wahba's sample (Journal of the American Statistical Association
1999): 445 men, effect on 1978 earnings 1,794 dollars with a standard error of 633 (classical)."""

from __future__ import annotations

import numpy as np
import pytest
from causaldata import nsw_mixtape

from lodd.evaluation import effects, weighted


@pytest.mark.parametrize(("kind", "std_error"), [("classical", 632.85), ("HC2", 671.0)])
def test_the_published_effect_and_standard_error(kind: str, std_error: float) -> None:
    data = nsw_mixtape.load_pandas().data
    treated = data["treat"].to_numpy() == 1
    design = weighted(treated, np.ones(445, dtype=bool))
    found = effects(design, data[["re78"]].to_numpy(dtype=float), kind=kind)  # type: ignore[arg-type]
    assert (design.n_treated, design.n_control) == (185, 260)
    assert found.estimate[0, 0] == pytest.approx(1794.34, abs=0.005)
    assert found.std_error[0, 0] == pytest.approx(std_error, abs=0.05)
    assert found.df[0] == 443
