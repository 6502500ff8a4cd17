"""Bayes factors of an effect against exactly none, for an estimate that is normal around the effect.

With the estimate ``b`` (standard error ``s``) and a normal prior of effects around 0 (standard deviation ``d``), both
marginal densities of ``b`` are normal, so the factor is ``sqrt(s^2 / (s^2 + d^2)) exp(z^2 d^2 / (2 (s^2 + d^2)))``,
``z = b / s`` (Kass and Raftery 1995; Dienes 2014). A prior of positive effects only, the normal's upper half,
multiplies it by twice the posterior probability that the effect is positive, ``2 Phi(z d / sqrt(s^2 + d^2))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, log2, sqrt
from typing import Final, Literal

import numpy as np
import polars as pl
from scipy import special

from lodd.evaluation.conclusions import Verdict
from lodd.protocol.analysis import Primary

Shape = Literal["normal", "half_normal"]
SPAN: Final = 8.0
"""The sensitivity curve goes from the declared standard deviation divided by this to that times this."""
POINTS: Final = 33
SENSITIVITY_SCHEMA: Final = {
    "outcome": pl.String(),
    "arm": pl.String(),
    "reference": pl.String(),
    "months": pl.String(),
    "summary": pl.String(),
    "shape": pl.String(),  # "normal" | "half_normal"
    "sd": pl.Float64(),  # of the prior, in the outcome's unit
    "log10_factor": pl.Float64(),  # for an effect; minus it is for none
    "declared": pl.Boolean(),  # the plan's own prior
}


def log10_factor(estimate: float, std_error: float, sd: float, shape: Shape = "normal") -> float:
    """The base-10 logarithm of the factor for an effect. ``std_error`` and ``sd`` are positive."""
    z = estimate / std_error
    share = sd**2 / (std_error**2 + sd**2)
    natural = 0.5 * log(std_error**2 / (std_error**2 + sd**2)) + 0.5 * z**2 * share
    if shape == "half_normal":
        natural += log(2.0) + float(special.log_ndtr(z * sqrt(share)))
    return natural / log(10.0)


def sensitivity(verdicts: Sequence[Verdict], primaries: Sequence[Primary]) -> pl.DataFrame | None:
    """The factor of every verdict with an interval over priors from narrow to wide (``SENSITIVITY_SCHEMA``).

    The middle is the declared prior; without one the margin; without either the standard error, doubled.
    """
    rows = []
    for verdict, primary in zip(verdicts, primaries, strict=True):
        if not verdict.std_error > 0:
            continue
        shape: Shape = "normal" if primary.prior is None else primary.prior.shape
        for sd in middle_of(verdict, primary) * _steps():
            declared = primary.prior is not None and bool(np.isclose(sd, float(primary.prior.sd), rtol=1e-12))
            found = log10_factor(verdict.estimate.value, verdict.std_error, float(sd), shape)
            about = (verdict.outcome, verdict.arm, verdict.reference, verdict.months, verdict.summary)
            rows.append((*about, shape, float(sd), found, declared))
    return pl.DataFrame(rows, schema=SENSITIVITY_SCHEMA, orient="row") if rows else None


def middle_of(verdict: Verdict, primary: Primary) -> float:
    """The prior's standard deviation that the sensitivity curve has in its middle."""
    if primary.prior is not None:
        return float(primary.prior.sd)
    return float(primary.margin) if primary.margin is not None else 2.0 * verdict.std_error


def _steps() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """From 1 / SPAN to SPAN; exactly 1 in the middle."""
    return np.asarray(2.0 ** np.linspace(-log2(SPAN), log2(SPAN), POINTS))
