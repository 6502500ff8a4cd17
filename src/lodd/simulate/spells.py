"""From months to days: states become spells with a first and a last day, and spells end where a person leaves."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lodd.simulate.calendar import OPEN, Calendar, Days
from lodd.simulate.exits import Exits
from lodd.simulate.processes import State

Index = NDArray[np.int64]
_LONGEST_BEFORE = 4 * 365
"""How long before the first simulated month a spell may have begun."""


@dataclass(frozen=True, slots=True)
class DayFields:
    """(n, months) days within each month, from 0, on which something would start, change or stop in it."""

    start: NDArray[np.int16]
    change: NDArray[np.int16]
    stop: NDArray[np.int16]
    before: Index
    """(n,) days before the first simulated month that a spell which is then active began."""

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, people: int, calendar: Calendar, edges: float | NDArray[np.float64]
    ) -> Self:
        """Draw them; with probability ``edges`` (one, or one a month) the first day, or for stops the last."""
        lengths = calendar.lengths
        shape = (people, calendar.months)

        def days(edge: Days | int) -> NDArray[np.int16]:
            inside = rng.random(shape, dtype=np.float32) * lengths
            return np.where(rng.random(shape, dtype=np.float32) < edges, edge, inside).astype(np.int16)

        return cls(days(0), days(0), days(lengths - 1), rng.integers(0, _LONGEST_BEFORE, people))

    @classmethod
    def whole_months(cls, people: int, calendar: Calendar) -> Self:
        """Everything from the first to the last day of months."""
        zero = np.zeros((people, calendar.months), dtype=np.int16)
        last = np.broadcast_to((calendar.lengths - 1).astype(np.int16), zero.shape)
        return cls(zero, zero, last, np.zeros(people, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Spells:
    """(r,) ``person`` as a row of the participants; ``month`` the position of the first simulated month; day numbers
    of ``start`` and ``stop`` (``OPEN``: ongoing when the simulation ends)."""

    person: Index
    month: Index
    start: Days
    stop: Days

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def spells_of(state: State, days: DayFields, calendar: Calendar, contract: Index | None = None) -> Spells:
    """One spell for each unbroken run of months in the state (and, where given, with the same ``contract``).

    Every month of a run has at least one day of it, and no other month has any. A change of contract falls on one day:
    the old one stops on the day before.
    """
    same = state[:, 1:] & state[:, :-1]
    if contract is not None:
        same &= contract[:, 1:] == contract[:, :-1]
    edge = np.zeros((len(state), 1), dtype=bool)
    person, first = np.nonzero(state & ~np.hstack([edge, same]))
    last = np.nonzero(state & ~np.hstack([same, edge]))[1]
    start = _starts(state, days, calendar, person, first)
    stop = _stops(state, days, calendar, person, last)
    return Spells(person, first, start, np.maximum(start, stop))


def clip_to_exits(spells: Spells, exits: Exits, calendar: Calendar) -> Spells:
    """Spells end on the day of death or emigration; one that would start later in that month is that one day.

    A stay abroad that ends in the month that it began in interrupts nothing.
    """
    start, stop = spells.start, spells.stop
    for leaving, back in ((exits.death, OPEN), (exits.emigrated, exits.returned)):
        day = leaving[spells.person]
        month_end = calendar.starts[np.minimum(calendar.position(day), calendar.months - 1) + 1] - 1
        away = (day < OPEN) & (np.broadcast_to(back, len(leaving))[spells.person] > month_end)
        ends = away & (stop >= day) & (start <= month_end)
        start, stop = np.where(ends, np.minimum(start, day), start), np.where(ends, day, stop)
    return replace(spells, start=start, stop=stop)


def _starts(state: State, days: DayFields, calendar: Calendar, person: Index, first: Index) -> Days:
    continues = (first > 0) & state[person, np.maximum(first - 1, 0)]
    within = np.where(continues, days.change[person, first], days.start[person, first])
    return np.asarray(np.where(first > 0, calendar.starts[first] + within, calendar.starts[0] - days.before[person]))


def _stops(state: State, days: DayFields, calendar: Calendar, person: Index, last: Index) -> Days:
    final = calendar.months - 1
    following = np.minimum(last + 1, final)
    changes = (last < final) & state[person, following]
    change = calendar.starts[following] + days.change[person, following] - 1
    leave = calendar.starts[last] + days.stop[person, last]
    return np.asarray(np.where(last == final, OPEN, np.where(changes, change, leave)))
