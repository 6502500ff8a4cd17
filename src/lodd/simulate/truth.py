"""The true effects: the difference between the potential panels of the very people who were drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.types import Panel, Participants

TRUTH_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "outcome": pl.String(),
    "arm": pl.String(),
    "reference": pl.String(),
    "estimand": pl.String(),  # "ate" | "strata_weighted"
    "role": pl.String(),  # "curve" | "period" | "primary" | "cumulative"
    "event_month": pl.Int32(),  # null for a summary; for "cumulative" the last month of the running total
    "months": pl.String(),
    "summary": pl.String(),  # "month" | "mean" | "sum"
    "mean_reference": pl.Float64(),
    "mean_arm": pl.Float64(),
    "effect": pl.Float64(),
    "n": pl.Int64(),
}
Values = NDArray[np.float64]


def true_effects(trial: Trial, participants: Participants, panels: Mapping[str, Panel]) -> pl.DataFrame:
    """The effects over the people who were drawn, of being drawn to each arm rather than the reference.

    ``panels`` holds the panel of everybody's clean history in each arm. ``ate`` averages over everybody observed;
    ``strata_weighted`` weights person i by p_0 p_k / (p_0 + p_k) of their stratum, which is what strata fixed effects
    estimate (n_s p_s (1 - p_s) per stratum, with p_s = p_k / (p_0 + p_k) among the n_s drawn to either arm).

    Returns:
        One row per outcome, arm, estimand and month or summary, as ``TRUTH_SCHEMA``.
    """
    rows = [
        {"outcome": outcome, "arm": arm, "reference": trial.reference, **row}
        for arm in trial.arm_ids[1:]
        for outcome in trial.outcomes
        for row in _rows(trial, participants, (panels[trial.reference], panels[arm]), outcome, arm)
    ]
    return pl.DataFrame(rows, schema=dict(TRUTH_SCHEMA))


def estimand_weights(participants: Participants, arm: str) -> dict[str, Values]:
    """(n,) weights of the people in each estimand of an arm against the reference."""
    weights = {"ate": np.ones(len(participants))}
    marginal = participants.marginal
    if marginal is not None:
        p0, pk = marginal[:, 0], marginal[:, participants.arms.index(arm)]
        weights["strata_weighted"] = p0 * pk / (p0 + pk)
    return weights


def _rows(
    trial: Trial, participants: Participants, pair: tuple[Panel, Panel], outcome: str, arm: str
) -> Iterator[dict[str, Any]]:
    values = (pair[0].matrix(outcome), pair[1].matrix(outcome))
    for estimand, weights in estimand_weights(participants, arm).items():
        for label, columns in _columns(trial, outcome, pair[0].window, values):
            means = _weighted_means(columns, weights)
            yield {"estimand": estimand, **label, **means}


def _columns(
    trial: Trial, outcome: str, window: MonthRange, values: tuple[Values, Values]
) -> Iterator[tuple[dict[str, Any], tuple[Values, Values]]]:
    """Every column that is estimated of an outcome, with what it is called; both histories."""
    for month in window:
        label = {"role": "curve", "event_month": month, "months": f"{month}..{month}", "summary": "month"}
        yield label, _both(values, window, MonthRange(month, month), "mean")
    for months in trial.analysis.periods:
        yield _label("period", months, "mean"), _both(values, window, months, "mean")
    for primary in trial.analysis.primary:
        if primary.outcome == outcome:
            label = _label("primary", primary.months, primary.summary)
            yield label, _both(values, window, primary.months, primary.summary)
    if outcome in trial.analysis.cumulative:
        for last in range(1, window.last + 1):
            label = _label("cumulative", MonthRange(1, last), "sum") | {"event_month": last}
            yield label, _both(values, window, MonthRange(1, last), "sum")


def _label(role: str, months: MonthRange, summary: str) -> dict[str, Any]:
    return {"role": role, "event_month": None, "months": str(months), "summary": summary}


def _both(values: tuple[Values, Values], window: MonthRange, months: MonthRange, summary: str) -> tuple[Values, Values]:
    """(n,) the summary for each person observed in all its months, NaN for others, in both histories."""
    picked = slice(months.first - window.first, months.last - window.first + 1)
    reference, treated = (v[:, picked].sum(axis=1) for v in values)
    share = len(months) if summary == "mean" else 1
    return reference / share, treated / share


def _weighted_means(columns: tuple[Values, Values], weights: Values) -> dict[str, Any]:
    observed = np.isfinite(columns[0]) & np.isfinite(columns[1])
    if not observed.any():
        return {"mean_reference": None, "mean_arm": None, "effect": None, "n": 0}
    w = weights[observed] / weights[observed].sum()
    mean_reference, mean_arm = (float(w @ column[observed]) for column in columns)
    effect = float(w @ (columns[1] - columns[0])[observed])
    return {"mean_reference": mean_reference, "mean_arm": mean_arm, "effect": effect, "n": int(observed.sum())}
