"""One register from several sources, one after the other: before and after a break in how it is kept.

Each part's columns get the register's names, and its records are cut to its own days, so that a spell that was still
open when another source took over is not counted twice. A monthly record of a register of spells becomes a spell of
that month. When a record began and ended before it was cut, and its part, stay known (``BEGUN``, ``ENDED``, ``PART``):
cutting makes records neither equal nor new. A version that is wholly outside the part's days takes the place of those
that are not, so such rows are left out only when it is decided which versions count (``OUTSIDE``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from lodd.protocol.register import Register
from lodd.protocol.source import Part
from lodd.registers import typed
from lodd.registers.engines import ROW
from lodd.registers.problems import Place

PART: Final = "lodd_part"
"""A column of a register with parts: the number of the record's part."""
BEGUN: Final = "lodd_begun"
"""A column of spells in parts: the record's own first day, as ISO text."""
ENDED: Final = "lodd_ended"
"""... and its own last day."""
OUTSIDE: Final = "lodd_outside"
"""A column of a register with parts whose records have versions: is the row wholly outside the part's days?"""
OWN: Final = frozenset({PART, BEGUN, ENDED, OUTSIDE})


def register_of(register: Register, part: Part) -> Register:
    """The part as a register of its own, with the names that its columns have in its source."""
    names = _names(register, part)
    temporality = part.temporality or register.temporality
    columns = {names.get(name, name): column for name, column in register.columns.items()}
    own = {
        "file": part.file, "csv": part.csv, "parts": (), "temporality": temporality, "columns": columns,
        "person": names[register.person], "start": names.get(register.start or "", register.start),
        "stop": names.get(register.stop or "", register.stop) if temporality == "status" else None,
        "registered": names.get(register.registered or "", register.registered),
    }  # fmt: skip
    return register.model_copy(update=own)


def begun(records: ir.Table) -> Any:
    """The day on which spells began, whatever days their part counts for."""
    return records.begun if "begun" in records.columns else records.started


def inside(rows: ir.Table, prefix: str) -> ir.Table:
    """The rows that are not wholly outside the days of their part; columns of the file have the prefix."""
    return rows.filter(~rows[prefix + OUTSIDE]) if prefix + OUTSIDE in rows.columns else rows


def renamed(table: ir.Table, register: Register, number: int, place: Place) -> ir.Table:
    """A part's numbered rows under the register's names, cut to the part's days, with dates as ISO text.

    Args:
        number: which part of the register it is, from 0.
    """
    part = register.parts[number]
    own = register_of(register, part)
    names = _names(register, part)
    others = [name for name in table.columns if name not in {*names, *names.values(), ROW}]
    kept = {name: table[source] for name, source in names.items() if source in table.columns}
    kept |= {name: table[name] for name in others} | {ROW: table[ROW], PART: ibis.literal(number, "int64")}
    if own.start not in table.columns or (own.stop is not None and own.stop not in table.columns):
        return table.select(**kept)
    dates, within = _dates(table, register, own, part, place)
    if register.record:
        return table.select(**(kept | dates), **{OUTSIDE: ibis.literal(False) if within is None else ~within})
    return table.filter(within).select(**(kept | dates)) if within is not None else table.select(**(kept | dates))


def joined(tables: Sequence[ir.Table], rows: Sequence[int]) -> tuple[ir.Table, frozenset[str]]:
    """The parts one after the other, numbered through, with the columns that all of them have; and which of these are
    text because the parts hold them as different types.

    Args:
        tables: the parts, as :func:`renamed` gives them.
        rows: the number of rows in each source, so that rows keep their numbers when some are cut away.
    """
    shared = [name for name in tables[0].columns if all(name in table.columns for table in tables)]
    mixed = frozenset(name for name in shared if len({str(table[name].type()) for table in tables}) > 1) - {ROW}
    before, numbered = 0, []
    for table, count in zip(tables, rows, strict=True):
        columns: dict[str, Any] = {
            name: table[name].cast("string") if name in mixed else table[name] for name in shared
        }
        numbered.append(table.select(**(columns | {ROW: (table[ROW] + before).cast("int64")})))
        before += count
    return ibis.union(*numbered), mixed


