"""The panel's file: Parquet, with what the panel was made from in its metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from lodd.errors import DataError
from lodd.files import whole
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.types import Panel, Participants, RegisterNote
from lodd.registers import problems
from lodd.registers.needs import registers_used
from lodd.registers.provenance import definitions_sha256, provenance_of
from lodd.registers.sources import file_sha256

_KEY: Final = b"lodd.panel"
_FORMAT: Final = 1


def write_panel(panel: Panel, path: Path) -> None:
    """Write a panel beside its place and then move it there, so that half a panel is never found.

    Raises:
        DataError: the folder cannot be written to.
    """
    about = {
        "format": _FORMAT,
        "window": str(panel.window),
        "coverage": panel.coverage,
        "notes": [[note.register, note.kind, note.count] for note in panel.notes],
        "provenance": panel.provenance,
    }
    table = panel.frame.to_arrow()
    table = table.replace_schema_metadata({_KEY: json.dumps(about, ensure_ascii=False).encode()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as beside:
            pq.write_table(table, beside, compression="zstd")
    except OSError as error:
        raise problems.unwritable(path, error) from error


def read_panel(path: Path, trial: Trial) -> Panel:
    """Read a panel, exactly as it was written.

    Raises:
        DataError: no such file, cut off, not a panel, or made by other definitions than the trial's.
    """
    about, table = _read(path)
    provenance = about["provenance"]
    if provenance.get("definitions") != definitions_sha256(trial):
        raise problems.other_definitions(path)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return Panel(
        frame=frame,
        window=MonthRange.parse(about["window"]),
        outcomes=dict(trial.outcomes),
        coverage={name: (first, last) for name, (first, last) in about["coverage"].items()},
        notes=tuple(RegisterNote(register, kind, count) for register, kind, count in about["notes"]),
        provenance=provenance,
    )


def is_current(path: Path, trial: Trial, folder: Path, participants: Participants) -> bool:
    """Was the panel made by these definitions, for these people, from the extracts as they are now, with this code?

    False, too, for a file that cannot be read: then the panel is to be built again.
    """
    try:
        made_from = _about(path)["provenance"]
        extracts = [(r, file_sha256(r, trial.registers[r], folder)) for r in registers_used(trial)]
    except DataError:
        return False
    return bool(made_from == provenance_of(trial, participants, extracts))


def _read(path: Path) -> tuple[dict[str, Any], pa.Table]:
    about = _about(path)
    try:
        return about, pq.read_table(path)
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
    about: dict[str, Any] = json.loads(metadata[_KEY])
    if about.get("format") != _FORMAT:
        raise problems.not_a_panel(path)
    return about
