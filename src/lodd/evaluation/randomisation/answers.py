"""The redraws' answers, put beside the estimates that they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, inf, isfinite
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Label
from lodd.evaluation.design import Floats
from lodd.evaluation.estimates import Rows
from lodd.evaluation.randomisation.asked import Asked, Within
from lodd.evaluation.randomisation.counting import Answer
from lodd.evaluation.randomisation.interactions import evidence, p_values
from lodd.evaluation.randomisation.inversion import Shifted
from lodd.evaluation.randomisation.precision import monte_carlo_error
from lodd.evaluation.setting import Setting
from lodd.protocol.months import MonthRange

COLUMNS: Final = ("statistic", "p_randomisation", "p_family", "band_low", "band_high")


@dataclass(slots=True)
class Redrawn:
    """Columns of the estimates, by row as the rows were made, and tables.

    Tables, each absent where it does not apply:

    - ``redraws``: ``arm, draws, declared, seed, level, error`` (Monte-Carlo standard error of a p-value at the level).
    - ``bands``: ``outcome, arm, role, population, subgroup, first, last`` (months), ``critical``: the simultaneous band
      is estimate -/+ critical x standard error.
    - ``inverted_intervals``: ``outcome, arm, months, summary, estimator, adjusted, main, statistic, level, low, high``,
      and their Monte-Carlo errors ``low_error, high_error``; ends are infinite where redraws reject no shift that far.
    - ``interactions``: ``subgroup, outcome, arm, role, months, summary, groups, p_randomisation, p_family`` of the main
      estimator; families are the declared subgroups of one summary.
    """

    columns: dict[str, list[object]]
    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: int) -> Redrawn:
        return cls({name: [None] * rows for name in COLUMNS})

    @property
    def frames(self) -> dict[str, pl.DataFrame]:
        """The tables that hold anything."""
        return {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in self.tables.items() if rows}

    def add(self, table: str, **row: object) -> None:
        self.tables.setdefault(table, []).append(row)


def fill_p_values(asked: Asked, answer: Answer, redrawn: Redrawn) -> None:
    """``statistic``, ``p_randomisation`` and ``p_family`` of every row that was asked for."""
    names = [statistic.name for statistic in asked.statistics for _ in statistic.scale]
    for column, row in enumerate(asked.rows):
        redrawn.columns["statistic"][row] = names[column]
        redrawn.columns["p_randomisation"][row] = float(answer.p_value[column])
        redrawn.columns["p_family"][row] = float(answer.p_family[column])


def fill_bands(setting: Setting, rows: Rows, asked: Asked, answer: Answer, redrawn: Redrawn) -> None:
    """``band_low`` and ``band_high`` of every month of every curve, and the critical values."""
    numbers = rows.table
    for curve, largest in zip(asked.curves(rows), answer.largest, strict=True):
        members = [asked.rows[column] for column in curve]
        critical = critical_value(largest, setting.confidence)
        for row in members:
            half = critical * numbers[1, row]
            if half > 0 and isfinite(half):
                redrawn.columns["band_low"][row] = float(numbers[0, row] - half)
                redrawn.columns["band_high"][row] = float(numbers[0, row] + half)
        label, months = rows.labels[members[0]], [MonthRange.parse(rows.labels[row].months) for row in members]
        redrawn.add(
            "bands",
            outcome=label.outcome,
            arm=setting.arms[rows.constants[members[0]][0].k],
            role=label.role,
            population=label.population,
            subgroup=label.subgroup,
            first=min(span.last for span in months),
            last=max(span.last for span in months),
            critical=critical,
        )


def critical_value(largest: Floats, confidence: float) -> float:
    """The quantile of (R,) largest t that the actual draw's, as one more, exceeds with at most the level."""
    rank = ceil(confidence * (len(largest) + 1) - 1e-9)
    return float(np.sort(largest)[rank - 1]) if rank <= len(largest) else inf


def fill_intervals(setting: Setting, rows: Rows, asked: Asked, answer: Answer, redrawn: Redrawn) -> None:
    """The table ``inverted_intervals``."""
    main = setting.main, setting.adjusted[-1]
    for (statistic, members), (estimate, variance) in zip(asked.shifted, answer.kept, strict=False):
        for position, (row, scale) in enumerate(members):
            columns = slice(3 * position, 3 * position + 3)
            label, (combination, _, _) = rows.labels[row], rows.constants[row]
            redrawn.add(
                "inverted_intervals",
                outcome=label.outcome,
                arm=setting.arms[combination.k],
                months=label.months,
                summary=label.summary,
                estimator=combination.estimator,
                adjusted=combination.adjusted,
                main=(combination.estimator, combination.adjusted) == main,
                statistic=statistic.name,
                **_interval(Shifted.of(estimate[columns], variance[columns], scale), 1.0 - setting.confidence),
            )


def _interval(shifted: Shifted, level: float) -> dict[str, object]:
    """The interval at the level, and how far its ends move when the level moves by a Monte-Carlo error either way."""
    low, high = shifted.interval(level)
    error = monte_carlo_error(level, shifted.estimate.shape[1] - 1)
    (low_out, high_out), (low_in, high_in) = shifted.interval(level - error), shifted.interval(level + error)
    half = [
        abs(a - b) / 2.0 if isfinite(a) and isfinite(b) else None for a, b in ((low_out, low_in), (high_out, high_in))
    ]
    return {"level": 1.0 - level, "low": low, "high": high, "low_error": half[0], "high_error": half[1]}


def fill_interactions(setting: Setting, rows: Rows, asked: Asked, answer: Answer, redrawn: Redrawn) -> None:
    """The table ``interactions``: subgroups of the same summary are judged together."""
    groups: dict[Within, list[tuple[int, Floats, Floats]]] = {}
    for (_, members), (estimate, variance) in zip(asked.groups, answer.kept[len(asked.shifted) :], strict=True):
        for position, (row, key) in enumerate(members):
            groups.setdefault(key, []).append((row, estimate[position], variance[position]))
    summaries: dict[tuple[str, ...], list[Within]] = {}
    for key, found in groups.items():
        if len(found) > 1:
            summaries.setdefault(key[1:], []).append(key)
    for keys in summaries.values():
        single, family = p_values([_evidence(rows, groups[key]) for key in keys])
        for position, key in enumerate(keys):
            row = groups[key][0][0]
            label: Label = rows.labels[row]
            redrawn.add(
                "interactions",
                subgroup=key[0],
                outcome=label.outcome,
                arm=setting.arms[rows.constants[row][0].k],
                role=label.role,
                months=label.months,
                summary=label.summary,
                groups=len(groups[key]),
                p_randomisation=float(single[position]),
                p_family=float(family[position]),
            )


def _evidence(rows: Rows, found: list[tuple[int, Floats, Floats]]) -> Floats:
    df = rows.table[2, [row for row, _, _ in found]]
    return evidence(np.vstack([e for _, e, _ in found]), np.vstack([v for _, _, v in found]), df)
