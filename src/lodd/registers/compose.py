"""From what the engine finds to the panel's columns: matrices of people by event months, and the rules of missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import AfterExit, Outcome
from lodd.protocol.types import Participants
from lodd.registers.arrow import array_of
from lodd.registers.measures import Scale
from lodd.registers.spells import Bounds

Matrix = NDArray[np.int64]
Mask = NDArray[np.bool_]
UNSCALED: Final = Scale(1, None)


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
        return Bounds(int(self.calendar[:, 0].min()), int(self.calendar[:, -1].max()))

    def spread(self, found: pl.DataFrame, before: int = 0) -> Matrix:
        """Rows of ``person, month, value`` put in their places, (n, before + months); zero elsewhere.

        The first so many columns (``before``) are the months before each one's window; other months are dropped.
        Of rows of ``person, first, after, value`` each month gets the sum of those with ``first <= month < after``.
        """
        if "first" in found.columns:
            return self._summed(found, before)
        person = found["person"].to_numpy().astype(np.int64)
        position = found["month"].to_numpy().astype(np.int64) - self.calendar[person, 0] + before
        people, months = self.calendar.shape
        inside = (position >= 0) & (position < before + months)
        matrix = np.zeros((people, before + months), dtype=np.int64)
        matrix[person[inside], position[inside]] = found["value"].to_numpy().astype(np.int64)[inside]
        return matrix

    def _summed(self, found: pl.DataFrame, before: int) -> Matrix:
        """Every value is added where it begins and taken back where it ends; then the changes are cumulated."""
        people, months = self.calendar.shape
        width = before + months
        person, value = (found[name].to_numpy().astype(np.int64) for name in ("person", "value"))
        start = self.calendar[:, 0][person] - before
        matrix = np.zeros((people, width + 1), dtype=np.int64)
        for name, change in (("first", value), ("after", -value)):
            position = (found[name].to_numpy().astype(np.int64) - start).clip(0, width)
            np.add.at(matrix.reshape(-1), person * (width + 1) + position, change)
        return np.cumsum(matrix, axis=1, out=matrix)[:, :width]

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


@dataclass(frozen=True, slots=True)
class Computed:
    """An outcome as computed from records, before coverage, death and emigration: (n, months) each.

    ``values`` in scaled integers, or 1 or 0; ``unknown`` where the records do not say; ``sizes``, of a mean, the
    numbers that its totals are divided by.
    """

    values: Matrix | Mask
    scale: Scale
    unknown: Mask | None = None
    sizes: Matrix | None = None

    @property
    def doubtful(self) -> Mask:
        """Where the records do not say."""
        return np.zeros(self.values.shape, dtype=np.bool_) if self.unknown is None else self.unknown


def combined(outcome: Outcome, parts: Mapping[str, Computed]) -> Computed:
    """A combination from its parts' values, as computed from records before any rule for death or emigration.

    Unknown where any part is.
    """
    true = {name: part.values != 0 for name, part in parts.items()}
    holds = np.ones_like(next(iter(true.values())))
    for name in outcome.all_of:
        holds &= true[name]
    if outcome.any_of:
        holds &= np.logical_or.reduce([true[name] for name in outcome.any_of])
    for name in outcome.none_of:
        holds &= ~true[name]
    return Computed(holds, UNSCALED, np.logical_or.reduce([part.doubtful for part in parts.values()]))


def from_first(outcome: Outcome, true: Mask, unknown: Mask, window: MonthRange) -> Computed:
    """``first_of`` or ``ever_of`` from the part's values as in the panel, and where those are missing.

    What an unobserved month leaves open is unknown, what is known whatever it held is not: after a month in which the
    part is 1 there is no first one any more, and a month in which it is 0 is not the first.
    """
    looked_at = np.arange(window.first, window.last + 1) >= outcome.from_month
    true, unknown = true & ~unknown & looked_at, unknown & looked_at
    ever, doubt = np.logical_or.accumulate(true, axis=1), np.logical_or.accumulate(unknown, axis=1)
    if outcome.ever_of is not None:
        return Computed(ever, UNSCALED, doubt & ~ever)
    before = np.pad(ever, ((0, 0), (1, 0)))[:, :-1]
    return Computed(true & ~before, UNSCALED, ~before & (unknown | (true & doubt)))


def missing_of(outcome: Outcome, found: Computed, covered: Mask, states: States) -> Mask:
    """Where an outcome is missing in the panel."""
    zero = states.under("zero", outcome.after_death, outcome.after_emigration)
    return ~covered | states.under("missing", outcome.after_death, outcome.after_emigration) | (found.doubtful & ~zero)


def value_of(outcome: Outcome, found: Computed, states: States) -> Matrix:
    """An outcome's values under its rules for death and emigration, in scaled integers."""
    if "zero" not in {outcome.after_death, outcome.after_emigration}:
        return found.values.astype(np.int64, copy=False)
    zero = states.under("zero", outcome.after_death, outcome.after_emigration)
    return np.where(zero, 0, found.values).astype(np.int64)


def outcome_column(outcome: Outcome, found: Computed, covered: Mask, states: States) -> pl.Series:
    """A column of the panel: UInt8 for 1 or 0, Int64 for counts, Float64 for amounts; null where missing."""
    values, missing = value_of(outcome, found, states), missing_of(outcome, found, covered, states)
    return column(values, missing, outcome, found.scale, found.sizes)


def column(
    values: Matrix, missing: Mask, outcome: Outcome | None, scale: Scale, sizes: Matrix | None = None
) -> pl.Series:
    """A column from integers, divided once."""
    measure = outcome.measure if outcome is not None else None
    if outcome is None or outcome.binary:
        typed: NDArray[np.integer | np.floating] = values.astype(np.uint8)
    elif measure is not None and measure.number is not None:
        divisor = scale.divisor if sizes is None else scale.divisor * sizes.clip(1)
        typed = values.astype(np.float64) / divisor
    else:
        typed = values
    return pl.Series(array_of(typed.ravel(), missing.ravel()))


def holds(values: Matrix, scale: Scale, sizes: Matrix | None = None) -> Mask:
    """1 or 0 from a measure's integers: is there any, or is it large enough? A mean is where its whole part is."""
    if scale.least is None:
        found: Mask = values != 0
    else:
        found = (values if sizes is None else values // sizes.clip(1)) >= scale.least
    return found
