"""Tables in a DuckDB file, opened for reading only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb

from lodd.registers.engines.protocol import UnreadableError

SCHEMA: Final = "main"


class NoSuchTableError(UnreadableError):
    """There is no such table or view; ``there`` are those that there are."""

    def __init__(self, there: list[str]) -> None:
        super().__init__("no such table")
        self.there = there


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def parts_of(name: str) -> tuple[str, str]:
    """The schema and the table of ``table`` or ``schema.table``."""
    schema, dot, table = name.rpartition(".")
    return (schema, table) if dot else (SCHEMA, table)


def attached(connection: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Open a database file beside others, for reading only."""
    connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {quoted(alias)} (READ_ONLY)")


def check_table(connection: duckdb.DuckDBPyConnection, catalog: str, name: str) -> None:
    """Raises NoSuchTableError where the database has no such table or view."""
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL", [catalog]
    ).fetchall()
    if parts_of(name) not in found:
        raise NoSuchTableError([table if schema == SCHEMA else f"{schema}.{table}" for schema, table in found])


def table_sha256(path: Path, name: str) -> str:
    """A hash of the table's content: its columns, the number of rows, and the sum of the rows' hashes.

    It is another when a value, a row or a column is; the order of rows does not matter.

    Raises:
        NoSuchTableError, duckdb.Error: it cannot be read.
    """
    with _reading(path, name) as (connection, table):
        columns = connection.execute(f"DESCRIBE {table}").fetchall()
        sums = connection.execute(f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {table} t").fetchall()
    described = [(column[0], column[1]) for column in columns]
    return sha256(repr((described, sums)).encode()).hexdigest()


def copied_table(path: Path, name: str, copy: Path) -> None:
    """The table as a Parquet file, for engines that do not read DuckDB's; raises as :func:`table_sha256`."""
    with _reading(path, name) as (connection, table):
        connection.table(table).to_parquet(str(copy), compression="zstd")


@contextmanager
def _reading(path: Path, name: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    with duckdb.connect() as connection:
        attached(connection, path, "source")
        check_table(connection, "source", name)
        yield connection, ".".join(quoted(part) for part in ("source", *parts_of(name)))
