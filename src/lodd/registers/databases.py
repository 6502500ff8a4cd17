"""Registers that are tables of a database: a DuckDB file beside the protocol, or on the engine's server."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Text
from lodd.protocol.checks.finding import listed, nearest
from lodd.protocol.register import Register
from lodd.registers.engines import READ_FAILURE, DuckDBEngine, Engine, engine_of
from lodd.registers.engines.duckdb_tables import NoSuchTableError, copied_table, table_sha256
from lodd.registers.engines.problems import refuse_full
from lodd.registers.problems import Place
from lodd.registers.scratch import temporary_folder
from lodd.registers.source_problems import FileMissingError


def read(engine: Engine, register: Register, folder: Path, place: Place) -> tuple[ir.Table, str]:
    """The table, numbered, and the hash of its content.

    Raises:
        DataError: no such file or table.
        UsageError: the table is on a server that this engine does not work on.
    """
    name = register.table or ""
    with _readable(place, name):
        if register.database == "postgresql":
            server = _server(engine, place)
            return server.read_table(name), server.table_sha256(name)
        path = _file(register, folder, place)
        return _of_file(engine, path, name), table_sha256(path, name)


def content_sha256(register: Register, folder: Path, place: Place) -> str:
    """The hash that :func:`read` would give; raises as it, and UsageError where the server cannot be reached."""
    name = register.table or ""
    with _readable(place, name):
        if register.database != "postgresql":
            return table_sha256(_file(register, folder, place), name)
        with engine_of("postgresql") as engine:
            return str(_server(engine, place).table_sha256(name))


def engine_where(register: Register) -> Engine:
    """An engine that can read the register whichever computes the panel: its server, or DuckDB.

    Raises:
        UsageError: the server cannot be reached.
    """
    return engine_of("postgresql" if register.database == "postgresql" else "duckdb")


@contextmanager
def _readable(place: Place, name: str) -> Iterator[None]:
    """Turns what a database says of a table that it does not let be read into a DataError."""
    try:
        yield
    except NoSuchTableError as error:
        raise _no_table(place, name, error.there) from None
    except READ_FAILURE as error:
        refuse_full(error)
        reason = str(error).strip().split("\n", 1)[0]
        found = Text(nb=f"tabellen kan ikke leses: {reason}", en=f"the table cannot be read: {reason}")
        raise DataError(
            Problem(found, place.at(), Text(nb="en tabell som kan leses", en="a readable table"))
        ) from error


def _of_file(engine: Engine, path: Path, name: str) -> ir.Table:
    if isinstance(engine, DuckDBEngine):
        return engine.read_database(path, name)
    folder = temporary_folder()
    weakref.finalize(engine, folder.cleanup)
    copy = Path(folder.name) / "table.parquet"
    copied_table(path, name, copy)
    return engine.read_parquet([copy])


def _file(register: Register, folder: Path, place: Place) -> Path:
    path = folder / (register.database or "").partition(":")[2]
    if not path.is_file():
        found = Text(nb=f"fant ikke databasen {path.name}", en=f"the database {path.name} is not there")
        step = Text(nb="legg filen der, eller rett `database`", en="put the file there, or mend `database`")
        raise FileMissingError(Problem(found, place.at(), Text(nb="en DuckDB-fil", en="a DuckDB file"), step))
    return path


def _server(engine: Engine, place: Place) -> Any:
    if engine.name != "postgresql":
        found = Text(
            nb=f"registeret er en tabell i PostgreSQL, og motoren er {engine.name}",
            en=f"the register is a table in PostgreSQL, and the engine is {engine.name}",
        )
        step = Text(
            nb="sett LODD_ENGINE=postgresql, eller bruk --engine postgresql der kommandoen har det",
            en="set LODD_ENGINE=postgresql, or use --engine postgresql where the command has it",
        )
        raise UsageError(Problem(found, place.at(), None, step))
    return engine


def _no_table(place: Place, name: str, there: list[str]) -> DataError:
    found = Text(nb=f"tabellen «{name}» er ikke i databasen", en=f'the table "{name}" is not in the database')
    return DataError(Problem(found, place.at(), listed(there), nearest(name, there)))
