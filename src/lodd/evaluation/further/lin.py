"""Adjustment with slopes of each arm's own (Lin 2013), as a sensitivity of the declared adjustment.

The arm, the covariates, and the arm times the covariates less their means: then the coefficient of the arm is the
average effect whatever the slopes, and adjustment cannot make the estimate less precise in large samples. Strata enter
the same way where ``estimator`` is ``post_stratified``, for which a stratum needs two people in each arm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Block, MaskGroup, by_mask
from lodd.evaluation.design import Booleans, Design, Floats, NotEstimableError
from lodd.evaluation.estimators import post_stratified, weighted
from lodd.evaluation.further.rows import NUMBERS, SUMMARIES, WHAT, Row, chosen, estimates_of, frame_of, what
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import EstimatorName, Setting

LIN_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    "estimator": pl.String(),  # the estimator of the average effect, or "post_stratified": strata interacted too
    **NUMBERS,
    "n_dropped": pl.Int64(),  # people in strata that did not allow it
}


def lin_adjustment(plan: Plan, setting: Setting, blocks: Sequence[Block]) -> pl.DataFrame | None:
    """Primary outcomes and periods, by the estimator of the average effect and with strata interacted.

    Returns:
        Columns as ``LIN_SCHEMA``; None without covariates.
    """
    if not setting.covariates.names:
        return None
    columns = chosen(blocks, SUMMARIES)
    return frame_of([row for group in by_mask(columns) for row in _rows(plan, setting, columns, group)], LIN_SCHEMA)


def interacted(covariates: Floats, treated: Booleans, population: Booleans) -> Floats:
    """(n, 2p): the covariates less their means in the population, and these times the arm."""
    centred = covariates - covariates[population].mean(axis=0)
    return np.hstack([centred, centred * treated[:, None]])


def _rows(plan: Plan, setting: Setting, columns: Sequence[Block], group: MaskGroup) -> Iterator[Row]:
    if not group.observed.any():
        return
    labels, values = group.labels(columns), group.values(columns)
    for k in range(1, len(setting.arms)):
        for estimator in dict.fromkeys([setting.estimators[0], *_with_strata(setting)]):
            try:
                design = _design(setting, estimator, k, group.observed)
                rows = list(estimates_of(setting, design, values))
            except NotEstimableError as error:
                for label in labels:
                    plan.notes.add("lin_not_made", label.outcome, detail=error.reason)
                continue
            about: Row = {"estimator": estimator, "n_dropped": design.dropped.people, "prespecified": False}
            yield from (what(setting, label, k) | about | row for label, row in zip(labels, rows, strict=True))


def _with_strata(setting: Setting) -> tuple[EstimatorName, ...]:
    return ("post_stratified",) if len(np.unique(setting.strata)) > 1 else ()


def _design(setting: Setting, estimator: EstimatorName, k: int, observed: Booleans) -> Design:
    people, treated = observed & setting.pair(k), setting.arm == k
    population = observed & setting.eligible(k)
    covariates = interacted(setting.covariates.columns, treated, population)
    if estimator == "post_stratified":
        return post_stratified(treated, people, setting.strata, population=population, covariates=covariates)
    weights = 1.0 / setting.own_probability if estimator == "hajek" else None
    return weighted(treated, people, weights=weights, covariates=covariates)
