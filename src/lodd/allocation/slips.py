"""Slips for sealed envelopes: lots drawn beforehand, for when the line is down.

Slip n of a list has the arm of the ticket of (label, lock's hash, beacons so far, list, n), by the probabilities of its
office's period; its salt, by which the ledger's hash is opened once the slip is used, comes from the same key. So the
site keeps no secret list: it is made again when it is needed, by whoever holds the key.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from lodd.allocation.tickets import LotSource, encode, ticket_of
from lodd.protocol.canonical import canonical_bytes

if TYPE_CHECKING:
    from lodd.allocation.rules import Place

LABEL: Final = b"lodd/slip/v1"
SALT_LABEL: Final = b"lodd/slip-salt/v1"


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip. ``salt`` and ``sha256`` are hexadecimal."""

    number: int
    arm: str
    probability: tuple[Fraction, ...]
    salt: str
    sha256: str


def draw_slips(source: LotSource, arms: Sequence[str], place: Place, list_id: str, count: int) -> tuple[Slip, ...]:
    """The slips of a list, in order; every slip's lot is independent of the others."""
    return tuple(_slip(source, arms, place, list_id, n) for n in range(1, count + 1))


def _slip(source: LotSource, arms: Sequence[str], place: Place, list_id: str, n: int) -> Slip:
    which = encode(list_id.encode(), n.to_bytes(4, "big"))
    ticket = ticket_of(source.mac(source.prefix(LABEL) + which))
    salt = source.mac(source.prefix(SALT_LABEL) + which).hex()
    arm = arms[bisect_right(place.limits, ticket)]
    return Slip(n, arm, place.probability, salt, slip_hash(list_id, n, arm, salt))


def slip_hash(list_id: str, number: int, arm: str, salt: str) -> str:
    """SHA-256 (hexadecimal) of the salt's bytes, then what the slip says in canonical form."""
    slip = canonical_bytes({"arm": arm, "list_id": list_id, "number": number})
    return hashlib.sha256(bytes.fromhex(salt) + slip).hexdigest()
