"""Where records come from: a register's file, or a table in memory, opened and checked to be what it must be."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from lodd.errors import DataError
from lodd.protocol.microdata import csv_file, json_file
from lodd.protocol.register import Register
from lodd.registers import databases, microdata, parts, problems, source_problems
from lodd.registers.csv_files import Diagnosis
from lodd.registers.dialect import as_usual
from lodd.registers.engines import OUR_FAULT, READ_FAILURE, ROW, Engine
from lodd.registers.engines.problems import refuse_full
from lodd.registers.files import Files, digest, digesting, find_files
from lodd.registers.needs import Needs
from lodd.registers.opening import Opening, check_files, columns_of_all, partitions_of
from lodd.registers.parquet_types import check_types
from lodd.registers.problems import EXAMPLES, Found, Place

Table: TypeAlias = pl.DataFrame | pa.Table
_UNREADABLE: Final = (OSError, EOFError, zlib.error, UnicodeDecodeError, pa.ArrowInvalid)
"""What Python and Arrow raise of files; a compressed one that is cut off or damaged has errors of its own."""


_QUOTED_LINE: Final = re.compile(r"(columns, got \d+: ).*")
"""Arrow quotes the line of somebody whose pseudonym is nobody's business."""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened register. ``untyped`` columns are text, and the protocol says of what: all in CSV, and empty ones.

    ``numbered`` is the table with the number of each row, ``ROW``, from 1; ``hashed`` gives the hash of the content,
    which may still be worked out.
    """

    table: ir.Table
    place: Place
    untyped: frozenset[str]
    hashed: Callable[[], str]
    numbered: ir.Table
    stamps: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    """Of each file the size and the time of its last change when it was opened."""

    @property
    def sha256(self) -> str:
        """The hash of the content.

        Raises:
            DataError: the file cannot be read to its end.
        """
        with readable(self.place):
            return self.hashed()


def open_file(engine: Engine, register_id: str, register: Register, folder: Path) -> Source:
    """Open a register's file, the files of a glob in the order of their names, a folder of files, a dataset or a table.

    The hash is that of the file's bytes; for several files, of their names and hashes. Two files with the same rows in
    another order have different hashes; for tables of a database the order does not matter.

    Raises:
        DataError: no such file, empty, cut off, of another kind, unreadable, not as the protocol says.
        UsageError: something must be installed to read it.
    """
    place = Place(register_id, register.source)
    if register.dataset is not None:
        return _open_dataset(engine, register_id, register, folder)
    if register.parts:
        return _open_parts(engine, register_id, register, folder)
    if register.table is not None:
        table, sha256 = databases.read(engine, register, folder, place)
        return _source(table, place, lambda: sha256)
    return _open_files(engine, register, folder, place)


def _open_files(
    engine: Engine, register: Register, folder: Path, place: Place, hashed: Callable[[], str] | None = None
) -> Source:
    files = _files(folder, register, place)
    with readable(place):
        stamps = {path: _stamp(path) for path in files.paths}
        hashed = hashed or digesting(files)
        text_only = check_files(files, place)
        columns = columns_of_all(files, register.csv, place)
        if not text_only:
            check_types(files, files.paths, place)
        partitions = partitions_of(files, columns, place)
    place = replace(place, diagnosis=Diagnosis(files, columns, register.csv) if text_only else None)
    opening = Opening(engine, columns, register.csv, text_only)
    with readable(place):
        table = opening.with_partitions(files, partitions) if partitions else opening.read(files.paths)
        usual = as_usual(table, register) if text_only else table
        source = _source(usual, place, hashed, frozenset(columns if text_only else ()))
    return replace(source, stamps=stamps)


def refuse_changed(sources: Iterable[Source]) -> None:
    """Raises DataError if a file is not as it was when it was opened: what was read may be of two kinds."""
    for source in sources:
        with readable(source.place):
            changed = [path.name for path, stamp in source.stamps.items() if _stamp(path) != stamp]
        if changed:
            raise source_problems.changed(source.place, changed)


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns


def file_sha256(register_id: str, register: Register, folder: Path) -> str:
    """The hash that :func:`open_file` would give.

    Raises:
        DataError: the file is not there or cannot be read.
    """
    place = Place(register_id, register.source)
    if register.dataset is not None:
        return _dataset_sha256(register.dataset, folder, place)
    if register.parts:
        return _together(
            [file_sha256(register_id, parts.register_of(register, part), folder) for part in register.parts]
        )
    if register.table is not None:
        return databases.content_sha256(register, folder, place)
    files = _files(folder, register, place)
    with readable(place):
        return digest(files)


def _open_parts(engine: Engine, register_id: str, register: Register, folder: Path) -> Source:
    """The parts of a register, one after the other."""
    place = Place(register_id, register.source)
    opened = [open_file(engine, register_id, parts.register_of(register, part), folder) for part in register.parts]
    tables, rows = [], []
    for number, source in enumerate(opened):
        with readable(source.place):
            tables.append(parts.renamed(source.numbered, register, number, source.place))
            rows.append(int(engine.fetch(source.numbered.aggregate(rows=source.numbered.count())).item()))
    table, mixed = parts.joined(tables, rows)
    stamps = {path: stamp for source in opened for path, stamp in source.stamps.items()}
    untyped = mixed | frozenset(table.columns).intersection(*(source.untyped for source in opened))
    whole = _source(table, place, lambda: _together([source.sha256 for source in opened]), untyped)
    return replace(whole, stamps=stamps)


def _together(hashes: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _open_dataset(engine: Engine, register_id: str, register: Register, folder: Path) -> Source:
    """A dataset of microdata.no, which its own tools find valid and which is what the protocol says."""
    place, dataset = Place(register_id, register.source), register.dataset or ""
    metadata = microdata.described(dataset, folder, place)
    microdata.check(register, metadata, place)
    sha256 = _dataset_sha256(dataset, folder, place)
    microdata.validate(dataset, folder, sha256, place)
    opened = _open_files(engine, microdata.as_csv(register), folder, place, lambda: sha256)
    outside = microdata.outside_period(opened.numbered, register)
    if outside is not None and (found := _found(engine, opened.numbered.filter(outside))):
        raise microdata.other_period(place, register, found)
    numbered = microdata.meant(opened.numbered, register_id, register, metadata)
    known = numbered.drop(ROW)
    texts = {register_id, microdata.VALUE} if metadata.data_type == "STRING" else set[str]()
    return replace(opened, table=known, numbered=numbered, untyped=frozenset(known.columns) - texts)


def _dataset_sha256(dataset: str, folder: Path, place: Place) -> str:
    """Of both files."""
    both = Files(folder / dataset, (folder / csv_file(dataset), folder / json_file(dataset)))
    if not all(path.is_file() for path in both.paths):
        raise source_problems.file_missing(place)
    with readable(place):
        return digest(both)


def _found(engine: Engine, rows: ir.Table) -> Found | None:
    """How many rows, and the numbers of the first few; None where there is none."""
    first = engine.fetch(rows.select(ROW).order_by(ROW).limit(EXAMPLES))[ROW].to_list()
    count = int(engine.fetch(rows.aggregate(rows=rows.count())).item()) if first else 0
    return Found(count, tuple(first)) if count else None


def open_table(engine: Engine, register_id: str, table: Table) -> Source:
    """Open a table in memory. The hash is that of its Arrow stream."""
    arrow = table.to_arrow() if isinstance(table, pl.DataFrame) else table
    arrow = _plain(arrow).combine_chunks()
    place = Place(register_id, register_id)
    sha256 = hashlib.sha256(_stream(arrow)).hexdigest()
    return _source(engine.take(arrow, numbered=True), place, lambda: sha256)


def check_columns(source: Source, needs: Needs) -> None:
    """Raises DataError naming every needed column that the file does not have."""
    there = [name for name in source.table.columns if name not in parts.OWN]
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
    except (*_UNREADABLE, *READ_FAILURE) as error:
        refuse_full(error)
        told = _diagnosed(place)
        said = str(getattr(error, "strerror", None) or error).strip().split("\n", 1)[0]
        reason = _QUOTED_LINE.sub(r"\1…", said)
        raise told or problems.unreadable(place, reason) from error


def _diagnosed(place: Place) -> DataError | None:
    try:
        return place.diagnosis(place) if place.diagnosis is not None else None
    except _UNREADABLE:  # cut off or damaged, as the engine says
        return None


def _files(folder: Path, register: Register, place: Place) -> Files:
    files = find_files(folder, register.file or "")
    if not files.paths:
        raise source_problems.file_missing(place)
    return files


def _plain(table: pa.Table) -> pa.Table:
    """Dictionary columns (categories) as the text that they stand for."""
    for position, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            values = table.column(position).cast(column.type.value_type)
            table = table.set_column(position, column.name, values)
    return table


def _source(table: ir.Table, place: Place, hashed: Callable[[], str], texts: frozenset[str] = frozenset()) -> Source:
    """The source, with columns that hold nothing (of a type that Ibis has no name for) as empty text."""
    empty = [name for name, kind in table.schema().items() if kind.is_null() or _is_nothing(kind)]
    typed = table.mutate(**{name: ibis.null("string") for name in empty}) if empty else table
    return Source(typed.drop(ROW), place, texts | frozenset(empty), hashed, typed)


def _is_nothing(kind: dt.DataType) -> bool:
    """The engine's type of a column that holds nothing; a type that is merely unknown is refused where it is used."""
    return isinstance(kind, dt.Unknown) and "NULL" in str(kind.raw_type)


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
