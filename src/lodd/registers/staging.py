"""A register's rows put by range of people on the disk, so that a panel is built a range at a time.

Each file is read once, whatever the number of ranges. What is put aside holds personal data: the folder is the caller's
own, readable by nobody else and removed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lodd.registers.arrow import array_of, numbers_of
from lodd.registers.engines import DuckDBEngine

BATCH: Final = 50_000
_COMPRESSION: Final = "lz4"


@dataclass(frozen=True, slots=True)
class Ranges:
    """People numbered 0, 1, ... divided into ranges: range i is ``edges[i]..edges[i + 1] - 1``."""

    edges: tuple[int, ...]

    @classmethod
    def of(cls, people: int, parts: int) -> Ranges:
        """As equal as can be."""
        return cls(tuple(people * i // parts for i in range(parts + 1)))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def people(self, number: int) -> slice:
        return slice(self.edges[number], self.edges[number + 1])


@dataclass(frozen=True, slots=True)
class Staged:
    """The rows of a register by range of people, each with ``person`` numbered within its range."""

    paths: tuple[Path, ...]

    @contextmanager
    def rows(self, number: int) -> Iterator[pa.Table]:
        """One range's rows. They are taken off the disk at the end of the block: nobody asks for them again."""
        with pa.memory_map(str(self.paths[number])) as file:
            yield pa.ipc.open_file(file).read_all()
        self.paths[number].unlink()


def stage(engine: DuckDBEngine, drawn: ir.Table, ranges: Ranges, folder: Path, name: str) -> Staged:
    """Put rows with a ``person`` aside by range.

    Raises:
        OSError: the disk is full.
    """
    paths = tuple(folder / f"{name}-{number}.arrow" for number in range(len(ranges)))
    reader = engine.batches(drawn, BATCH)
    options = pa.ipc.IpcWriteOptions(compression=_COMPRESSION)
    with ExitStack() as stack:
        writers = [stack.enter_context(pa.ipc.new_file(str(path), reader.schema, options=options)) for path in paths]
        for batch in reader:
            for number, rows in _divided(batch, ranges):
                writers[number].write_batch(rows)
    return Staged(paths)


def _divided(batch: pa.RecordBatch, ranges: Ranges) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batch's rows by range, with ``person`` from 0 in each."""
    edges = np.asarray(ranges.edges)
    at = batch.schema.get_field_index("person")
    person = numbers_of(batch.column(at)).astype(np.int32)
    number = (np.searchsorted(edges, person, side="right") - 1).astype(np.int16)
    order = np.argsort(number, kind="stable")
    ends = np.searchsorted(number[order], np.arange(len(ranges)), side="right")
    within = (person - edges[number]).astype(np.int32)
    sorted_batch = batch.set_column(at, "person", array_of(within)).take(array_of(order))
    yield from _slices(sorted_batch, ends)


def _slices(batch: pa.RecordBatch, ends: NDArray[np.intp] | Sequence[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
    begin = 0
    for number, end in enumerate(ends):
        if end > begin:
            yield number, batch.slice(begin, end - begin)
        begin = int(end)
