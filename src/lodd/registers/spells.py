"""Spells: records that hold from a day to a day, made into values that hold in a month.

A spell gives its value at its first day and takes it back after its last; summed by person and day and cumulated,
these changes are the person's total on every day. Only the segments in which that total is constant are spread over
months, and only at the very end, so that long spells cost no more than short ones until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from lodd.protocol.months import first_day, last_day
from lodd.protocol.outcome import Counts
from lodd.protocol.register import Register
from lodd.registers.parts import begun
from lodd.registers.typed import month_of

ENDLESS: Final = date(9999, 12, 31)
DAY: Final = ibis.interval(days=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The calendar months that values are wanted for, ``first..last``; empty where the last is before the first."""

    first: int
    last: int

    @property
    def empty(self) -> bool:
        return self.last < self.first

    def calendar(self) -> pa.Table:
        """``month, month_from, month_until``: each month with its first and last day."""
        months = range(self.first, self.last + 1)
        days = {"month_from": [first_day(m) for m in months], "month_until": [last_day(m) for m in months]}
        return pl.DataFrame({"month": pl.Series(list(months), dtype=pl.Int64), **days}).to_arrow()


def clipped(records: ir.Table, register: Register, bounds: Bounds, **columns: ir.Value) -> ir.Table:
    """``person, row, since, until`` within the bounds, with ``started``, ``ended`` as they were, and more columns.

    A stop after the register's coverage says no more than that the record was ongoing, so all such stops are equal.
    """
    assert register.covers is not None  # lodd.protocol.checks
    ended = ibis.least(records.ended.fill_null(ENDLESS), ibis.literal(register.covers.until))
    since = ibis.greatest(records.started, ibis.literal(first_day(bounds.first)))
    until = ibis.least(records.ended.fill_null(ENDLESS), ibis.literal(last_day(bounds.last)))
    spells = records.select("person", "row", started=begun(records), ended=ended, since=since, until=until, **columns)
    return spells.filter(spells.since <= spells.until)


def islands(spells: ir.Table, keys: list[str]) -> ir.Table:
    """The spells with ``island``, a number within the keys, equal for spells that are joined by days in common."""
    order = ["since", "until", "row"]
    before = ibis.window(group_by=keys, order_by=order, preceding=(None, 1))
    reached = spells.mutate(reached=spells.until.max().over(before))
    opens = reached.reached.isnull() | (reached.since > reached.reached)
    upto = ibis.window(group_by=keys, order_by=order, preceding=None, following=0)
    numbered = reached.mutate(opens=opens.cast("int64"))
    return numbered.mutate(island=numbered.opens.sum().over(upto)).drop("reached", "opens")


def united(spells: ir.Table, keys: list[str]) -> ir.Table:
    """One spell for each island of the keys: ``person, since, until, value`` with value 1, never two on one day."""
    joined = islands(spells, keys)
    groups = joined.group_by([*keys, "island"])
    one = groups.aggregate(since=joined.since.min(), until=joined.until.max())
    return one.select("person", "since", "until", value=ibis.literal(1, "int64"))


def relationships(spells: ir.Table, by: list[str]) -> ir.Table:
    """The spells with ``relationship``, a number for each person and combination of values in ``by``.

    A spell without such a value is a relationship of its own: nothing says that it is the same as another.
    """
    named = ibis.and_(*(spells[name].notnull() for name in by))
    keyed = spells.mutate(own=ibis.ifelse(named, ibis.literal(-1, "int64"), spells.row))
    number = ibis.dense_rank().over(order_by=["person", *by, "own"])
    return keyed.mutate(relationship=number)


def resolved(spells: ir.Table, overlap: str) -> ir.Table:
    """One value on each day of a ``relationship``: ``person, row, since, until, value``.

    Where spells overlap: ``latest`` takes the one that started last (among equals: ended last, then the largest value),
    ``max`` the largest. Spells that overlap with none pass as they are.
    """
    joined = islands(spells, ["person", "relationship"])
    size = joined.count().over(group_by=["person", "relationship", "island"])
    sized = joined.mutate(size=size)
    columns = ["person", "row", "since", "until", "value"]
    alone = sized.filter(sized.size == 1).select(columns)
    crowd = sized.filter(sized.size > 1)
    order = ["started", "ended", "value"] if overlap == "latest" else ["value"]
    return alone.union(_winners(crowd, order).select(columns))


