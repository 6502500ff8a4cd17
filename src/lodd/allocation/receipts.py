"""Receipts: 80 bits of an event's hash, short enough to write on a note, long enough that nobody can make one up."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from lodd.allocation.events import Event
from lodd.errors import Problem, UsageError
from lodd.locale import Text

_BYTES: Final = 10
_LETTERS: Final = 16
_GROUP: Final = 4
_MISREAD: Final = str.maketrans({"0": "O", "1": "I", "8": "B"})
"""Digits that base32 does not have, and the letters that people mean by them."""


def receipt_of(event_hash: str) -> str:
    """The first 80 bits of an event's hash in base32 (RFC 4648), in groups of four.

    >>> receipt_of("00" * 32)
    'AAAA-AAAA-AAAA-AAAA'
    """
    letters = base64.b32encode(bytes.fromhex(event_hash)[:_BYTES]).decode("ascii")
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LETTERS, _GROUP))


def find_receipt(events: Iterable[Event], written: str) -> Event | None:
    """The event that a receipt is of, or None. Case, spaces and hyphens do not matter; 0, 1 and 8 mean O, I and B.

    Raises:
        UsageError: not a receipt: other characters, or not sixteen of them.
    """
    prefix = hash_prefix(written)
    return next((event for event in events if event.hash.startswith(prefix)), None)


def hash_prefix(written: str) -> str:
    """What the hash of a receipt's event begins with: 20 hexadecimal digits.

    Raises:
        UsageError: not a receipt.
    """
    letters = "".join(character for character in written.upper() if character.isalnum()).translate(_MISREAD)
    try:
        decoded = base64.b32decode(letters) if len(letters) == _LETTERS else b""
    except ValueError:
        decoded = b""
    if len(decoded) != _BYTES:
        raise UsageError(
            Problem(
                Text(nb="dette er ikke en kvittering", en="this is not a receipt"),
                allowed=Text(
                    nb="16 tegn, bokstavene A til Z og sifrene 2 til 7: ABCD-EFGH-IJKL-MNOP",
                    en="16 characters, the letters A to Z and the digits 2 to 7: ABCD-EFGH-IJKL-MNOP",
                ),
            )
        )
    return decoded.hex()
