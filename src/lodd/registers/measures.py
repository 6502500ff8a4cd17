"""What a measure gives for each person and month, from the records of its register.

Clean records first, then ``where``, then ``merge``, then the aggregate: a record that does not meet ``where`` takes no
part in its relationship, and one without the measured column's value takes no part in the measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from lodd.protocol.outcome import Measure, Outcome
from lodd.protocol.register import Register
from lodd.registers.cleaning import Records
from lodd.registers.exact import least_scaled
from lodd.registers.spells import Bounds, clipped, largest_in_months, on_months, relationships, resolved, united
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
        if measure.sum is not None:
            divisor = 10 ** register.columns[measure.sum].decimals
            if register.period == "year":
                divisor *= MONTHS_A_YEAR
        least = None if measure.at_least is None else least_scaled(measure.at_least, divisor)
        return cls(divisor, least)


def monthly(records: Records, outcome: Outcome, bounds: Bounds, calendar: ir.Table) -> ir.Table:
    """``person, month, value``: the measure in scaled integers, at most one row a person and month; absent is zero.

    With ``any`` every value but zero means that there is one.
    """
    measure = outcome.measure
    assert measure is not None
    met = meeting(records, measure)
    table = met.table.mutate(value=_value(met, measure))
    if measure.column is not None:
        table = table.filter(table.value.notnull())
    if records.register.temporality == "status":
        return _status(table, records.register, outcome, bounds, calendar)
    if records.register.period == "year":
        return _yearly(table, measure, bounds)
    within = table.filter(table.month >= bounds.first, table.month <= bounds.last)
    return within.group_by(["person", "month"]).aggregate(value=_aggregate(within, measure))


def _value(records: Records, measure: Measure) -> ir.Value:
    return ibis.literal(1, "int64") if measure.column is None else records.column(measure.column)


def _aggregate(table: ir.Table, measure: Measure) -> ir.IntegerValue:
    if measure.aggregate == "count_distinct":
        return table.value.nunique().cast("int64")
    return table.value.sum().cast("int64")


def _yearly(table: ir.Table, measure: Measure, bounds: Bounds) -> ir.Table:
    """A year's value in each of its months: a sum is divided by twelve later, once, with its decimals."""
    dated = table.mutate(year=table.month // MONTHS_A_YEAR)
    first, last = bounds.first // MONTHS_A_YEAR, bounds.last // MONTHS_A_YEAR
    within = dated.filter(dated.year >= first, dated.year <= last)
    years = within.group_by(["person", "year"]).aggregate(value=_aggregate(within, measure))
    months = ibis.range(years.year * MONTHS_A_YEAR, (years.year + 1) * MONTHS_A_YEAR)
    return years.select("person", month=months.unnest(), value=years.value)


def _status(table: ir.Table, register: Register, outcome: Outcome, bounds: Bounds, calendar: ir.Table) -> ir.Table:
    measure = outcome.measure
    assert measure is not None
    keys = {} if register.merge is None else {f"by{i}": table[FILE + name] for i, name in enumerate(register.merge.by)}
    spells = _one_a_day(clipped(table, register, bounds, value=table.value, **keys), register, measure, list(keys))
    if measure.aggregate == "any" or outcome.day_rule != "any day":
        return on_months(spells, outcome.day_rule)
    return largest_in_months(spells, calendar)


def _one_a_day(spells: ir.Table, register: Register, measure: Measure, by: list[str]) -> ir.Table:
    """The spells whose values add up to the measure on each day."""
    aggregate = measure.aggregate
    overlap = register.merge.overlap if register.merge is not None else "sum"
    if aggregate == "any":
        return spells
    if aggregate == "count":
        return united(relationships(spells, by), ["person", "relationship"]) if by else spells
    if aggregate == "sum":
        # a sum over the records of a relationship is a sum over the person's records
        return spells if overlap == "sum" else resolved(relationships(spells, by), overlap)
    latest = resolved(relationships(spells, by), overlap) if overlap == "latest" else spells
    return united(latest, ["person", "value"])
