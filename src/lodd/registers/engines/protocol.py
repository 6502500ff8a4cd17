"""What the rest of the room asks of an engine.

The room builds Ibis expressions, which every engine understands, and asks the engine to keep them (as a temporary
table) or to fetch their rows. What an engine does its own way, such as reading files, is a method here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

ROW: Final = "lodd_row"
"""In tables read from files, and numbered ones taken: the number of the row, from 1, in the order of the files."""


class UnreadableError(Exception):
    """An engine could not read what it was given; the text says why. Raised by engines other than DuckDB."""


class Engine(Protocol):
    """One connection, closed at the end of a ``with`` block."""

    name: str

    @property
    def version(self) -> str:
        """The version of what computes, such as ``2.0.0``."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def take(self, table: pa.Table, *, numbered: bool = False) -> ir.Table:
        """An Arrow table as an expression; ``numbered`` with the column ``ROW``."""

    def read_parquet(self, paths: Sequence[Path]) -> ir.Table:
        """Parquet files, one after the other, with the column ``ROW``; a ``READ_FAILURE``, here or when fetched."""

    def read_csv(self, paths: Sequence[Path], columns: Sequence[str], delimiter: str) -> ir.Table:
        """CSV files with a header line of these columns, each as text, with the column ``ROW``.

        Nothing is guessed: a line with too few or too many fields is a failure, not a reason to start further down.
        """

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once and kept as a temporary table."""

    def fetch(self, expression: ir.Table) -> pl.DataFrame:
        """The expression's rows; whole numbers of any width as 64-bit integers."""
