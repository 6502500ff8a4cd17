"""A whole ledger at once, for invented people: the draws of a simulation, as the live draw would have recorded them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

import polars as pl

from lodd.allocation.design import Design
from lodd.allocation.details import DETAILS_FILE, Detail, write_details
from lodd.allocation.events import Beacon, Close, Draw, Event, Nomination, Role
from lodd.allocation.ledger import LEDGER_FILE, Chain, write_ledger
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.replay import Replay, shares
from lodd.allocation.simulated import requests_of, with_lots
from lodd.protocol.lock import Lock, lock_sha256
from lodd.protocol.model import Trial

MANAGER: Final = "simulation"
OPERATOR: Final = "simulation-line"
_NOON: Final = time(11, tzinfo=UTC)
_SOURCE: Final = "simulation"


@dataclass(frozen=True, slots=True)
class SimulatedLedger:
    """The events, what stands outside them, and the lots in the order of the requests."""

    events: tuple[Event, ...]
    details: tuple[Detail, ...]
    lots: tuple[Lot, ...]

    def write(self, folder: Path) -> None:
        """``ledger.ndjson`` and, where lots depend on factors, ``ledger.details.ndjson``.

        Raises:
            UsageError: there is a ledger already, or the folder cannot be written.
        """
        if self.details:
            write_details(folder / DETAILS_FILE, self.details)
        write_ledger(folder / LEDGER_FILE, self.events)


def simulate_ledger(
    trial: Trial,
    lock: Lock,
    mac: Mac,
    requests: Iterable[DrawRequest],
    numbers: Mapping[str, Sequence[int]] | None = None,
) -> SimulatedLedger:
    """Draw invented people by the real mechanism, and record it.

    Args:
        lock: one without a beacon: a ledger without a real public value is a simulation, and verification says so.
        mac: the draw key's, for instance of ``identity.simulation_keys``; its commitment belongs in the lock.
        requests: in the order of their days; ``lot_id`` as ``KeyRing.lot_id`` makes it. All of a batch on one day.
        numbers: for ``complete``, how many of each batch go to each arm, in the trial's order.

    Raises:
        LoddError: the mechanism refuses a request.
        pydantic.ValidationError: a ``lot_id`` or batch that no event may hold.
    """
    Design.from_trial(trial).refuse_external()
    asked = list(requests)
    recorder = _Recorder(trial, lock, mac)
    recorder.begin(asked[0].day if asked else trial.enrolment.opens)
    members: dict[str, list[str]] = {}
    for request in asked:
        if request.batch is not None:
            members.setdefault(request.batch, []).append(request.lot_id)
    for request in asked:
        if request.batch in members:
            recorder.nominate(request, members.pop(request.batch), (numbers or {}).get(request.batch, ()))
        recorder.draw(request)
    recorder.end()
    return SimulatedLedger(tuple(recorder.chain.events), tuple(recorder.details), tuple(recorder.lots))


def record_draws(
    trial: Trial,
    lock: Lock,
    mac: Mac,
    enrolled: pl.DataFrame,
    numbers: Mapping[str, Sequence[int]] | None = None,
    *,
    seed: int = 0,
) -> tuple[pl.DataFrame, SimulatedLedger]:
    """Draw everybody enrolled as :func:`simulate_ledger` does; gives them back as ``Design.allocate`` would.

    Args:
        enrolled: as for ``Design.allocate``, in the order of their draws, with ``lot_id``.
        seed: for the redraws that minimisation's marginal probabilities are found by.
    """
    design = Design.from_trial(trial)
    ledger = simulate_ledger(trial, lock, mac, requests_of(design, enrolled), numbers)
    return with_lots(design, enrolled, ledger.lots, seed), ledger


class _Recorder:
    def __init__(self, trial: Trial, lock: Lock, mac: Mac) -> None:
        self.chain = Chain(lock_sha256(lock))
        self.details: list[Detail] = []
        self.lots: list[Lot] = []
        self._replay = Replay(trial, mac, lock_sha256(lock))
        self._at = datetime.combine(trial.enrolment.opens, _NOON)

    def begin(self, day: date) -> None:
        self._at = datetime.combine(day, _NOON)
        for person, role in ((MANAGER, "manager"), (OPERATOR, "operator")):
            granted = Role.model_validate({"action": "granted", "office": None, "person": person, "role": role})
            self.chain.add(granted, at=self._at, by=MANAGER)

    def nominate(self, request: DrawRequest, members: Sequence[str], counts: Sequence[int]) -> None:
        batch = str(request.batch)
        self._at = datetime.combine(request.day, _NOON)
        nomination = Nomination(
            batch=batch,
            beacon_round=batch,
            beacon_source=_SOURCE,
            counts=tuple(counts),
            members=tuple(sorted(members)),
        )
        value = hashlib.sha256(f"{_SOURCE}/{batch}".encode()).hexdigest()
        beacon = Beacon(
            amendment=None,
            batch=batch,
            entered_by=(MANAGER, OPERATOR),
            round=batch,
            source=_SOURCE,
            value=value,
        )
        for payload in (nomination, beacon):
            self._replay.follow(self.chain.add(payload, at=self._at, by=OPERATOR))

    def draw(self, request: DrawRequest) -> None:
        lot = self._replay.fresh_draw(request)
        self._at = datetime.combine(request.day, _NOON)
        payload = Draw(
            arm=self._replay.design.arms[lot.arm],
            batch=request.batch,
            conditional=shares(lot.conditional),
            day=request.day,
            details=self._outside(request),
            eligible=True,
            lot_id=request.lot_id,
            marginal=None if lot.marginal is None else shares(lot.marginal),
            office=request.office,
        )
        self.chain.add(payload, at=self._at, by=OPERATOR)
        self.lots.append(lot)

    def end(self) -> None:
        self.chain.add(Close(answers=len(self.lots)), at=self._at, by=MANAGER)

    def _outside(self, request: DrawRequest) -> str | None:
        """The same salt every time, so that a simulation can be repeated to the byte."""
        if not request.factors:
            return None
        salt = hashlib.sha256(b"lodd/simulation-only/salt/v1\0" + request.lot_id.encode()).hexdigest()
        self.details.append(Detail(salt, {"factors": dict(request.factors)}))
        return self.details[-1].sha256
