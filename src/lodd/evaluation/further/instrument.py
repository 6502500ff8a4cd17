"""Effects among those who take part because they are drawn: the draw as instrument for having started.

Treatment is *ever started in the arm's programmes by that month* (for a summary: by its last month), counted from the
month of the draw. Every estimator of the draw's effect is linear, ``a'y``, so the effect among compliers is
``a'y / a'd`` (Imbens and Angrist 1994), with the same weights, strata and covariates. Its variance is that of
``a'(y - b d)`` over ``(a'd)^2``: for strata fixed effects exactly two-stage least squares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Block, Label, by_mask
from lodd.evaluation.design import Design, Floats, NotEstimableError
from lodd.evaluation.estimates import Combination
from lodd.evaluation.further.anderson_rubin import Moments, accepted_set
from lodd.evaluation.further.rows import (
    HOW,
    NUMBERS,
    SUMMARIES,
    WHAT,
    Row,
    chosen,
    critical,
    frame_of,
    how,
    last_month,
    tested,
    what,
)
from lodd.evaluation.linear import effects
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting, design_for
from lodd.protocol.types import PARTICIPATES, Panel

NOBODY_MOVED: Final = 1e-12
"""A first stage this small is none."""
PARTICIPATION_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    "started_by": pl.Int32(),  # treatment: ever started in the arm's programmes by this event month
    **HOW,
    **{name: dtype for name, dtype in NUMBERS.items() if name not in ("mean_control", "mean_treated")},
    "ar_kind": pl.String(),  # "interval" | "two_pieces" | "unbounded" | "empty"
    "ar_low": pl.Float64(),  # interval: its ends; two pieces: up to ar_low and from ar_high; infinite where unbounded
    "ar_high": pl.Float64(),
    "share_compliers": pl.Float64(),  # the first stage
    "share_compliers_std_error": pl.Float64(),
    "first_stage_f": pl.Float64(),  # robust; infinite where participation is exactly as drawn
    "share_always": pl.Float64(),  # of the reference arm, who started all the same
    "share_never": pl.Float64(),  # of the arm, who never started
    "complier_mean_control": pl.Float64(),  # of compliers, had they not taken part
    "complier_mean_control_std_error": pl.Float64(),
    "complier_mean_treated": pl.Float64(),
    "n_control_started": pl.Int64(),
    "n_treated_started": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class _Columns:
    """Outcomes and their treatments, both (n, C), and what they are."""

    outcomes: Floats
    treatments: Floats
    labels: Sequence[Label]


@dataclass(frozen=True, slots=True)
class ComplierEffects:
    """The effects (C,) of participation on C outcome columns, with what they are made of, in one design."""

    estimate: Floats
    std_error: Floats
    df: float
    first_stage: Floats
    first_stage_std_error: Floats
    outcome_effect: Floats
    outcome_variance: Floats
    covariance: Floats
    control_mean: Floats
    control_mean_std_error: Floats
    always: Floats
    never: Floats

    def moments(self, column: int) -> Moments:
        return Moments(
            float(self.outcome_effect[column]),
            float(self.first_stage[column]),
            float(self.outcome_variance[column]),
            float(self.first_stage_std_error[column] ** 2),
            float(self.covariance[column]),
        )


def effect_of_participation(plan: Plan, setting: Setting, blocks: Sequence[Block]) -> pl.DataFrame | None:
    """Primary outcomes, periods and every month from 1, by every estimator of the draw's effect.

    Returns:
        Columns as ``PARTICIPATION_SCHEMA``; None where nobody's participation is known.
    """
    rows: list[Row] = []
    for k in range(1, len(setting.arms)):
        if PARTICIPATES + setting.arms[k] not in plan.panel.frame.columns:
            plan.notes.at_most("participation_unknown", setting.arms[k], 1)
            continue
        rows += _of_arm(plan, setting, blocks, k)
    return frame_of(rows, PARTICIPATION_SCHEMA)


def ever_started(panel: Panel, arm: str) -> Floats:
    """(n, window) 1 from the first month in the arm's programmes, counted from month 0; NaN before, and where the
    register does not cover every month so far. The dead and those abroad start nothing.
    """
    column, since = PARTICIPATES + arm, panel.event_months >= 0
    active = np.where(since, np.nan_to_num(panel.matrix(column)), 0.0)
    known = np.logical_and.accumulate(panel.covered(column) | ~since, axis=1) & since
    return np.where(known, np.maximum.accumulate(active, axis=1), np.nan)


def complier_effects(setting: Setting, design: Design, outcomes: Floats, treatments: Floats) -> ComplierEffects:
    """The effect of each treatment column on its outcome column, both (n, C); no first stage may be 0."""
    c = outcomes.shape[1]
    scale = outcomes[design.rows].std(axis=0)
    scale[scale == 0] = 1.0
    y, d = outcomes / scale, treatments  # on one scale, so that the covariance can be had from sums and differences
    untreated = y * (d - 1.0)
    columns = np.hstack([y, d, y + d, y - d, untreated])
    reduced = effects(design, columns, kind=setting.se_kind, clusters=setting.clusters)
    effect, variance = reduced.estimate[0].reshape(5, c), reduced.std_error[0].reshape(5, c) ** 2
    first = effect[1]
    estimate, control = effect[0] / first, effect[4] / first
    residual = np.hstack([y - estimate * d, untreated - control * d])
    structural = effects(design, residual, kind=setting.se_kind, clusters=setting.clusters)
    error = structural.std_error[0].reshape(2, c) / np.abs(first)
    return ComplierEffects(
        estimate=estimate * scale,
        std_error=error[0] * scale,
        df=float(reduced.df[0]),
        first_stage=first,
        first_stage_std_error=np.sqrt(variance[1]),
        outcome_effect=effect[0] * scale,
        outcome_variance=variance[0] * scale**2,
        covariance=(variance[2] - variance[3]) / 4.0 * scale,
        control_mean=control * scale,
        control_mean_std_error=error[1] * scale,
        always=reduced.mean_control.reshape(5, c)[1],
        never=1.0 - reduced.mean_treated.reshape(5, c)[1],
    )


def _of_arm(plan: Plan, setting: Setting, blocks: Sequence[Block], k: int) -> Iterator[Row]:
    started, first = ever_started(plan.panel, setting.arms[k]), plan.panel.window.first
    known = [_with_treatment(block, started, first) for block in chosen(blocks, (*SUMMARIES, "curve"))]
    columns = [block for block in known if block is not None]
    for group in by_mask(columns):
        labels = group.labels(columns)
        together = _Columns(group.values(columns), started[:, [last_month(label) - first for label in labels]], labels)
        for estimator in setting.estimators if group.observed.any() else ():
            for adjusted in setting.adjusted:
                with suppress(NotEstimableError):  # noted with the effect of the draw itself
                    design = design_for(setting, estimator, k, group.observed, adjusted=adjusted)
                    yield from list(_rows(plan, setting, Combination(k, estimator, adjusted), design, together))


def _with_treatment(block: Block, started: Floats, first: int) -> Block | None:
    """The block's columns that end after the month of the draw, without those whose participation is unknown."""
    kept = [position for position, label in enumerate(block.labels) if last_month(label) >= 1]
    if not kept:
        return None
    labels = tuple(block.labels[position] for position in kept)
    treatment = started[:, [last_month(label) - first for label in labels]]
    return Block(np.where(np.isnan(treatment), np.nan, block.values[:, kept]), labels)


