"""The ledger's events, played to the mechanism in their order: by the live draw to be ready for the next lot, by the
verifier to recompute every lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final, NamedTuple

from lodd.allocation.design import Design
from lodd.allocation.events import (
    AmendedRow,
    Amendment,
    Beacon,
    Draw,
    Event,
    Nomination,
    OutageIssued,
    OutageUsed,
    Withdrawal,
)
from lodd.allocation.keyed import LABEL as KEYED_LABEL
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.rulebook import local_day
from lodd.allocation.simulated import factor_columns
from lodd.allocation.slips import Slip, draw_slips
from lodd.allocation.tickets import LotSource
from lodd.protocol.canonical import canonical_bytes
from lodd.protocol.draw import ScheduleRow
from lodd.protocol.model import Trial

Shares = tuple[str, ...]


def beacon_bytes(beacon: Beacon) -> bytes:
    """What is mixed into the lots: source, round and value in canonical form."""
    return canonical_bytes({"round": beacon.round, "source": beacon.source, "value": beacon.value})


def shares(vector: Sequence[Fraction]) -> Shares:
    """Exact probabilities as an event holds them."""
    return tuple(str(share) for share in vector)


def schedule_rows(rows: Sequence[AmendedRow], since: date) -> list[ScheduleRow]:
    """An amendment's rows as rows of a schedule."""
    return [
        ScheduleRow(site=row.site, office=row.office, since=since, probability=dict(row.probability)) for row in rows
    ]


class Recomputed(NamedTuple):
    """What the mechanism says of one draw. ``lot`` is None where it cannot say, for the reason ``why``."""

    lot: Lot | None
    why: str = ""


