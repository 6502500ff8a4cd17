"""A register's whole file, drawn or not: how much there is, and how much of it in each month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import ibis.expr.types as ir
import polars as pl

from lodd.protocol.months import whole_months
from lodd.protocol.register import Register
from lodd.registers.cleaning import judge, numbered
from lodd.registers.engines import Engine
from lodd.registers.needs import Needs
from lodd.registers.parts import inside
from lodd.registers.quality.model import Missing, Months
from lodd.registers.quality.rows import empty
from lodd.registers.sources import Source
from lodd.registers.typed import FILE, month_of

AROUND: Final = 12
"""How many months outside the coverage are shown, where there are rows."""
_VALUE = "v_"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows and people of the file; of those drawn; the numbers of those drawn who have a row; rows of nobody."""

    rows: int
    people: int
    drawn_rows: int
    seen: pl.Series
    nameless: int = 0


def sizes(engine: Engine, rows: ir.Table, people: ir.Table) -> Sizes:
    """Counts of the rows (of :func:`cleaning.numbered`) and of those of ``people``."""
    rows = inside(rows, FILE)
    named = (rows.person_id != "").fill_null(False)
    people_named = rows.person_id.nunique(where=named)
    whole = rows.aggregate(rows=rows.count(), people=people_named, named=rows.count(where=named))
    total, everyone, with_name = engine.fetch(whole).row(0)
    mine = rows.inner_join(people, "person_id")
    seen = engine.fetch(mine.group_by("person").aggregate(rows=mine.count()))
    return Sizes(total, everyone, int(seen["rows"].sum()), seen["person"], total - with_name)


def by_month(engine: Engine, source: Source, register: Register, needs: Needs) -> tuple[Months, tuple[Missing, ...]]:
    """The file by month, and the missing values of each column that the protocol uses.

    Raises:
        DataError: a column has a wrong type.
    """
    rows = numbered(source, register)
    # judged for the dates and values alone, as if each row were a person's only one
    judged, _ = judge(rows.mutate(person=rows.row), source, register, needs)
    month = month_of(judged.started) if register.temporality == "status" else judged.month
    watched = _watched(register, needs)
    sums: dict[str, Any] = {"rows": judged.count(), "people": judged.person_id.nunique()}
    sums |= {f"missing_{i}": empty(judged[FILE + name]).sum() for i, name in enumerate(watched)}
    for i, name in enumerate(register.columns):
        value = judged[_VALUE + name]
        sums |= {f"total_{i}": value.cast("float64").sum(), f"there_{i}": value.count()}
    frame = engine.fetch(judged.group_by(at=month).aggregate(**sums)).sort("at")
    return _months(frame, register), _missing(frame, register, watched)


def _watched(register: Register, needs: Needs) -> list[str]:
    """The columns whose missing values are counted: all that are used but the stop, which is missing while ongoing."""
    return [name for name in needs.columns if name != register.stop]


def shown_months(frame: pl.DataFrame, register: Register) -> range:
    """The coverage, with up to a year on either side where there are rows."""
    assert register.covers is not None
    step = 12 if register.period == "year" else 1
    first, last = whole_months(register.covers.since, register.covers.until)
    if step == 12:
        first, last = first - first % 12, last - last % 12
    there = [at for at in frame["at"].drop_nulls().to_list() if first - AROUND <= at <= last + AROUND]
    return range(min([first, *there]), max([last, *there]) + 1, step)


def _months(frame: pl.DataFrame, register: Register) -> Months:
    shown = shown_months(frame, register)
    by = {row["at"]: row for row in frame.iter_rows(named=True)}
    rows = {at: row["rows"] for at, row in by.items() if at is not None}
    return Months(
        month=tuple(shown),
        rows=tuple(rows.get(at, 0) for at in shown),
        people=tuple(by[at]["people"] if at in by else 0 for at in shown),
        means={
            name: tuple(_mean(by.get(at), i, column.decimals) for at in shown)
            for i, (name, column) in enumerate(register.columns.items())
        },
        step=shown.step,
        before=sum(count for at, count in rows.items() if at < shown.start),
        after=sum(count for at, count in rows.items() if at >= shown.stop),
        undated=by[None]["rows"] if None in by else 0,
    )


def _mean(row: Mapping[str, Any] | None, i: int, decimals: int) -> float | None:
    if row is None or not row[f"there_{i}"]:
        return None
    total: float = row[f"total_{i}"] / row[f"there_{i}"]
    return total / 10.0**decimals


def _missing(frame: pl.DataFrame, register: Register, watched: list[str]) -> tuple[Missing, ...]:
    shown = shown_months(frame, register)
    found = []
    for i, name in enumerate(watched):
        by = dict(zip(frame["at"].to_list(), frame[f"missing_{i}"].to_list(), strict=True))
        months = tuple(int(by.get(at) or 0) for at in shown)
        found.append(Missing(name, int(frame[f"missing_{i}"].sum() or 0), months))
    return tuple(found)
