"""What the templates' parts are given, where a plain value is not enough: tables as frozen values.

Dates and numbers come here already in the reader's language (:mod:`lodd.locale`); nothing here knows Django.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "neutral", "info", "success", "warning", "danger"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and whether it holds amounts (set to the right, never broken)."""

    label: str
    amount: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: text, which may lead somewhere, be a tag on a state, or be a code."""

    text: str
    url: str = ""
    tag: Kind = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row, each cell beside its column; ``noticed`` rows stand out (and must say why in words)."""

    cells: tuple[tuple[Column, Cell], ...]
    noticed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table for ``parts/table.html``; ``nothing`` is what is said below a table without rows."""

    caption: str
    columns: tuple[Column, ...]
    body: tuple[Row, ...]
    stacked: bool = False
    nothing: str = ""

    @classmethod
    def of(
        cls,
        caption: str,
        columns: Sequence[Column | str],
        rows: Iterable[Sequence[Cell | str]],
        *,
        stacked: bool = False,
        nothing: str = "",
        noticed: Iterable[int] = (),
    ) -> Table:
        """A table from plain values: a text is a plain column or cell; ``noticed`` are row numbers from 0.

        Raises ValueError for a row that has more or fewer cells than there are columns.
        """
        heads = tuple(Column(column) if isinstance(column, str) else column for column in columns)
        marked = frozenset(noticed)
        body = tuple(Row(_beside(heads, row), number in marked) for number, row in enumerate(rows))
        return cls(caption, heads, body, stacked, "" if body else nothing)

    @property
    def identifier(self) -> str:
        """An id for the caption, the same each time the page is made."""
        return "table-" + hashlib.sha256(self.caption.encode()).hexdigest()[:10]


def _beside(columns: tuple[Column, ...], row: Sequence[Cell | str]) -> tuple[tuple[Column, Cell], ...]:
    cells = (Cell(cell) if isinstance(cell, str) else cell for cell in row)
    return tuple(zip(columns, cells, strict=True))
