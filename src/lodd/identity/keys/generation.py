"""New keys: random ones for a trial, reproducible ones for a simulation."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lodd.identity.keys import problems
from lodd.identity.keys.hidden import Hidden
from lodd.identity.keys.loading import exclusive_or
from lodd.identity.keys.record import KEY_BYTES, KEY_KINDS, Key
from lodd.identity.keys.ring import KeyRing
from lodd.identity.keys.store import add_file, file_name, keys_in_folder, write_folder
from lodd.identity.rules import Setting

COMMITMENTS_FILE: Final = "commitments.json"


@dataclass(frozen=True, slots=True)
class GeneratedKeys:
    """What was written. ``commitments`` are public, by kind, as :meth:`KeyRing.commitments` gives them."""

    folder: Path
    files: tuple[str, ...]
    commitments: Mapping[str, str]


def generate_keys(folder: Path, *, setting: Setting = "production", split_draw_key: bool = False) -> GeneratedKeys:
    """A new key of every kind, each in a file of its own (0600) in a new folder (0700), and their commitments.

    Keys belong to one setting for ever: keys for ``test`` refuse real numbers, keys for ``production`` synthetic ones.

    Args:
        split_draw_key: write the draw key as two halves (``draw-half-1.key``, ``draw-half-2.key``) to be moved to two
            holders. The key is the exclusive or of the halves; each alone is uniformly random and tells nothing of it.

    Raises:
        KeyMaterialError: the folder has something in it already, or cannot be written; then nothing is.
    """
    keys = [Key(kind, setting, _random(), serial=int(kind == "sealing")) for kind in KEY_KINDS]
    commitments = KeyRing(keys, setting).commitments()
    files = [part for key in keys for part in (_halves(key) if split_draw_key and key.kind == "draw" else (key,))]
    public = {COMMITMENTS_FILE: json.dumps({"setting": setting, "commitments": commitments}, indent=2) + "\n"}
    write_folder(folder, files, public)
    return GeneratedKeys(folder, tuple(map(file_name, files)), commitments)


def read_commitments(folder: Path) -> dict[str, str]:
    """The commitments of the keys made in a folder, also when half a draw key has been moved elsewhere.

    Raises:
        KeyMaterialError: they are not there, or cannot be read.
    """
    path = folder / COMMITMENTS_FILE
    try:
        commitments = json.loads(path.read_text(encoding="utf-8"))["commitments"]
        return {str(kind): str(commitment) for kind, commitment in commitments.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise problems.at(path, "cannot_read", getattr(error, "strerror", None) or "JSON") from None


def add_sealing_key(folder: Path) -> str:
    """One more sealing key, from now on the newest; gives its id. Reseal, then take the old file away.

    Raises:
        KeyMaterialError: the folder is not a sound key folder, or cannot be written.
    """
    present = [key for _, key in keys_in_folder(folder)]
    if not present:
        raise problems.missing(["sealing"])
    key = Key("sealing", present[0].setting, _random(), serial=1 + max(key.serial for key in present))
    add_file(folder, key)
    return key.key_id


def simulation_keys(seed: int) -> KeyRing:
    """Keys in memory for invented people: the same for the same seed, and useless for real ones (setting ``test``)."""
    keys = [Key(kind, "test", _derived(kind, seed), serial=int(kind == "sealing")) for kind in KEY_KINDS]
    return KeyRing(keys, "test")


def _random() -> Hidden[bytes]:
    return Hidden(secrets.token_bytes(KEY_BYTES))


def _derived(kind: str, seed: int) -> Hidden[bytes]:
    return Hidden(hashlib.sha256(f"lodd/simulation-key/v1\0{kind}\0{seed}".encode()).digest())


def _halves(key: Key) -> tuple[Key, Key]:
    first = _random()
    second = exclusive_or(key.secret, first)
    return (
        Key("draw_half", key.setting, first, half=1, pair=key.key_id),
        Key("draw_half", key.setting, second, half=2, pair=key.key_id),
    )
