"""The draw key made public after the close, so that anyone can recompute the lots."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lodd.identity.keys import problems
from lodd.identity.keys.hidden import Hidden
from lodd.identity.keys.loading import load_keys
from lodd.identity.keys.record import HEADER, Key, read, written
from lodd.identity.keys.ring import KeyRing
from lodd.identity.keys.store import write_once

_REVEALED: Final = ("lodd-revealed", "v1")


@dataclass(frozen=True, slots=True)
class RevealedDrawKey:
    """A draw key that is secret no longer. ``commitment`` must be the one that the trial's lock holds."""

    commitment: str
    key_id: str
    _key: bytes = field(repr=False)

    def mac(self, message: bytes) -> bytes:
        """HMAC-SHA-256 under the key: what :meth:`KeyRing.lot_mac` gave."""
        return hmac.digest(self._key, message, "sha256")


def reveal_draw_key(source: KeyRing | Path, out: Path) -> RevealedDrawKey:
    """Write the draw key, and no other, to a file that everyone may read (0644). Only after the trial's close.

    Args:
        source: a ring with the draw key, or the key folder (both halves must be in it or in variables).

    Raises:
        KeyMaterialError: no whole draw key; ``out`` exists or cannot be written.
    """
    ring = source if isinstance(source, KeyRing) else load_keys(source, need=["draw"])
    key = ring._key("draw")
    write_once(out, Hidden(written(key).expose().replace(" ".join(HEADER), " ".join(_REVEALED), 1)), mode=0o644)
    return _revealed(key)


def read_revealed_key(path: Path) -> RevealedDrawKey:
    """The draw key in a file that :func:`reveal_draw_key` wrote.

    Raises:
        KeyMaterialError: the file cannot be read, is no revealed key, or is damaged.
    """
    try:
        words = path.read_text(encoding="utf-8", errors="replace").split()
    except OSError as error:
        raise problems.at(path, "cannot_read", error.strerror or "") from None
    if tuple(words[:2]) != _REVEALED:
        raise problems.flawed(str(path), "not_a_key")
    key = read(Hidden(" ".join([*HEADER, *words[2:]])))
    if isinstance(key, str):
        raise problems.flawed(str(path), key)
    if key.kind != "draw":
        raise problems.flawed(str(path), "unknown_kind")
    return _revealed(key)


def _revealed(key: Key) -> RevealedDrawKey:
    return RevealedDrawKey(key.commitment, key.key_id, key.secret.expose())