def _rows(plan: Plan, setting: Setting, combination: Combination, design: Design, columns: _Columns) -> Iterator[Row]:
    moved = np.abs(design.functional[:, 0] @ columns.treatments[design.rows]) > NOBODY_MOVED
    for position in np.flatnonzero(~moved).tolist():
        outcome = columns.labels[position].outcome
        plan.notes.add("instrument_moves_nobody", outcome, detail=setting.arms[combination.k])
    if not moved.any():
        return
    values, treatments = columns.outcomes[:, moved], columns.treatments[:, moved]
    found = complier_effects(setting, design, values, treatments)
    started = treatments[design.rows]
    for c, position in enumerate(np.flatnonzero(moved).tolist()):
        label = columns.labels[position]
        yield {
            **what(setting, label, combination.k),
            "started_by": last_month(label),
            **how(setting, combination),
            **_numbers(setting, found, c),
            "n_control": design.n_control,
            "n_treated": design.n_treated,
            "n_control_started": int(started[~design.treated, c].sum()),
            "n_treated_started": int(started[design.treated, c].sum()),
            "prespecified": False,
        }


def _numbers(setting: Setting, found: ComplierEffects, c: int) -> Row:
    accepted = accepted_set(found.moments(c), critical(setting.confidence, found.df))
    first, error = float(found.first_stage[c]), float(found.first_stage_std_error[c])
    return {
        **tested(float(found.estimate[c]), float(found.std_error[c]), found.df, setting.confidence),
        "ar_kind": accepted.kind,
        "ar_low": accepted.low,
        "ar_high": accepted.high,
        "share_compliers": first,
        "share_compliers_std_error": error,
        "first_stage_f": (first / error) ** 2 if error > 0 else np.inf,
        "share_always": float(found.always[c]),
        "share_never": float(found.never[c]),
        "complier_mean_control": float(found.control_mean[c]),
        "complier_mean_control_std_error": float(found.control_mean_std_error[c]),
        "complier_mean_treated": float(found.control_mean[c] + found.estimate[c]),
    }
