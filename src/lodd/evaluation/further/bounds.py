"""Bounds for loss after the draw: Lee (2009), for people whose outcome is undefined because they died or left.

Only among those whom the registers follow through all the months: administrative censoring is by the calendar, not by
what the draw did, and needs no bounds. Assumption (monotonicity): being drawn to the arm makes everybody at least as
likely to stay, or everybody at most as likely. The bounds are of the effect among those who would stay in either arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy import optimize, special

from lodd.evaluation.columns import Label
from lodd.evaluation.covariates import month_slice
from lodd.evaluation.design import Booleans, Floats
from lodd.evaluation.further.rows import WHAT, Row, frame_of, what
from lodd.evaluation.plan import Plan, primary_values
from lodd.evaluation.setting import Setting

LEE_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    "trimmed": pl.String(),  # "treated" | "control" | "none": the arm in which more stayed
    "trimmed_share": pl.Float64(),
    "stayed_control": pl.Float64(),  # weighted shares
    "stayed_treated": pl.Float64(),
    "n_control": pl.Int64(),  # followed by the registers, lost or not
    "n_treated": pl.Int64(),
    "lost_control": pl.Int64(),
    "lost_treated": pl.Int64(),
    "low": pl.Float64(),
    "low_std_error": pl.Float64(),
    "high": pl.Float64(),
    "high_std_error": pl.Float64(),
    "ci_low": pl.Float64(),  # for the effect, not for the bounds: Imbens and Manski (2004)
    "ci_high": pl.Float64(),
    "estimate": pl.Float64(),  # unadjusted and weighted, among those who stayed
    "prespecified": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: outcomes (n,), NaN where lost, and weights (n,)."""

    values: Floats
    weights: Floats

    @property
    def stayed(self) -> Booleans:
        return ~np.isnan(self.values)


@dataclass(frozen=True, slots=True)
class LeeBounds:
    """``low`` and ``high`` with standard errors; the arm trimmed ("none" where equal shares stayed) and how much."""

    low: float
    low_std_error: float
    high: float
    high_std_error: float
    trimmed: str
    share: float


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A number, and everybody's influence on it: (n,) of the arm itself, (m,) of the other arm."""

    value: float
    own: Floats
    other: Floats


def bounds_for_loss(plan: Plan, setting: Setting) -> pl.DataFrame | None:
    """Bounds on every primary effect, weighted by the inverse probability of the own arm.

    Returns:
        Columns as ``LEE_SCHEMA``; None where nobody is lost.
    """
    rows: list[Row] = []
    for primary in plan.trial.analysis.primary:
        values = primary_values(plan, primary)
        followed = plan.covered(primary.outcome)[:, month_slice(plan.panel, primary.months)].all(axis=1)
        label = Label(primary.outcome, "primary", str(primary.months), primary.summary)
        for k in range(1, len(setting.arms)):
            people = followed & setting.pair(k)
            arms = [Arm(values[people & (setting.arm == a)], _weights(setting, people, a)) for a in (0, k)]
            if all(arm.stayed.all() for arm in arms):
                continue
            if any(arm.stayed.sum() < 2 for arm in arms):
                plan.notes.add("bounds_not_made", primary.outcome, detail=setting.arms[k])
                continue
            rows.append(what(setting, label, k) | _row(arms[0], arms[1], setting.confidence))
    return frame_of(rows, LEE_SCHEMA)


def lee_bounds(control: Arm, treated: Arm) -> LeeBounds:
    """Bounds on the effect among those who stay in either arm; two people at least must have stayed in each.

    Standard errors by the influence of each person on trimmed mean, trimming share and other mean (Lee 2009,
    proposition 3, with weights); ties at the cut are split.
    """
    more, fewer, sign = (treated, control, 1.0) if _share(treated) >= _share(control) else (control, treated, -1.0)
    kept = _share(fewer) / _share(more)
    other = _mean(fewer)
    ends = [_trimmed(more, fewer, kept, lowest=lowest) for lowest in (True, False)]
    values = [sign * (end.value - other.value) for end in ends]
    errors = [float(np.sqrt(end.own @ end.own + ((end.other - other.own) ** 2).sum())) for end in ends]
    low, high = (0, 1) if sign > 0 else (1, 0)
    name = "none" if kept == 1.0 else "treated" if sign > 0 else "control"
    return LeeBounds(values[low], errors[low], values[high], errors[high], name, 1.0 - kept)


