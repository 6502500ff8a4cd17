"""A Bayes factor over the width of the prior: both axes by powers, what is for an effect above, for none below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2, log10

from lodd.report.drawing import svg
from lodd.report.drawing.curves import NARROW, Size
from lodd.report.drawing.scale import Scale
from lodd.report.model import Drawing

_BELOW = 46
_RIGHT = 14
_MARKS = (1 / 1000, 1 / 100, 1 / 30, 1 / 10, 1 / 3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
_MOST = 4.0
"""Powers of ten that the axis goes to, at most."""


@dataclass(frozen=True, slots=True)
class FactorChart:
    """``log10`` of the factor at each prior ``sd``; ``declared`` is the plan's prior, if it has one."""

    sds: Sequence[float]
    log10: Sequence[float]
    css: str
    tick: Callable[[float], str]
    factor: Callable[[float], str]
    x_title: str
    for_effect: str
    for_none: str
    declared: float | None = None
    declared_label: str = ""


def factor_curve(chart: FactorChart, size: Size) -> Drawing:
    """The curve on paper of a size, with the line of equal likelihood and the plan's prior."""
    values = [max(-_MOST, min(_MOST, value)) for value in chart.log10]
    low, high = min(-0.6, *values) * 1.05, max(0.6, *values) * 1.05
    marks = [mark for mark in _MARKS if low <= log10(mark) <= high]
    left = max(svg.width_of(chart.factor(mark)) for mark in marks) + 8
    top, bottom, right = 26.0, 26.0 + size.plot_height * 0.7, size.width - _RIGHT
    x = Scale(log2(chart.sds[0]), log2(chart.sds[-1]), left, right)
    y = Scale(low, high, bottom, top)
    points = [(x(log2(sd)), y(value)) for sd, value in zip(chart.sds, values, strict=True)]
    parts = [*_grid(chart, y, marks, left, right), *_priors(chart, x, bottom, size)]
    parts += [
        svg.text(left, top - 6, chart.for_effect, "small muted"),
        svg.text(left + 4, bottom - 6, chart.for_none, "small muted"),
        *_declared(chart, x, top, bottom),
        svg.polyline(points, f"line {chart.css}"),
    ]
    return Drawing(size.width, round(bottom + _BELOW), "".join(parts))


def _grid(chart: FactorChart, y: Scale, marks: Sequence[float], left: float, right: float) -> list[str]:
    parts = []
    for mark in marks:
        at = y(log10(mark))
        parts += [
            svg.line(left, at, right, at, css="zero" if mark == 1.0 else "grid"),
            svg.text(left - 6, at + 4.5, chart.factor(mark), "tick", "end"),
        ]
    return parts


def _priors(chart: FactorChart, x: Scale, bottom: float, size: Size) -> list[str]:
    """Ticks at every doubling of the middle prior that there is room for."""
    middle = chart.sds[len(chart.sds) // 2]
    steps = (-2, 0, 2) if size is NARROW else (-3, -2, -1, 0, 1, 2, 3)
    there = [sd for step in steps if chart.sds[0] * 0.999 <= (sd := middle * 2.0**step) <= chart.sds[-1] * 1.001]
    parts = [svg.text((x.start + x.stop) / 2, bottom + 39, chart.x_title, "axis-title", "middle")]
    for sd in there:
        at = x(log2(sd))
        parts += [svg.line(at, bottom, at, bottom + 5, css="axis")]
        parts += [svg.text(at, bottom + 19, chart.tick(sd), "tick", "middle")]
    return parts


def _declared(chart: FactorChart, x: Scale, top: float, bottom: float) -> list[str]:
    if chart.declared is None:
        return []
    at = x(log2(chart.declared))
    return [svg.line(at, top, at, bottom, css="draw"), svg.text(at, top - 9, chart.declared_label, "small", "middle")]
