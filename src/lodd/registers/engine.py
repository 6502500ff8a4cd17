"""The engine that register expressions run on: DuckDB in memory, through Ibis.

The only module that knows which engine it is. The rest of the room builds Ibis expressions, which other engines
understand too, and asks this one to keep them (as a temporary table) or fetch them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
from polars import selectors

READ_FAILURE = duckdb.Error
"""What the engine raises when a file cannot be read; damage inside one has no kind of its own."""
OUR_FAULT = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException)
"""Among these, what no file can cause."""


class Engine:
    """One connection, closed at the end of a ``with`` block.

    >>> with Engine() as engine:
    ...     engine.fetch(engine.take(pa.table({"a": [1, 2]})).a.sum().as_table())["a"][0]
    3
    """

    def __init__(self) -> None:
        self._backend: Any = ibis.duckdb.connect()
        self._number = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._backend.disconnect()

    def take(self, table: pa.Table) -> ir.Table:
        """An Arrow table as an expression, without copying it."""
        name = self._name()
        # Registered with DuckDB itself: Ibis' own way in (and out, see fetch) imports pandas, which costs a second.
        self._backend.con.register(name, table)
        return self._backend.table(name)

    def read_parquet(self, paths: Sequence[Path]) -> ir.Table:
        """Parquet files, one after the other. Raises ``READ_FAILURE``, here or when fetched."""
        return self._backend.read_parquet([str(path) for path in paths], table_name=self._name())

    def read_csv(self, paths: Sequence[Path], columns: Sequence[str], delimiter: str) -> ir.Table:
        """CSV files with a header line of these columns, each as text. Raises as :meth:`read_parquet`.

        Nothing is guessed: a line with too few or too many fields is a failure, not a reason to start further down.
        """
        return self._backend.read_csv(
            [str(path) for path in paths],
            table_name=self._name(),
            columns=dict.fromkeys(columns, "VARCHAR"),
            header=True,
            delim=delimiter,
            quote='"',
            escape='"',
            auto_detect=False,
        )

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once and kept as a temporary table."""
        return self._backend.create_table(self._name(), expression, temp=True)

    def fetch(self, expression: ir.Table) -> pl.DataFrame:
        """The expression's rows."""
        frame = pl.from_arrow(self._backend.con.sql(self._backend.compile(expression)).to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        # sums of 64-bit integers come as 128-bit ones; cleaning has seen to it that they fit
        return frame.with_columns(selectors.decimal().cast(pl.Int64))

    def _name(self) -> str:
        return f"lodd_{next(self._number)}"  # not t0, t1, ...: those are what Ibis calls its subqueries
