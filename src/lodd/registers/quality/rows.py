"""What may be wrong with the rows of people who were drawn: each row marked in the engine, then counted and shown.

Whether a row counts is asked of :func:`lodd.registers.cleaning.judge`, which the panel is built with; the marks only
say what is odd about it. A mark is a column of booleans; all are computed in one pass over the rows and kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from lodd.protocol.months import first_day, month_index
from lodd.protocol.register import Coverage, Register
from lodd.registers import code_lists
from lodd.registers.cleaning import EARLIEST, KEPT, REPEATED, UNDATED, Flag, judge, numbered
from lodd.registers.engines import Engine
from lodd.registers.needs import Needs
from lodd.registers.quality.model import Example
from lodd.registers.sources import Source
from lodd.registers.spells import ENDLESS
from lodd.registers.typed import FILE, month_of

FAR_YEARS: Final = 20
"""A stop more than this many years after the register's coverage is taken for a mistake, unless it is 9999-12-31."""
SHOWN: Final = 5
"""How many example rows a finding has."""
_MARK = "mark_"
_VALUE = "v_"
_KEEP = ("row", "person", "fate", "since", "until", "month")


@dataclass(frozen=True, slots=True)
class Mark:
    """A column of the marked rows: true for rows that this kind of finding is about."""

    name: str
    kind: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows have a mark, whose they are, how many of them the panel leaves out, and a few of them."""

    mark: Mark
    rows: int
    people: int
    left_out: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Whose rows are looked at.

    ``table`` has ``person_id``, ``person`` (a number), ``born`` and ``died`` (dates, null where unknown). ``stays`` has
    ``person, left, returned``: the days of stays abroad. ``names`` are pseudonyms by number; without them (nobody is
    drawn yet) no examples are shown.
    """

    table: ir.Table
    stays: ir.Table | None
    names: tuple[str, ...]


class Marked:
    """A register's rows of these people, marked.

    Raises:
        DataError: a column has a wrong type.
    """

    def __init__(self, engine: Engine, source: Source, register: Register, needs: Needs, people: People) -> None:
        self._engine = engine
        self._people = people
        self.register = register
        rows = numbered(source, register).inner_join(people.table, "person_id")
        judged, flags = judge(rows, source, register, needs)
        self.judged = _dated(_repeated(judged, register, [FILE + name for name in source.table.columns]), register)
        found: dict[tuple[str, str], ir.BooleanValue] = {}
        for key, odd in _marks(self.judged, register, needs, flags):
            found[key] = found[key] | odd if key in found else odd
        self.marks = tuple(Mark(f"{_MARK}{i}", kind, column) for i, (kind, column) in enumerate(found))
        columns = {mark.name: expression for mark, expression in zip(self.marks, found.values(), strict=True)}
        named = {name: expression.fill_null(False) for name, expression in columns.items()}
        self.table = engine.keep(self.judged.select(*_KEEP, **named))

    def counted(self) -> Iterator[Counted]:
        """What was found: every mark that any row has."""
        names = [mark.name for mark in self.marks]
        table = self.table
        sums = {f"rows_{name}": table[name].sum() for name in names}
        sums |= {f"people_{name}": table.person.nunique(where=table[name]) for name in names}
        sums |= {f"out_{name}": (table[name] & (table.fate != KEPT)).sum() for name in names}
        counts = self._engine.fetch(table.aggregate(**sums)).row(0, named=True)
        for mark in self.marks:
            if rows := counts[f"rows_{mark.name}"] or 0:
                left_out = counts[f"out_{mark.name}"]
                yield Counted(
                    mark, rows, counts[f"people_{mark.name}"], left_out, self._examples(table.filter(table[mark.name]))
                )
        yield from self._abroad()

    def _abroad(self) -> Iterator[Counted]:
        """Records that count and share a day with a stay abroad."""
        stays, table = self._people.stays, self.table
        if stays is None:
            return
        kept = table.filter(table.fate == KEPT)
        last = kept.until.fill_null(ENDLESS) if self.register.temporality == "status" else kept.since
        kept = kept.mutate(last=last)
        shared = [kept.person == stays.person, kept.since <= stays.returned, kept["last"] >= stays.left]
        during = kept.semi_join(stays, shared)
        found = self._engine.fetch(during.aggregate(rows=during.count(), people=during.person.nunique()))
        rows, people = found.row(0)
        if rows:
            yield Counted(Mark("", "while_abroad"), rows, people, 0, self._examples(during))

    def _examples(self, rows: ir.Table) -> tuple[Example, ...]:
        names = self._people.names
        if not names:
            return ()
        few = self._engine.fetch(rows.select("row", "person", "since", "until", "month").order_by("row").limit(SHOWN))
        return tuple(_example(row, names) for row in few.iter_rows(named=True))


def _example(row: Mapping[str, Any], names: tuple[str, ...]) -> Example:
    since, month = row["since"], row["month"]
    if since is None and month is not None:
        since = first_day(month)
    return Example(names[row["person"]], row["row"], since, row["until"])


def _repeated(judged: ir.Table, register: Register, columns: list[str]) -> ir.Table:
    """With ``again``: rows that count though they are equal to an earlier one, as the protocol says that they may."""
    again = ibis.literal(False)
    if register.duplicates == "keep":
        again = ibis.row_number().over(group_by=columns, order_by="row") > 0
    return judged.mutate(again=again)


