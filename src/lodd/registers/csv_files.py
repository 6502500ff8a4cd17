"""CSV files: their columns, their delimiter, and, where an engine could not read one, the line that is wrong.

Engines say different things of a broken line, or nothing that its owner can use. So what is wrong is looked for again
by Python's own reader, line by line, and only then.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from lodd.errors import DataError
from lodd.protocol.source import Csv
from lodd.registers import source_problems as problems
from lodd.registers.dialect import codec, is_utf8
from lodd.registers.files import Files, head
from lodd.registers.problems import Place

csv.field_size_limit(2**24)  # more than engines read: a quotation mark that is not closed is found all the same
_SAMPLE = 2**20
_DELIMITERS = ",;\t|"


def delimiter_of(path: Path, declared: Csv | None) -> str:
    """As declared, or comma, semicolon or tab: the one that the header line has most of."""
    if declared is not None:
        return declared.delimiter
    line = _first_line(path, None)
    return max(",;\t", key=line.count)


def columns_of(path: Path, declared: Csv | None, place: Place) -> list[str]:
    """The names of the columns, from the header line or as declared.

    Raises:
        DataError: the header line is empty, in another encoding, with another delimiter or line end, or names a
            column twice (engines do not tell capitals from small letters) or not at all.
    """
    if declared is not None and declared.names:
        return list(declared.names)
    quote = declared.quote if declared is not None else '"'
    try:
        line = [_first_line(path, declared)]
    except UnicodeDecodeError:
        raise problems.wrong_encoding(place, path.name, 1, declared) from None
    if "\r" in line[0]:
        raise problems.mac_line_ends(place, path.name)
    try:
        names: list[str] = next(iter(_rows(line, delimiter_of(path, declared), quote)), [])
    except csv.Error:
        raise problems.broken_line(place, path.name, 1, quote) from None
    if not any(names):
        raise problems.no_header(place)
    if declared is not None and len(names) == 1 and (other := max(_DELIMITERS, key=names[0].count)) in names[0]:
        raise problems.wrong_delimiter(place, declared.delimiter, other)
    _check_names(names, place)
    return names


def _check_names(names: Sequence[str], place: Place) -> None:
    if "" in names:
        raise problems.nameless(place, names.index("") + 1, len(names))
    plain = [name.casefold() for name in names]
    if twice := sorted({name for name in names if plain.count(name.casefold()) > 1}):
        raise problems.named_twice(place, twice)


def check_encoding(path: Path, declared: Csv | None, place: Place) -> None:
    """Raises DataError for a file in UTF-8 that is declared to be in another encoding: every letter would be wrong."""
    if declared is not None and declared.encoding != "utf-8" and is_utf8(head(path, _SAMPLE)):
        raise problems.really_utf8(place, declared.encoding)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Finds out what is wrong with files that an engine could not read."""

    files: Files
    columns: Sequence[str]
    declared: Csv | None

    def __call__(self, place: Place) -> DataError | None:
        """The first thing wrong, or None where Python reads every line."""
        for path in self.files.paths:
            if (found := self._first(path, place)) is not None:
                return found
        return None

    def _first(self, path: Path, place: Place) -> DataError | None:
        # engines read all files with the delimiter of the first
        name, delimiter = self.files.name(path), delimiter_of(self.files.paths[0], self.declared)
        quote = self.declared.quote if self.declared is not None else '"'
        ends: set[str] = set()
        with _opened(path, self.declared) as text:
            reader = _rows(_noting(text, ends), delimiter, quote)
            try:
                for row in reader:
                    if row and len(row) != len(self.columns):
                        return problems.ragged(place, name, reader.line_num, len(row), self.columns)
            except UnicodeDecodeError:
                return problems.wrong_encoding(place, name, self._undecodable(path), self.declared)
            except csv.Error:
                return problems.broken_line(place, name, reader.line_num + 1, quote)
        return problems.mixed_line_ends(place, name) if len(ends) > 1 else None

    def _undecodable(self, path: Path) -> int:
        """The first line that is not in the encoding; a line break is one byte in all of those read."""
        decoding = codec(self.declared)
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    line.decode(decoding)
                except UnicodeDecodeError:
                    return number
        return number


def _noting(text: TextIO, ends: set[str]) -> Iterator[str]:
    """The lines, and on the way which kinds of line end they have."""
    for line in text:
        if line.endswith("\n"):
            ends.add(line[-2:] if line.endswith("\r\n") else "\n")
        yield line


def _rows(lines: Sequence[str] | Iterator[str], delimiter: str, quote: str) -> Any:
    if quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _opened(path: Path, declared: Csv | None) -> TextIO:
    encoding = codec(declared)
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding=encoding, newline=""))
    return path.open(encoding=encoding, newline="")


def _first_line(path: Path, declared: Csv | None) -> str:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return file.readline().decode(codec(declared)).rstrip("\r\n")
