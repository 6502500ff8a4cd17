"""Were the arms alike before anything happened to them?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy import special

from lodd.evaluation import inference
from lodd.evaluation.columns import Block, Label, by_mask
from lodd.evaluation.covariates import covariate_matrix, raw_columns
from lodd.evaluation.design import Booleans, Floats, NotEstimableError
from lodd.evaluation.estimators import span
from lodd.evaluation.linear import EXACT_FIT, covariance, effects
from lodd.evaluation.notes import Notebook
from lodd.evaluation.results import JointTest
from lodd.evaluation.setting import Setting, design_for
from lodd.protocol.model import Trial
from lodd.protocol.types import Panel, Participants, in_year_of_draw

BASELINE: Final = "baseline"
BEFORE: Final = "before the draw"
MOST_CATEGORIES: Final = 12
"""A text column with more values than this has no place in a table."""
BALANCE_SCHEMA: Final = {
    "arm": pl.String(),
    "covariate": pl.String(),
    "group": pl.String(),
    "mean_control": pl.Float64(),
    "mean_treated": pl.Float64(),
    "difference": pl.Float64(),
    "std_error": pl.Float64(),
    "std_difference": pl.Float64(),
    "p_value": pl.Float64(),
    "n_control": pl.Int64(),
    "n_treated": pl.Int64(),
    "n_missing": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One row of the balance table: values (n,), NaN where unknown."""

    name: str
    group: str
    values: Floats


def balance_table(setting: Setting, characteristics: list[Characteristic]) -> pl.DataFrame:
    """Differences in what was known before the draw, estimated like the main effect without covariates."""
    labels = tuple(Label(c.name, c.group, "") for c in characteristics)
    blocks = [Block(np.column_stack([c.values for c in characteristics]), labels)] if characteristics else []
    rows = [
        row
        for k in range(1, len(setting.arms))
        for group in by_mask(blocks)
        for row in _compare(setting, k, group.values(blocks), group.labels(blocks), group.observed)
    ]
    order = {c.name: position for position, c in enumerate(characteristics)}
    arms = {arm: position for position, arm in enumerate(setting.arms)}
    rows.sort(key=lambda row: (arms[str(row["arm"])], order[str(row["covariate"])]))
    return pl.DataFrame(rows, schema=BALANCE_SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))


def characteristics_of(trial: Trial, participants: Participants, panel: Panel, notes: Notebook) -> list[Characteristic]:
    """Baseline columns that can be shown, then every outcome's mean over the year before the draw.

    Of yearly amounts it is the twelve months up to -12: the amount of the year of the draw holds what came after it.
    """
    return [*_facts(participants, panel, notes), *_histories(trial, participants, panel)]


def joint_tests(
    trial: Trial, participants: Participants, panel: Panel, setting: Setting, notes: Notebook
) -> tuple[JointTest, ...]:
    """For each arm: is the draw unrelated to all covariates together?

    Least squares of the arm on the covariates, within strata or with the draw's weights as the main estimator has it;
    Wald's F with HC2. The declared covariates, or without any every baseline column that is shown.
    """
    found = setting.covariates
    if not found.names:
        shown = list(dict.fromkeys(c.name.split("=")[0] for c in _facts(participants, panel, Notebook())))
        found = covariate_matrix(participants, panel, shown, Notebook())
    tests = []
    for k in range(1, len(setting.arms)):
        try:
            tests.append(_joint_test(setting, k, found.columns, found.names))
        except NotEstimableError as error:
            notes.add("joint_test_not_made", setting.arms[k], detail=error.reason)
    return tuple(tests)


def _joint_test(setting: Setting, k: int, columns: Floats, names: tuple[str, ...]) -> JointTest:
    if not names:
        raise NotEstimableError("no_covariates")
    if setting.clusters is not None:
        raise NotEstimableError("clusters")
    weighted = setting.main == "hajek"
    within = setting.main in ("post_stratified", "strata_fixed_effects")
    weights = 1.0 / setting.own_probability if weighted else None
    design = span(columns, setting.pair(k), strata=setting.strata if within else None, weights=weights)
    arm = (setting.arm == k).astype(float)
    if len(np.unique(arm[design.rows])) < 2:
        raise NotEstimableError("no_contrast")
    beta, variance = design.functional.T @ arm[design.rows], covariance(design, arm)
    if np.trace(variance) <= EXACT_FIT:
        raise NotEstimableError("arm_collinear")
    df = beta.size
    statistic = float(beta @ np.linalg.solve(variance, beta)) / df
    p_value = float(special.fdtrc(df, design.degrees_of_freedom, statistic))
    used = tuple(name for name, kept in zip(names, design.kept, strict=True) if kept)
    return JointTest(setting.arms[k], statistic, float(df), float(design.degrees_of_freedom), p_value, used)


def _compare(
    setting: Setting, k: int, values: Floats, labels: list[Label], observed: Booleans
) -> Iterator[dict[str, object]]:
    pair = setting.pair(k)
    treated, control = observed & pair & (setting.arm == k), observed & pair & (setting.arm == 0)
    missing = int((pair & ~observed).sum())
    try:
        design = design_for(setting, setting.main, k, observed, adjusted=False)
        found = effects(design, values, kind=setting.se_kind, clusters=setting.clusters)
    except NotEstimableError:
        return
    p_values = inference.two_sided(found.estimate[0], found.std_error[0], float(found.df[0]))
    for i, label in enumerate(labels):
        yield {
            "arm": setting.arms[k],
            "covariate": label.outcome,
            "group": label.role,
            "mean_control": found.mean_control[i],
            "mean_treated": found.mean_treated[i],
            "difference": found.estimate[0, i],
            "std_error": found.std_error[0, i],
            "std_difference": _standardised(found.estimate[0, i], values[treated, i], values[control, i]),
            "p_value": p_values[i],
            "n_control": design.n_control,
            "n_treated": design.n_treated,
            "n_missing": missing,
        }


def _standardised(difference: float, treated: Floats, control: Floats) -> float:
    """Difference over the root of the mean of the arms' variances (Austin 2009); NaN where nothing varies."""
    pooled = float(np.sqrt((treated.var(ddof=1) + control.var(ddof=1)) / 2.0))
    return difference / pooled if pooled > 0 else float("nan")


def _facts(participants: Participants, panel: Panel, notes: Notebook) -> Iterator[Characteristic]:
    for name in participants.baseline_columns:
        column = participants.frame[name]
        numeric = column.dtype.is_numeric() or column.dtype == pl.Boolean
        if not numeric and (column.dtype != pl.String or column.n_unique() > MOST_CATEGORIES):
            notes.at_most("not_shown", name, column.n_unique())
            continue
        for label, values in raw_columns(participants, panel, name, all_categories=True):
            if not np.isnan(values).all():
                yield Characteristic(label, BASELINE, values)


def _histories(trial: Trial, participants: Participants, panel: Panel) -> Iterator[Characteristic]:
    declared = [spec for spec in trial.analysis.covariates if "@" in spec]
    usual = []
    for outcome in trial.outcomes:
        last = -12 if in_year_of_draw(trial, outcome, -1) else -1
        if panel.window.first <= last:
            usual.append(f"{outcome}@{max(last - 11, panel.window.first)}..{last}")
    for spec in dict.fromkeys([*usual, *declared]):
        values = raw_columns(participants, panel, spec, all_categories=True)[0][1]
        if not np.isnan(values).all():
            yield Characteristic(spec, BEFORE, values)
