"""One key: what kind it is, what it was made for, and how it is written in a file.

::

    lodd-key v1
    kind=draw
    setting=production
    id=5f0c9a3be1d2
    key=nVfX...

Words may stand on lines of their own or in one line, so that the same text fits an environment variable. The id is a
fingerprint of the key: a file that was cut off or mistyped is noticed when it is read. A sealing key has a ``serial``
(the highest is the newest), half a draw key ``half`` (1 or 2) and ``pair`` (the id of the whole key).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from lodd.identity.keys.hidden import Hidden
from lodd.identity.rules import Setting

KeyKind = Literal["draw", "lot_pseudonym", "person_pseudonym", "sealing", "checkpoint"]
FileKind = Literal["draw", "lot_pseudonym", "person_pseudonym", "sealing", "checkpoint", "draw_half"]
Flaw = Literal["not_a_key", "unknown_kind", "damaged"]

KEY_KINDS: Final[tuple[KeyKind, ...]] = get_args(KeyKind)
KEY_BYTES: Final = 32
HEADER: Final = ("lodd-key", "v1")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it stands in a file: 256 random bits and what they are for."""

    kind: FileKind
    setting: Setting
    secret: Hidden[bytes]
    serial: int = 0
    half: int = 0
    pair: str = ""

    @property
    def key_id(self) -> str:
        """Twelve hexadecimal digits of a hash of kind, setting and key: tells keys apart, says nothing about them."""
        return _hash("key-id", f"{self.kind} {self.setting}", self.secret)[:12]

    @property
    def commitment(self) -> str:
        """SHA-256 in hexadecimal of label, kind and key: binds the holder to the key and hides it (256 random bits)."""
        return _hash("commitment", self.kind, self.secret)


def _hash(label: str, purpose: str, secret: Hidden[bytes]) -> str:
    return hashlib.sha256(f"lodd/{label}/v1\0{purpose}\0".encode() + secret.expose()).hexdigest()


def written(key: Key) -> Hidden[str]:
    """The key file's text."""
    words = {"kind": key.kind, "setting": key.setting, "id": key.key_id}
    if key.serial:
        words["serial"] = str(key.serial)
    if key.half:
        words |= {"half": str(key.half), "pair": key.pair}
    lines = [" ".join(HEADER), *(f"{name}={value}" for name, value in words.items())]
    return Hidden("\n".join([*lines, f"key={base64.b64encode(key.secret.expose()).decode()}", ""]))


def read(text: Hidden[str]) -> Key | Flaw:
    """The key in a file's text, or what is wrong with it. Raises nothing, so that no traceback holds the text."""
    words = text.expose().split()
    if tuple(words[:2]) != HEADER:
        return "not_a_key"
    said = dict(word.partition("=")[::2] for word in words[2:])
    if said.get("kind") not in get_args(FileKind):
        return "unknown_kind"
    key = _assembled(said)
    return key if key and key.key_id == said.get("id") else "damaged"


def _assembled(said: Mapping[str, str]) -> Key | None:
    secret = _decoded(said.get("key", ""))
    numbers = [said.get(name, "0") for name in ("serial", "half")]
    setting = said.get("setting")
    if secret is None or setting not in ("production", "test") or not all(map(str.isdecimal, numbers)):
        return None
    serial, half = map(int, numbers)
    kind: FileKind = next(kind for kind in get_args(FileKind) if kind == said["kind"])
    if (kind == "draw_half") != (half in (1, 2)) or (kind == "sealing") != (serial > 0):
        return None
    return Key(kind, "test" if setting == "test" else "production", secret, serial, half, said.get("pair", ""))


def _decoded(key: str) -> Hidden[bytes] | None:
    try:
        secret = base64.b64decode(key.encode(), validate=True)
    except ValueError:
        return None
    return Hidden(secret) if len(secret) == KEY_BYTES else None
