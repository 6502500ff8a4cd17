"""The panel's file: Parquet, with what the panel was made from in its metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import Outcome
from lodd.protocol.types import Panel, Participants, RegisterNote
from lodd.registers import panel_problems, problems
from lodd.registers.arrow import array_of
from lodd.registers.hashing import PanelHash, panel_sha256
from lodd.registers.needs import registers_used
from lodd.registers.panel import coverage_of
from lodd.registers.provenance import ENGINE, VALUES, definitions_sha256, participants_sha256, provenance_of
from lodd.registers.scratch import scratch_folder
from lodd.registers.sources import file_sha256

_KEY: Final = b"lodd.panel"
_FORMAT: Final = 2


class PanelWriter:
    """Writes a panel some people at a time, in a folder of its own beside its place, and moves it there when whole.

    A ``with`` block; unless :meth:`finish` was called in it nothing is left, and ``path`` is as it was.

    Raises:
        DataError: the folder cannot be written to, or the disk is full.
    """

    def __init__(self, path: Path, window: MonthRange, coverage: Mapping[str, tuple[int, int]]) -> None:
        self._path = path
        self._about: dict[str, Any] = {"format": _FORMAT, "window": str(window), "coverage": coverage}
        self._hash = PanelHash(len(window))
        self._months = len(window)
        self._stack = ExitStack()
        self._writer: pq.ParquetWriter | None = None
        self._finished = False

    def __enter__(self) -> Self:
        with _writable(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._beside = self._stack.enter_context(scratch_folder(self._path.parent)) / self._path.name
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._writer is not None and not self._finished:
            with suppress(OSError, pa.ArrowException):
                self._writer.close()
        with self._stack, _writable(self._path):
            if self._finished and kind is None:
                self._beside.replace(self._path)

    def add(self, frame: pl.DataFrame) -> None:
        """The rows of the next people."""
        self._hash.add(frame)
        table = self._table(frame)
        with _writable(self._path):
            if self._writer is None:
                # the schema is not stored: it would hide what is said of the panel at the end
                self._writer = pq.ParquetWriter(self._beside, table.schema, compression="zstd", store_schema=False)
            self._writer.write_table(table)

    def _table(self, frame: pl.DataFrame) -> pa.Table:
        """The frame with each pseudonym once, as the file holds them too; they are read as text all the same."""
        people = frame["person_id"].gather_every(self._months).cast(pl.String).to_arrow()
        index = np.repeat(np.arange(len(people), dtype=np.int32), self._months)
        values = frame.drop("person_id").to_arrow()
        at = frame.columns.index("person_id")
        return values.add_column(at, "person_id", pa.DictionaryArray.from_arrays(array_of(index), people))

    def finish(self, notes: Iterable[RegisterNote], provenance: Mapping[str, str]) -> Mapping[str, str]:
        """What the panel says of itself, with the hash of its values; at least one frame has been added."""
        assert self._writer is not None
        provenance = {**provenance, VALUES: self._hash.hexdigest()}
        told = [[note.register, note.kind, note.count] for note in notes]
        about = json.dumps(self._about | {"notes": told, "provenance": provenance}, ensure_ascii=False)
        with _writable(self._path):
            self._writer.add_key_value_metadata({_KEY.decode(): about})
            self._writer.close()
        self._finished = True
        return provenance


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise problems.unwritable(path, error) from error


def write_panel(panel: Panel, path: Path) -> None:
    """Write a panel beside its place and then move it there, so that half a panel is never found.

    Raises:
        DataError: the folder cannot be written to.
    """
    with PanelWriter(path, panel.window, panel.coverage) as writer:
        writer.add(panel.frame)
        writer.finish(panel.notes, panel.provenance)


def read_panel(path: Path, trial: Trial) -> Panel:
    """Read a panel, exactly as it was written.

    Raises:
        DataError: no such file, cut off, not a panel, made by other definitions than the trial's, or changed since.
    """
    if _about(path)["provenance"].get("definitions") != definitions_sha256(trial):
        raise problems.other_definitions(path)
    panel = read_any_panel(path, trial.outcomes)
    declared = panel.window == trial.analysis.window.months and panel.coverage == coverage_of(trial)
    if not declared or panel.provenance.get(VALUES) != panel_sha256(panel):
        raise panel_problems.values_changed(path)
    return panel


def brought_panel(path: Path, trial: Trial, folder: Path, participants: Participants) -> Panel | None:
    """A panel that was built elsewhere, where the extracts are; None where all extracts are here to build it from.

    Raises:
        DataError: as :func:`read_panel`; it is not of these participants, or not of an extract that is here.
    """
    hashes = {name: _sha256_or_none(trial, name, folder) for name in registers_used(trial)}
    if None not in hashes.values():
        return None
    panel = read_panel(path, trial)
    if panel.provenance.get("participants") != participants_sha256(trial, participants):
        raise panel_problems.other_participants(path)
    known = {name: panel.provenance.get(f"extract:{name}") for name in hashes}
    if differ := [name for name, sha256 in hashes.items() if sha256 not in (None, known[name])]:
        raise panel_problems.other_extracts(path, differ)
    return panel


def read_any_panel(path: Path, outcomes: Mapping[str, Outcome] | None = None) -> Panel:
    """Read a panel whatever definitions made it, to compare it with another.

    Raises:
        DataError: no such file, cut off, or not a panel.
    """
    about, table = _read(path)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    try:
        return Panel(
            frame=frame,
            window=MonthRange.parse(about["window"]),
            outcomes=dict(outcomes or {}),
            coverage={name: (first, last) for name, (first, last) in about["coverage"].items()},
            notes=tuple(RegisterNote(register, kind, count) for register, kind, count in about["notes"]),
            provenance=about["provenance"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise problems.not_a_panel(path) from error


def is_current(path: Path, trial: Trial, folder: Path, participants: Participants) -> bool:
    """Was the panel made by these definitions, for these people, from the extracts as they are now, with this code?

    False, too, for a file that cannot be read: then the panel is to be built again.
    """
    try:
        made_from = _about(path)["provenance"]
        extracts = [(r, file_sha256(r, trial.registers[r], folder)) for r in registers_used(trial)]
    except (DataError, UsageError):
        return False
    settled = {key: value for key, value in made_from.items() if key not in (ENGINE, VALUES)}
    return bool(settled == provenance_of(trial, participants, extracts))


def _sha256_or_none(trial: Trial, register_id: str, folder: Path) -> str | None:
    try:
        return file_sha256(register_id, trial.registers[register_id], folder)
    except (DataError, UsageError):  # a server that cannot be reached from here
        return None


def _read(path: Path) -> tuple[dict[str, Any], pa.Table]:
    about = _about(path)
    try:
        with pq.ParquetFile(path) as file:
            return about, file.read()
    except (OSError, pa.ArrowException) as error:
        raise problems.not_a_panel(path) from error


def _about(path: Path) -> dict[str, Any]:
    try:
        metadata = pq.read_schema(path).metadata or {}
    except FileNotFoundError as error:
        raise problems.no_panel(path) from error
    except (OSError, pa.ArrowException) as error:
        raise problems.not_a_panel(path) from error
    if _KEY not in metadata:
        raise problems.not_a_panel(path)
    try:
        about: Any = json.loads(metadata[_KEY])
    except ValueError as error:
        raise problems.not_a_panel(path) from error
    said = about if isinstance(about, dict) else {}
    if said.get("format") != _FORMAT or not isinstance(said.get("provenance"), dict):
        raise problems.not_a_panel(path)
    return said
