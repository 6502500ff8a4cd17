"""Engines: what computes the expressions that this room builds. DuckDB; PostgreSQL or Spark for what outgrows it.

The only modules that know which engine it is; ``engine_of`` chooses.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import duckdb

from lodd.registers.engines import problems
from lodd.registers.engines.on_duckdb import DuckDBEngine
from lodd.registers.engines.protocol import ROW, Engine, UnreadableError

SETTING: Final = "LODD_ENGINE"
READ_FAILURE: Final[tuple[type[Exception], ...]] = (duckdb.Error, UnreadableError)
"""What engines raise when a file cannot be read; damage inside one has no kind of its own."""
OUR_FAULT: Final[tuple[type[Exception], ...]] = (
    duckdb.BinderException,
    duckdb.ParserException,
    duckdb.CatalogException,
)
"""Among these, what no file can cause."""

__all__ = ["OUR_FAULT", "READ_FAILURE", "ROW", "SETTING", "DuckDBEngine", "Engine", "UnreadableError", "engine_of"]


def engine_of(
    setting: str | None = None, *, memory_limit: str | None = None, temp_folder: Path | None = None
) -> Engine:
    """The engine of this name, ready for a ``with`` block; without a name, that of ``LODD_ENGINE``, or DuckDB.

    The limit of memory, and the folder for what goes beyond it, are for DuckDB.

    Raises:
        UsageError: no such engine, or it is not installed or cannot be reached: says what to install or set.
    """
    name = (setting or os.environ.get(SETTING) or "duckdb").strip().lower()
    if name == "duckdb":
        return DuckDBEngine(memory_limit, temp_folder)
    if name == "postgresql":
        try:
            from lodd.registers.engines.on_postgresql import open_postgresql
        except ImportError:
            raise problems.no_library("PostgreSQL", "postgresql") from None
        return open_postgresql()
    if name == "spark":
        from lodd.registers.engines.on_spark import open_spark

        return open_spark()
    raise problems.no_such_engine(name)
