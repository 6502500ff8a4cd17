"""A small trial with keys, a lock and a clock that stands where a test puts it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lodd.allocation import DrawAnswer, DrawService, Verification, read_details, verify
from lodd.identity import KeyRing, RevealedDrawKey, reveal_draw_key, simulation_keys, synthetic_number
from lodd.protocol import Lock, Trial
from lodd.protocol.canonical import canonical, protocol_sha256

PROTOCOL = """
[trial]
id = "small"
title = "Small"
arms = ["control", "a", "b"]
[arms.control]
label = { nb = "Kontroll", en = "Control" }
[arms.a]
label = "A"
[arms.b]
label = "B"
[enrolment]
opens = 2020-01-01
closes = 2020-12-31
eligibility = [{ id = "wants_work", nb = "Ønsker arbeid", en = "Wants work" }]
[sites.north]
label = "North"
offices = [{ id = "n1", label = "NAV Nord" }, { id = "n2", label = "N2" }]
[sites.south]
label = "South"
offices = [{ id = "s1", label = "S1" }]
[draw]
method = "keyed"
strata = ["office"]
block_sizes = [4, 8]
schedule = [
  { site = "north", from = 2020-01-01, probability = { a = "0.25", b = "0.25" } },
  { site = "north", from = 2020-07-01, probability = { a = "0.50", b = "0.25" } },
  { site = "south", from = 2020-01-01, probability = { a = "0.25", b = "0.25" } },
]
[analysis]
window = { before = 1, after = 1 }
"""
BEACON = {"source": "The lottery", "round": "2020-01-04"}


def trial_of(**draw: Any) -> Trial:
    values = tomllib.loads(PROTOCOL, parse_float=Decimal)
    values["draw"] |= draw
    return Trial.model_validate(values)


def lock_of(trial: Trial, keys: KeyRing, beacon: Mapping[str, str] = BEACON) -> Lock:
    return Lock(
        protocol_sha256(trial), canonical(trial), "2019-12-01T12:00:00+00:00", "0.1.0", keys.commitments(), dict(beacon)
    )


@cache
def ring(seed: int = 7) -> KeyRing:
    return simulation_keys(seed)


@dataclass
class World:
    """A trial that is being drawn in a folder. ``m1``, ``m2`` manage; ``op`` draws; ``holder`` has held a key."""

    folder: Path
    draw: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = datetime(2020, 1, 5, 9, 0, tzinfo=UTC)
    seed: int = 7

    def __post_init__(self) -> None:
        self.trial = trial_of(**self.draw)
        self.keys = ring(self.seed)
        self.lock = lock_of(self.trial, self.keys)
        self.service = self.another_service()

    def another_service(self) -> DrawService:
        return DrawService(self.trial, self.lock, self.keys, self.folder, clock=lambda: self.now)

    def begin(self) -> World:
        self.service.record_beacon(("m1", "3 9 12"), ("m2", " 3  9 12 "))
        self.service.grant("op", "operator", by="m1")
        self.service.grant("holder", "key_holder", by="m1")
        return self

    def wait(self, **time: int) -> None:
        self.now += timedelta(**time)

    def person(self, index: int, office: str = "n1", **values: Any) -> DrawAnswer:
        values = {"by": "op", "confirmed": ["wants_work"]} | values
        return self.service.draw(synthetic_number(index), office, **values)

    def amend(self, place: str = "north", since: datetime | None = None, **values: Any):
        from lodd.allocation import amended_row

        row = amended_row(self.trial, place, {"a": "0.5", "b": "0.25"})
        given = {"proposed_by": "m1", "approved_by": "m2", "beacon_source": "The lottery", "beacon_round": "later"}
        return self.service.amend([row], (since or self.now).date(), **(given | values))

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.ndjson"

    @property
    def lines(self) -> list[bytes]:
        return self.ledger.read_bytes().splitlines()

    def revealed(self) -> RevealedDrawKey:
        out = self.folder / f"revealed-{len(list(self.folder.glob('revealed-*')))}.key"
        return reveal_draw_key(self.keys, out)

    def verified(self, key: bool = True, checkpoints: Any = (), **lock: Any) -> Verification:
        return verify(
            self.ledger,
            replace(self.lock, **lock),
            self.revealed() if key else None,
            checkpoints,
            read_details(self.folder / "ledger.details.ndjson"),
        )

    def kinds(self, **values: Any) -> dict[str, int | None]:
        """Kinds of finding to the event found at (the first of the kind)."""
        found: dict[str, int | None] = {}
        for finding in self.verified(**values).findings:
            found.setdefault(finding.kind, finding.seq)
        return found
