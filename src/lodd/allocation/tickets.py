"""From a message to a lot: the canonical encoding, the arms' intervals, and whole numbers without bias.

Everything that a trial draws comes from HMAC-SHA-256, under the draw key, of a message that anybody can put together
afterwards: a label that says what is drawn, the lock's hash, the beacons recorded before it, and what is drawn for.
Here there is only whole-number arithmetic, so every platform gives the same lots.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Final

from lodd.allocation.lot import Mac

TICKETS: Final = 1 << 64
"""Tickets are the whole numbers below this."""
_TICKET_BYTES: Final = 8


def encode(*parts: bytes) -> bytes:
    """Parts joined so that no two lists of parts give the same bytes: each after its length (4 bytes, big-endian)."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def number(value: int) -> bytes:
    """A whole number as a part: 4 bytes, big-endian."""
    return value.to_bytes(4, "big")


def ticket_of(code: bytes) -> int:
    """The first 64 bits of a message's code, big-endian."""
    return int.from_bytes(code[:_TICKET_BYTES], "big")


def limits(probability: Sequence[Fraction]) -> tuple[int, ...]:
    """Where each arm's interval of tickets ends and the next begins, the last arm's end (2^64) left out.

    Arm k owns the tickets from floor(P(k-1) 2^64) up to, not including, floor(P(k) 2^64), where P(k) is the exact sum
    of the probabilities of arms 0..k. So ``bisect_right(limits, ticket)`` is the ticket's arm.
    """
    return tuple(int(total * TICKETS) for total in accumulate(probability[:-1]))


class LotSource:
    """What lots are made of: the draw key (behind ``mac``), the lock's hash and the beacons recorded so far."""

    def __init__(self, mac: Mac, context: bytes) -> None:
        self.mac: Final = mac
        self._context = context
        self._beacons: tuple[bytes, ...] = ()
        self._prefixes: dict[bytes, bytes] = {}

    def mix(self, beacon: bytes) -> None:
        """A beacon is recorded: it is part of every later message."""
        self._beacons = (*self._beacons, beacon)
        self._prefixes = {}

    def prefix(self, label: bytes) -> bytes:
        """How every message with this label begins: label, lock's hash, number of beacons, beacons in order."""
        if label not in self._prefixes:
            self._prefixes[label] = encode(label, self._context, number(len(self._beacons)), *self._beacons)
        return self._prefixes[label]

    def ticket(self, label: bytes, lot_id: str) -> int:
        """A person's ticket: uniform on 0..2^64-1 to everybody without the key."""
        name = lot_id.encode()
        return ticket_of(self.mac(self.prefix(label) + len(name).to_bytes(4, "big") + name))

    def numbers(self, label: bytes, *parts: bytes) -> Numbers:
        """An endless row of whole numbers for one message."""
        return Numbers(self.mac, self.prefix(label) + encode(*parts))


class Numbers:
    """Whole numbers below any bound, each equally likely, from one message.

    64-bit words are taken from the codes of the message with a counter 0, 1, ... behind it, four from each. A word
    above the largest multiple of the bound is thrown away, so no number is favoured.
    """

    def __init__(self, mac: Mac, message: bytes) -> None:
        self._mac = mac
        self._message = message
        self._counter = 0
        self._words: list[int] = []

    def below(self, bound: int) -> int:
        """A whole number in 0..bound-1; none is spent where there is no choice."""
        if bound == 1:
            return 0
        accepted = TICKETS - TICKETS % bound
        while (word := self._word()) >= accepted:
            pass
        return word % bound

    def shuffled(self, items: Iterable[int]) -> tuple[int, ...]:
        """The items in random order, every order equally likely (Fisher and Yates, from the last place down)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return tuple(order)

    def _word(self) -> int:
        if not self._words:
            code = self._mac(self._message + encode(number(self._counter)))
            self._counter += 1
            self._words = [ticket_of(code[start:]) for start in range(0, len(code), _TICKET_BYTES)]
        return self._words.pop(0)
