"""PostgreSQL: registers that are tables on a server are worked on there, and nothing but person-months leaves it.

Files are read by DuckDB and copied to temporary tables. All is done in one transaction that sees the tables as they
were when it began, writes nothing but temporary tables, and is never committed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.csv
from polars import selectors
from psycopg import sql

from lodd.registers.engines import problems
from lodd.registers.engines.on_duckdb import DuckDBEngine
from lodd.registers.engines.postgresql_sql import compiler
from lodd.registers.engines.protocol import ROW, UnreadableError
from lodd.registers.engines.types import plain_columns, shown_schema, with_nulls

SETTING: Final = "LODD_POSTGRESQL"
LEAST: Final = 16
"""The oldest version that can be asked whether text is a date or a number."""
_FULL: Final = ("53100", "53200", "53400")
_NOT_TO_BE_WRITTEN: Final = ("25006", "42501")
_STOPPED: Final = "57014"
_QUOTED: Final = re.compile(r"""".*"|(?<!\w)'.*'|[«»„“].*[»«“”]""")
"""From the first quotation mark to the last: what stands between them may have some of its own."""
_SESSION: Final = (
    "SET TIMEZONE = 'UTC'",
    "SET synchronize_seqscans = off",  # rows are numbered in the order in which they lie
    "SET extra_float_digits = 1",  # floats as the shortest text that gives the same float
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'iso_8601'",
    "SET bytea_output = 'hex'",
    "SET standard_conforming_strings = on",
    "SET jit = off",
    "SET client_min_messages = warning",
)


def open_postgresql(address: str | None = None) -> PostgreSQLEngine:
    """The engine on the server of ``LODD_POSTGRESQL``, or of another libpq address.

    Raises:
        UsageError: no address, or no connection. The address is not told: it may hold a password.
    """
    address = address or os.environ.get(SETTING, "")
    if not address.strip():
        raise problems.no_server_named()
    try:
        # text is sent and fetched in UTF-8, whatever the database and the environment keep it in
        connection = psycopg.connect(address, application_name="lodd", client_encoding="utf8")
    except psycopg.Error as error:
        raise problems.no_connection(_told(error)) from None
    if connection.info.server_version < LEAST * 10_000:
        connection.close()
        raise problems.old_server(LEAST)
    return PostgreSQLEngine(connection)


class PostgreSQLEngine:
    """One connection and one transaction, undone at the end of a ``with`` block."""

    name = "postgresql"

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = False  # for temporary tables, whatever the role is set to; nothing is committed
        with self._problems():
            for setting in _SESSION:
                connection.execute(setting)
            self._backend: Any = ibis.postgres.from_connection(connection)
        self._backend.compiler = compiler()
        self._files = DuckDBEngine()
        self._number = count()

    @property
    def version(self) -> str:
        return str(self._backend.version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.__exit__(kind, error, at)
        self._connection.close()

    def take(self, table: pa.Table, *, numbered: bool = False) -> ir.Table:
        """The table copied to a temporary one."""
        if numbered:
            table = table.append_column(ROW, pa.array(range(1, table.num_rows + 1), pa.int64()))
        return self._copied(table.to_reader(max_chunksize=50_000))

    def read_parquet(self, paths: Sequence[Path]) -> ir.Table:
        """As the protocol says."""
        return self._copied(self._files.batches(self._files.read_parquet(paths)))

    def read_csv(self, paths: Sequence[Path], columns: Sequence[str], delimiter: str) -> ir.Table:
        """As the protocol says."""
        return self._copied(self._files.batches(self._files.read_csv(paths, columns, delimiter)))

    def read_table(self, name: str) -> ir.Table:
        """A table or view of the server, ``table`` or ``schema.table``, where it is; numbered as it lies.

        Raises:
            UnreadableError: there is none of this name, or it may not be read.
        """
        parts = sql.Identifier(*name.split("."))
        with self._problems():
            rows = self._connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(parts))
            shown = [_plain(column) for column in rows.description or ()]
            if not shown:
                raise UnreadableError("no columns")
            view = self._name()
            self._connection.execute(
                sql.SQL("CREATE TEMPORARY VIEW {} AS SELECT {} FROM {}").format(
                    sql.Identifier(view), sql.SQL(", ").join(shown), parts
                )
            )
            schema = {name: _with_scale(kind) for name, kind in self._backend.get_schema(view).items()}
            table = ops.DatabaseTable(view, sch.Schema(schema), self._backend).to_expr()
            return table.mutate(**{ROW: ibis.row_number() + 1})

    def table_sha256(self, name: str) -> str:
        """A hash of a table's content: its columns, the number of rows, and the sum of the rows' hashes.

        Raises:
            UnreadableError: there is none of this name, or it may not be read.
        """
        counted = sql.SQL("SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {} t")
        with self._problems():
            parts = sql.Identifier(*name.split("."))
            rows = self._connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(parts))
            columns = [(column.name, column.type_code) for column in rows.description or ()]
            sums = self._connection.execute(counted.format(parts)).fetchone()
        return sha256(repr((columns, sums)).encode()).hexdigest()

    def keep(self, expression: ir.Table) -> ir.Table:
        """As the protocol says."""
        kept = self._created(expression.schema())
        with self._problems():
            query = self._backend.compile(expression)
            self._connection.execute(f'INSERT INTO "{kept.get_name()}" {query}')
            self._connection.execute(f'ANALYZE "{kept.get_name()}"')
        return kept

    def fetch(self, expression: ir.Table) -> pl.DataFrame:
        """As the protocol says."""
        statement = f"COPY ({self._backend.compile(expression)}) TO STDOUT WITH (FORMAT csv)"
        sink = pa.BufferOutputStream()
        with self._problems(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for block in copy:
                sink.write(bytes(block))
        return _frame(sink.getvalue(), expression.schema())

    def _copied(self, batches: pa.RecordBatchReader) -> ir.Table:
        """Batches in a temporary table, written as CSV: nulls are empty, texts stand in quotation marks."""
        plain = plain_columns(pa.Table.from_batches([], batches.schema)).schema
        table = self._created(sch.Schema.from_pyarrow(plain))
        statement = f'COPY "{table.get_name()}" FROM STDIN WITH (FORMAT csv)'
        options = pyarrow.csv.WriteOptions(include_header=False)
        with self._problems(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for batch in batches:
                sink = pa.BufferOutputStream()
                pyarrow.csv.write_csv(plain_columns(pa.Table.from_batches([batch])), sink, options)
                copy.write(sink.getvalue().to_pybytes())
        with self._problems():
            self._connection.execute(f'ANALYZE "{table.get_name()}"')
        shown = ops.DatabaseTable(table.get_name(), shown_schema(plain, batches.schema), self._backend).to_expr()
        return with_nulls(shown, batches.schema)

    def _created(self, schema: sch.Schema) -> ir.Table:
        """A temporary table."""
        name = self._name()
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(self._type(kind)))
            for column, kind in schema.items()
        ]
        statement = sql.SQL("CREATE TEMPORARY TABLE {} ({})")
        with self._problems(creating=True):
            self._connection.execute(statement.format(sql.Identifier(name), sql.SQL(", ").join(columns)))
        return ops.DatabaseTable(name, schema, self._backend).to_expr()

    def _type(self, kind: dt.DataType) -> str:
        """Numbers with all their digits; what nobody computes with lies as text, which is ordered by its bytes as in
        the other engines.
        """
        if kind.is_decimal():
            return "NUMERIC"
        same = (kind.is_boolean(), kind.is_integer(), kind.is_floating(), kind.is_date(), kind.is_timestamp())
        return str(self._backend.compiler.type_mapper.to_string(kind)) if any(same) else _TEXT

    def _name(self) -> str:
        return f"lodd_{next(self._number)}"

    @contextmanager
    def _problems(self, *, creating: bool = False) -> Iterator[None]:
        """Turns what the server says into errors for people; a statement that is wrong is our fault and passes."""
        try:
            yield
        except psycopg.Error as error:
            if self._connection.closed or (isinstance(error, psycopg.OperationalError) and _gone(error)):
                raise problems.connection_lost(_told(error)) from None
            if error.sqlstate in _FULL:
                raise problems.no_room("PostgreSQL", _told(error)) from None
            if error.sqlstate in _NOT_TO_BE_WRITTEN and creating:
                raise problems.no_temporary_tables(_told(error)) from None
            if isinstance(error, psycopg.OperationalError):
                raise problems.stopped_by_server(_told(error)) from None
            if isinstance(
                error, psycopg.DataError | psycopg.errors.UndefinedTable | psycopg.errors.InsufficientPrivilege
            ):
                raise UnreadableError(str(error).split("\n", 1)[0]) from error
            raise


_TEXT: Final = 'TEXT COLLATE "C"'
_AS_THEY_ARE: Final = {
    psycopg.adapters.types[name].oid: name
    for name in ("bool", "int2", "int4", "int8", "float4", "float8", "date", "timestamp", "timestamptz")
}
_NUMERIC: Final = psycopg.adapters.types["numeric"].oid
_ANY_SCALE: Final = dt.Decimal(76, 38)


def _plain(column: psycopg.Column) -> sql.Composed:
    """A column of a type that all engines have: what a domain is made of, and text for what is none of them."""
    kind = _AS_THEY_ARE.get(column.type_code, _TEXT)
    if column.type_code == _NUMERIC:
        kind = "numeric" if column.precision is None else f"numeric({column.precision}, {column.scale})"
    name = sql.Identifier(column.name)
    return sql.SQL("{}::{} AS {}").format(name, sql.SQL(kind), name)


def _with_scale(kind: dt.DataType) -> dt.DataType:
    """A number with as many digits as it likes is said to have more than any."""
    return _ANY_SCALE if kind.is_decimal() and kind.scale is None else kind


def _gone(error: psycopg.Error) -> bool:
    """Without a code, or with one of class 57 (shut down; not a statement that was cancelled) or 08 (connection)."""
    return error.sqlstate is None or (error.sqlstate[:2] in {"57", "08"} and error.sqlstate != _STOPPED)


def _told(error: psycopg.Error) -> str:
    """What libpq says, without whom and where it tried: hosts, users and databases stand in quotation marks."""
    lines = str(error).strip().split("\n")
    last = lines[0].rsplit("FATAL: ", 1)[-1].rsplit("failed: ", 1)[-1]
    return _QUOTED.sub("…", last).strip() or type(error).__name__


def _frame(content: pa.Buffer, schema: sch.Schema) -> pl.DataFrame:
    """Rows written by COPY. Whole numbers, and sums of them, as 64-bit integers."""
    kinds = {name: _arrow_type(kind) for name, kind in schema.items()}
    if not len(content):
        frame = pl.from_arrow(pa.schema(list(kinds.items())).empty_table())
    else:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            pyarrow.csv.ReadOptions(column_names=list(kinds)),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            pyarrow.csv.ConvertOptions(
                column_types=kinds,
                true_values=["t"],
                false_values=["f"],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(selectors.decimal().cast(pl.Int64))


def _arrow_type(kind: dt.DataType) -> pa.DataType:
    if kind.is_integer():
        return pa.int64()
    if kind.is_decimal():
        return pa.decimal128(38, kind.scale or 0)
    return pa.timestamp("us", kind.timezone) if kind.is_timestamp() else kind.to_pyarrow()
