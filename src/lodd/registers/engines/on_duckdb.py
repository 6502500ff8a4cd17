"""DuckDB, in memory: the engine unless another is asked for."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars import selectors

from lodd.registers.engines import problems
from lodd.registers.engines.duckdb_tables import attached, check_table, parts_of
from lodd.registers.engines.protocol import ROW
from lodd.registers.scratch import lasting_folder

_FILE_ROW = "file_row_number"
_MICROSECONDS = 6
_CUT_OFF = """
    CREATE TEMP MACRO lodd_without_billionths(x) AS
    make_timestamp(epoch_ns(x) // 1000 - CASE WHEN epoch_ns(x) % 1000 < 0 THEN 1 ELSE 0 END)
"""
"""DuckDB's own way rounds, so that 23:59:59.999999999 were the next day."""
_without_billionths: Final[Any] = ibis.udf.scalar.builtin(
    lambda x: x, name="lodd_without_billionths", signature=(("timestamp",), "timestamp(6)")
)
_SPILLING = ("no space left", "max_temp_directory_size", "failed to offload", "could not write")


class DuckDBEngine:
    """One connection, closed at the end of a ``with`` block.

    Args:
        memory_limit: as DuckDB writes it, ``"400MB"``; else most of what the machine has.
        temp_folder: where it spills to when that is used up; else a folder of its own among the machine's temporary
            ones, which nobody else can read.
        threads: how many; else as many as there are cores.

    >>> with DuckDBEngine() as engine:
    ...     engine.fetch(engine.take(pa.table({"a": [1, 2]})).a.sum().as_table())["a"][0]
    3
    """

    name = "duckdb"

    def __init__(
        self, memory_limit: str | None = None, temp_folder: Path | None = None, threads: int | None = None
    ) -> None:
        self._spilled = "" if temp_folder is not None else _private_folder()
        temp_directory = str(temp_folder) if temp_folder is not None else self._spilled
        given = {"memory_limit": memory_limit, "temp_directory": temp_directory, "threads": threads}
        self._backend: Any = ibis.duckdb.connect(**{key: value for key, value in given.items() if value is not None})
        self._backend.con.execute(_CUT_OFF)
        if memory_limit is not None:
            # what is freed goes back to the machine at once, not after having been kept for the next use
            self._backend.con.execute("SET allocator_background_threads = true")
            self._backend.con.execute("SET allocator_flush_threshold = '1MB'")
        self._compiled: dict[Any, str] = {}
        self._databases: dict[Path, str] = {}
        self._made: list[str] = []
        if self._spilled:
            weakref.finalize(self, shutil.rmtree, self._spilled, ignore_errors=True)

    @property
    def version(self) -> str:
        return str(duckdb.__version__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._backend.disconnect()
        shutil.rmtree(self._spilled, ignore_errors=True)

    def take(self, table: pa.Table, *, numbered: bool = False) -> ir.Table:
        """An Arrow table as an expression, without copying it."""
        name = self._name()
        # Registered with DuckDB itself: Ibis' own way in (and out, see fetch) imports pandas, which costs a second.
        self._backend.con.register(name, table)
        taken = _as_elsewhere(self._backend.table(name))
        return _numbered(taken) if numbered else taken

    def read_parquet(self, paths: Sequence[Path]) -> ir.Table:
        """As the protocol says."""
        # What folders' names say is read by sources.py, alike for every engine. A file's statistics are silent on what
        # is not a number: DuckDB would conclude that there is none, and count it as below whatever is the largest.
        options = {"hive_partitioning": False, "can_have_nan": True}
        named = [str(path) for path in paths]
        if len(named) > 1 or _FILE_ROW in pq.read_schema(paths[0]).names:
            return _numbered(_as_elsewhere(self._backend.read_parquet(named, table_name=self._name(), **options)))
        # the file's own numbers: they are known however it is read, so that only wanted rows need be
        table = self._backend.read_parquet(named, table_name=self._name(), file_row_number=True, **options)
        return _as_elsewhere(table).mutate(**{ROW: table[_FILE_ROW] + 1}).drop(_FILE_ROW)

    def read_csv(self, paths: Sequence[Path], columns: Sequence[str], delimiter: str) -> ir.Table:
        """As the protocol says."""
        table = self._backend.read_csv(
            [str(path) for path in paths],
            table_name=self._name(),
            columns=dict.fromkeys(columns, "VARCHAR"),
            header=True,
            delim=delimiter,
            quote='"',
            escape='"',
            auto_detect=False,
        )
        return _numbered(table)

    def read_database(self, path: Path, name: str) -> ir.Table:
        """A table or view of a DuckDB file, with the column ``ROW``; the file is opened for reading only.

        Raises:
            NoSuchTableError: there is none of this name.
        """
        if path not in self._databases:
            self._databases[path] = f"lodd_database_{len(self._databases)}"
            attached(self._backend.con, path, self._databases[path])
        catalog = self._databases[path]
        check_table(self._backend.con, catalog, name)
        schema, table = parts_of(name)
        return _numbered(_as_elsewhere(self._backend.table(table, database=(catalog, schema))))

    def keep(self, expression: ir.Table) -> ir.Table:
        """As the protocol says."""
        with _room():
            name = self._name()
            self._backend.con.execute(f'CREATE TEMP TABLE "{name}" AS {self._sql(expression)}')
            return self._backend.table(name)

    def fetch(self, expression: ir.Table) -> pl.DataFrame:
        """As the protocol says."""
        with _room():
            frame = pl.from_arrow(self._backend.con.sql(self._sql(expression)).to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        # sums of 64-bit integers come as 128-bit ones; cleaning has seen to it that they fit
        return frame.with_columns(selectors.decimal().cast(pl.Int64))

    def batches(self, expression: ir.Table, size: int = 50_000) -> pa.RecordBatchReader:
        """The expression's rows, some at a time."""
        with _room():
            return self._backend.con.sql(self._backend.compile(expression)).to_arrow_reader(size)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """What is taken, read or kept within the block is let go of at its end."""
        before = len(self._made)
        yield
        for name in reversed(self._made[before:]):
            self._backend.con.unregister(name)
            for kind in ("VIEW", "TABLE"):
                with suppress(duckdb.CatalogException):  # it is the one or the other
                    self._backend.con.execute(f'DROP {kind} IF EXISTS "{name}"')
        del self._made[before:]

    def _sql(self, expression: ir.Table) -> str:
        """Compiled once: ranges of people ask the same of tables of the same names."""
        key = expression.op()
        if key not in self._compiled:
            self._compiled[key] = self._backend.compile(expression)
        return self._compiled[key]

    def _name(self) -> str:
        self._made.append(f"lodd_{len(self._made)}")
        return self._made[-1]  # not t0, t1, ...: those are what Ibis calls its subqueries


def _as_elsewhere(table: ir.Table) -> ir.Table:
    """Moments without billionths of a second, which the other engines do not have."""
    fine = [name for name, kind in table.schema().items() if kind.is_timestamp() and (kind.scale or 0) > _MICROSECONDS]
    return table.mutate(**{name: _without_billionths(table[name]) for name in fine}) if fine else table


def _private_folder() -> str:
    """DuckDB's own would be `.tmp`, readable by all, wherever one happens to stand; without any it does not spill."""
    try:
        return lasting_folder()
    except OSError:
        return ""


def _numbered(table: ir.Table) -> ir.Table:
    """DuckDB keeps the order of rows; where nobody asks for the number, it is not worked out."""
    return table.mutate(**{ROW: ibis.row_number() + 1})


@contextmanager
def _room() -> Iterator[None]:
    """Turns what DuckDB says when memory and disk are used up into a DataError, and Ctrl-C back into itself."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise problems.no_room("DuckDB", str(error)) from error
    except duckdb.IOException as error:
        if any(sign in str(error).lower() for sign in _SPILLING):
            raise problems.no_room("DuckDB", str(error)) from error
        raise
    except RuntimeError as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from error
        raise
