"""The participants' flow: from everybody drawn, through each arm, to those analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lodd.report.drawing import svg
from lodd.report.model import Drawing

_LINE = 18
_PAD = 12
_GAP = 26
_BETWEEN = 16
_NARROWEST = 150


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its first line is strong, each further line is wrapped to its width."""

    title: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One arm's boxes, from the draw down."""

    css: str
    boxes: Sequence[Box]


def flow(start: Box, columns: Sequence[Column], width: int) -> Drawing:
    """Boxes with arrows: the arms side by side where there is room, else one below the other."""
    beside = width / len(columns) - _BETWEEN >= _NARROWEST
    parts, height = _box(start, 0, 0, width, css="box")
    groups = [columns] if beside else [[column] for column in columns]
    for i, group in enumerate(groups):
        drawn, height = _group(group, height, width, joined=i == 0)
        parts += drawn
    return Drawing(width, round(height + 1), "".join(parts))


def _group(columns: Sequence[Column], top: float, width: int, *, joined: bool) -> tuple[list[str], float]:
    """Columns side by side below ``top``, ``joined`` to the box above; boxes of a row share a height.

    Returns the elements and the height reached.
    """
    column_width = (width - _BETWEEN * (len(columns) - 1)) / len(columns)
    parts: list[str] = []
    for row in range(max(len(column.boxes) for column in columns)):
        there = [(i, column) for i, column in enumerate(columns) if row < len(column.boxes)]
        tall = max(_height(column.boxes[row], column_width) for _, column in there)
        for i, column in there:
            left = i * (column_width + _BETWEEN)
            middle = left + column_width / 2
            parts += _arrow(middle, top, top + _GAP) if joined or row else []
            parts += _box(column.boxes[row], left, top + _GAP, column_width, css=f"box {column.css}", tall=tall)[0]
        top += _GAP + tall
    return parts, top


def _height(box: Box, width: float) -> float:
    return 2 * _PAD + _LINE * len(_lines(box, width)) - 4


def _lines(box: Box, width: float) -> list[tuple[str, str]]:
    """Every line of a box with its style."""
    inside = width - 2 * _PAD
    titles = [(line, "strong") for line in svg.wrap(box.title, inside, 14)]
    return titles + [(line, "") for words in box.lines for line in svg.wrap(words, inside)]


def _box(
    box: Box, left: float, top: float, width: float, *, css: str, tall: float | None = None
) -> tuple[list[str], float]:
    height = tall or _height(box, width)
    parts = [svg.rect(left + 0.5, top + 0.5, width - 1, height - 1, css=css, radius=3)]
    for i, (words, style) in enumerate(_lines(box, width)):
        parts.append(svg.text(left + _PAD, top + _PAD + 10 + i * _LINE, words, style))
    return parts, top + height


def _arrow(x: float, top: float, bottom: float) -> list[str]:
    tip = bottom - 1
    head = svg.polyline([(x - 4, tip - 6), (x, tip), (x + 4, tip - 6)], "arrow")
    return [svg.line(x, top + 3, x, tip, css="arrow"), head]
