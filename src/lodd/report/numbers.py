"""The numbers of an estimate as a table's cells: levels, difference, interval, p-values and people."""

from __future__ import annotations

from lodd.protocol.analysis import Primary
from lodd.report.context import Context
from lodd.report.estimates import Estimate
from lodd.report.model import Cell, Column

_NAMES = ("mean_reference", "mean_treated", "difference", "interval", "p", "p_randomisation", "p_family", "people")


def columns_of_numbers(c: Context) -> tuple[Column, ...]:
    """The columns that :func:`numbers_of` fills."""
    return tuple(Column(c.words(f"table.{name}", confidence=c.confidence)) for name in _NAMES)


def numbers_of(c: Context, e: Estimate, unit_of: Primary) -> tuple[Cell, ...]:
    """An estimate's cells, in a primary outcome's unit."""
    unit = c.unit(unit_of.outcome, unit_of.summary)
    return (
        Cell(unit.level(e.mean_control)),
        Cell(unit.level(e.mean_treated)),
        Cell(unit.difference(e.estimate)),
        Cell(unit.interval(e.ci_low, e.ci_high)),
        Cell(c.p(e.p_value)),
        Cell(c.p(e.p_randomisation)),
        Cell(c.p(e.p_family)),
        Cell(c.people((e.n_control or 0) + (e.n_treated or 0))),
    )
