"""From key files and variables to a key ring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from lodd.identity.keys import problems
from lodd.identity.keys.hidden import Hidden
from lodd.identity.keys.record import KEY_KINDS, Key, KeyKind
from lodd.identity.keys.ring import KeyRing
from lodd.identity.keys.store import Found, keys_in_folder, keys_in_variables


def load_keys(
    *folders: Path, environment: Mapping[str, str] | None = None, need: Collection[KeyKind] | None = None
) -> KeyRing:
    """The keys of a trial, from key folders and from variables ``LODD_KEY_*`` together.

    Two holders of half a draw key each bring a folder of their own, or a variable; both are needed.

    Args:
        folders: folders of ``*.key`` files, each owned and readable by the current user only.
        environment: the variables to look in; the process's own if None. ``LODD_KEY_DRAW``, ``LODD_KEY_DRAW_HALF_1``,
            ``LODD_KEY_DRAW_HALF_2``, ``LODD_KEY_LOT_PSEUDONYM``, ``LODD_KEY_PERSON_PSEUDONYM``, ``LODD_KEY_SEALING``
            (more with any ending: ``LODD_KEY_SEALING_2``) and ``LODD_KEY_CHECKPOINT`` hold a key file's text.
        need: the kinds that must be there. If None, at least one key, and no half of a key alone.

    Raises:
        KeyMaterialError: missing, half, damaged, unprotected or contradictory keys.
    """
    found = [key for folder in folders for key in keys_in_folder(folder)]
    found += keys_in_variables(environment)
    if len({key.setting for _, key in found}) > 1:
        raise problems.mixed_settings([where for where, _ in found])
    halves = [each for each in found if each.key.kind == "draw_half"]
    whole = [each for each in found if each.key.kind != "draw_half"]
    if halves and (need is None or "draw" in need or len({key.half for _, key in halves}) > 1):
        whole.append(_joined(halves))
    lacking = [kind for kind in KEY_KINDS if kind in (need or ()) and all(kind != key.kind for _, key in whole)]
    if lacking or not (found or need is not None):
        raise problems.missing(lacking or list(KEY_KINDS))
    return KeyRing(_distinct(whole), found[0].key.setting if found else "test")


def _joined(halves: Sequence[Found]) -> Found:
    """The draw key of two halves: their exclusive or, which must have the id that both name."""
    places = ", ".join(where for where, _ in halves)
    pairs = {key.pair for _, key in halves}
    by_half = {key.half: key for _, key in halves}
    if len(pairs) > 1 or len({key.key_id for _, key in halves}) > 2:
        raise problems.halves_differ(places, pairs)
    if len(by_half) == 1:
        (half,) = by_half
        raise problems.half_missing(places, half, *pairs)
    whole = Key("draw", by_half[1].setting, exclusive_or(by_half[1].secret, by_half[2].secret))
    if whole.key_id not in pairs:
        raise problems.halves_differ(places, pairs)
    return Found(places, whole)


def exclusive_or(one: Hidden[bytes], other: Hidden[bytes]) -> Hidden[bytes]:
    """Bit by bit, of two keys of one length."""
    return Hidden(bytes(a ^ b for a, b in zip(one.expose(), other.expose(), strict=True)))


def _distinct(found: Sequence[Found]) -> list[Key]:
    """Every key once; a kind has one key only, except sealing keys, which have one a serial number."""
    slots: dict[tuple[str, int], Found] = {}
    for each in found:
        first = slots.setdefault((each.key.kind, each.key.serial), each)
        if first.key.key_id != each.key.key_id:
            raise problems.conflict(each.key.kind, [first.where, each.where])
    return [key for _, key in slots.values()]
