"""What a measure gives for each person and month, from the records of its register.

Clean records first, then ``where``, then ``merge``, then the aggregate: a record that does not meet ``where`` takes no
part in its relationship, and one without the measured column's value takes no part in the measure. What is measured
over several months is put together from the months in ``windows.py``, but for different values, which are counted here.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from lodd.protocol.months import last_day
from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Register
from lodd.registers import of_records
from lodd.registers.cleaning import Records
from lodd.registers.exact import least_scaled
from lodd.registers.spells import (
    ENDLESS,
    Bounds,
    clipped,
    cumulated,
    largest_in_months,
    on_months,
    reached_in_months,
    relationships,
    resolved,
    united,
)
from lodd.registers.typed import FILE
from lodd.registers.where import meeting

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """How the engine's integers become the outcome's values: divided once, or compared once with a limit."""

    divisor: int
    least: int | None

    @classmethod
    def of(cls, register: Register, measure: Measure) -> Scale:
        divisor = 1
        if measure.number is not None:
            divisor = 10 ** register.columns[measure.number].decimals
            if register.period == "year":
                divisor *= MONTHS_A_YEAR
        least = None if measure.at_least is None else least_scaled(measure.at_least, divisor)
        return cls(divisor, least)


def monthly(records: Records, outcome: Outcome, bounds: Bounds, calendar: ir.Table) -> ir.Table:
    """``person, month, value``: the measure in scaled integers, at most one row a person and month; absent is zero.

    Or ``person, first, after, value``: to be summed over the months ``first..after - 1`` (``Grid.spread`` takes both).

    With ``any`` every value but zero means that there is one. A mean has the total as its value, and ``size``, the
    number of values (a row for each number that occurs, see ``of_records.means``); a month without a row has no mean,
    largest or last value. ``months_since`` gives ``person, first, after``, the stretches of active months.
    """
    measure = outcome.measure
    assert measure is not None
    met = meeting(records, measure)
    if measure.months_since is not None:
        return _active(met, outcome, measure, bounds)
    table = met.table.mutate(value=_value(met, measure))
    if measure.column is not None:
        table = table.filter(table.value.notnull())
    if records.register.temporality == "status":
        return _status(table, records.register, outcome, bounds, calendar)
    if records.register.period == "year":
        return _yearly(table, measure, bounds)
    within = table.filter(table.month >= bounds.first, table.month <= bounds.last)
    if measure.count_distinct is not None and measure.within is not None:
        return _distinct_within(within, measure.within)
    if measure.last is not None:
        within = _last_of_month(within)
    return within.group_by(["person", "month"]).aggregate(**_aggregates(within, measure))


def _value(records: Records, measure: Measure) -> ir.Value:
    return ibis.literal(1, "int64") if measure.column is None else records.column(measure.column)


def _aggregates(table: ir.Table, measure: Measure) -> dict[str, ir.IntegerValue]:
    if measure.aggregate == "count_distinct":
        return {"value": table.value.nunique().cast("int64")}
    if measure.aggregate in {"max", "last"}:
        return {"value": table.value.max().cast("int64")}
    total = {"value": table.value.sum().cast("int64")}
    return total | ({"size": table.value.count().cast("int64")} if measure.aggregate == "mean" else {})


def _yearly(table: ir.Table, measure: Measure, bounds: Bounds) -> ir.Table:
    """A year's value in each of its months: an amount is divided by twelve later, once, with its decimals."""
    dated = table.mutate(year=table.month // MONTHS_A_YEAR)
    first, last = bounds.first // MONTHS_A_YEAR, bounds.last // MONTHS_A_YEAR
    within = dated.filter(dated.year >= first, dated.year <= last)
    years = within.group_by(["person", "year"]).aggregate(**_aggregates(within, measure))
    months = ibis.range(years.year * MONTHS_A_YEAR, (years.year + 1) * MONTHS_A_YEAR)
    return years.mutate(month=months.unnest()).drop("year")


def _last_of_month(events: ir.Table) -> ir.Table:
    """The events of each person's last day with one in a month."""
    latest = events.day.max().over(group_by=["person", "month"])
    dated = events.mutate(latest=latest)
    return dated.filter(dated.day == dated.latest)


def _distinct_within(table: ir.Table, months: int) -> ir.Table:
    """The number of different values in the last months: each value holds from a month with it for so long."""
    held = table.select("person", "row", "value", since=table.month, until=table.month + (months - 1))
    one = united(held, ["person", "value"])
    totals = cumulated(
        one.select("person", at=one.since, change=one.value),
        one.select("person", at=one.until + 1, change=-one.value),
    )
    return totals.select("person", month=ibis.range(totals["at"], totals.next).unnest(), value=totals.total)


def _active(records: Records, outcome: Outcome, measure: Measure, bounds: Bounds) -> ir.Table:
    """The stretches of months with an active record, however long ago; of ``first`` only the beginning of the first."""
    table, register = records.table, records.register
    if register.temporality == "status":
        assert register.covers is not None
        known = min(register.covers.until, last_day(bounds.last))
        until = ibis.least(table.ended.fill_null(ENDLESS), ibis.literal(known))
        spells = table.select("person", since=table.started, until=until)
        stretches = of_records.active_months(spells.filter(spells.since <= spells.until), outcome.day_rule)
    else:
        events = table.filter(table.month <= bounds.last).select("person", first="month").distinct()
        stretches = events.mutate(after=events.first + 1)
    if measure.months_since == "last":
        return stretches
    begun = stretches.group_by("person").aggregate(first=stretches.first.min())
    return begun.mutate(after=begun.first + 1)


def _status(table: ir.Table, register: Register, outcome: Outcome, bounds: Bounds, calendar: ir.Table) -> ir.Table:
    measure = outcome.measure
    assert measure is not None
    keys = {} if register.merge is None else {f"by{i}": table[FILE + name] for i, name in enumerate(register.merge.by)}
    found = clipped(table, register, bounds, value=table.value, **keys)
    overlap = register.merge.overlap if register.merge is not None else "sum"
    if measure.aggregate == "last":
        return of_records.last(found, outcome.day_rule)
    if measure.aggregate in {"mean", "max"}:
        of = of_records.means if measure.aggregate == "mean" else of_records.largest
        return of(of_records.standing(found, list(keys), overlap), outcome.day_rule)
    spells = _one_a_day(found, overlap, measure, list(keys))
    if measure.aggregate == "any" or outcome.day_rule != "any day":
        return on_months(spells, outcome.day_rule)
    least = Scale.of(register, measure).least
    if least is not None and least > 0:
        return reached_in_months(spells, least)
    return largest_in_months(spells, calendar)


def _one_a_day(spells: ir.Table, overlap: str, measure: Measure, by: list[str]) -> ir.Table:
    """The spells whose values add up to the measure on each day."""
    aggregate = measure.aggregate
    if aggregate == "any":
        return spells
    if aggregate == "count":
        return united(relationships(spells, by), ["person", "relationship"]) if by else spells
    if aggregate == "sum":
        # a sum over the records of a relationship is a sum over the person's records
        return spells if overlap == "sum" else resolved(relationships(spells, by), overlap)
    latest = resolved(relationships(spells, by), overlap) if overlap == "latest" else spells
    return united(latest, ["person", "value"])
