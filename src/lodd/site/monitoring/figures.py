"""Monitoring's drawings: pure functions from numbers and words to SVG. Colours are classes, never style attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from lodd.locale import LANGUAGES, Language, Text, month_year, number, percent, signed
from lodd.report.drawing import svg
from lodd.report.drawing.curves import NARROW, WIDE, Chart, Line, Size, curve
from lodd.report.drawing.dots import Dot, DotRow, dot_plot
from lodd.report.drawing.scale import Scale, extent, ticks
from lodd.report.model import Drawing
from lodd.site.monitoring.tables import Figure

_PLOT: Final = 200


@dataclass(frozen=True, slots=True)
class Month:
    """Draws in a month, and how many were planned (None: no plan)."""

    month: date
    drawn: int
    planned: float | None


@dataclass(frozen=True, slots=True)
class Deviation:
    """A stream's share drawn minus the declared, and how far chance alone would take it 95 times in 100."""

    label: Text
    dots: tuple[tuple[str, float, float], ...]
    """(class, difference, half width) of each arm."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The share of an arm's people who have got somewhere, by days since."""

    label: Text
    css: str
    by_day: Sequence[float]


def figure(id_: str, title: Text, description: Text, draw: Callable[[Language, Size], Drawing]) -> Figure:
    """The drawing in both languages and both widths."""
    wide = {language: draw(language, WIDE) for language in LANGUAGES}
    narrow = {language: draw(language, NARROW) for language in LANGUAGES}
    return Figure(id_, title, description, wide, narrow)


def month_bars(months: Sequence[Month], language: Language, size: Size) -> Drawing:
    """A bar for the draws of each month; the plan is a line across it."""
    planned = [m.planned for m in months if m.planned is not None]
    low, high = extent([*(float(m.drawn) for m in months), *planned, 1.0], zero=True)
    marks = [tick for tick in ticks(low, high, 5) if tick == round(tick)]
    left = max(svg.width_of(number(mark, language)) for mark in marks) + 10
    top, bottom = 34.0, 34.0 + _PLOT
    y, each = Scale(low, high, bottom, top), (size.width - 14 - left) / len(months)
    parts = _bar_legend(language, bool(planned))
    for mark in marks:
        parts += [
            svg.line(left, y(mark), size.width - 14, y(mark), css="grid" if mark else "zero"),
            svg.text(left - 6, y(mark) + 4.5, number(mark, language), "tick", "end"),
        ]
    names = [month_year(month.month, language) for month in months]
    step = max(1, math.ceil((max(svg.width_of(name) for name in names) + 10) / each))
    for i, month in enumerate(months):
        x = left + i * each
        parts += [svg.rect(x + 0.1 * each, y(month.drawn), 0.8 * each, bottom - y(month.drawn), css="bar")]
        if month.planned is not None:
            ends = x, y(month.planned), x + each, y(month.planned)
            parts += [svg.line(*ends, css="plan-edge"), svg.line(*ends, css="plan")]
        if i % step == 0 and x + svg.width_of(names[i]) <= size.width:
            parts += [svg.line(x, bottom, x, bottom + 5, css="axis"), svg.text(x, bottom + 20, names[i], "tick")]
    return Drawing(size.width, round(bottom + 28), "".join(parts))


def _bar_legend(language: Language, planned: bool) -> list[str]:
    drawn = Text(nb="Trukket i måneden", en="Drawn in the month")[language]
    plan = Text(nb="Planlagt", en="Planned")[language]
    across = 28 + svg.width_of(drawn) + 20
    parts = [svg.rect(0, 3, 22, 12, css="bar"), svg.text(28, 13.5, drawn)]
    if planned:
        parts += [svg.line(across, 9, across + 22, 9, css="plan"), svg.text(across + 28, 13.5, plan)]
    return parts


def deviations(
    streams: Sequence[Deviation], legend: Sequence[tuple[str, Text]], language: Language, size: Size
) -> Drawing:
    """A row a stream: the dot is the share drawn minus the declared one, the line what chance alone would do."""
    rows = [
        DotRow(stream.label[language], [Dot(css, value, -reach, reach) for css, value, reach in stream.dots])
        for stream in streams
    ]
    return dot_plot(
        rows,
        tick=lambda value: signed(100 * value, language),
        x_title=Text(nb="Prosentpoeng over eller under", en="Percentage points above or below")[language],
        width=size.width,
        legend=[(name[language], css) for css, name in legend],
    )


def progress(arms: Sequence[Progress], weeks: int, language: Language, size: Size) -> Drawing:
    """A line an arm: the share who have got there within each week."""
    return curve(
        Chart(
            months=range(weeks + 1),
            lines=[Line(arm.label[language], arm.css, _by_week(arm.by_day, weeks)) for arm in arms],
            tick=lambda share: percent(share, language),
            number=lambda week: number(week, language),
            y_title=Text(nb="Andel", en="Share")[language],
            x_title=Text(nb="Uker", en="Weeks")[language],
            draw="",
        ),
        size,
    )


def _by_week(by_day: Sequence[float], weeks: int) -> list[float | None]:
    return [by_day[7 * week] if 7 * week < len(by_day) else None for week in range(weeks + 1)]