def _winners(crowd: ir.Table, order: list[str]) -> ir.Table:
    """The overlapping spells cut where any of them begins or ends; of each piece the largest by ``order``."""
    key = ["person", "relationship", "island"]
    edges = crowd.select(*key, since=crowd.since).union(crowd.select(*key, since=(crowd.until + DAY).cast("date")))
    cuts = edges.distinct()
    following = cuts.since.lead().over(group_by=key, order_by="since")
    pieces = cuts.mutate(until=(following - DAY).cast("date")).filter(lambda t: t.until.notnull())
    pieces = pieces.rename(piece_since="since", piece_until="until")
    active = [*key, crowd.since <= pieces.piece_since, crowd.until >= pieces.piece_since]
    here = crowd.inner_join(pieces, active)
    rank = ibis.row_number().over(group_by=[*key, "piece_since"], order_by=[here[name].desc() for name in order])
    winners = here.mutate(rank=rank).filter(lambda t: t["rank"] == 0)
    return winners.select("person", "row", "value", since=winners.piece_since, until=winners.piece_until)


def touched(spells: ir.Table, rule: Counts, *columns: str) -> ir.Table:
    """``person, first, after`` and columns: the months ``first..after - 1`` in which each spell holds on the rule's day
    (``any day``: on any); spells that hold in none are left out.
    """
    since, until = spells.since, spells.until
    first, last = month_of(since), month_of(until)
    if rule == "first day":
        first = first + (since.day() > 1).cast("int64")
    elif rule == "last day":
        last = last - (month_of((until + DAY).cast("date")) == last).cast("int64")
    elif rule == "day 16":
        first, last = first + (since.day() > 16).cast("int64"), last - (until.day() < 16).cast("int64")
    held = spells.select("person", *columns, first=first, after=last + 1)
    return held.filter(held.first < held.after)


def on_months(spells: ir.Table, rule: Counts) -> ir.Table:
    """``person, first, after, value``: values to be summed over the months ``first..after - 1``, for the total on the
    rule's day of each month; for ``any day`` of the spells that touch it.

    (With ``any day`` the sum says only whether there is one: totals of different days are not told apart.)
    """
    return touched(spells, rule, "value")


def reached_in_months(spells: ir.Table, least: int) -> ir.Table:
    """``person, first, after, value``: months with a day on which the total is at least ``least``, a positive number.

    Summed over them, ``value`` is at least that, too, and elsewhere zero.
    """
    totals = cumulated(
        spells.select("person", at=spells.since, change=spells.value),
        spells.select("person", at=(spells.until + DAY).cast("date"), change=-spells.value),
    )
    enough = totals.filter(totals.total >= least)
    after = month_of((enough.next - DAY).cast("date")) + 1
    return enough.select("person", first=month_of(enough["at"]), after=after, value=ibis.literal(least, "int64"))


def largest_in_months(spells: ir.Table, calendar: ir.Table) -> ir.Table:
    """``person, month, value``: the largest total on any one day of each month; months without a spell are left out."""
    totals = cumulated(
        spells.select("person", at=spells.since, change=spells.value),
        spells.select("person", at=(spells.until + DAY).cast("date"), change=-spells.value),
    )
    until = (totals.next - DAY).cast("date")
    segments = totals.select("person", "total", since=totals["at"], until=until)
    months = ibis.range(month_of(segments.since), month_of(segments.until) + 1)
    spread = segments.mutate(month=months.unnest()).inner_join(calendar, "month")
    days = (
        ibis.least(spread.until, spread.month_until).epoch_days()
        - ibis.greatest(spread.since, spread.month_from).epoch_days()
    )
    spread = spread.mutate(days=days + 1)
    by_month = spread.group_by(["person", "month", "month_from", "month_until"])
    largest = by_month.aggregate(value=spread.total.max(), days=spread.days.sum())
    # a day outside every segment has the total zero, which is the largest where the others are negative
    whole = largest.days > largest.month_until.epoch_days() - largest.month_from.epoch_days()
    value = ibis.ifelse(whole, largest.value, ibis.greatest(largest.value, 0))
    return largest.select("person", "month", value=value)


def cumulated(gained: ir.Table, lost: ir.Table) -> ir.Table:
    """``person, at, next, total``: where each constant, non-zero total begins and where the next one does."""
    changes = gained.union(lost)
    points = changes.group_by(["person", "at"]).aggregate(change=changes.change.sum())
    # where one record's value follows another's equal one, as in monthly records, nothing changes
    points = points.filter(points.change != 0)
    upto = ibis.window(group_by="person", order_by="at", preceding=None, following=0)
    along = points.mutate(
        total=points.change.sum().over(upto), next=points["at"].lead().over(group_by="person", order_by="at")
    )
    return along.filter(along.total != 0, along.next.notnull())
