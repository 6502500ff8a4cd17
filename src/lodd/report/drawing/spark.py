"""A difference by event month so small that it fits in a table: its band, its line, and zero."""

from __future__ import annotations

from collections.abc import Sequence

from lodd.report.drawing import svg
from lodd.report.drawing.scale import Scale
from lodd.report.model import Drawing

_WIDTH, _HEIGHT = 132, 30


def spark(
    months: Sequence[int],
    values: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    css: str,
) -> Drawing:
    """The path of a difference around zero, on a scale of its own; a short line marks the draw."""
    reach = max((abs(v) for series in (low, high, values) for v in series if v is not None), default=1.0) or 1.0
    x = Scale(months[0], max(months[-1], months[0] + 1), 1, _WIDTH - 1)
    y = Scale(-reach, reach, _HEIGHT - 1, 1)
    lower = [(x(m), None if v is None else y(v)) for m, v in zip(months, low, strict=True)]
    upper = [(x(m), None if v is None else y(v)) for m, v in zip(months, high, strict=True)]
    path = [(x(m), None if v is None else y(v)) for m, v in zip(months, values, strict=True)]
    mark = [svg.line(x(0), 1, x(0), _HEIGHT - 1, "draw")] if months[0] < 0 < months[-1] else []
    parts = [
        svg.ribbon(lower, upper, f"band {css}"),
        svg.line(0, y(0), _WIDTH, y(0), "zero"),
        *mark,
        svg.polyline(path, f"line thin {css}"),
    ]
    return Drawing(_WIDTH, _HEIGHT, "".join(parts))
