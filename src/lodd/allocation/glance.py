"""Draws that are right beyond doubt, seen at a glance: what makes verifying a large ledger fast.

Nearly all lines of a large ledger are draws with nothing wrong. A :class:`Glance` takes such a line straight from its
text when *every* check holds that the verifier would make: form, chain, rules, lot and probabilities. Anything else,
any other event, and whatever it is not sure of, it leaves to the verifier, who judges it the long way and says what is
wrong. So it can be fast without ever deciding that something is off; tests hold both ways to the same result.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from datetime import date, datetime
from typing import Final, NamedTuple

from lodd.allocation.design import Design
from lodd.allocation.details import Details
from lodd.allocation.replay import Replay, shares
from lodd.allocation.rulebook import DRAWS, Rulebook, day_limits
from lodd.allocation.state import Answered, LedgerState

_DAY: Final = r"\d{4}-\d\d-\d\d"
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_HASH: Final = r"[0-9a-f]{64}"
_SHARES: Final = r'\["[0-9/]+"(?:,"[0-9/]+")*\]'
_DRAW: Final = re.compile(
    rf'(\{{"at":"({_DAY}T{_TIME})Z","by":"([a-z][a-z0-9._-]{{0,63}})",)"hash":"({_HASH})",('
    rf'"payload":\{{"arm":"([a-z0-9_-]+)","batch":null,"conditional":({_SHARES}),"day":"({_DAY})",'
    rf'"details":(?:null|"({_HASH})"),"eligible":true,"lot_id":"([a-z2-7]{{26}})","marginal":({_SHARES}),'
    rf'"office":"([a-z0-9_-]+)","type":"draw"\}},"previous":"({_HASH})","seq":([1-9]\d*)\}})',
    re.ASCII,
)


class _Place(NamedTuple):
    """What the draws at an office on a day must look like: probabilities as text, and the arms' intervals."""

    shares: str
    limits: tuple[int, ...]
    day: date
    begins: datetime
    ends: datetime


class Glance:
    """For keyed lots, which stand alone: neither order nor other people change them."""

    def __init__(self, book: Rulebook, state: LedgerState, replay: Replay, details: Details | None) -> None:
        self._book: Final = book
        self._state: Final = state
        self._replay: Final = replay
        self._details: Final = details
        self._design: Design | None = None
        self._places: dict[tuple[str, str], _Place | None] = {}
        self._periods: dict[tuple[str, date], tuple[str, tuple[int, ...]]] = {}

    def take(self, line: bytes, head: str | None) -> Answered | None:
        """The draw on this line, taken into the state, if everything about it is right; else None and nothing done.

        Args:
            head: the hash of the event before; None where that is not known.
        """
        found = _DRAW.fullmatch(line.decode("ascii", "replace"))
        if found is None:
            return None
        before, at, by, recorded, after, arm, conditional, day, details, lot_id, marginal, office, previous, seq = (
            found.groups()
        )
        place = self._place(office, day)
        if place is None or previous != head or not conditional == marginal == place.shares:
            return None
        if (moment := _moment(at)) is None:
            return None
        drawn = Answered(int(seq), lot_id, arm, place.day, moment, recorded)
        sound = (
            hashlib.sha256((before + after).encode()).hexdigest() == recorded
            and self._follows(drawn, place)
            and self._known(details)
            and self._state.may(by, DRAWS, office)
            and self._book.arms[bisect_right(place.limits, self._replay.keyed_ticket(lot_id))] == arm
        )
        if not sound:
            return None
        self._state.apply_draw(drawn, details)
        return drawn

    def _follows(self, drawn: Answered, place: _Place) -> bool:
        """Is it next in number and time, on the day it says, in an open draw, for somebody not drawn before?"""
        state = self._state
        return (
            drawn.seq == state.count + 1
            and place.begins <= drawn.at < place.ends
            and (state.last_at is None or state.last_at <= drawn.at)
            and (self._book.locked is None or self._book.locked <= drawn.at)
            and drawn.lot_id not in state.answers
            and state.closed is None
            and (state.beacon is not None or not self._book.beacon)
            and not state.nominated
        )

    def _known(self, details: str | None) -> bool:
        """What stands outside the chain is there, or nobody asked."""
        return details is None or self._details is None or details in self._details.kept

    def _place(self, office: str, day: str) -> _Place | None:
        if self._design is not self._replay.design:  # amended: other probabilities from here on
            self._design, self._places, self._periods = self._replay.design, {}, {}
        if (office, day) not in self._places:
            self._places[office, day] = self._new_place(self._replay.design, office, day)
        return self._places[office, day]

    def _new_place(self, design: Design, office: str, day: str) -> _Place | None:
        try:
            local = date.fromisoformat(day)
        except ValueError:
            return None
        period = design.period(office, local)
        if period is None:
            return None
        if (office, period.since) not in self._periods:
            place = design.place(office, local)
            written = json.dumps(shares(place.probability), separators=(",", ":"))
            self._periods[office, period.since] = (written, place.limits)
        return _Place(*self._periods[office, period.since], local, *day_limits(local))


def _moment(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{written}+00:00")
    except ValueError:
        return None
