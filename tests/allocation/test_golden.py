"""The same key gives the same draws on every platform and in every version."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from hashlib import sha256
from itertools import count

from tests.allocation.cases import BEACON, CONTEXT, mac_of
from tests.allocation.make_golden import GOLDEN, golden


def test_the_mechanism_draws_what_it_always_drew():
    assert golden() == json.loads(GOLDEN.read_text(encoding="utf-8"))


def message(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def words(start: bytes) -> Iterator[int]:
    """64-bit words of the codes of a message with a counter behind it."""
    for counter in count():
        code = mac_of(0)(start + message(counter.to_bytes(4, "big")))
        yield from struct.unpack(">4Q", code)


def shuffled(arms: list[int], source: Iterator[int]) -> list[int]:
    """Fisher and Yates; so few words would be thrown away (one of 10^18) that here none is."""
    for last in reversed(range(1, len(arms))):
        other = next(source) % (last + 1)
        arms[last], arms[other] = arms[other], arms[last]
    return arms


def test_blocks_by_hand():
    """Sizes 4 or 8 of 2:1:1, in the office s1, after one beacon."""
    drawn: list[int] = []
    for block in range(6):
        parts = [b"lodd/block/v1", CONTEXT, (1).to_bytes(4, "big"), BEACON]
        parts += [b"s1:2020-01-01", (0).to_bytes(4, "big"), block.to_bytes(4, "big")]
        source = words(message(*parts))
        quarter = [1, 2][next(source) % 2]
        drawn += shuffled([0] * 2 * quarter + [1] * quarter + [2] * quarter, source)
    expected = [lot["arm"] for lot in json.loads(GOLDEN.read_text(encoding="utf-8"))["blocks"]]
    assert drawn[: len(expected)] == expected


def test_a_batch_by_hand():
    """Six people, numbers 3, 1, 2."""
    members = sorted(f"lot{i}" for i in range(6))
    parts = [b"lodd/batch/v1", CONTEXT, (1).to_bytes(4, "big"), BEACON, sha256(b"fresh").digest(), b"x"]
    parts += [(6).to_bytes(4, "big"), *(member.encode() for member in members)]
    drawn = shuffled([0, 0, 0, 1, 2, 2], words(message(*parts)))
    assert drawn == [lot["arm"] for lot in json.loads(GOLDEN.read_text(encoding="utf-8"))["complete"]]
