"""The few SVG elements that the figures are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

Point = tuple[float, float | None]
"""A point of a line; a missing y breaks it."""

_LETTER = 0.56
"""Mean width of a letter in a sans-serif face, in font sizes; a little more than most, so that texts fit."""


def coordinate(value: float) -> str:
    """A coordinate with at most one decimal: "12", "12.5"."""
    shown = f"{value:.1f}"
    return shown.removesuffix(".0").replace("-0", "0") if shown in {"-0.0", "0.0"} else shown.removesuffix(".0")


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    """Words with their baseline at ``y``; ``anchor`` is start, middle or end."""
    attributes = _css(css) + (f' text-anchor="{anchor}"' if anchor != "start" else "")
    return f'<text x="{coordinate(x)}" y="{coordinate(y)}"{attributes}>{escape(words, quote=False)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, *, css: str) -> str:
    return f'<path d="M{coordinate(x1)} {coordinate(y1)}L{coordinate(x2)} {coordinate(y2)}"{_css(css)}/>'


def rect(x: float, y: float, width: float, height: float, *, css: str, radius: float = 0) -> str:
    rounded = f' rx="{coordinate(radius)}"' if radius else ""
    place = f'x="{coordinate(x)}" y="{coordinate(y)}" width="{coordinate(width)}" height="{coordinate(height)}"'
    return f"<rect {place}{rounded}{_css(css)}/>"


def circle(x: float, y: float, radius: float, css: str) -> str:
    return f'<circle cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(radius)}"{_css(css)}/>'


def polyline(points: Iterable[Point], css: str) -> str:
    """A line through the points, broken where one is missing; a lone point is a short dash."""
    runs = [[(x, y) for x, y in run if y is not None] for present, run in _runs(points) if present]
    return f'<path d="{"".join(_run(run) for run in runs)}"{_css(css)}/>' if runs else ""


def ribbon(lower: Sequence[Point], upper: Sequence[Point], css: str) -> str:
    """The area between two lines over the same x; broken where either is missing."""
    both = [(x, low, high) for (x, low), (_, high) in zip(lower, upper, strict=True)]
    areas = []
    for present, run in groupby(both, key=lambda p: p[1] is not None and p[2] is not None):
        if present:
            points = list(run)
            there = [(x, high) for x, _, high in points if high is not None]
            back = [(x, low) for x, low, _ in reversed(points) if low is not None]
            areas.append(_run([*there, *back]) + "Z")
    return f'<path d="{"".join(areas)}"{_css(css)}/>' if areas else ""


def width_of(words: str, size: float = 13) -> float:
    """About how wide words are, in pixels."""
    return len(words) * _LETTER * size


def wrap(words: str, width: float, size: float = 13) -> list[str]:
    """Words broken into lines that fit a width."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and width_of(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _runs(points: Iterable[Point]) -> Iterable[tuple[bool, Iterable[Point]]]:
    return groupby(points, key=lambda point: point[1] is not None)


def _run(points: Sequence[tuple[float, float]]) -> str:
    if len(points) == 1:
        x, y = points[0]
        points = [(x - 1.5, y), (x + 1.5, y)]
    return "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)


def _css(css: str) -> str:
    return f' class="{css}"' if css else ""
