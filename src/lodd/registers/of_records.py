"""Means, largest and last values of the spells that hold in a month, and the months in which any of them does.

Unlike sums and counts these have no value where nothing holds, so a month is there only if there is a record.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from lodd.protocol.outcome import Counts
from lodd.registers.spells import DAY, relationships, resolved, touched
from lodd.registers.typed import month_of


def standing(spells: ir.Table, by: list[str], overlap: str) -> ir.Table:
    """One spell for each relationship and day: where its spells overlap, by the rule of the register's ``merge``."""
    if not by:
        return spells
    named = relationships(spells, by)
    if overlap != "sum":
        return resolved(named, overlap)
    totals = _totals(*_days(named, ["person", "relationship"]), ["person", "relationship"])
    return totals.select("person", since=totals["at"], until=(totals.next - DAY).cast("date"), value=totals.total)


def largest(spells: ir.Table, rule: Counts) -> ir.Table:
    """``person, month, value``: the largest value on the rule's day; with ``any day`` on any."""
    held = touched(spells, rule, "value")
    spread = held.select("person", "value", month=ibis.range(held.first, held.after).unnest())
    return spread.group_by(["person", "month"]).aggregate(value=spread.value.max())


def last(spells: ir.Table, rule: Counts) -> ir.Table:
    """``person, month, value``: of the spells on the rule's day the value of that which started last (then: ended last,
    then the largest); with ``any day`` the largest of the days' values.
    """
    person_alone = spells.mutate(relationship=ibis.literal(0, "int64"))
    return largest(resolved(person_alone, "latest"), rule)


def means(spells: ir.Table, rule: Counts) -> ir.Table:
    """``person, month, size, value``: the total of so many (``size``) values on the rule's day.

    With ``any day`` there is a row for each number of values, with the largest total of so many: one of these has the
    largest mean, and to find out which takes no division.
    """
    if rule == "any day":
        totals = _totals(*_days(spells, ["person"]), ["person"])
        first, after = month_of(totals["at"]), month_of((totals.next - DAY).cast("date")) + 1
    else:
        held = touched(spells, rule, "value")
        gained = held.select("person", at=held.first, change=held.value, one=ibis.literal(1, "int64"))
        lost = held.select("person", at=held.after, change=-held.value, one=ibis.literal(-1, "int64"))
        totals = _totals(gained, lost, ["person"])
        first, after = totals["at"], totals.next
    spread = totals.select("person", "total", "size", month=ibis.range(first, after).unnest())
    return spread.group_by(["person", "month", "size"]).aggregate(value=spread.total.max())


def active_months(spells: ir.Table, rule: Counts) -> ir.Table:
    """``person, first, after``: the stretches of months ``first..after - 1`` with a spell on the rule's day."""
    held = touched(spells, rule)
    none = ibis.literal(0, "int64")
    gained = held.select("person", at=held.first, change=none, one=ibis.literal(1, "int64"))
    lost = held.select("person", at=held.after, change=none, one=ibis.literal(-1, "int64"))
    totals = _totals(gained, lost, ["person"])
    return totals.select("person", first=totals["at"], after=totals.next)


def _days(spells: ir.Table, keys: list[str]) -> tuple[ir.Table, ir.Table]:
    """What each spell adds at its first day, and takes back on the day after its last."""
    after = (spells.until + DAY).cast("date")
    gained = spells.select(*keys, at=spells.since, change=spells.value, one=ibis.literal(1, "int64"))
    return gained, spells.select(*keys, at=after, change=-spells.value, one=ibis.literal(-1, "int64"))


def _totals(gained: ir.Table, lost: ir.Table, keys: list[str]) -> ir.Table:
    """``*keys, at, next, total, size``: the stretches in which a constant number of values holds, one at least."""
    changes = gained.union(lost)
    points = changes.group_by([*keys, "at"]).aggregate(change=changes.change.sum(), one=changes.one.sum())
    upto = ibis.window(group_by=keys, order_by="at", preceding=None, following=0)
    along = points.mutate(
        total=points.change.sum().over(upto).cast("int64"),
        size=points.one.sum().over(upto).cast("int64"),
        next=points["at"].lead().over(group_by=keys, order_by="at"),
    )
    return along.filter(along["size"] > 0, along.next.notnull())
