"""Two pseudonyms for one person: ``lot_id`` stands in the ledger, ``person_id`` in the registers' extracts.

Each is HMAC-SHA-256 of the number under its own secret key, so that whoever holds one list cannot join it to the other,
and nobody can go through all possible numbers without the key (there are so few that an unkeyed hash would hide
nothing). The key is never rotated during a trial: a person's pseudonym would change. The link between the two is the
data steward's, who holds both keys.

A pseudonym is the first 130 bits of the code in base32 (RFC 4648, lower case, no padding): 26 characters a-z2-7. Among
five million people, two have the same one with a probability below 1e-25.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from lodd.identity.numbers import IdentityNumber

Mac = Callable[[bytes], bytes]
"""Computes HMAC-SHA-256 of a message, 32 bytes, under a key that it keeps to itself."""

LOT_LABEL: Final = b"lodd/lot-id/v1"
PERSON_LABEL: Final = b"lodd/person-id/v1"
LENGTH: Final = 26


def lot_pseudonym(number: IdentityNumber, mac: Mac) -> str:
    """The person's name in the ledger; ``mac`` works with the lot pseudonym key."""
    return _encoded(mac(canonical(LOT_LABEL, number)))


def person_pseudonym(number: IdentityNumber, mac: Mac) -> str:
    """The person's name in the registers; ``mac`` works with the person pseudonym key."""
    return _encoded(mac(canonical(PERSON_LABEL, number)))


def canonical(label: bytes, number: IdentityNumber) -> bytes:
    """What is hashed: the label, a zero byte, ``no`` (the country), a zero byte, eleven ASCII digits."""
    return b"\0".join((label, b"no", number.digits().encode("ascii")))


def _encoded(code: bytes) -> str:
    return base64.b32encode(code)[:LENGTH].decode("ascii").lower()
