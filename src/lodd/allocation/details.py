"""What erasure must be able to destroy: factor values, who called, notes. Kept beside the chain, never in it.

The chain holds only SHA-256(salt, canonical content). While the salt is secret and random, the hash tells nothing of
the content; when salt and content are destroyed, nothing can bring them back or even confirm a guess. (Copies of this
file must be destroyed too: backups are part of the erasure.)
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Text
from lodd.protocol.canonical import canonical_bytes

DETAILS_FILE: Final = "ledger.details.ndjson"
_SALT_BYTES: Final = 32
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that stands outside the chain, with the salt that ties it to the chain."""

    salt: str
    content: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """What the chain holds of it (hexadecimal)."""
        return hashlib.sha256(bytes.fromhex(self.salt) + canonical_bytes(self.content)).hexdigest()


@dataclass(frozen=True, slots=True)
class Details:
    """All that stands outside: by the hash in the chain. ``altered`` are entries that no longer fit their hash."""

    kept: Mapping[str, Detail] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    altered: frozenset[str] = frozenset()

    def content(self, sha256: str | None) -> Mapping[str, Any] | None:
        """The content behind a hash, or None where it is erased, altered or not there."""
        detail = self.kept.get(sha256) if sha256 else None
        return detail.content if detail else None


def new_detail(content: Mapping[str, Any]) -> Detail:
    """A detail with a fresh random salt."""
    return Detail(secrets.token_hex(_SALT_BYTES), content)


def read_details(path: Path) -> Details:
    """The details file; empty if there is none. A torn last line is left out: no event came of it.

    Raises:
        DataError: the file cannot be read, or a line other than the last is damaged.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Details()
    except OSError as error:
        raise DataError(_cannot_read(path, error.strerror or "")) from None
    kept, erased, altered = dict[str, Detail](), set[str](), set[str]()
    for row, line in enumerate(lines[:-1], 1):
        sha256, detail = _entry(line, path, row)
        if detail is None:
            erased.add(sha256)
        elif detail.sha256 == sha256:
            kept[sha256] = detail
        else:
            altered.add(sha256)
    return Details(kept, frozenset(erased), frozenset(altered))


def _entry(line: bytes, path: Path, row: int) -> tuple[str, Detail | None]:
    try:
        entry = json.loads(line)
        detail = Detail(entry["salt"], entry["content"]) if "salt" in entry else None
        return str(entry["details"]), detail if detail is None or detail.sha256 else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(_damaged(path, row)) from None


def add_detail(path: Path, detail: Detail) -> None:
    """Add a line, on the disk when this returns. Done before the event that holds its hash.

    Raises:
        DataError: the file cannot be written.
    """
    with _turn(path) as descriptor:
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
        whole = _last_line_end(descriptor, size) if torn else size
        os.ftruncate(descriptor, whole)
        os.pwrite(descriptor, _line(detail), whole)
        os.fsync(descriptor)


def write_details(path: Path, details: Iterable[Detail]) -> None:
    """A whole file at once, as a simulation makes it. Never over another.

    Raises:
        UsageError: there is a file already, or it cannot be written.
    """
    try:
        with path.open("xb") as file:
            path.chmod(_OWNER_ONLY)
            file.writelines(map(_line, details))
    except OSError as error:
        raise UsageError(_cannot_read(path, error.strerror or "")) from None


def _line(detail: Detail) -> bytes:
    return canonical_bytes({"content": detail.content, "details": detail.sha256, "salt": detail.salt}) + b"\n"


def erase_details(path: Path, hashes: frozenset[str]) -> int:
    """Destroy salt and content of these; how many there were. The file is rewritten beside and renamed into place.

    Raises:
        DataError: the file cannot be read or written.
    """
    with _turn(path) as descriptor:
        lines = os.pread(descriptor, os.fstat(descriptor).st_size, 0).split(b"\n")[:-1]
        entries = [_entry(line, path, row) for row, line in enumerate(lines, 1)]
        destroyed = [sha256 for sha256, detail in entries if detail is not None and sha256 in hashes]
        kept = [
            canonical_bytes({"details": sha256}) if sha256 in hashes else line
            for line, (sha256, _) in zip(lines, entries, strict=True)
        ]
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.touch(mode=_OWNER_ONLY)
        with beside.open("wb") as file:
            file.writelines(line + b"\n" for line in kept)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    return len(destroyed)


@contextmanager
def _turn(path: Path) -> Iterator[int]:
    """The file, locked for this writer; opened again if somebody replaced it while we waited."""
    try:
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                break
            os.close(descriptor)
    except OSError as error:
        raise DataError(_cannot_read(path, error.strerror or "")) from None
    try:
        yield descriptor
    except OSError as error:
        raise DataError(_cannot_read(path, error.strerror or "")) from None
    finally:
        os.close(descriptor)


def _last_line_end(descriptor: int, size: int) -> int:
    return os.pread(descriptor, size, 0).rfind(b"\n") + 1


def _cannot_read(path: Path, reason: str) -> Problem:
    return Problem(Text(nb=f"kan ikke lese eller skrive {path}: {reason}", en=f"cannot read or write {path}: {reason}"))


def _damaged(path: Path, row: int) -> Problem:
    return Problem(
        Text(nb="linjen er ødelagt", en="the line is damaged"),
        f"{path.name}:{row}",
        next_step=Text(nb="Hent filen fra en kopi.", en="Restore the file from a copy."),
    )
