"""The files that are linked: CSV and Parquet, read and written a chunk at a time.

What the reader says of a line that it cannot read quotes the line, which may hold a number: it is never passed on.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lodd.registers import linking_problems as problems

T = TypeVar("T")
ROWS: Final = 250_000
"""Rows of a Parquet file in memory at a time."""
_BLOCK: Final = 16 * 2**20
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How CSV files are written; ``delimiter`` None: the one that the header line has most of."""

    delimiter: str | None = None
    encoding: str = "utf-8"


LeaveOut = Callable[[int, NDArray[np.int8], Sequence[str]], None]
"""Takes how many rows came before, a code for each row of a chunk, and what the codes stand for."""


class Extract(Protocol):
    """An opened extract."""

    @property
    def schema(self) -> pa.Schema: ...

    @property
    def delimiter(self) -> str | None:
        """Of a CSV file."""

    def batches(self) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Its rows in order, a chunk at a time, with how much is read so far, in per cent."""


@dataclass(frozen=True, slots=True)
class _Parquet:
    file: pq.ParquetFile
    delimiter: None = None

    @property
    def schema(self) -> pa.Schema:
        return self.file.schema_arrow.remove_metadata()

    def batches(self) -> Iterator[tuple[pa.RecordBatch, int]]:
        done, total = 0, self.file.metadata.num_rows
        for batch in self.file.iter_batches(ROWS):
            done += batch.num_rows
            yield batch, 100 * done // total


@dataclass(frozen=True, slots=True)
class _Csv:
    reader: pacsv.CSVStreamingReader
    raw: pa.NativeFile
    size: int
    delimiter: str

    @property
    def schema(self) -> pa.Schema:
        return self.reader.schema

    def batches(self) -> Iterator[tuple[pa.RecordBatch, int]]:
        for batch in self.reader:
            yield batch, 100 * self.raw.tell() // max(self.size, 1)


@contextmanager
def open_extract(path: Path, dialect: Dialect) -> Iterator[Extract]:
    """Open a Parquet or CSV file (by its name; ``.csv.gz`` too). Every column of a CSV file is text.

    Raises:
        DataError: another kind of file, no header, or two columns of one name.
        OSError, pa.ArrowException, UnicodeDecodeError: it cannot be read.
    """
    name = path.name.lower()
    with ExitStack() as stack:
        if name.endswith(".parquet"):
            file = stack.enter_context(pq.ParquetFile(path, memory_map=True))
            problems.check_header(path, file.schema_arrow.names)
            yield _Parquet(file)
        elif name.endswith((".csv", ".csv.gz")):
            yield _open_csv(path, dialect, stack)
        else:
            raise problems.file_kind(path)


def _open_csv(path: Path, dialect: Dialect, stack: ExitStack) -> _Csv:
    line = _first_line(path, dialect.encoding)
    delimiter = dialect.delimiter or max(_DELIMITERS, key=line.count)
    header = next(csv.reader([line], delimiter=delimiter), [])
    problems.check_header(path, header)
    raw = stack.enter_context(pa.OSFile(str(path)))
    stream = pa.CompressedInputStream(raw, "gzip") if path.suffix.lower() == ".gz" else raw
    reader = pacsv.open_csv(
        stream,
        read_options=pacsv.ReadOptions(encoding=dialect.encoding, block_size=_BLOCK),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )
    return _Csv(stack.enter_context(reader), raw, path.stat().st_size, delimiter)


def _first_line(path: Path, encoding: str) -> str:
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        return file.readline().decode("utf-8-sig" if encoding == "utf-8" else encoding).rstrip("\r\n")


@contextmanager
def unreadable_files(path: Path) -> Iterator[None]:
    """What the reader says of a broken file as a DataError that quotes nothing of it."""
    try:
        yield
    except FileNotFoundError:
        raise problems.missing(path) from None
    except (OSError, pa.ArrowException, UnicodeDecodeError, LookupError, EOFError) as error:
        raise problems.unreadable(path, type(error).__name__) from None


def readable(path: Path, batches: Iterator[T]) -> Iterator[T]:
    """The chunks, with errors of reading (and no others: not of what is done with them) as DataError."""
    while True:
        with unreadable_files(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def writer(path: Path, schema: pa.Schema, extract: Extract) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Writes chunks as the extract was: Parquet, or CSV (UTF-8) with its delimiter, compressed if it was."""
    with ExitStack() as stack:
        if extract.delimiter is None:
            yield stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd")).write_batch
            return
        sink = stack.enter_context(pa.OSFile(str(path), "wb"))
        if path.suffix.lower() == ".gz":
            sink = stack.enter_context(pa.CompressedOutputStream(sink, "gzip"))
        options = pacsv.WriteOptions(delimiter=extract.delimiter)
        yield stack.enter_context(pacsv.CSVWriter(sink, schema, write_options=options)).write_batch


@contextmanager
def left_out_file(folder: Path, name: str) -> Iterator[LeaveOut]:
    """``<name>.left-out.csv``: runs of rows left out for one reason, as first row, last row, reason. Gone if empty."""
    path = folder / f"{name}.left-out.csv"
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("first_row", "last_row", "reason"))

        def leave_out(before: int, codes: NDArray[np.int8], reasons: Sequence[str]) -> None:
            nonlocal written
            runs = _runs(codes)
            lines.writerows((before + first + 1, before + last, reasons[code]) for first, last, code in runs)
            written += len(runs)

        yield leave_out
    if not written:
        path.unlink()


def _runs(codes: NDArray[np.int8]) -> list[tuple[int, int, int]]:
    """Start, end (not included) and code of each run of equal codes, without those of 0."""
    if not codes.any():
        return []
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    ends = np.r_[starts[1:], len(codes)]
    out = codes[starts] != 0
    return list(zip(starts[out].tolist(), ends[out].tolist(), codes[starts][out].tolist(), strict=True))
