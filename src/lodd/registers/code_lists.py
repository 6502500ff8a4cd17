"""Codes in the groups of code lists, as of the day that a record is about.

Whether a record's code belongs to a group is decided once, when its register is cleaned, so that a code that no list
knows is found whether or not it would have counted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from lodd.errors import DataError, Problem
from lodd.locale import Text, join_words
from lodd.protocol.code_list import Code
from lodd.protocol.months import first_day, month_index
from lodd.protocol.register import Register
from lodd.registers.needs import Grouping
from lodd.registers.problems import Found, Place
from lodd.registers.typed import Typed

UNKNOWN = "unknown_code"
_SHOWN = 8


def notes(names: Iterable[str]) -> list[str]:
    """Those of the names that are notes of unknown codes: ``unknown_code:<column>``."""
    return [name for name in names if name.startswith(f"{UNKNOWN}:")]


@dataclass(frozen=True, slots=True)
class Day:
    """The day that each record is about: a date, or (``monthly``) the month whose first day it is."""

    value: ir.Value
    monthly: bool

    @property
    def known(self) -> ir.BooleanValue:
        return self.value.notnull()

    def within(self, since: date | None, until: date | None) -> list[ir.BooleanValue]:
        if self.monthly:
            first = None if since is None else month_index(since) + (since.day > 1)
            last = None if until is None else month_index(until)
        else:
            first, last = (None if day is None else ibis.literal(day) for day in (since, until))
        parts = [self.value >= first] if first is not None else []
        return parts + ([self.value <= last] if last is not None else [])


def day_of(register: Register, dates: Mapping[str, tuple[str, Typed]]) -> Day:
    """The day that each record is about, from its typed dates: it starts, happens, or its month or year begins."""
    if register.temporality == "accumulated":
        month = dates["month"][1].value
        return Day(month // 12 * 12 if register.period == "year" else month, monthly=True)
    name = "day" if register.temporality == "event" else "begun" if "begun" in dates else "started"
    return Day(dates[name][1].value, monthly=False)


def memberships(groupings: Iterable[Grouping], codes: Mapping[str, ir.Value], on: Day) -> dict[str, tuple[str, Typed]]:
    """Whether each record's code belongs to the wanted groups, by key; flagged ``unknown_code`` where it is an error
    that the list does not have it.

    Args:
        groupings: the conditions.
        codes: the columns that they ask about, as text.
        on: the day that each record is about.
    """
    found = {}
    for each in groupings:
        code = codes[each.column]
        belongs = _one_of(code, each.belonging, on)
        flags = {}
        if each.codes.unknown == "error":
            flags[UNKNOWN] = on.known & code.notnull() & ~_one_of(code, each.codes.codes, on)
        found[each.key] = (each.column, Typed(belongs.fill_null(False), flags))
    return found


def left_out(groupings: Iterable[Grouping], codes: Mapping[str, ir.Value], on: Day) -> dict[str, ir.Value]:
    """By what notes call it, whether a list that leaves unknown codes out does not have a record's."""
    excluding = {(each.column, each.wanted.list): each for each in groupings if each.codes.unknown == "excluded"}
    return {
        f"{UNKNOWN}:{column}": on.known & codes[column].notnull() & ~_one_of(codes[column], each.codes.codes, on)
        for (column, _), each in excluding.items()
    }


def _one_of(code: ir.Value, entries: Sequence[Code], on: Day) -> ir.BooleanValue:
    """Is the code one of these, on the day? Entries in use in the same period are looked for together."""
    periods: dict[tuple[date | None, date | None], set[str]] = {}
    for entry in entries:
        periods.setdefault((entry.since, entry.until), set()).add(entry.code)
    parts = [ibis.and_(code.isin(sorted(codes)), *on.within(since, until)) for (since, until), codes in periods.items()]
    return ibis.or_(*parts) if parts else ibis.literal(False)


# What is said of a code that the list does not have ------------------------------------------------------------------


def unknown_codes(place: Place, register: Register, groupings: Sequence[Grouping], wrong: Wrong) -> DataError:
    """The error for codes that a list does not have on their records' days."""
    yearly = register.period == "year"
    days = [day if isinstance(day, date) else first_day(day // 12 * 12 if yearly else day) for day in wrong.days]
    grouping = next(each for each in groupings if each.column == wrong.column and _lacks(each, wrong.codes[0], days[0]))
    shown = tuple(f"{code} {day}" for code, day in zip(wrong.codes, days, strict=True))
    said, name = Found(wrong.count, wrong.rows, shown).text(), grouping.wanted.list
    return DataError(
        Problem(
            Text(
                nb=f"{said.nb} har en kode som kodelisten {name} ikke har den dagen",
                en=f"{said.en} {'has' if wrong.count == 1 else 'have'} a code that the code list {name} does not have "
                "on that day",
            ),
            place.at(wrong.column),
            _allowed(wrong.codes[0], days[0], grouping.codes.codes),
            Text(
                nb=f'utvid kodelisten, rett uttrekket, eller erklær `code_lists.{name}.unknown = "excluded"`',
                en=f'add to the code list, mend the extract, or declare `code_lists.{name}.unknown = "excluded"`',
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class Wrong:
    """Rows with codes that a list does not have: how many, and of the first few their numbers, codes and days (whole
    numbers are months)."""

    column: str
    count: int
    rows: tuple[int, ...]
    codes: tuple[str, ...]
    days: tuple[date | int, ...]


def _lacks(grouping: Grouping, code: str, day: date) -> bool:
    known = any(entry.code == code and entry.in_use(day) for entry in grouping.codes.codes)
    return grouping.codes.unknown == "error" and not known


def _allowed(code: str, day: date, entries: Sequence[Code]) -> Text:
    """When the code was in use; or, of a code that is not in the list at all, the codes nearest to it on that day."""
    periods = [f"{entry.since or ''}..{entry.until or ''}" for entry in entries if entry.code == code]
    if periods:
        return Text(
            nb=f"{code} i perioden {join_words(periods, 'nb')}", en=f"{code} in the period {join_words(periods, 'en')}"
        )
    in_use = sorted({entry.code for entry in entries if entry.in_use(day)})
    near = difflib.get_close_matches(code, in_use, n=_SHOWN, cutoff=0.0)
    shown, more = join_words(near, "nb"), len(in_use) - len(near)
    return Text(
        nb=f"kodene i bruk den dagen, som {shown}" + (f" og {more} til" if more else ""),
        en=f"the codes in use on that day, such as {join_words(near, 'en')}" + (f" and {more} more" if more else ""),
    )
