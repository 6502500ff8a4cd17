"""After the trial: the precision that was reached. Never "observed power", which is only the p-value said again
(Hoenig and Heisey 2001): the estimate plays no part here, only its standard error."""

from __future__ import annotations

from typing import Any

import polars as pl
from scipy import special

from lodd.evaluation.power.results import PRECISION_SCHEMA
from lodd.evaluation.power.smallest import smallest_effect
from lodd.evaluation.results import Evaluation
from lodd.protocol.model import Trial


def precision_reached(trial: Trial, evaluation: Evaluation) -> pl.DataFrame:
    """Of the main estimate of every primary outcome: ``PRECISION_SCHEMA``. Estimates without a standard error are left
    out."""
    main = evaluation.estimates.filter(role="primary", main=True, population="all", rule="declared")
    rows = main.filter(pl.col("subgroup").is_null() & (pl.col("std_error") > 0))
    return pl.DataFrame([_row(trial, row) for row in rows.iter_rows(named=True)], schema=PRECISION_SCHEMA)


def _row(trial: Trial, row: dict[str, Any]) -> dict[str, Any]:
    level = 1.0 - float(trial.analysis.confidence)
    error, df = row["std_error"], row["df"]
    margins = {(p.outcome, str(p.months), p.summary): p.margin for p in trial.analysis.primary}
    margin = margins.get((row["outcome"], row["months"], row["summary"]))
    kept = ("outcome", "months", "summary", "arm", "reference", "estimator", "n_control", "n_treated")
    return {
        **{key: row[key] for key in kept},
        "std_error": error,
        "df": df,
        "half_width": float(special.stdtrit(df, 1.0 - level / 2.0)) * error,
        "smallest_80": smallest_effect(error, df, 0.8, level),
        "smallest_90": smallest_effect(error, df, 0.9, level),
        "margin": None if margin is None else float(margin),
    }
