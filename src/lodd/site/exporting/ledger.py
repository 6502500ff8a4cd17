"""The ledger as its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from lodd.site.models import LedgerEvent, StoredCheckpoint

_AT_ONCE: Final = 2000


def ledger_lines(until: int) -> Iterator[bytes]:
    """The events up to a number, each a line as it was recorded, to the byte."""
    last = 0
    while last < until:
        rows = LedgerEvent.objects.filter(seq__gt=last, seq__lte=until).order_by("seq").values_list("seq", "line")
        found = list(rows[:_AT_ONCE])
        if not found:
            return
        yield b"".join(line.encode() + b"\n" for _, line in found)
        last = found[-1][0]


def checkpoint_files() -> Iterator[tuple[str, bytes]]:
    """Every checkpoint that was shown, as ``lodd draw verify --checkpoint`` reads it: name and content."""
    for stored in StoredCheckpoint.objects.order_by("count"):
        yield f"checkpoints/{stored.count:06d}.json", (json.dumps(stored.content, indent=2) + "\n").encode()