def _dated(judged: ir.Table, register: Register) -> ir.Table:
    """With ``since``, ``until`` (null where the register has none) and ``month``, whatever its dates mean."""
    if register.temporality == "status":
        return judged.mutate(since=judged.started, until=judged.ended, month=month_of(judged.started))
    nothing = ibis.null("date")
    return judged.mutate(since=judged.day if register.temporality == "event" else nothing, until=nothing)


Marks = Iterator[tuple[tuple[str, str], ir.BooleanValue]]


def _marks(judged: ir.Table, register: Register, needs: Needs, flags: list[Flag]) -> Marks:
    """Every kind and column that a row can be marked with."""
    unread = [judged[flag.name] for flag in flags if flag.column == register.start]
    for fate in (*REPEATED, *UNDATED):
        # a start that cannot be read is not one that is missing
        yield (fate, ""), ibis.and_(judged.fate == fate, *(~wrong for wrong in unread if fate == "missing_start"))
    yield ("duplicates", ""), judged.again & (judged.fate == KEPT)
    used = ~judged.fate.isin(REPEATED)
    for flag in flags:
        concerned = judged.fate == KEPT if flag.of_kept else used | flag.of_versions
        yield (flag.kind, flag.column), judged[flag.name] & concerned
    for note in code_lists.notes(judged.columns):
        yield ("other_code", note.partition(":")[2]), judged[note] & (judged.fate == KEPT)
    yield from _missing(judged, register, needs, flags)
    assert register.covers is not None
    yield from _impossible(judged, register.covers)
    if register.temporality == "status":
        yield from _far(judged, register.covers)
        yield from _overlaps(judged, relationship_columns(register, needs))
    yield from _after_death(judged, register)


def _missing(judged: ir.Table, register: Register, needs: Needs, flags: list[Flag]) -> Marks:
    kept = judged.fate == KEPT
    dates = {register.person, register.start, register.stop, register.registered}
    for column in needs.columns:
        if column not in dates:
            value = judged[_VALUE + column] if column in register.columns else judged[FILE + column]
            unreadable = [judged[flag.name] for flag in flags if flag.column == column]
            yield ("missing", column), ibis.and_(kept, empty(value), *(~wrong for wrong in unreadable))


def empty(column: ir.Value) -> ir.BooleanValue:
    """Is there no value: null, not a number, or text of no letters? (To strip spaces takes ten times as long.)"""
    if column.type().is_floating():
        return column.isnull() | column.isnan()
    return column.isnull() | (column == "") if column.type().is_string() else column.isnull()


def _impossible(judged: ir.Table, covers: Coverage) -> Marks:
    """Of rows that count: dates that nobody can have, and records outside the coverage."""
    kept, month = judged.fate == KEPT, judged.month
    yield ("before_1900", ""), kept & (month < month_index(EARLIEST))
    if "born" in judged.columns:
        yield ("before_birth", ""), kept & (month >= month_index(EARLIEST)) & (month < month_of(judged.born))
    last = judged.until.fill_null(ENDLESS) if "started" in judged.columns else None
    ends = month if last is None else month_of(last)
    yield ("before_coverage", ""), kept & (ends < month_index(covers.since)) & (month >= month_index(EARLIEST))
    yield ("after_coverage", ""), kept & (month > month_index(covers.until))


def _far(judged: ir.Table, covers: Coverage) -> Marks:
    kept = judged.fate == KEPT
    limit = covers.until.year + FAR_YEARS
    yield ("endless", ""), kept & (judged.until == ENDLESS)
    yield ("far_stop", ""), kept & (judged.until.year() > limit) & (judged.until != ENDLESS)


def relationship_columns(register: Register, needs: Needs) -> list[str]:
    """What two records of one thing have in common: what ``merge`` says, else what outcomes tell apart."""
    if register.merge is not None:
        return list(register.merge.by)
    told_apart = {name for name, kinds in needs.compared.items() if kinds == {"text"}}
    return [name for name in needs.columns if name in told_apart | {needs.coded}]


def _overlaps(judged: ir.Table, by: list[str]) -> Marks:
    """Records that begin while an earlier one of the person goes on: of the same relationship, else of another."""
    kept = judged.fate == KEPT
    ongoing = ibis.ifelse(kept, judged.until.fill_null(ENDLESS), ibis.null("date"))

    def begins_within(group: list[str]) -> ir.BooleanValue:
        before = ibis.window(group_by=group, order_by=["since", "until", "row"], preceding=(None, 1))
        return kept & (ongoing.max().over(before) >= judged.since).fill_null(False)

    named = ibis.and_(*(judged[FILE + name].notnull() for name in by)) if by else ibis.literal(False)
    same = begins_within(["person", *(FILE + name for name in by)]) & named
    if by:
        yield ("overlap_same", ""), same
    yield ("overlap_other", ""), begins_within(["person"]) & ~same


def _after_death(judged: ir.Table, register: Register) -> Marks:
    if "died" not in judged.columns:
        return
    kept, died = judged.fate == KEPT, month_of(judged.died)
    yield ("after_death", ""), kept & (judged.month > died)
    if register.temporality == "status":
        ends = month_of(judged.until.fill_null(ENDLESS))
        yield ("past_death", ""), kept & (judged.month <= died) & (ends > died)
