"""What the tables around the main effect share: labelled estimates of one prepared design as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl
from scipy import special

from lodd.evaluation import inference
from lodd.evaluation.columns import Block, Label
from lodd.evaluation.design import Design, Effects, Floats
from lodd.evaluation.estimates import Combination
from lodd.evaluation.linear import effects
from lodd.evaluation.setting import Setting
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange

Row = dict[str, object]
SUMMARIES: Final = ("primary", "period")

WHAT: Final[Mapping[str, pl.DataType]] = {
    "outcome": pl.String(),
    "role": pl.String(),  # "primary" | "period" | "curve"
    "event_month": pl.Int32(),  # null for a summary
    "months": pl.String(),
    "summary": pl.String(),  # "month" | "mean" | "sum"
    "arm": pl.String(),
    "reference": pl.String(),
}
HOW: Final[Mapping[str, pl.DataType]] = {
    "estimator": pl.String(),
    "adjusted": pl.Boolean(),
    "main": pl.Boolean(),
}
NUMBERS: Final[Mapping[str, pl.DataType]] = {
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "df": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "p_value": pl.Float64(),
    "mean_control": pl.Float64(),
    "mean_treated": pl.Float64(),
    "n_control": pl.Int64(),
    "n_treated": pl.Int64(),
    "prespecified": pl.Boolean(),
}


def chosen(blocks: Iterable[Block], roles: Sequence[str]) -> list[Block]:
    """Everybody's columns of these roles, as the plan defines them."""
    return [b for b in blocks if b.labels[0].role in roles and b.labels[0].subgroup is None and b.keep is None]


def what(setting: Setting, label: Label, k: int) -> Row:
    """The columns that say what was estimated."""
    named: Row = {name: getattr(label, name) for name in ("outcome", "role", "event_month", "months", "summary")}
    return {**named, "arm": setting.arms[k], "reference": setting.arms[0]}


def how(setting: Setting, combination: Combination) -> Row:
    """The columns that say by which estimator."""
    main = combination.estimator == setting.main and combination.adjusted == setting.adjusted[-1]
    return {"estimator": combination.estimator, "adjusted": combination.adjusted, "main": main}


def estimates_of(setting: Setting, design: Design, values: Floats) -> Iterator[Row]:
    """Estimate, interval and levels of every column (n, C) in one pairwise design."""
    found = effects(design, values, kind=setting.se_kind, clusters=setting.clusters)
    counts: Row = {"n_control": design.n_control, "n_treated": design.n_treated}
    for c in range(values.shape[1]):
        levels: Row = {"mean_control": float(found.mean_control[c]), "mean_treated": float(found.mean_treated[c])}
        yield target_of(setting, found, 0, c) | levels | counts


def target_of(setting: Setting, found: Effects, target: int, column: int) -> Row:
    """Estimate, standard error, interval and p-value of one target of one column."""
    estimate, error, df = found.estimate[target, column], found.std_error[target, column], float(found.df[target])
    return tested(float(estimate), float(error), df, setting.confidence)


def tested(estimate: float, error: float, df: float, confidence: float) -> Row:
    """The row of an estimate that is t distributed (``df`` infinite: normal)."""
    both, se = np.array([estimate]), np.array([error])
    finite = min(df, 1e9)  # SciPy's inverse of t takes no infinity; the ninth digit does not matter
    low, high = inference.interval(both, se, finite, confidence)
    p_value = inference.two_sided(both, se, finite)
    return {
        "estimate": estimate, "std_error": error, "df": df,
        "ci_low": float(low[0]), "ci_high": float(high[0]), "p_value": float(p_value[0]),
    }  # fmt: skip


def critical(confidence: float, df: float) -> float:
    """The two-sided critical value of t."""
    return float(special.stdtrit(df, 0.5 + confidence / 2.0))


def last_month(label: Label) -> int:
    return MonthRange.parse(label.months).last


def frame_of(rows: Sequence[Row], schema: Mapping[str, pl.DataType]) -> pl.DataFrame | None:
    """The rows as a frame with missing numbers null; None without rows."""
    if not rows:
        return None
    frame = pl.DataFrame(list(rows), schema=dict(schema), orient="row")
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def ordered(trial: Trial, setting: Setting, table: pl.DataFrame) -> pl.DataFrame:
    """A table of estimates, sorted as results are shown: by role, outcome (or the outcome split) and arm as declared,
    then months; else, and other tables, as they were made.
    """
    if "role" not in table.columns:
        return table
    of = "whole" if "whole" in table.columns else "outcome"
    first = {"role": ("primary", "period", "curve"), of: tuple(trial.outcomes), "arm": setting.arms}
    keys = [_rank(name, values) for name, values in first.items()]
    keys += [pl.col("by")] if of == "whole" else []
    keys += [pl.col("months").str.split("..").list.first().cast(pl.Int32), pl.col("months")]
    return table.sort(keys, maintain_order=True)


def _rank(name: str, values: Sequence[str]) -> pl.Expr:
    return pl.col(name).replace_strict({value: i for i, value in enumerate(values)}, return_dtype=pl.Int32)
