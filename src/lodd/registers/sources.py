"""Where records come from: a register's file, or a table in memory, opened and checked to be what it must be."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from lodd.protocol.register import Register
from lodd.registers import problems
from lodd.registers.engines import OUR_FAULT, READ_FAILURE, ROW, Engine
from lodd.registers.needs import Needs
from lodd.registers.problems import Place

Table: TypeAlias = pl.DataFrame | pa.Table
_PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True)
class Source:
    """An opened register. ``untyped`` columns are text, and the protocol says of what: all in CSV, and empty ones.

    ``numbered`` is the table with the number of each row, ``ROW``, from 1.
    """

    table: ir.Table
    place: Place
    untyped: frozenset[str]
    sha256: str
    numbered: ir.Table


def open_file(engine: Engine, register_id: str, register: Register, folder: Path) -> Source:
    """Open a register's file, or the files of a glob in the order of their names.

    The hash is that of the file's bytes; for several files, of their names and hashes. Two files with the same rows in
    another order have different hashes.

    Raises:
        DataError: no such file, empty, cut off, of another kind, unreadable.
    """
    place = Place(register_id, register.file)
    paths = _paths(folder, register.file)
    if not paths:
        raise problems.file_missing(place)
    with readable(place):
        digest = _digest(paths)
        text_only = _check_files(paths, place)
        columns = _columns(paths, place)
        table = engine.read_csv(paths, columns, _delimiter(paths[0])) if text_only else engine.read_parquet(paths)
    return _source(table, place, digest, text_only)


def file_sha256(register_id: str, register: Register, folder: Path) -> str:
    """The hash that :func:`open_file` would give.

    Raises:
        DataError: the file is not there or cannot be read.
    """
    place = Place(register_id, register.file)
    paths = _paths(folder, register.file)
    if not paths:
        raise problems.file_missing(place)
    with readable(place):
        return _digest(paths)


def open_table(engine: Engine, register_id: str, table: Table) -> Source:
    """Open a table in memory. The hash is that of its Arrow stream."""
    arrow = table.to_arrow() if isinstance(table, pl.DataFrame) else table
    arrow = _plain(arrow).combine_chunks()
    place = Place(register_id, register_id)
    return _source(
        engine.take(arrow, numbered=True), place, hashlib.sha256(_stream(arrow)).hexdigest(), text_only=False
    )


def check_columns(source: Source, needs: Needs) -> None:
    """Raises DataError naming every needed column that the file does not have."""
    there = list(source.table.columns)
    missing = [column for column in needs.columns if column not in there]
    if missing:
        raise problems.columns_missing(source.place, missing, there)


@contextmanager
def readable(place: Place) -> Iterator[None]:
    """Turns what the engine or the file system says of an unreadable file into a DataError."""
    try:
        yield
    except OUR_FAULT:
        raise
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid, *READ_FAILURE) as error:
        reason = str(getattr(error, "strerror", None) or error).strip().split("\n", 1)[0]
        raise problems.unreadable(place, reason) from error


def _paths(folder: Path, pattern: str) -> list[Path]:
    whole = folder / pattern
    if whole.is_file():
        return [whole]
    relative = whole.relative_to(whole.anchor)
    return sorted(path for path in Path(whole.anchor).glob(str(relative)) if path.is_file())


def _check_files(paths: list[Path], place: Place) -> bool:
    """Are they CSV (True) or Parquet (False)? Raises DataError where they are neither, or broken."""
    kinds = {_is_csv(path, place) for path in paths}
    if len(kinds) > 1:
        raise problems.file_kind(place)
    for path in paths:
        if path.stat().st_size == 0:
            raise problems.file_empty(place)
        if not _is_csv(path, place):
            _check_parquet(path, place)
    return kinds.pop()


def _is_csv(path: Path, place: Place) -> bool:
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return True
    if name.endswith(".parquet"):
        return False
    raise problems.file_kind(place)


def _check_parquet(path: Path, place: Place) -> None:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(-min(4, path.stat().st_size), 2)
        tail = file.read(4)
    if head != _PARQUET:
        raise problems.not_parquet(place)
    if tail != _PARQUET or path.stat().st_size < 12:
        raise problems.truncated(place)


def _columns(paths: list[Path], place: Place) -> list[str]:
    """The names of the columns, which all files have in the same order."""
    columns = [
        _named_header(path, place) if _is_csv(path, place) else list(pq.read_schema(path).names) for path in paths
    ]
    for path, other in zip(paths, columns, strict=True):
        if other != columns[0]:
            raise problems.files_differ(place, paths[0].name, path.name, columns[0], other)
    return columns[0]


def _named_header(path: Path, place: Place) -> list[str]:
    if not any(header := _header(path)):
        raise problems.no_header(place)
    return header


def _header(path: Path) -> list[str]:
    return next(csv.reader([_first_line(path)], delimiter=_delimiter(path)), [])


def _delimiter(path: Path) -> str:
    """Comma, semicolon or tab: the one that the header line has most of."""
    line = _first_line(path)
    return max(",;\t", key=line.count)


def _first_line(path: Path) -> str:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return file.readline().decode("utf-8-sig").rstrip("\r\n")


def _digest(paths: list[Path]) -> str:
    hashes = []
    for path in paths:
        with path.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    if len(paths) == 1:
        return hashes[0]
    named = "\n".join(f"{path.name} {digest}" for path, digest in zip(paths, hashes, strict=True))
    return hashlib.sha256(named.encode()).hexdigest()


def _plain(table: pa.Table) -> pa.Table:
    """Dictionary columns (categories) as the text that they stand for."""
    for position, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            values = table.column(position).cast(column.type.value_type)
            table = table.set_column(position, column.name, values)
    return table


def _source(table: ir.Table, place: Place, sha256: str, text_only: bool) -> Source:
    """The source, with columns that hold nothing (of a type that Ibis has no name for) as empty text."""
    empty = [name for name, kind in table.schema().items() if kind.is_unknown() or kind.is_null()]
    typed = table.mutate(**{name: ibis.null("string") for name in empty}) if empty else table
    known = typed.drop(ROW)
    return Source(known, place, frozenset(known.columns if text_only else empty), sha256, typed)


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
