"""Extracts keyed by identity number made into extracts keyed by pseudonym, a chunk at a time.

The number is in memory while its chunk is, and nowhere else: nothing is spilled to disk, messages and reports name rows
and never values, and a file is refused in which a column that is not pseudonymised holds numbers too. The extracts are
written to a folder beside the place where they are to be, which is renamed when all are there: all or nothing.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from os import getpid
from pathlib import Path
from typing import Final, TypeAlias, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lodd.identity import KeyRing, Slip
from lodd.identity.columns import plainly_good, read_numbers
from lodd.identity.pseudonyms import LENGTH
from lodd.locale import Text
from lodd.progress import Progress, silent
from lodd.registers import linking_problems as problems
from lodd.registers.linking_files import (
    Dialect,
    Extract,
    left_out_file,
    open_extract,
    readable,
    unreadable_files,
    writer,
)

Codes: TypeAlias = NDArray[np.int8]
PERSON: Final = "person_id"
REPORT_FILE: Final = "linking.json"
UNMATCHED: Final = "unmatched"
"""Why a row is left out whose number is valid: its person is not in the cohort. Other reasons are slips."""
REASONS: Final = ("", UNMATCHED, *get_args(Slip))
"""By the code that stands for each in arrays; 0 is a row that is linked."""
_CODE: Final = {reason: code for code, reason in enumerate(REASONS)}
_ODD: Final = 0x9E3779B97F4A7C15
"""Any odd number of 64 bits: multiplying by it loses nothing."""
_WRONG_SETTING: Final = ("real_in_test", "synthetic_in_production")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done with the extracts.

    ``number`` names the column with the identity number (None: the one known name that is there), ``also`` other
    columns of numbers (a partner's) with the names that their pseudonyms get, ``drop`` columns to leave out. Only
    people of the ``cohort`` (pseudonyms) are kept, if given.
    """

    number: str | None = None
    also: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    cohort: frozenset[str] | None = None
    dialect: Dialect = field(default_factory=Dialect)


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of one extract: counts of rows, why rows were left out, and of people."""

    file: str
    number: str
    rows: int
    linked: int
    people: int
    left_out: Mapping[str, int]
    also_empty: Mapping[str, int]
    """Of each further column, the rows whose number there is not valid; the pseudonym is empty."""
    cohort_not_seen: int | None
    """People of the cohort who are not in the extract."""


def link(
    extracts: Sequence[Path], ring: KeyRing, out: Path, asked: Asked | None = None, *, progress: Progress = silent
) -> tuple[Linked, ...]:
    """Write each extract to the folder ``out`` under its own name, keyed by ``person_id``, with a report.

    Beside an extract from which rows were left out, ``<name>.left-out.csv`` lists them: first and last row (from 1) of
    each run and the reason. ``linking.json`` holds the counts and what the key is committed to as.

    Raises:
        UsageError: ``out`` is there already, or two extracts have the same name.
        DataError: a file that is not readable, has no such column or holds numbers in another column, or numbers of
            the other setting: real people's in a test, synthetic ones in production.
        KeyMaterialError: the ring has no key for pseudonyms.
    """
    asked = asked or Asked()
    problems.check_names(extracts)
    with _whole_folder(out) as beside:
        linked = tuple(_Linking(path, ring, asked, progress).into(beside) for path in extracts)
        about = {"setting": ring.setting, "key": ring.commitments().get("person_pseudonym"), "extracts": linked}
        report = json.dumps(about, default=asdict, ensure_ascii=False, indent=2)
        (beside / REPORT_FILE).write_text(report + "\n", encoding="utf-8")
    return linked


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place at the end, or is gone."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise problems.taken(out)
    beside = out.with_name(f".{out.name}.{getpid()}")
    try:
        beside.mkdir(parents=True, mode=0o700)
        yield beside
        beside.replace(out)
    except OSError as error:
        raise problems.unwritable(out, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Column:
    """A chunk's column of numbers, each distinct one once: ``person_id`` of those that are linked.

    ``reason`` (distinct,) indexes REASONS; ``position`` (distinct,) is each linked one's place in ``person_id``;
    ``place`` (rows,) is each row's distinct one.
    """

    person_id: NDArray[np.bytes_]
    reason: Codes
    position: NDArray[np.int64]
    place: NDArray[np.int64]

    def pseudonyms(self) -> pa.Array:
        """(rows,) null where there is none."""
        linked = self.reason[self.place] == 0
        codes = np.ascontiguousarray(self.person_id)
        names = pa.FixedSizeBinaryArray.from_buffers(pa.binary(LENGTH), len(codes), [None, pa.py_buffer(codes)])
        return names.cast(pa.binary()).cast(pa.string()).take(pa.array(self.position[self.place], mask=~linked))

    def reasons(self) -> Codes:
        """(rows,) zero where the number is linked."""
        found: Codes = self.reason[self.place]
        return found


class _People:
    """How many people there are, from 64 bits of each pseudonym: some tens of megabytes for a nation."""

    def __init__(self) -> None:
        self._known: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self._new: list[NDArray[np.uint64]] = []

    def add(self, person_id: NDArray[np.bytes_]) -> None:
        letters = np.ascontiguousarray(person_id).view(np.uint8).reshape(-1, LENGTH)
        first, second = (np.ascontiguousarray(letters[:, i : i + 8]).view(np.uint64).ravel() for i in (0, 8))
        self._new.append(first * np.uint64(_ODD) + second)
        if sum(map(len, self._new)) > len(self._known):
            self._settle()

    def __len__(self) -> int:
        self._settle()
        return len(self._known)

    def _settle(self) -> None:
        found = np.sort(np.concatenate([self._known, *self._new]))  # NumPy's unique takes over ten times as long
        first = np.ones(len(found), dtype=np.bool_)
        first[1:] = found[1:] != found[:-1]
        self._known, self._new = found[first], []


class _Linking:
    """One extract on its way."""

    def __init__(self, path: Path, ring: KeyRing, asked: Asked, progress: Progress) -> None:
        self.path = path
        self.ring = ring
        self.asked = asked
        self.progress = progress
        self.rows = 0
        self.left_out: Counter[str] = Counter()
        self.also_empty: Counter[str] = Counter()
        self.seen = _People()
        self.cohort = None if asked.cohort is None else np.array(sorted(asked.cohort), dtype=f"S{LENGTH}")

    def into(self, folder: Path) -> Linked:
        with ExitStack() as stack:
            with unreadable_files(self.path):
                before = _version(self.path)
                extract = stack.enter_context(open_extract(self.path, self.asked.dialect))
            number = problems.number_column(self.path, extract.schema.names, self.asked.number)
            problems.check_columns(self.path, extract.schema.names, number, self.asked.also, self.asked.drop)
            self._write(extract, number, folder)
            with unreadable_files(self.path):
                if _version(self.path) != before:
                    raise problems.changed(self.path)
        people = len(self.seen)
        return Linked(
            file=self.path.name,
            number=number,
            rows=self.rows,
            linked=self.rows - self.left_out.total(),
            people=people,
            left_out=dict(self.left_out),
            also_empty=dict(self.also_empty),
            cohort_not_seen=None if self.cohort is None else len(self.cohort) - people,
        )

    def _write(self, extract: Extract, number: str, folder: Path) -> None:
        label = Text(nb=f"Kobler {self.path.name}", en=f"Linking {self.path.name}")
        with (
            writer(folder / self.path.name, self._schema(extract.schema, number), extract) as write,
            left_out_file(folder, self.path.name) as leave_out,
        ):
            for batch, done in readable(self.path, extract.batches()):
                kept, reasons = self._linked(batch, number)
                leave_out(self.rows, reasons, REASONS)
                self.rows += batch.num_rows
                write(kept)
                self.progress(label, done, 100)
        self.progress(label, 100, 100)

    def _schema(self, schema: pa.Schema, number: str) -> pa.Schema:
        names = {number: PERSON, **self.asked.also}
        kept = [field for field in schema if field.name not in self.asked.drop]
        return pa.schema([pa.field(names[f.name], pa.string()) if f.name in names else f for f in kept])

    def _linked(self, batch: pa.RecordBatch, number: str) -> tuple[pa.RecordBatch, Codes]:
        """The rows that are linked, and of every row why it is not."""
        own = self._read(batch, number, self.cohort)
        reasons = own.reasons()
        columns = []
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if name == number:
                columns.append(own.pseudonyms())
            elif name in self.asked.also:
                columns.append(self._further(batch, name))
            elif name not in self.asked.drop:
                self._refuse_numbers(name, column)
                columns.append(column)
        linked = reasons == 0
        self.left_out.update({REASONS[code]: int(n) for code, n in enumerate(np.bincount(reasons)) if code and n})
        self.seen.add(own.person_id)
        made = pa.RecordBatch.from_arrays(columns, schema=self._schema(batch.schema, number))
        return (made if linked.all() else made.filter(pa.array(linked))), reasons

    def _further(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        read = self._read(batch, name, None)
        empty = int((read.reasons() != 0).sum())
        if empty:
            self.also_empty[name] += empty
        return read.pseudonyms()

    def _read(self, batch: pa.RecordBatch, name: str, cohort: NDArray[np.bytes_] | None) -> _Column:
        coded = problems.text_or_integers(self.path, name, batch.column(name)).dictionary_encode("encode")
        read = read_numbers(coded.dictionary, self.ring.setting)
        place = coded.indices.to_numpy().astype(np.int64)
        self._refuse_setting(read.slips, place)
        reason = np.zeros(len(read.digits), dtype=np.int8)
        reason[list(read.slips)] = [_CODE[slip] for slip in read.slips.values()]
        person_id = self.ring.person_ids(read.digits[reason == 0])
        if cohort is not None:
            inside = np.isin(person_id, cohort)
            reason[np.flatnonzero(reason == 0)[~inside]] = _CODE[UNMATCHED]
            person_id = person_id[inside]
        return _Column(person_id, reason, np.cumsum(reason == 0) - 1, place)

    def _refuse_setting(self, slips: Mapping[int, Slip], place: NDArray[np.int64]) -> None:
        other = [row for row, slip in slips.items() if slip in _WRONG_SETTING]
        if other:
            rows = np.flatnonzero(np.isin(place, other)) + self.rows + 1
            raise problems.other_setting(self.path, self.ring.setting, rows.tolist())

    def _refuse_numbers(self, name: str, column: pa.Array) -> None:
        """Raises where most of a column's values of eleven digits are identity numbers of any setting."""
        digits = problems.eleven_digits(column)
        if len(digits):
            numbers = plainly_good(digits, "test") | plainly_good(digits, "production")
            if 2 * int(numbers.sum()) >= len(digits):
                raise problems.numbers_elsewhere(self.path, name)


def _version(path: Path) -> tuple[int, int]:
    """What changes when a file is written to."""
    about = path.stat()
    return about.st_size, about.st_mtime_ns
