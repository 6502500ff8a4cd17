"""What is known of a trial's power: frozen tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

_WHAT: Final[Mapping[str, pl.DataType]] = {
    "outcome": pl.String(),
    "months": pl.String(),
    "summary": pl.String(),
    "arm": pl.String(),
    "reference": pl.String(),
    "estimator": pl.String(),
}
POWER_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **_WHAT,
    "people": pl.Int64(),  # planned to be drawn
    "used": pl.Int64(),  # of them, in one of the two arms and followed through all months (expected)
    "mean": pl.Float64(),  # assumed, in the reference arm; null if only the spread is
    "sd": pl.Float64(),
    "r2": pl.Float64(),
    "basis": pl.String(),  # "given" (on the command line) | "declared" (in the protocol) | "registers"
    "power": pl.Float64(),
    "std_error": pl.Float64(),  # expected, after adjusting for covariates
    "smallest": pl.Float64(),  # smallest effect found with that power, analytically
    "smallest_simulated": pl.Float64(),  # the same over simulated trials; null if none were simulated
    "power_simulated": pl.Float64(),  # share of simulated trials that find ``smallest``
    "mc_error": pl.Float64(),  # Monte-Carlo standard error of that share
    "simulations": pl.Int64(),
    "margin": pl.Float64(),
    "power_equivalence": pl.Float64(),  # chance to show equivalence if there is no effect
}
PRECISION_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **_WHAT,
    "n_control": pl.Int64(),
    "n_treated": pl.Int64(),
    "std_error": pl.Float64(),
    "df": pl.Float64(),
    "half_width": pl.Float64(),  # of the interval with the plan's confidence
    "smallest_80": pl.Float64(),  # smallest effect that a trial of this precision finds with 80 % power
    "smallest_90": pl.Float64(),
    "margin": pl.Float64(),
}