def _names(register: Register, part: Part) -> dict[str, str]:
    """The register's columns and what the part calls them, where it says so."""
    own = {register.person: part.person, register.start: part.start, register.stop: part.stop}
    said = {name: other or name for name, other in own.items() if name is not None}
    if part.temporality == "accumulated" and register.stop is not None:
        del said[register.stop]
    return {**said, **part.columns}


def _dates(
    table: ir.Table, register: Register, own: Register, part: Part, place: Place
) -> tuple[dict[str, ir.Value], ir.BooleanValue | None]:
    """The dates as text, cut to the part's days; and which records are not wholly outside them."""
    assert own.start is not None
    assert register.start is not None
    raw = table[own.start]
    if own.temporality == "event" or register.temporality == "accumulated":
        day = (
            _first_day(raw, own, place) if own.temporality == "accumulated" else typed.day(raw, own.start, place).value
        )
        return {register.start: raw.cast("string")}, _inside(day, day, part)
    assert register.stop is not None
    if own.temporality == "accumulated":
        first, stop = _first_day(raw, own, place), ibis.null("string")
        last = _last_day(raw, own, place)
    else:
        assert own.stop is not None
        first, stop = typed.day(raw, own.start, place).value, table[own.stop].cast("string")
        last = typed.day(table[own.stop], own.stop, place).value
    cut: Mapping[str, Any] = {"start": _at_least(first, part.since), "stop": _at_most(last, stop, part.until)}
    start = raw.cast("string")
    shown = {register.start: _as_text(cut["start"], start), register.stop: _as_text(cut["stop"], stop)}
    return shown | {BEGUN: _as_text(first, start), ENDED: _as_text(last, stop)}, _inside(first, last, part)


def _first_day(raw: ir.Value, own: Register, place: Place) -> Any:
    year, month = _year_and_month(raw, own, place)
    return ibis.date(year, month, ibis.literal(1, "int32"))


def _last_day(raw: ir.Value, own: Register, place: Place) -> Any:
    """By the calendar's own rule: engines do not agree on what a day and a month's interval come to."""
    year, month = _year_and_month(raw, own, place)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    february = ibis.ifelse(leap, ibis.literal(29, "int32"), ibis.literal(28, "int32"))
    short = ibis.ifelse(month.isin([4, 6, 9, 11]), ibis.literal(30, "int32"), ibis.literal(31, "int32"))
    return ibis.date(year, month, ibis.ifelse(month == 2, february, short))


def _year_and_month(raw: ir.Value, own: Register, place: Place) -> tuple[Any, Any]:
    assert own.start is not None
    month = typed.month(raw, own.start, place, own.period == "year").value
    return (month // 12).cast("int32"), (month % 12 + 1).cast("int32")


def _inside(first: Any, last: Any, part: Part) -> ir.BooleanValue | None:
    """Not wholly before or after the part's days; what has no date is left for others to tell of."""
    parts = []
    if part.since is not None:
        parts.append((last >= ibis.literal(part.since)).fill_null(True))
    if part.until is not None:
        parts.append((first <= ibis.literal(part.until)).fill_null(True))
    return ibis.and_(*parts) if parts else None


def _at_least(day: Any, since: date | None) -> Any:
    return day if since is None else ibis.ifelse(day < ibis.literal(since), ibis.literal(since), day)


def _at_most(day: Any, raw: Any, until: date | None) -> Any:
    """A spell that was not seen to end is cut as well; one whose end cannot be read is not."""
    if until is None:
        return day
    limit, unreadable = ibis.literal(until), day.isnull() & (raw.strip() != "").fill_null(False)
    return ibis.ifelse(~unreadable & (day.isnull() | (day > limit)), limit, day)


def _as_text(day: Any, raw: ir.Value) -> ir.Value:
    """The day, or what stands there where it cannot be read as one."""
    return ibis.coalesce(day.cast("string"), raw)
