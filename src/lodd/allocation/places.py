"""Who was drawn where, when and to what, without saying who: to hold other files to the ledger."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from lodd.allocation.events import Draw, NotAnEventError, OutageUsed, Withdrawal, parse_line

Place = tuple[str, date, str]


def drawn_places(ledger: Path) -> tuple[Counter[Place], int]:
    """How many were drawn by (office, day, arm), and how many withdrew. Lines that are no events are left out."""
    places: Counter[Place] = Counter()
    withdrawn = 0
    for line in ledger.read_bytes().split(b"\n"):
        try:
            payload = parse_line(line).payload
        except NotAnEventError:
            continue
        if isinstance(payload, Draw | OutageUsed):
            places[payload.office, payload.day, payload.arm] += 1
        withdrawn += isinstance(payload, Withdrawal)
    return places, withdrawn