def imbens_manski(bounds: LeeBounds, confidence: float) -> tuple[float, float]:
    """An interval that covers the effect, wherever between the bounds it is, with this confidence."""
    largest = max(bounds.low_std_error, bounds.high_std_error)
    if largest == 0:
        return bounds.low, bounds.high
    width = (bounds.high - bounds.low) / largest

    def excess(c: float) -> float:
        return float(special.ndtr(c + width) - special.ndtr(-c)) - confidence

    c = optimize.brentq(excess, 0.0, float(special.ndtri(0.5 + confidence / 2.0)) + 1e-9)
    return bounds.low - c * bounds.low_std_error, bounds.high + c * bounds.high_std_error


def _row(control: Arm, treated: Arm, confidence: float) -> Row:
    found = lee_bounds(control, treated)
    low, high = imbens_manski(found, confidence)
    return {
        "trimmed": found.trimmed,
        "trimmed_share": found.share,
        "stayed_control": _share(control),
        "stayed_treated": _share(treated),
        "n_control": len(control.values),
        "n_treated": len(treated.values),
        "lost_control": int((~control.stayed).sum()),
        "lost_treated": int((~treated.stayed).sum()),
        "low": found.low,
        "low_std_error": found.low_std_error,
        "high": found.high,
        "high_std_error": found.high_std_error,
        "ci_low": low,
        "ci_high": high,
        "estimate": _mean(treated).value - _mean(control).value,
        "prespecified": False,
    }


def _weights(setting: Setting, people: Booleans, arm: int) -> Floats:
    return np.asarray(1.0 / setting.own_probability[people & (setting.arm == arm)])


def _share(arm: Arm) -> float:
    return float(arm.weights @ arm.stayed / arm.weights.sum())


def _mean(arm: Arm) -> _Estimate:
    """Weighted mean of those who stayed."""
    weight = np.where(arm.stayed, arm.weights, 0.0) / arm.weights[arm.stayed].sum()
    values = np.where(arm.stayed, arm.values, 0.0)
    mean = float(weight @ values)
    return _Estimate(mean, weight * (values - mean), np.zeros(0))


def _trimmed(more: Arm, fewer: Arm, kept: float, *, lowest: bool) -> _Estimate:
    """Mean of the lowest (or highest) ``kept`` share of those who stayed.

    ``q + E[min(Y - q, 0)] / kept`` with ``q`` the cut.
    """
    sign = 1.0 if lowest else -1.0
    values = np.where(more.stayed, sign * more.values, 0.0)
    weight = np.where(more.stayed, more.weights, 0.0) / more.weights[more.stayed].sum()
    cut = _quantile(values[more.stayed], weight[more.stayed], kept)
    below = np.minimum(values - cut, 0.0)
    average = float(weight @ below)
    mean = cut + average / kept
    by_share = (cut - mean) / kept  # what a larger share kept does to the mean
    own = weight * (below - average) / kept - by_share * kept * _share_influence(more) / _share(more)
    other = by_share * _share_influence(fewer) / _share(more)
    return _Estimate(sign * mean, sign * own, sign * other)


def _share_influence(arm: Arm) -> Floats:
    return np.asarray(arm.weights * (arm.stayed - _share(arm)) / arm.weights.sum())


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    """The smallest value up to which at least ``share`` of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.searchsorted(np.cumsum(weight[order]), share * (1.0 - 1e-12))
    return float(values[order[min(int(reached), len(order) - 1)]])
