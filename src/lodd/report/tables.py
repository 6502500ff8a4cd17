"""What tables and pictures of effects share: rows of the tables around the main effect, their cells and their dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from lodd.protocol.analysis import Primary
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.dots import Dot, DotRow, dot_plot
from lodd.report.model import Cell, Column, Drawing, Figure, Row
from lodd.report.units import Unit

DASH = "\N{EN DASH}"
Found = dict[str, Any]
"""A row of a table of the evaluation."""


def rows_of(c: Context, table: str, **wanted: object) -> list[Found]:
    """The rows of a table of the evaluation with these values, in its order; none where it is absent."""
    frame = c.evaluation.tables.get(table)
    if frame is None or frame.is_empty():
        return []
    for column, value in wanted.items():
        frame = frame.filter(pl.col(column).is_null() if value is None else pl.col(column) == value)
    return frame.to_dicts()


def primary_rows(c: Context, table: str, primary: Primary, arm: str, **wanted: object) -> list[Found]:
    """The rows about a primary outcome of one arm."""
    about = {"role": "primary", "outcome": primary.outcome, "months": str(primary.months), "summary": primary.summary}
    return rows_of(c, table, **about, arm=arm, **wanted)


def too_few(row: Found) -> bool:
    """Is a row about fewer than five people in an arm?"""
    return any(disclosure.hidden(row.get(name)) for name in ("n_control", "n_treated"))


def effect_cell(c: Context, unit: Unit, row: Found | None, *, low: str = "ci_low", high: str = "ci_high") -> Cell:
    """An estimate with its interval on a second line; a dash where there is none, or too few people behind it."""
    if row is None or row["estimate"] is None or too_few(row):
        return Cell(DASH)
    known = row[low] is not None and row[high] is not None
    return Cell(unit.difference(row["estimate"]), second=unit.interval(row[low], row[high]) if known else "")


def heading(c: Context, primary: Primary, arm: str) -> Row:
    """The row that heads those of a primary outcome: its label, months, unit and, where there are several, the arm."""
    unit = c.unit(primary.outcome, primary.summary)
    words = c.words(
        "estimators.heading_row", outcome=c.outcome(primary.outcome), months=c.months(primary.months), unit=unit.name
    )
    return Row((Cell(f"{words}: {c.arm(arm)}" if c.several_arms else words),), "group")


def named(c: Context, label: str, arm: str) -> str:
    """A label, with the arm where there are several."""
    return c.words("subgroups.of_arm", group=label, arm=c.arm(arm)) if c.several_arms else label


def columns(c: Context, first: str, *others: str, **values: str) -> tuple[Column, ...]:
    """Columns by the keys of their headings: the first in words, the others in numbers."""
    return (Column(c.words(first, **values), numeric=False), *(Column(c.words(key, **values)) for key in others))


def exploratory(c: Context, rows: Sequence[Found]) -> str:
    """What is said of results that the lock does not hold; "" where it holds them all."""
    return "" if all(row.get("prespecified") for row in rows) else c.words("outcome.exploratory")


def sentences(*parts: str) -> str:
    """Sentences after each other; those that are empty are left out."""
    return " ".join(part for part in parts if part)


# Dots -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """One dot of a picture of effects, in the outcome's unit."""

    label: str
    css: str
    value: float
    low: float | None = None
    high: float | None = None


def effect_of(c: Context, label: str, row: Found) -> Effect | None:
    """The dot of a row; None where it cannot be shown."""
    if row["estimate"] is None or too_few(row):
        return None
    return Effect(label, c.arm_class(row["arm"]), row["estimate"], row["ci_low"], row["ci_high"])


def effects_drawing(effects: Sequence[Effect], unit: Unit, width: int, margin: float | None = None) -> Drawing:
    """Effects with their intervals around zero; ``margin`` is shaded to both sides."""

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * unit.scale

    rows = [
        DotRow(e.label, [Dot(e.css, e.value * unit.scale, scaled(e.low), scaled(e.high))] if e.value == e.value else [])
        for e in effects
    ]
    shaded = None if margin is None else (-margin * unit.scale, margin * unit.scale)
    return dot_plot(
        rows,
        tick=lambda v: unit.difference_tick(v / unit.scale),
        x_title=unit.difference_axis,
        width=width,
        shaded=shaded,
    )


def effects_in_words(c: Context, effects: Sequence[Effect], unit: Unit) -> str:
    """Every effect with its interval: "Early: +1.2 (−0.4 to 2.8)"."""
    said = [
        f"{e.label}: {unit.difference(e.value)}"
        + ("" if e.low is None or e.high is None else f" ({unit.interval(e.low, e.high)})")
        for e in effects
    ]
    return "; ".join(said)


def effects_figure(
    c: Context, id_: str, effects: Sequence[Effect], unit: Unit, *, headline: str, subtitle: str, note: str = ""
) -> Figure:
    """A picture of effects with their intervals."""
    return Figure(
        id=id_,
        headline=headline,
        subtitle=subtitle,
        wide=effects_drawing(effects, unit, 720),
        narrow=effects_drawing(effects, unit, 350),
        alternative=c.words("subgroups.alternative", values=effects_in_words(c, effects, unit)),
        note=note,
        source=c.source,
    )
