"""Files whose kind, columns and folders are looked at before an engine reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from lodd.protocol.source import Csv
from lodd.registers import problems, source_problems
from lodd.registers.csv_files import check_encoding, columns_of, delimiter_of
from lodd.registers.dialect import copied, is_unusual
from lodd.registers.engines import ROW, Engine
from lodd.registers.files import Files, PartitionType, partition_types
from lodd.registers.problems import Place

_PARQUET = b"PAR1"


def check_files(files: Files, place: Place) -> bool:
    """Are they CSV (True) or Parquet (False)? Raises DataError where they are neither, or broken."""
    kinds = {_is_csv(path, place) for path in files.paths}
    if len(kinds) > 1:
        raise problems.file_kind(place)
    for path in files.paths:
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


def columns_of_all(files: Files, declared: Csv | None, place: Place) -> list[str]:
    """The names of the columns, which all files have in the same order."""
    columns = [_columns_of(path, declared, place) for path in files.paths]
    for path, other in zip(files.paths, columns, strict=True):
        if other != columns[0]:
            raise problems.files_differ(place, files.name(files.paths[0]), files.name(path), columns[0], other)
    return columns[0]


def _columns_of(path: Path, declared: Csv | None, place: Place) -> list[str]:
    if not _is_csv(path, place):
        return list(pq.read_schema(path).names)
    check_encoding(path, declared, place)
    return columns_of(path, declared, place)


def partitions_of(files: Files, columns: Sequence[str], place: Place) -> dict[str, PartitionType]:
    """The columns that the folders' names say, and their types; none where no folder is called `name=value`."""
    found = [files.partition(path) for path in files.paths]
    for path, each in zip(files.paths, found, strict=True):
        if each.keys() != found[0].keys():
            raise source_problems.partitions_differ(place, files.name(files.paths[0]), files.name(path))
        if twice := files.named_twice(path):
            raise source_problems.partition_twice(place, files.name(path), twice[0])
    plain = {name.casefold() for name in columns}  # engines do not tell capitals from small letters
    if clash := sorted(name for name in found[0] if name.casefold() in plain):
        raise source_problems.partition_clash(place, clash)
    return partition_types(found)


@dataclass(frozen=True, slots=True)
class Opening:
    """Reads files whose columns are known: Parquet, or CSV as text, from a copy if it is not written as usual."""

    engine: Engine
    columns: Sequence[str]
    declared: Csv | None
    text_only: bool

    def read(self, paths: Sequence[Path]) -> ir.Table:
        if not self.text_only:
            return self.engine.read_parquet(paths)
        if self.declared is not None and is_unusual(self.declared):
            return self.engine.read_parquet(copied(paths, self.columns, self.declared, self.engine))
        return self.engine.read_csv(paths, self.columns, delimiter_of(paths[0], self.declared))

    def with_partitions(self, files: Files, types: Mapping[str, PartitionType]) -> ir.Table:
        """The files with the columns that their folders' names say, each folder by itself, rows numbered through."""
        tables, before = [], 0
        for values, paths in groupby(files.paths, files.partition):
            together = list(paths)
            table = self.read(together)
            given = {name: ibis.literal(value, "string").cast(types[name]) for name, value in values.items()}
            tables.append(table.mutate(**{ROW: table[ROW] + before}, **given))
            before += self._rows(table, together)
        return tables[0] if len(tables) == 1 else ibis.union(*tables)

    def _rows(self, table: ir.Table, paths: Sequence[Path]) -> int:
        if not self.text_only:
            return sum(pq.read_metadata(path).num_rows for path in paths)
        return int(self.engine.fetch(table.aggregate(rows=table.count())).item())
