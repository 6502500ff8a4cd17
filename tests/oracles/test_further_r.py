"""Standard errors with strata, weights, clusters and an instrument, against stored output of R.

``further.R`` made ``further.json``: data, and results of estimatr and clubSandwich. Four of its strata have three
people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lodd.evaluation import Design, effects, strata_fixed_effects, weighted
from lodd.evaluation.covariates import Covariates
from lodd.evaluation.further.instrument import complier_effects
from lodd.evaluation.further.lin import interacted
from lodd.evaluation.setting import Setting

STORED = json.loads((Path(__file__).parent / "further.json").read_text(encoding="utf-8"))
FOUND: dict[str, dict[str, Any]] = STORED["found"]
N = len(STORED["data"]["y"])
EVERYBODY = np.ones(N, dtype=bool)


def column(name: str) -> np.ndarray:
    return np.array(STORED["data"][name], dtype=float)


TREATED, STRATA = column("treated") == 1, column("strata").astype(np.int64)
X, BOTH = column("x")[:, None], np.column_stack([column("x"), column("old")])
WEIGHT = column("weight")
CROSSING, WITHIN = column("crossing").astype(np.int64), column("within").astype(np.int64)


def fixed(covariates: np.ndarray, weights: np.ndarray | None = None) -> Design:
    return strata_fixed_effects(TREATED, EVERYBODY, STRATA, weights=weights, covariates=covariates)


def plain(covariates: np.ndarray, weights: np.ndarray | None = None) -> Design:
    return weighted(TREATED, EVERYBODY, weights=weights, covariates=covariates)


def lin(weights: np.ndarray | None) -> Design:
    """estimatr centres at the weighted means."""
    centred = BOTH - np.average(BOTH, axis=0, weights=weights)
    return plain(np.hstack([centred, centred * TREATED[:, None]]), weights)


CASES: dict[str, tuple[Design, str, np.ndarray | None]] = {
    "hc2_fixed_effects": (fixed(BOTH), "HC2", None),
    "hc2_weighted": (plain(BOTH, WEIGHT), "HC2", None),
    "hc2_weighted_fixed_effects": (fixed(X, WEIGHT), "HC2", None),
    "hc3_fixed_effects": (fixed(X), "HC3", None),
    "lin": (plain(interacted(BOTH, TREATED, EVERYBODY)), "HC2", None),
    "lin_weighted": (lin(WEIGHT), "HC2", None),
    "cr2_plain": (plain(X), "CR2", CROSSING),
    "cr2_dummies": (fixed(X), "CR2", CROSSING),
    "club_plain": (plain(X), "CR2", CROSSING),
    "club_dummies": (fixed(X), "CR2", CROSSING),
    "club_within": (fixed(X), "CR2", WITHIN),
}


@pytest.mark.parametrize("name", CASES)
def test_estimates_errors_and_degrees_of_freedom(name: str) -> None:
    design, kind, clusters = CASES[name]
    found = effects(design, column("y")[:, None], kind=kind, clusters=clusters)
    peer = FOUND[name]
    assert found.estimate[0, 0] == pytest.approx(peer["estimate"], rel=1e-9)
    assert found.std_error[0, 0] == pytest.approx(peer["std_error"], rel=1e-9)
    assert found.df[0] == pytest.approx(peer["df"], rel=1e-7)


@pytest.mark.parametrize(("name", "near"), [("cr2_weighted", 0.06), ("club_weighted", 1e-5)])
def test_clustered_errors_of_weighted_means(name: str, near: float) -> None:
    """With weights the correction is not unique. clubSandwich, told that they are inverse variances, takes another
    square root of the same matrix than Lodd; estimatr takes variances as equal. Errors differ by two in a thousand.
    """
    found = effects(plain(X, WEIGHT), column("y")[:, None], kind="CR2", clusters=CROSSING)
    assert found.estimate[0, 0] == pytest.approx(FOUND[name]["estimate"], rel=1e-9)
    assert found.std_error[0, 0] == pytest.approx(FOUND[name]["std_error"], rel=0.002)
    assert found.df[0] == pytest.approx(FOUND[name]["df"], rel=near)


def participation(design: Design) -> Any:
    nothing, zeros = Covariates(np.empty((N, 0)), (), ()), np.zeros(N, dtype=np.int64)
    setting = Setting(("control", "se"), zeros, zeros, None, nothing, None, ("hajek",), "hajek", 0.95)
    started = np.array(FOUND["iv_hc2"]["started"], dtype=float)
    return complier_effects(setting, design, column("y")[:, None], started[:, None])


def test_an_instrument() -> None:
    found, peer = participation(plain(column("old")[:, None])), FOUND["iv_hc2"]
    assert found.estimate[0] == pytest.approx(peer["estimate"], rel=1e-9)
    assert found.std_error[0] == pytest.approx(peer["std_error"], rel=0.01)
    assert found.df == peer["df"]
    within = participation(fixed(column("old")[:, None]))
    assert within.estimate[0] == pytest.approx(FOUND["iv_hc1_fixed_effects"]["estimate"], rel=1e-9)
    residual = column("y") - within.estimate[0] * np.array(peer["started"], dtype=float)
    hc1 = effects(fixed(column("old")[:, None]), residual[:, None], kind="HC1").std_error[0, 0]
    assert hc1 / abs(within.first_stage[0]) == pytest.approx(FOUND["iv_hc1_fixed_effects"]["std_error"], rel=1e-9)


def test_the_stored_output_says_what_made_it() -> None:
    assert {name: STORED["versions"][name] for name in ("estimatr", "clubSandwich")} == {
        "estimatr": "1.0.0", "clubSandwich": "0.5.8"
    }  # fmt: skip
