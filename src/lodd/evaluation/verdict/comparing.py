"""Two arms compared by the trial's main estimator, each arm's own mean with its uncertainty too.

An estimate is ``a'y``, with ``a`` summing to 1 in the arm and to -1 in the reference, so the two parts of the sum are
the arms' (adjusted) means. Difference and means come from one regression, and so do their variances (HC2, or CR2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation import inference
from lodd.evaluation.columns import Block, Label, by_mask
from lodd.evaluation.conclusions import Number
from lodd.evaluation.design import Booleans, Floats, Integers, NotEstimableError
from lodd.evaluation.linear import effects
from lodd.evaluation.setting import Setting, design_for

MONTH_SCHEMA: Final = {
    "event_month": pl.Int32(),
    "mean_control": pl.Float64(),
    "mean_treated": pl.Float64(),
    "difference": pl.Float64(),
    "std_error": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "band_low": pl.Float64(),  # Bonferroni over the curve's months: all of it at once, at least at the level
    "band_high": pl.Float64(),
    "n_control": pl.Int64(),
    "n_treated": pl.Int64(),
}
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate, its standard error and the degrees of freedom of t."""

    value: float
    std_error: float
    df: float

    def interval(self, confidence: float) -> tuple[float, float]:
        """NaN where the standard error is 0."""
        if not self.std_error > 0:
            return nan, nan
        low, high = inference.interval(np.array([self.value]), np.array([self.std_error]), self.df, confidence)
        return float(low[0]), float(high[0])

    def number(self, name: str, confidence: float, unit: str = "share", of: str = "") -> Number:
        return Number(name, self.value, *self.interval(confidence), unit=unit, of=of)


@dataclass(frozen=True, slots=True)
class Compared:
    """Arm ``k`` and the reference: their difference and their means."""

    difference: Estimated
    treated: Estimated
    control: Estimated
    n_control: int
    n_treated: int


def compare(setting: Setting, k: int, columns: Floats, observed: Booleans, *, adjusted: bool) -> list[Compared]:
    """Compare every column (n, C) among the people ``observed`` (n,), in whom no column is NaN.

    Raises:
        NotEstimableError: there is nobody to compare.
    """
    if not observed.any():
        raise NotEstimableError("no_contrast")
    design = design_for(setting, setting.main, k, observed, adjusted=adjusted)
    weights = design.functional[:, 0]
    parts = [weights, np.where(design.treated, weights, 0.0), np.where(design.treated, 0.0, -weights)]
    split = replace(design, functional=np.column_stack(parts))
    found = effects(split, columns, kind=setting.se_kind, clusters=setting.clusters)
    values = np.vstack([found.estimate[0], found.mean_treated, found.mean_control])

    def estimated(target: int, column: int) -> Estimated:
        return Estimated(float(values[target, column]), float(found.std_error[target, column]), float(found.df[target]))

    return [
        Compared(estimated(0, c), estimated(1, c), estimated(2, c), design.n_control, design.n_treated)
        for c in range(columns.shape[1])
    ]


def compare_one(setting: Setting, k: int, values: Floats, *, adjusted: bool) -> Compared | None:
    """Compare one column (n,) among those in whom it is not NaN; None where there is nobody to compare."""
    try:
        return compare(setting, k, values[:, None], ~np.isnan(values), adjusted=adjusted)[0]
    except NotEstimableError:
        return None


def month_by_month(
    setting: Setting, k: int, matrix: Floats, months: Integers, *, confidence: float, adjusted: bool = False
) -> Iterator[Row]:
    """A row (``MONTH_SCHEMA``) for every column of (n, M) that can be compared, in the order of ``months`` (M,)."""
    labels = tuple(Label("", "curve", "", event_month=int(month)) for month in months)
    blocks = [Block(matrix, labels)]
    simultaneous = 1.0 - (1.0 - confidence) / max(1, int((months >= 1).sum()))
    rows = []
    for group in by_mask(blocks):
        try:
            found = compare(setting, k, group.values(blocks), group.observed, adjusted=adjusted)
        except NotEstimableError:
            continue
        for label, compared in zip(group.labels(blocks), found, strict=True):
            rows.append(_row(compared, confidence, simultaneous) | {"event_month": label.event_month})
    yield from sorted(rows, key=lambda row: int(str(row["event_month"])))


def _row(compared: Compared, confidence: float, simultaneous: float) -> Row:
    difference = compared.difference
    (low, high), (band_low, band_high) = (difference.interval(level) for level in (confidence, simultaneous))
    return {
        "mean_control": compared.control.value,
        "mean_treated": compared.treated.value,
        "difference": difference.value,
        "std_error": difference.std_error,
        "ci_low": low,
        "ci_high": high,
        "band_low": band_low,
        "band_high": band_high,
        "n_control": compared.n_control,
        "n_treated": compared.n_treated,
    }
