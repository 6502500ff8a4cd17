"""Dots along a common axis: standardised differences, and effects with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lodd.report.drawing import svg
from lodd.report.drawing.scale import Scale, extent, ticks
from lodd.report.model import Drawing

_ROW = 26
_BELOW = 44


@dataclass(frozen=True, slots=True)
class Dot:
    """One value in a row, with its interval if it has one."""

    css: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class DotRow:
    """A row: its name and its dots; without dots it heads the rows below."""

    label: str
    dots: Sequence[Dot] = ()


def dot_plot(
    rows: Sequence[DotRow],
    *,
    tick: Callable[[float], str],
    x_title: str,
    width: int,
    legend: Sequence[tuple[str, str]] = (),
    shaded: tuple[float, float] | None = None,
) -> Drawing:
    """Rows of dots around zero; ``shaded`` marks a range (small differences, a margin); ``legend`` is (name, class).

    Where the paper is narrow, a row's name stands above its dots instead of beside them.
    """
    above = width < 500
    left = 8.0 if above else min(max(svg.width_of(row.label) for row in rows) + 16, width * 0.45)
    x = _scale(rows, shaded, left + 8, width - 14)
    top, parts = _legend(legend)
    start, body = top, []
    for row in rows:
        height = _ROW * (1.65 if above and row.dots else 1.0)
        body += _row(row, x, top, height, above)
        top += height
    grid = _grid(x, start, top, tick=tick, shaded=shaded, count=4 if above else 6)
    parts += [*grid, *body, svg.text((x.start + x.stop) / 2, top + 38, x_title, "axis-title", "middle")]
    return Drawing(width, round(top + _BELOW), "".join(parts))


def _scale(rows: Sequence[DotRow], shaded: tuple[float, float] | None, start: float, stop: float) -> Scale:
    values = [v for row in rows for d in row.dots for v in (d.value, d.low, d.high) if v is not None]
    low, high = extent([*values, *(shaded or ())], zero=True)
    return Scale(low, high, start, stop)


def _legend(legend: Sequence[tuple[str, str]]) -> tuple[float, list[str]]:
    parts = []
    for i, (label, css) in enumerate(legend):
        parts += [svg.circle(6, 10 + 20 * i, 5, f"dot {css}"), svg.text(18, 14.5 + 20 * i, label)]
    return 20.0 * len(legend) + (6 if legend else 0), parts


def _grid(
    x: Scale, top: float, bottom: float, *, tick: Callable[[float], str], shaded: tuple[float, float] | None, count: int
) -> list[str]:
    parts = []
    if shaded:
        parts.append(svg.rect(x(shaded[0]), top, x(shaded[1]) - x(shaded[0]), bottom - top, css="partial"))
    for value in ticks(x.low, x.high, count):
        parts += [
            svg.line(x(value), top, x(value), bottom, css="zero" if value == 0 else "grid"),
            svg.text(x(value), bottom + 18, tick(value), "tick", "middle"),
        ]
    return parts


def _row(row: DotRow, x: Scale, top: float, height: float, above: bool) -> list[str]:
    middle = top + (height - 12 if above and row.dots else height / 2)
    style = "" if row.dots else "strong"
    label_y = top + 14 if above and row.dots else middle + 4.5
    parts = [svg.text(0, label_y, row.label, style)]
    spread = [(i - (len(row.dots) - 1) / 2) * 7 for i in range(len(row.dots))]
    for dot, shift in zip(row.dots, spread, strict=True):
        if dot.low is not None and dot.high is not None:
            parts.append(svg.line(x(dot.low), middle + shift, x(dot.high), middle + shift, css=f"whisker {dot.css}"))
        parts.append(svg.circle(x(dot.value), middle + shift, 4.5, f"dot {dot.css}"))
    return parts


def strip(estimate: Dot, margin: float | None, margin_label: str, tick: Callable[[float], str]) -> Drawing:
    """One estimate with its interval on a small axis around zero; ``margin`` is shaded to both sides of zero."""
    width, middle, bottom = 340, 18.0, 36.0
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    reach = max(abs(low), abs(high), margin or 0.0, 1e-12) * 1.15
    x = Scale(-reach, reach, 12, width - 12)
    parts = []
    if margin:
        parts.append(svg.rect(x(-margin), 4, x(margin) - x(-margin), bottom - 4, css="partial"))
        parts.append(svg.text(width / 2, bottom + 36, margin_label, "small muted", "middle"))
    parts += [svg.line(x(-reach), bottom, x(reach), bottom, css="axis"), svg.line(x(0), 2, x(0), bottom, css="zero")]
    for at in ticks(-reach, reach, 6):
        parts.append(svg.line(x(at), bottom, x(at), bottom + 4, css="axis"))
        parts.append(svg.text(x(at), bottom + 18, tick(at), "tick", "middle"))
    parts.append(svg.line(x(low), middle, x(high), middle, css=f"whisker {estimate.css}"))
    parts.append(svg.circle(x(estimate.value), middle, 6, f"dot {estimate.css}"))
    return Drawing(width, 78 if margin else 60, "".join(parts))
