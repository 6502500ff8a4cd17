"""Power by effect: a rising curve for each number of people, and where it reaches 80 and 90 per cent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lodd.report.drawing import svg
from lodd.report.drawing.curves import NARROW, Size
from lodd.report.drawing.scale import Scale, ticks
from lodd.report.model import Drawing

_LEGEND_ROW = 20
_BELOW = 46
_RIGHT = 14
_MARKED = (0.8, 0.9)
_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class PowerLine:
    """Power (0 to 1) at each effect, with its name in the legend and its style."""

    label: str
    css: str
    effects: Sequence[float]
    powers: Sequence[float]


@dataclass(frozen=True, slots=True)
class PowerChart:
    """Curves over the same effects; ``tick`` writes an effect and ``percent`` a power at the axes."""

    lines: Sequence[PowerLine]
    tick: Callable[[float], str]
    percent: Callable[[float], str]
    x_title: str
    y_title: str


def power_curves(chart: PowerChart, size: Size) -> Drawing:
    """The chart on paper of a size: legend, grid with 80 and 90 per cent marked, curves, x axis."""
    legend, height = _legend(chart, size)
    top = height + 26
    bottom = top + size.plot_height
    left = max(svg.width_of(chart.percent(share)) for share in _SHARES) + 8
    most = max(line.effects[-1] for line in chart.lines)
    x, y = Scale(0.0, most, left, size.width - _RIGHT), Scale(0.0, 1.0, bottom, top)
    parts = [
        legend,
        svg.text(0, height + 12, chart.y_title, "axis-title"),
        *_grid(chart, y, left, size.width - _RIGHT),
        *_effects(chart, x, bottom, most, size),
        *(
            svg.polyline([(x(e), y(p)) for e, p in zip(line.effects, line.powers, strict=True)], f"line {line.css}")
            for line in chart.lines
        ),
    ]
    return Drawing(size.width, round(bottom + _BELOW), "".join(parts))


def _legend(chart: PowerChart, size: Size) -> tuple[str, float]:
    parts, across, row = [], 0.0, 0
    for line in chart.lines:
        width = 46 + svg.width_of(line.label)
        if across and across + width - 18 > size.width:
            across, row = 0.0, row + 1
        middle = row * _LEGEND_ROW + 8
        parts += [
            svg.line(across, middle, across + 22, middle, css=f"line {line.css}"),
            svg.text(across + 28, middle + 4.5, line.label),
        ]
        across += width
    return "".join(parts), (row + 1) * _LEGEND_ROW


def _grid(chart: PowerChart, y: Scale, left: float, right: float) -> list[str]:
    parts = []
    for share in _SHARES:
        parts += [
            svg.line(left, y(share), right, y(share), css="zero" if share == 0 else "grid"),
            svg.text(left - 6, y(share) + 4.5, chart.percent(share), "tick", "end"),
        ]
    return [*parts, *(svg.line(left, y(share), right, y(share), css="draw") for share in _MARKED)]


def _effects(chart: PowerChart, x: Scale, bottom: float, most: float, size: Size) -> list[str]:
    parts = []
    for effect in ticks(0.0, most, 4 if size is NARROW else 7):
        parts += [
            svg.line(x(effect), bottom, x(effect), bottom + 5, css="axis"),
            svg.text(x(effect), bottom + 19, chart.tick(effect), "tick", "middle"),
        ]
    return [*parts, svg.text(x(most / 2), bottom + 39, chart.x_title, "axis-title", "middle")]
