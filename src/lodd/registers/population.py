"""Who is dead and who is abroad, month by month."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from lodd.registers.cleaning import Records
from lodd.registers.spells import Bounds, clipped, on_months
from lodd.registers.typed import month_of


def death_months(records: Records) -> ir.Table:
    """``person, month``: the month of each person's (first) death. From the next month on the person is dead."""
    deaths = records.table
    first = deaths.group_by("person").aggregate(day=deaths.day.min())
    return first.select("person", month=month_of(first.day))


def abroad_months(records: Records, bounds: Bounds) -> ir.Table:
    """``person, month, value``: the number of stays abroad that cover the month's first day, where there is one.

    A stay without an end goes on after the register's coverage: nothing says that the person came back.
    """
    stays = clipped(records.table, records.register, bounds, value=ibis.literal(1, "int64"))
    return on_months(stays, "first day")
