"""Shares drawn against shares declared: a small panel for each site, a step for each period of the schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from lodd.report.drawing import svg
from lodd.report.drawing.scale import Scale, ticks
from lodd.report.model import Drawing

_HEIGHT = 104
_HEAD = 26
_FOOT = 22
_GAP = 18


@dataclass(frozen=True, slots=True)
class PeriodShare:
    """One arm's share in a period: declared (None if unknown) and drawn (None if nobody, or too few to show)."""

    css: str
    since: date
    until: date
    declared: float | None
    drawn: float | None


@dataclass(frozen=True, slots=True)
class SitePanel:
    """A site's periods."""

    title: str
    shares: Sequence[PeriodShare]


def share_panels(
    panels: Sequence[SitePanel], *, tick: Callable[[float], str], legend: tuple[str, str], columns: int, width: int
) -> Drawing:
    """Small multiples on common axes; ``legend`` names the line (declared) and the dot (drawn)."""
    top, parts = 24.0, _legend(legend)
    every = [share for panel in panels for share in panel.shares]
    high = max([v for s in every for v in (s.declared, s.drawn) if v is not None], default=1.0)
    y_ticks = ticks(0, min(1.0, high + 0.05), 4)
    days = Scale(min(s.since for s in every).toordinal(), max(s.until for s in every).toordinal() + 1, 0, 1)
    each = (width - _GAP * (columns - 1)) / columns
    for i, panel in enumerate(panels):
        left, at = (i % columns) * (each + _GAP), top + (i // columns) * (_HEAD + _HEIGHT + _FOOT)
        y = Scale(0, max(y_ticks[-1], high), at + _HEAD + _HEIGHT, at + _HEAD)
        x = Scale(days.low, days.high, left + 34, left + each - 4)
        parts += [svg.text(left, at + 16, panel.title, "strong"), *_frame(x, y, y_ticks, tick)]
        parts += [part for share in panel.shares for part in _share(share, x, y)]
    rows = -(-len(panels) // columns)
    return Drawing(width, round(top + rows * (_HEAD + _HEIGHT + _FOOT)), "".join(parts))


def _legend(legend: tuple[str, str]) -> list[str]:
    declared, drawn = legend
    second = 46 + svg.width_of(declared)
    return [
        svg.line(0, 8, 22, 8, css="declared"),
        svg.text(28, 12.5, declared),
        svg.circle(second, 8, 4.5, "dot arm-1"),
        svg.text(second + 10, 12.5, drawn),
    ]


def _frame(x: Scale, y: Scale, y_ticks: Sequence[float], tick: Callable[[float], str]) -> list[str]:
    parts = []
    for value in y_ticks:
        parts += [
            svg.line(x.start, y(value), x.stop, y(value), css="zero" if value == 0 else "grid"),
            svg.text(x.start - 5, y(value) + 4, tick(value), "tick small", "end"),
        ]
    first, last = date.fromordinal(round(x.low)).year, date.fromordinal(round(x.high) - 1).year
    step = -(-(last - first + 1) // 5)
    for year in range(first, last + 1, step):
        since, until = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        middle = (max(since, x.low) + min(until, x.high)) / 2
        parts.append(svg.text(x(middle), y.start + 15, str(year), "tick small", "middle"))
    return parts


def _share(share: PeriodShare, x: Scale, y: Scale) -> list[str]:
    left, right = x(share.since.toordinal()), x(share.until.toordinal() + 1)
    parts = []
    if share.declared is not None:
        parts.append(svg.line(left, y(share.declared), right, y(share.declared), css=f"declared {share.css}"))
    if share.drawn is not None:
        parts.append(svg.circle((left + right) / 2, y(share.drawn), 3.5, f"dot {share.css}"))
    return parts
