"""The journal of erasures: what lets a restored backup be brought back to what has been erased since.

One line of JSON an erasure, without anything that names a person: the pseudonym in the ledger, the number of the
ledger's answer, the lock of the trial, who recorded it (their ledger id) and when. It is kept apart from the backups.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from lodd.errors import DataError, Problem
from lodd.locale import Text

_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Erasure:
    """One withdrawal. ``at`` is in UTC (ISO 8601)."""

    at: str
    by: str
    lock_sha256: str
    lot_id: str
    seq: int

    @classmethod
    def of(cls, lot_id: str, seq: int, *, by: str, lock_sha256: str, at: datetime) -> Erasure:
        return cls(at.isoformat(timespec="seconds"), by, lock_sha256, lot_id, seq)


def add_erasure(path: Path, erasure: Erasure) -> None:
    """Add a line; it is on the disk when this returns. Called before the erasure itself is committed.

    Raises:
        DataError: the journal cannot be written.
    """
    line = json.dumps(asdict(erasure), sort_keys=True).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(descriptor, _line_end_first(descriptor) + line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        raise DataError(_not_written()) from None


def _line_end_first(descriptor: int) -> bytes:
    """A line that a crash tore is ended, so that it takes no other with it."""
    size = os.fstat(descriptor).st_size
    return b"" if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n" else b"\n"


def read_erasures(path: Path, lock_sha256: str) -> list[Erasure]:
    """The erasures of this trial, in order. A torn line is left out: nothing had been erased after it.

    Raises:
        DataError: the journal is there and cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n") if path.exists() else []
    except OSError:
        raise DataError(_not_read(path)) from None
    found = (_erasure(line) for line in lines if line)
    return [erasure for erasure in found if erasure is not None and erasure.lock_sha256 == lock_sha256]


def _erasure(line: bytes) -> Erasure | None:
    try:
        return Erasure(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _not_written() -> Problem:
    return Problem(
        Text(
            nb="slettejournalen kan ikke skrives; ingenting er slettet",
            en="the journal of erasures cannot be written; nothing has been erased",
        ),
        next_step=Text(
            nb="Be dem som drifter nettstedet, om å se på LODD_ERASURES, og prøv igjen.",
            en="Ask those who run the site to look at LODD_ERASURES, and try again.",
        ),
    )


def _not_read(path: Path) -> Problem:
    return Problem(
        Text(nb=f"kan ikke lese slettejournalen {path}", en=f"cannot read the journal of erasures {path}"),
        "LODD_ERASURES",
    )
