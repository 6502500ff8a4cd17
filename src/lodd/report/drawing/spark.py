"""A difference by event month so small that it fits in a table: its band, its line, and zero."""

from __future__ import annotations

from collections.abc import Sequence

from lodd.report.drawing import svg
from lodd.report.drawing.scale import Scale
from lodd.report.model import Drawing

Values = Sequence[float | None]
_WIDTH, _HEIGHT = 132, 36


def spark(months: Sequence[int], values: Values, band: tuple[Values, Values], css: str) -> Drawing:
    """The path of a difference and its band around zero, on a scale of its own.

    A dotted line marks the draw. Where the band is much wider than the path, it is cut at the edge.
    """
    low, high = band
    reach = 1.25 * max((abs(v) for v in values if v is not None), default=0.0) or 1.0
    x = Scale(months[0], max(months[-1], months[0] + 1), 1, _WIDTH - 1)
    y = Scale(-reach, reach, _HEIGHT - 1, 1)

    def points(series: Values) -> list[svg.Point]:
        return [
            (x(month), None if v is None else y(max(-reach, min(reach, v))))
            for month, v in zip(months, series, strict=True)
        ]

    mark = [svg.line(x(0), 1, x(0), _HEIGHT - 1, css="draw")] if months[0] < 0 < months[-1] else []
    parts = [
        svg.ribbon(points(low), points(high), f"band {css}"),
        svg.line(0, y(0), _WIDTH, y(0), css="zero"),
        *mark,
        svg.polyline(points(values), f"line thin {css}"),
    ]
    return Drawing(_WIDTH, _HEIGHT, "".join(parts))
