"""Curves by event month: both arms' levels, or a difference with its confidence band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lodd.report.drawing import svg
from lodd.report.drawing.scale import Scale, extent, month_ticks, ticks
from lodd.report.model import Drawing

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A line by event month, with its name in the legend and its style (an arm's class, or thin, dashed ...)."""

    label: str
    css: str
    values: Values


@dataclass(frozen=True, slots=True)
class Band:
    """The confidence band of a difference."""

    label: str
    css: str
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over the same event months.

    ``partial`` are ranges of months in which not everybody can be followed; ``tick`` writes a number at the y axis.
    """

    months: Sequence[int]
    lines: Sequence[Line]
    tick: Callable[[float], str]
    number: Callable[[float], str]
    y_title: str
    x_title: str
    draw: str
    bands: Sequence[Band] = ()
    partial: Sequence[tuple[int, int]] = ()
    partial_label: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """The paper of a curve."""

    width: int
    plot_height: int
    month_step: int
    tick_count: int = 5


WIDE = Size(width=720, plot_height=250, month_step=12)
NARROW = Size(width=350, plot_height=190, month_step=24, tick_count=4)

_LEGEND_ROW = 20
_RIGHT = 14
_BELOW = 46


def curve(chart: Chart, size: Size) -> Drawing:
    """The chart on paper of a size: legend, y title, grid, band, lines, draw month, x axis."""
    legend, legend_height = _legend(chart, size)
    low, high = extent(_values(chart), zero=True, count=size.tick_count)
    y_ticks = ticks(low, high, size.tick_count)
    left = max(svg.width_of(chart.tick(t)) for t in y_ticks) + 8
    top = legend_height + 26
    bottom = top + size.plot_height
    x = Scale(chart.months[0] - 0.5, chart.months[-1] + 0.5, left, size.width - _RIGHT)
    y = Scale(low, high, bottom, top)
    parts = [
        *_partial(chart, x, top, bottom),
        legend,
        svg.text(0, legend_height + 12, chart.y_title, "axis-title"),
        *_grid(chart, y, y_ticks, left, size.width - _RIGHT),
        *_months(chart, x, bottom, size),
        *_draw_mark(chart, x, top, bottom),
        *_bands(chart, x, y),
        *_lines(chart, x, y),
    ]
    return Drawing(size.width, round(bottom + _BELOW), "".join(parts))


def _values(chart: Chart) -> list[float]:
    series = [line.values for line in chart.lines]
    series += [values for band in chart.bands for values in (band.low, band.high)]
    return [value for values in series for value in values if value is not None]


def _legend(chart: Chart, size: Size) -> tuple[str, float]:
    """Names with samples of their lines, in as many rows as the width asks for; and their height."""
    entries = [(line.label, f"line {line.css}", False) for line in chart.lines if line.label]
    entries += [(band.label, f"band {band.css}", True) for band in chart.bands if band.label]
    parts, across, row = [], 0.0, 0
    for label, css, area in entries:
        width = 30 + svg.width_of(label) + 18
        if across and across + width - 18 > size.width:
            across, row = 0.0, row + 1
        middle = row * _LEGEND_ROW + 8
        sample = (
            svg.rect(across, middle - 5, 22, 10, css=css)
            if area
            else svg.line(across, middle, across + 22, middle, css=css)
        )
        parts += [sample, svg.text(across + 28, middle + 4.5, label)]
        across += width
    return "".join(parts), (row + 1) * _LEGEND_ROW if entries else 0


def _partial(chart: Chart, x: Scale, top: float, bottom: float) -> list[str]:
    """Shades the months in which not everybody can be followed, and says so where there is room."""
    parts = []
    for first, last in chart.partial:
        left, right = x(first - 0.5), x(last + 0.5)
        parts.append(svg.rect(left, top, right - left, bottom - top, css="partial"))
        if svg.width_of(chart.partial_label, 11) + 8 <= right - left:
            parts.append(svg.text(right - 4, top + 13, chart.partial_label, "small muted", "end"))
    return parts


def _grid(chart: Chart, y: Scale, y_ticks: Sequence[float], left: float, right: float) -> list[str]:
    parts = []
    for tick in y_ticks:
        css = "zero" if tick == 0 else "grid"
        parts += [
            svg.line(left, y(tick), right, y(tick), css=css),
            svg.text(left - 6, y(tick) + 4.5, chart.tick(tick), "tick", "end"),
        ]
    return parts


def _months(chart: Chart, x: Scale, bottom: float, size: Size) -> list[str]:
    first, last = chart.months[0], chart.months[-1]
    step = next(step for step in (1, 2, 3, 6, 12, size.month_step, 48, 120) if (last - first) / step <= size.width / 48)
    parts = []
    for month in month_ticks(first, last, step):
        parts += [
            svg.line(x(month), bottom, x(month), bottom + 5, css="axis"),
            svg.text(x(month), bottom + 19, chart.number(month), "tick", "middle"),
        ]
    return [*parts, svg.text(x((first + last) / 2), bottom + 39, chart.x_title, "axis-title", "middle")]


def _draw_mark(chart: Chart, x: Scale, top: float, bottom: float) -> list[str]:
    """Marks month 0, the month of the draw, if the curve has months on both sides of it."""
    if not chart.months[0] < 0 < chart.months[-1]:
        return []
    return [svg.line(x(0), top - 4, x(0), bottom, css="draw"), svg.text(x(0), top - 9, chart.draw, "small", "middle")]


def _bands(chart: Chart, x: Scale, y: Scale) -> list[str]:
    return [
        svg.ribbon(_points(chart, band.low, x, y), _points(chart, band.high, x, y), f"band {band.css}")
        for band in chart.bands
    ]


def _lines(chart: Chart, x: Scale, y: Scale) -> list[str]:
    return [svg.polyline(_points(chart, line.values, x, y), f"line {line.css}") for line in chart.lines]


def _points(chart: Chart, values: Values, x: Scale, y: Scale) -> list[svg.Point]:
    return [(x(month), None if value is None else y(value)) for month, value in zip(chart.months, values, strict=True)]
