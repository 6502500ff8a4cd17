"""Signed checkpoints: how long the ledger was, and what its last event was, at a moment. Kept *outside* the site.

A chain of hashes shows that something was changed only to somebody who knows a later hash. A checkpoint is that: with
one kept by an outsider, nobody can alter, remove or insert any event up to it, the key's holder included.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lodd.errors import DataError, Problem, UsageError
from lodd.files import whole
from lodd.identity import verify_signature
from lodd.locale import Text
from lodd.protocol.canonical import canonical_bytes

LABEL: Final = b"lodd/checkpoint/v1\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``head`` is the hash of event number ``count``; of the lock when ``count`` is 0. ``signature`` is hexadecimal."""

    trial: str
    lock_sha256: str
    count: int
    head: str
    at: str
    signature: str = ""

    @property
    def message(self) -> bytes:
        """What is signed: the label, then everything but the signature in canonical form."""
        content = asdict(self)
        del content["signature"]
        return LABEL + canonical_bytes(content)

    def signed_by(self, public_key: str) -> bool:
        """Is the signature by the holder of this key (hexadecimal), for exactly this content?"""
        try:
            return verify_signature(bytes.fromhex(public_key), self.message, bytes.fromhex(self.signature))
        except ValueError:
            return False


def sign_checkpoint(
    trial: str, lock_sha256: str, *, count: int, head: str, at: datetime, sign: Callable[[bytes], bytes]
) -> Checkpoint:
    """A signed checkpoint; ``sign`` is :meth:`KeyRing.sign`."""
    moment = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    unsigned = Checkpoint(trial, lock_sha256, count, head, moment)
    return Checkpoint(trial, lock_sha256, count, head, moment, sign(unsigned.message).hex())


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """As JSON, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        with whole(path) as beside:
            beside.write_text(json.dumps(asdict(checkpoint), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        found = Text(nb=f"kan ikke skrive {path}: {error.strerror}", en=f"cannot write {path}: {error.strerror}")
        raise UsageError(Problem(found)) from None


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint from its file; the signature is not judged here.

    Raises:
        DataError: the file cannot be read or is no checkpoint.
    """
    try:
        return _checkpoint(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise DataError(
            Problem(
                Text(nb="filen er ikke et sjekkpunkt", en="the file is not a checkpoint"),
                str(path),
                Text(
                    nb="JSON med trial, lock_sha256, count, head, at og signature",
                    en="JSON with trial, lock_sha256, count, head, at and signature",
                ),
            )
        ) from None


def _checkpoint(content: Any) -> Checkpoint:
    checkpoint = Checkpoint(**content)
    for name, value in asdict(checkpoint).items():
        if type(value) is not (int if name == "count" else str):
            raise TypeError(name)
    return checkpoint