class Replay:
    """The mechanism, kept in step with a ledger.

    Without a key (``mac`` is None) no lot is recomputed, but the schedule with its amendments is still followed.
    """

    def __init__(self, trial: Trial, mac: Mac | None, lock_sha256: str) -> None:
        self.design = Design.from_trial(trial)
        context = bytes.fromhex(lock_sha256)
        drawn = mac is not None and self.design.method != "external"
        self._sequencer: Final = self.design.sequencer(mac, context) if drawn and mac else None
        self._source: Final = LotSource(mac, context) if drawn and mac else None
        self._factors: Final = frozenset(factor_columns(self.design))
        self._lots_need_factors: Final = bool(self._factors) and self.design.method in ("blocks", "minimisation")
        self._amendments: Final[dict[int, Amendment]] = {}
        self._superseded: Final[list[tuple[datetime, Design]]] = []
        self.slips: Final[dict[str, tuple[Slip, ...]]] = {}
        """The slips of every list issued so far; empty without a key."""

    def follow(self, event: Event) -> None:
        """Take in an event that draws nothing.

        Raises:
            LoddError: the mechanism refuses what the event says.
        """
        match event.payload:
            case Beacon() as beacon:
                self._beacon(event, beacon)
            case Amendment() as amendment:
                self._amendments[event.seq] = amendment
            case Nomination() as nomination if self._sequencer:
                self._sequencer.nominate(nomination.batch, nomination.members, nomination.counts)
            case OutageIssued() as issued if self._source:
                self.slips[issued.list_id] = self.new_slips(
                    issued.office, issued.since, issued.list_id, len(issued.hashes)
                )
            case Withdrawal(lot_id=lot_id) if self._sequencer:
                self._sequencer.withdraw(lot_id)
            case _:
                pass

    def new_slips(self, office: str, since: date, list_id: str, count: int) -> tuple[Slip, ...]:
        """The slips of a list, as the mechanism makes them now.

        Raises:
            DataError: the office has no probability on the list's first day.
        """
        assert self._source is not None
        return draw_slips(self._source, self.design.arms, self.design.place(office, since), list_id, count)

    def draw(self, draw: Draw, factors: Mapping[str, str] | None) -> Recomputed:
        """Recompute a recorded lot, and stay in step whether that can be done or not.

        Raises:
            LoddError: the mechanism refuses the request.
        """
        sequencer = self._sequencer
        if sequencer is None:
            return Recomputed(None, "key")
        known = not self._factors or (factors is not None and self._factors <= factors.keys())
        request = self._request(draw, factors if known else None)
        if self._lots_need_factors and not known:
            sequencer.observe(request, self._arm(draw.arm), factors_known=False)
            return Recomputed(None, "factors")
        if not sequencer.recomputable:
            sequencer.observe(request, self._arm(draw.arm), factors_known=True)
            return Recomputed(None, "earlier_factors")
        return Recomputed(sequencer.draw(request))

    def fresh_draw(self, request: DrawRequest) -> Lot:
        """The next lot, for a person who has none.

        Raises:
            LoddError: the mechanism refuses the request.
        """
        assert self._sequencer is not None
        return self._sequencer.draw(request)

    def missing_factors(self, factors: Mapping[str, str] | None) -> tuple[str, ...]:
        """Factors that later lots depend on and that are not among these."""
        return tuple(sorted(self._factors - (factors or {}).keys())) if self._lots_need_factors else ()

    @property
    def recomputable(self) -> bool:
        """False while lots depend on factors that are lost."""
        return self._sequencer is None or self._sequencer.recomputable

    def observe(self, used: OutageUsed, factors: Mapping[str, str] | None) -> None:
        """Take note of a slip's arm.

        Raises:
            LoddError: the mechanism refuses the request.
        """
        if self._sequencer is None:
            return
        known = factors is not None and self._factors <= factors.keys()
        self._sequencer.observe(
            self._request(used, factors if known else None),
            self._arm(used.arm),
            factors_known=known or not self._lots_need_factors,
        )

    def declared(self, office: str, day: date) -> tuple[Fraction, ...]:
        """The schedule's probabilities, amendments included, for an office and day.

        Raises:
            DataError: there are none.
        """
        return self.design.place(office, day).probability

    def declared_then(self, office: str, day: date, moment: datetime) -> tuple[Fraction, ...]:
        """The probabilities of an office and day by the schedule that was in force at a moment.

        Raises:
            DataError: there are none.
        """
        return self.design_then(moment).place(office, day).probability

    def design_then(self, moment: datetime) -> Design:
        """The design as it was at a moment, of the amendments followed so far."""
        return next((design for until, design in self._superseded if moment < until), self.design)

    def keyed_ticket(self, lot_id: str) -> int:
        """The ticket of a keyed lot (only with a key)."""
        assert self._source is not None
        return self._source.ticket(KEYED_LABEL, lot_id)

    @property
    def lots_stand_alone(self) -> bool:
        """Is every lot independent of order and of other people, and is the key at hand?"""
        return self._source is not None and self.design.method == "keyed"

    def one_period(self, office: str, since: date, until: date) -> bool:
        """Do all these days lie in one period of the office's schedule?"""
        period = self.design.period(office, since)
        return period is not None and until <= period.until

    def _request(self, answer: Draw | OutageUsed, factors: Mapping[str, str] | None) -> DrawRequest:
        known = factors if factors is not None else dict.fromkeys(self._factors, "")
        batch = answer.batch if answer.type == "draw" else None
        return DrawRequest(answer.lot_id, answer.office, answer.day, known, batch)

    def _arm(self, arm: str) -> int:
        return self.design.arms.index(arm) if arm in self.design.arms else 0

    def _beacon(self, event: Event, beacon: Beacon) -> None:
        value = beacon_bytes(beacon)
        if beacon.batch is not None:
            if self._sequencer:
                self._sequencer.batch_beacon(beacon.batch, value)
            return
        if self._sequencer and self._source:
            self._sequencer.mix(value)
            self._source.mix(value)
        if beacon.amendment in self._amendments:
            amendment = self._amendments[beacon.amendment]
            self._superseded.append((event.at, self.design))
            self._amend(amendment, max(amendment.effective_from, local_day(event.at)))

    def _amend(self, amendment: Amendment, since: date) -> None:
        self.design = self.design.with_amendment(schedule_rows(amendment.rows, since), since)
        if self._sequencer:
            self._sequencer.amend(self.design)


def factors_in(content: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    """The factor values among what stands outside the chain; None where that is not there."""
    return content.get("factors", {}) if content is not None else None
