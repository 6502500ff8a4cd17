"""From a measure's months, as the engine finds them, to its value in every month of everyone's window.

What is taken over several months is put together here, on matrices of people by months that begin so many months
earlier: sums by differences of running totals, the largest by doubling, so that sixty months cost little more than two.
All numbers are integers, and compared as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Register
from lodd.registers.compose import Computed, Grid, Mask, Matrix, holds
from lodd.registers.measures import Scale
from lodd.registers.spells import Bounds

Number = TypeVar("Number", np.int64, np.bool_)
_LOWEST = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class _Months:
    """(n, months) scaled integers; ``sizes``, the numbers that a mean is of; where there is a record at all."""

    values: Matrix
    present: Mask
    sizes: Matrix | None = None


def months_before(measure: Measure, register: Register) -> int:
    """How many months before a month the engine's rows are needed of, to be put together here."""
    return 0 if _counted_by_engine(measure, register) else measure.months - 1


def reaching(bounds: Bounds, measure: Measure) -> Bounds:
    """The months that records are needed of."""
    return Bounds(bounds.first - measure.months + 1, bounds.last)


def computed(
    found: pl.DataFrame, outcome: Outcome, register: Register, grid: Grid, undated: Mask | None = None
) -> Computed:
    """An outcome's values from the rows of ``measures.monthly``; ``undated`` (n,) lack a reference day."""
    measure = outcome.measure
    assert measure is not None
    months = _months(found, measure, register, grid)
    scale, missing = Scale.of(register, measure), ~months.present if measure.empty == "missing" else None
    if undated is not None:
        missing = undated[:, None] | (np.zeros_like(months.present) if missing is None else missing)
    if measure.binary:
        return Computed(holds(months.values, scale, months.sizes), scale, missing)
    return Computed(months.values, scale, missing, months.sizes)


def nothing(outcome: Outcome, register: Register, grid: Grid) -> Computed:
    """The values where no month is covered."""
    empty = pl.DataFrame(schema=dict.fromkeys(("person", "month", "value", "size", "first", "after"), pl.Int64))
    return computed(empty, outcome, register, grid)


def _months(found: pl.DataFrame, measure: Measure, register: Register, grid: Grid) -> _Months:
    if measure.months_since is not None:
        return _since(found, grid)
    before, number = months_before(measure, register), measure.months
    if measure.mean is not None:
        totals, sizes = _largest_means(found, grid, before)
        totals, sizes = _sums(totals, before + 1), _sums(sizes, before + 1)
        return _Months(totals, sizes > 0, sizes)
    values = grid.spread(found, before)
    if measure.max is not None or measure.last is not None:
        present = grid.spread(found.with_columns(value=pl.lit(1)), before) > 0
    if measure.max is not None:
        values, present = _largest(np.where(present, values, _LOWEST), number), _largest(present, number)
        return _Months(np.where(present, values, 0), present)
    if measure.last is not None:
        return _latest(values, present, number)
    if measure.any:
        values = (values != 0).astype(np.int64)
    together = _largest if register.temporality == "status" else _sums
    values = together(values, before + 1)
    return _Months(values, np.ones_like(values, dtype=np.bool_))


def _counted_by_engine(measure: Measure, register: Register) -> bool:
    return measure.count_distinct is not None and register.temporality != "status"


def _sums(matrix: Matrix, months: int) -> Matrix:
    """(n, m) to (n, m - months + 1): sums of so many months in a row."""
    if months == 1:
        return matrix
    upto = np.cumsum(np.pad(matrix, ((0, 0), (1, 0))), axis=1)
    return upto[:, months:] - upto[:, :-months]


def _largest(matrix: NDArray[Number], months: int) -> NDArray[Number]:
    """(n, m) to (n, m - months + 1): the largest of so many months in a row; of truths, whether there is one."""
    reached = 1
    while reached < months:
        step = min(reached, months - reached)
        matrix = np.maximum(matrix[:, step:], matrix[:, :-step])
        reached += step
    return matrix


def _latest(values: Matrix, present: Mask, months: int) -> _Months:
    """Of so many months in a row the value of the last that has one."""
    place = np.where(present, np.arange(values.shape[1]), -1)
    place = np.maximum.accumulate(place, axis=1)[:, months - 1 :]
    found = place >= np.arange(place.shape[1])
    return _Months(np.where(found, np.take_along_axis(values, place.clip(0), axis=1), 0), found)


def _largest_means(found: pl.DataFrame, grid: Grid, before: int) -> tuple[Matrix, Matrix]:
    """Totals and sizes of the largest mean of each month: at most one row for each size."""
    totals = np.zeros((grid.calendar.shape[0], grid.calendar.shape[1] + before), dtype=np.int64)
    sizes = np.zeros_like(totals)
    for size in sorted(found["size"].unique().to_list()):
        rows = found.filter(pl.col("size") == size)
        there = grid.spread(rows.with_columns(value=pl.lit(1)), before) > 0
        others = grid.spread(rows, before)
        better = there & ((sizes == 0) | _larger(others, size, totals, sizes.clip(1)))
        totals, sizes = np.where(better, others, totals), np.where(better, size, sizes)
    return totals, sizes


def _larger(total: Matrix, size: int, other_total: Matrix, other_size: Matrix) -> Mask:
    """Is total / size the larger? By whole parts, then by remainders, whose products fit."""
    whole, rest = np.divmod(total, size)
    other_whole, other_rest = np.divmod(other_total, other_size)
    larger: Mask = (whole > other_whole) | ((whole == other_whole) & (rest * other_size > other_rest * size))
    return larger


def _since(found: pl.DataFrame, grid: Grid) -> _Months:
    """Months since the last month of the stretches ``first..after - 1`` that had begun; 0 within one."""
    people, months = grid.calendar.shape
    person = found["person"].to_numpy().astype(np.int64)
    first = found["first"].to_numpy().astype(np.int64) - grid.calendar[person, 0]
    last = found["after"].to_numpy().astype(np.int64) - 1 - grid.calendar[person, 0]
    latest = np.full((people, months), _LOWEST)
    begun = first < months
    person, first, last = person[begun], first[begun], last[begun]
    np.maximum.at(latest, (person, last.clip(0, months - 1)), last)
    # within a stretch every month is the latest, and the next stretch begins after it
    inside = np.zeros((people, months + 1), dtype=np.int64)
    np.add.at(inside, (person, first.clip(0)), last >= 0)
    np.add.at(inside, (person, (last + 1).clip(0, months)), -(last >= 0).astype(np.int64))
    here = np.arange(months)
    latest = np.where(np.cumsum(inside, axis=1)[:, :-1] > 0, here, latest)
    latest = np.maximum.accumulate(latest, axis=1)
    present: Mask = latest > _LOWEST
    return _Months(np.where(present, here - latest, 0), present)
