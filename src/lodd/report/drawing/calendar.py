"""Counts by calendar month as bars, and several small series over the same months."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lodd.report.drawing import svg
from lodd.report.drawing.curves import NARROW, Size, Values
from lodd.report.drawing.scale import Scale, extent, ticks
from lodd.report.model import Drawing

_LEGEND_ROW = 20
_RIGHT = 6
_BELOW = 28
_YEAR = 12
_PANEL_HEIGHT = 84
_PANEL_GAP = 58
_COLUMN_GAP = 36


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts by month.

    ``months`` are calendar months (``12 * year + month - 1``), ``step`` apart. Those outside ``covered`` (first and
    last) are shaded; ``gaps`` are marked on the axis and ``breaks`` with a line. The three labels are of the legend,
    ``tick`` writes a count.
    """

    months: Sequence[int]
    counts: Sequence[int]
    covered: tuple[int, int]
    gaps: Sequence[int]
    breaks: Sequence[int]
    labels: tuple[str, str, str]
    tick: Callable[[float], str]
    step: int = 1


@dataclass(frozen=True, slots=True)
class Small:
    """One of several small series: its name, a value a month, and how its axis is written."""

    label: str
    values: Values
    tick: Callable[[float], str]


def bars_by_month(chart: Bars, size: Size) -> Drawing:
    """The counts on paper of a size: legend of what is marked, grid, shading, bars, breaks, years."""
    legend, top = _legend(chart, size)
    top += 12
    bottom = top + size.plot_height * 0.7
    low, high = extent([float(count) for count in chart.counts], zero=True, count=size.tick_count)
    y_ticks = ticks(low, high, size.tick_count)
    left = max(svg.width_of(chart.tick(t)) for t in y_ticks) + 8
    x = Scale(chart.months[0], chart.months[-1] + chart.step, left, size.width - _RIGHT)
    y = Scale(low, high, bottom, top)
    parts = [
        *_shaded(chart, x, top, bottom),
        legend,
        *_grid(chart.tick, y, y_ticks, left, size.width - _RIGHT),
        _bars(chart, x, y, bottom),
        *(svg.rect(x(at), bottom + 1, x(at + chart.step) - x(at), 6, css="dot arm-0") for at in chart.gaps),
        *(svg.line(x(at), top - 6, x(at), bottom, css="draw") for at in chart.breaks),
        *_years(chart.months[0], chart.months[-1] + chart.step, x, bottom + 6, size.width),
    ]
    return Drawing(size.width, round(bottom + 6 + _BELOW), "".join(parts))


def small_multiples(months: Sequence[int], panels: Sequence[Small], size: Size) -> Drawing:
    """Small series side by side (below each other on narrow paper), over the same months, each on its own scale."""
    columns = 1 if size is NARROW or len(panels) == 1 else 2
    width = (size.width - (columns - 1) * _COLUMN_GAP) / columns
    parts = []
    for i, panel in enumerate(panels):
        across, down = (i % columns) * (width + _COLUMN_GAP), (i // columns) * (_PANEL_HEIGHT + _PANEL_GAP)
        parts += _panel(months, panel, across, down, width)
    rows = -(-len(panels) // columns)
    return Drawing(size.width, rows * (_PANEL_HEIGHT + _PANEL_GAP) - 8, "".join(parts))


def _panel(months: Sequence[int], panel: Small, across: float, down: float, width: float) -> list[str]:
    known = [value for value in panel.values if value is not None]
    low, high = extent(known, zero=True, count=2)
    y_ticks = ticks(low, high, 2)
    left = across + max(svg.width_of(panel.tick(t)) for t in y_ticks) + 8
    right = across + width - _RIGHT
    top, bottom = down + 24, down + 24 + _PANEL_HEIGHT - 10
    x, y = Scale(months[0], months[-1] + 1, left, right), Scale(low, high, bottom, top)
    points = [(x(at + 0.5), None if v is None else y(v)) for at, v in zip(months, panel.values, strict=True)]
    return [
        svg.text(across, down + 12, panel.label, "strong"),
        *_grid(panel.tick, y, y_ticks, left, right),
        svg.polyline(points, "line thin arm-1"),
        *_years(months[0], months[-1] + 1, x, bottom, right - left),
    ]


def _legend(chart: Bars, size: Size) -> tuple[str, float]:
    """What the marks mean, of those that there are; and the height of it."""
    outside, gap, step = chart.labels
    uncovered = chart.months[0] < chart.covered[0] or chart.months[-1] > chart.covered[1]
    entries = [(outside, "partial")] * uncovered + [(gap, "dot arm-0")] * bool(chart.gaps)
    entries += [(step, "draw")] * bool(chart.breaks)
    parts, across, row = [], 0.0, 0
    for label, css in entries:
        width = 46 + svg.width_of(label)
        if across and across + width - 18 > size.width:
            across, row = 0.0, row + 1
        middle = row * _LEGEND_ROW + 8
        sample = svg.rect(across, middle - 5, 22, 10, css=css)
        if css == "draw":
            sample = svg.line(across + 11, middle - 8, across + 11, middle + 8, css=css)
        parts += [sample, svg.text(across + 28, middle + 4.5, label)]
        across += width
    return "".join(parts), (row + 1) * _LEGEND_ROW if entries else 0


def _shaded(chart: Bars, x: Scale, top: float, bottom: float) -> list[str]:
    first, last, end = chart.months[0], chart.months[-1] + chart.step, chart.covered[1] + 1
    spans = [(first, chart.covered[0])] if first < chart.covered[0] else []
    spans += [(end, last)] if end < last else []
    return [svg.rect(x(a), top, x(b) - x(a), bottom - top, css="partial") for a, b in spans]


def _bars(chart: Bars, x: Scale, y: Scale, bottom: float) -> str:
    """All bars as one shape: months are many and narrow."""
    ground = svg.coordinate(bottom)
    bars = [
        f"M{svg.coordinate(x(at + 0.08 * chart.step))} {ground}V{svg.coordinate(y(count))}"
        f"H{svg.coordinate(x(at + 0.92 * chart.step))}V{ground}Z"
        for at, count in zip(chart.months, chart.counts, strict=True)
        if count
    ]
    return f'<path d="{"".join(bars)}" class="dot arm-1"/>' if bars else ""


def _grid(tick: Callable[[float], str], y: Scale, y_ticks: Sequence[float], left: float, right: float) -> list[str]:
    parts = []
    for at in y_ticks:
        parts += [
            svg.line(left, y(at), right, y(at), css="zero" if at == 0 else "grid"),
            svg.text(left - 6, y(at) + 4.5, tick(at), "tick", "end"),
        ]
    return parts


def _years(first: int, last: int, x: Scale, bottom: float, width: float) -> list[str]:
    """A tick at each January, and the year at as many of them as there is room for."""
    januaries = [month for month in range(first, last + 1) if month % _YEAR == 0]
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100) if len(januaries) / n * 44 <= width)
    parts = []
    for month in januaries:
        parts.append(svg.line(x(month), bottom, x(month), bottom + 5, css="axis"))
        if (month // _YEAR) % every == 0 and x.start + 12 <= x(month) <= x.stop - 12:
            parts.append(svg.text(x(month), bottom + 19, str(month // _YEAR), "tick", "middle"))
    return parts
