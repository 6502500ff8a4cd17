"""Covariates: participants' columns and outcomes before the draw, as a numeric matrix without holes.

A missing value is set to the mean of those known and flagged in a column of its own, so that nobody is lost (with a
randomised arm this costs no bias: Gerber and Green 2012, chapter 7; Zhao and Ding 2024). Text becomes one column for
every category but the first; a missing text is a category. A date is counted in days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from lodd.errors import DataError, Problem
from lodd.evaluation.design import Floats
from lodd.evaluation.notes import Notebook
from lodd.locale import Text
from lodd.protocol.months import MonthRange
from lodd.protocol.types import Panel, Participants

NO_ANSWER: Final = "(missing)"


@dataclass(frozen=True, slots=True)
class Covariates:
    """(n, p) columns without holes, and the declared covariate and the full name of each column."""

    columns: Floats
    names: tuple[str, ...]
    declared: tuple[str, ...]


def covariate_matrix(participants: Participants, panel: Panel, specs: Sequence[str], notes: Notebook) -> Covariates:
    """The declared covariates as numbers.

    Raises:
        DataError: a covariate is neither a participants' column nor an outcome in the panel's window.
    """
    columns: list[Floats] = []
    names: list[str] = []
    declared: list[str] = []
    for spec in specs:
        for name, values in raw_columns(participants, panel, spec, all_categories=False):
            known = ~np.isnan(values)
            filled = np.where(known, values, values[known].mean() if known.any() else 0.0)
            columns.append(filled)
            names.append(name)
            if not known.all():
                notes.at_most("covariate_missing", name, int((~known).sum()))
                columns.append((~known).astype(float))
                names.append(f"{name} {NO_ANSWER}")
        declared += [spec] * (len(names) - len(declared))
    matrix = np.column_stack(columns) if columns else np.empty((len(participants), 0))
    return Covariates(matrix, tuple(names), tuple(declared))


def raw_columns(
    participants: Participants, panel: Panel, spec: str, *, all_categories: bool
) -> list[tuple[str, Floats]]:
    """Name and values (n,), NaN where unknown, of each column that a covariate stands for."""
    if "@" in spec:
        return [(spec, mean_before(panel, spec))]
    return _facts(_column(participants, spec), all_categories=all_categories)


def mean_before(panel: Panel, spec: str) -> Floats:
    """(n,) mean of the observed months of ``"outcome@first..last"``; NaN for someone observed in none."""
    outcome, _, written = spec.partition("@")
    months = MonthRange.parse(written)
    if outcome not in panel.outcomes or months.first < panel.window.first or months.last > panel.window.last:
        raise DataError(_unknown(spec, [f"{name}@{panel.window}" for name in panel.outcomes]))
    values = panel.matrix(outcome)[:, month_slice(panel, months)]
    observed = ~np.isnan(values)
    counts = observed.sum(axis=1)
    return np.where(counts > 0, np.where(observed, values, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def month_slice(panel: Panel, months: MonthRange) -> slice:
    """Where a range of event months is in the panel's matrices."""
    return slice(months.first - panel.window.first, months.last - panel.window.first + 1)


def _column(participants: Participants, name: str) -> pl.Series:
    if name not in participants.frame.columns:
        raise DataError(_unknown(name, participants.frame.columns))
    return participants.frame[name]


def _facts(column: pl.Series, *, all_categories: bool) -> list[tuple[str, Floats]]:
    if column.dtype == pl.Date:
        column = (column - column.min()).dt.total_days()
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return [(column.name, column.cast(pl.Float64).fill_null(np.nan).to_numpy())]
    values = column.cast(pl.String).fill_null(NO_ANSWER)
    categories = sorted(values.unique().to_list())
    shown = categories if all_categories else categories[1:] or categories  # a constant is dropped by name, later
    return [(f"{column.name}={category}", (values == category).cast(pl.Float64).to_numpy()) for category in shown]


def _unknown(name: str, known: Sequence[str]) -> Problem:
    listed = ", ".join(known)
    return Problem(
        found=Text(
            nb=f"Planen bruker «{name}», som verken er en kolonne hos deltakerne eller et utfall i panelet",
            en=f'The plan uses "{name}", which is neither a participants\' column nor an outcome of the panel',
        ),
        where="participants.parquet",
        allowed=Text.same(listed),
        next_step=Text(
            nb="Rett navnet i trial.toml, eller legg kolonnen til deltakerne",
            en="Correct the name in trial.toml, or add the column to the participants",
        ),
    )
