"""From what the engine finds to the panel's columns: matrices of people by event months, and the rules of missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import AfterExit, Outcome
from lodd.protocol.types import Participants
from lodd.registers.measures import Scale
from lodd.registers.spells import Bounds

Matrix = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Everyone's event months: (n, months) matrices. ``calendar`` holds the calendar month of each."""

    people: tuple[str, ...]
    window: MonthRange
    calendar: Matrix

    @classmethod
    def of(cls, participants: Participants, window: MonthRange) -> Grid:
        event_months = np.arange(window.first, window.last + 1, dtype=np.int64)
        calendar = participants.draw_month[:, None] + event_months[None, :]
        return cls(tuple(participants.frame["person_id"].cast(pl.String).to_list()), window, calendar)

    @property
    def bounds(self) -> Bounds:
        """The calendar months that anyone's window holds."""
        return Bounds(int(self.calendar.min()), int(self.calendar.max()))

    def spread(self, found: pl.DataFrame) -> Matrix:
        """Rows of ``person, month, value`` put in their places; zero elsewhere; months outside the window dropped."""
        person = found["person"].to_numpy().astype(np.int64)
        position = found["month"].to_numpy().astype(np.int64) - self.calendar[person, 0]
        inside = (position >= 0) & (position < len(self.window))
        matrix = np.zeros(self.calendar.shape, dtype=np.int64)
        matrix[person[inside], position[inside]] = found["value"].to_numpy().astype(np.int64)[inside]
        return matrix

    def within(self, months: tuple[int, int]) -> Mask:
        """Which calendar months lie in a span of covered ones."""
        return (self.calendar >= months[0]) & (self.calendar <= months[1])


@dataclass(frozen=True, slots=True)
class States:
    """(n, months) who is dead, and who is abroad, in each month. Death takes precedence."""

    dead: Mask
    abroad: Mask

    @classmethod
    def of(cls, grid: Grid, deaths: pl.DataFrame | None, stays: pl.DataFrame | None) -> States:
        dead = np.zeros(grid.calendar.shape, dtype=np.bool_)
        if deaths is not None:
            person = deaths["person"].to_numpy().astype(np.int64)
            dead[person] = grid.calendar[person] > deaths["month"].to_numpy().astype(np.int64)[:, None]
        abroad = grid.spread(stays) > 0 if stays is not None else np.zeros_like(dead)
        return cls(dead, abroad)

    def under(self, rule: AfterExit, after_death: AfterExit, after_emigration: AfterExit) -> Mask:
        """The months that a rule applies to."""
        dead = self.dead if after_death == rule else np.zeros_like(self.dead)
        abroad = self.abroad & ~self.dead if after_emigration == rule else np.zeros_like(self.abroad)
        return dead | abroad


def combined(outcome: Outcome, parts: Mapping[str, Mask]) -> Mask:
    """A combination from its parts' values, as computed from records before any rule for death or emigration."""
    holds = np.ones_like(next(iter(parts.values())))
    for name in outcome.all_of:
        holds &= parts[name]
    if outcome.any_of:
        holds &= np.logical_or.reduce([parts[name] for name in outcome.any_of])
    for name in outcome.none_of:
        holds &= ~parts[name]
    return holds


def outcome_column(outcome: Outcome, values: Matrix | Mask, scale: Scale, covered: Mask, states: States) -> pl.Series:
    """A column of the panel: UInt8 for 1 or 0, Int64 for counts, Float64 for sums; null where missing."""
    zero = states.under("zero", outcome.after_death, outcome.after_emigration)
    missing = ~covered | states.under("missing", outcome.after_death, outcome.after_emigration)
    return column(np.where(zero, 0, values), missing, outcome, scale)


def column(values: NDArray[np.int64], missing: Mask, outcome: Outcome | None, scale: Scale) -> pl.Series:
    measure = outcome.measure if outcome is not None else None
    if measure is None or measure.binary:
        typed: NDArray[np.generic] = values.astype(np.uint8)
    elif measure.sum is not None:
        typed = values.astype(np.float64) / scale.divisor
    else:
        typed = values
    return pl.Series(pa.array(typed.ravel(), mask=missing.ravel()))


def holds(values: Matrix, scale: Scale) -> Mask:
    """1 or 0 from a measure's integers: is there any, or is the total large enough?"""
    return values >= scale.least if scale.least is not None else values != 0
