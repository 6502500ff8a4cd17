"""From a register's rows to the records that count, and a count of what was left out on the way.

In this order: rows of people who were not drawn; rows registered after the day that the registers are read as of; rows
equal to an earlier one; superseded versions of a record; records taken back; records without a start, or that start
after they stop; then what a missing value of each numeric column means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from lodd.protocol.months import month_index
from lodd.protocol.register import Register
from lodd.protocol.types import RegisterNote
from lodd.registers import code_lists, corrections, moments, problems, source_problems, typed
from lodd.registers.dialect import as_written, date_form, decimal_sign
from lodd.registers.engines import ROW, Engine
from lodd.registers.exact import LARGEST_TOTAL, scaled_or_none
from lodd.registers.needs import Needs
from lodd.registers.parts import BEGUN, ENDED, inside
from lodd.registers.problems import EXAMPLES, Found, Place
from lodd.registers.pseudonyms import refuse_strangers
from lodd.registers.sources import Source, readable
from lodd.registers.typed import FILE

FEW_OTHERS = 1_000_000
"""Rows of people who were not drawn: up to so many, these people are counted."""
DRAWN = "drawn"
"""The count of the participants' rows."""
KEPT = "kept"
REPEATED = ("registered_later", "duplicates", "superseded", "version_ties", "withdrawn")
UNDATED = ("missing_start", "start_after_stop")
"""Why a row of a drawn person is left out, in the order in which it is decided."""

EARLIEST = date(1900, 1, 1)
"""What begins earlier is likely a slip (0202 for 2022) or a code for «unknown»: it counts, and is told of."""
_FIRST_MONTH = month_index(EARLIEST)

_VALUE = "v_"
_FLAG = "flag_"


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a register that count.

    ``table`` has ``person`` (index among the participants), ``row`` (its number in the file, from 1) and, by
    temporality, ``started`` and ``ended`` (null = ongoing) or ``month``; an event also has ``day``, and a
    spell that was cut to a part's days ``begun``.
    """

    table: ir.Table
    register: Register
    place: Place
    notes: tuple[RegisterNote, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    """What the notes are made of, for :func:`notes_of`."""

    def column(self, name: str) -> ir.Value:
        """A column of the file: declared numbers as scaled integers, compared values as what they are compared with."""
        known = self.table.columns
        return self.table[_VALUE + name if _VALUE + name in known else FILE + name]

    def of(self, table: ir.Table) -> Records:
        """The same register with fewer records."""
        return replace(self, table=table)


@dataclass(frozen=True, slots=True)
class Flag:
    """A column of booleans: rows whose ``column`` has this ``kind`` of problem."""

    name: str
    kind: str
    column: str

    @property
    def of_kept(self) -> bool:
        """Does it matter in records that count, only?"""
        return self.kind == code_lists.UNKNOWN

    @property
    def of_versions(self) -> bool:
        """Does it matter in versions that are not used, too? It decides which one is."""
        return self.kind == moments.UNREADABLE


def clean(engine: Engine, source: Source, register: Register, needs: Needs, people: ir.Table) -> Records:
    """The records of the participants (``people``: ``person_id``, ``person``) that count.

    Raises:
        DataError: a column of a wrong type, a value that cannot be read or is missing where that is an error.
    """
    rows, drawn = drawn_rows(engine, source, register, needs, people)
    records = clean_drawn(engine, drawn, source, register, needs)
    with readable(source.place):
        counts = {**records.counts, **others_of(engine, rows, people, records.counts[DRAWN])}
        refuse_strangers(engine, rows, people, counts, source.place)
    return replace(records, notes=notes_of(source.place.register, register, needs, counts), counts=counts)


def drawn_rows(
    engine: Engine, source: Source, register: Register, needs: Needs, people: ir.Table
) -> tuple[ir.Table, ir.Table]:
    """All rows as :func:`numbered`, and those of the participants, with ``person``.

    Raises:
        DataError: the file cannot be read; nothing in it was known on the day that is asked for.
    """
    with readable(source.place):
        rows = numbered(source, register)
        _refuse_other_names(engine, source, register, people)
        if needs.as_of is not None and register.registered is not None and not needs.rare:
            moments.refuse_too_early(engine, rows, register.registered, source.place, needs.as_of)
    return rows, rows.inner_join(people, "person_id")


def _refuse_other_names(engine: Engine, source: Source, register: Register, people: ir.Table) -> None:
    """Raises DataError where the register's pseudonyms are whole numbers and somebody's is not: 17 is not 0017."""
    if source.table[register.person].type().is_integer():
        others = people.filter(~people.person_id.re_search("^(0|-?[1-9][0-9]*)$"))
        if count := engine.fetch(others.count().as_table()).item():
            raise source_problems.not_numbers(source.place, register.person, count)


def clean_drawn(engine: Engine, drawn: ir.Table, source: Source, register: Register, needs: Needs) -> Records:
    """The records that count among participants' rows (all of each person's); raises as :func:`clean`.

    Notes are made by :func:`notes_of`, of the counts here and those of :func:`others_of`.
    """
    with readable(source.place):
        rows, flags = judge(drawn, source, register, needs)
        judged = engine.keep(rows)
    counts = engine.fetch(_counted(judged, register, flags)).row(0, named=True)
    _Refusals(engine, judged, register, source.place, needs).check(flags, counts)
    kept = _without_missing(judged.filter(judged.fate == KEPT), register, source.place)
    return Records(kept, register, source.place, (), counts)


def judge(rows: ir.Table, source: Source, register: Register, needs: Needs) -> tuple[ir.Table, list[Flag]]:
    """Rows of :func:`numbered`, with a ``person``, typed and each with its ``fate``: ``kept``, or why it is left out.

    The flags name the columns that are true where a value of a row cannot be used.

    Raises:
        DataError: a column of a wrong type.
    """
    valued, flags = _with_values(rows, source, register, needs)
    return inside(_judged(valued, register, needs, [FILE + name for name in source.table.columns]), FILE), flags


def numbered(source: Source, register: Register) -> ir.Table:
    """The file's rows numbered from 1, its columns prefixed with ``FILE``, and the pseudonym as text.

    Empty text is missing: in CSV nothing tells one from the other, and a record without a name has none.
    """
    table = source.numbered
    prefixed = {FILE + name: typed.stated(table[name]) for name in source.table.columns}
    person = typed.key_text(table[register.person], register.person, source.place)
    if register.person in source.untyped:
        person = person.strip()
    return table.select(**prefixed, person_id=person, row=table[ROW])


def others_of(engine: Engine, rows: ir.Table, people: ir.Table, drawn: int) -> dict[str, int]:
    """Counts of all rows, and of the rows and people who were not drawn, where so many rows are participants'.

    The people are counted where there are few enough rows of others to be a matter for those who made the extract: in
    the register of a nation everybody else is expected, and to tell millions of pseudonyms apart takes seconds.
    """
    rows = inside(rows, FILE)
    total = engine.fetch(rows.count().as_table()).item()
    found = {"rows": total, "not_drawn": total - drawn, "not_drawn_people": 0}
    if 0 < found["not_drawn"] <= FEW_OTHERS:
        others = rows.anti_join(people, "person_id")
        found["not_drawn_people"] = engine.fetch(others.aggregate(people=others.person_id.nunique())).item()
    return found


def _with_values(drawn: ir.Table, source: Source, register: Register, needs: Needs) -> tuple[ir.Table, list[Flag]]:
    """The rows with their dates and values as the protocol types them, and flags where that fails."""
    columns = _dates(drawn, source.place, register) | corrections.versioned(drawn, source.place, register)
    columns |= _values(drawn, source, register, needs)
    columns |= _groups(columns, register, needs)
    flags: list[Flag] = []
    values: dict[str, Any] = {}
    for name, (column, read) in columns.items():
        values[name] = read.value
        for kind, flag in read.flags.items():
            flags.append(Flag(f"{_FLAG}{len(flags)}", kind, column))
            values[flags[-1].name] = flag.fill_null(False)
    return drawn.mutate(**values), flags


def _dates(drawn: ir.Table, place: Place, register: Register) -> dict[str, tuple[str, typed.Typed]]:
    assert register.start is not None  # lodd.protocol.checks
    start, column = register.start, drawn[FILE + register.start]
    if register.temporality == "accumulated":
        return {"month": (start, typed.month(column, start, place, register.period == "year"))}
    first = typed.day(column, start, place)
    if register.temporality == "event":
        return {"day": (start, first), "month": (start, typed.Typed(typed.month_of(first.value)))}
    assert register.stop is not None
    last = typed.day(drawn[FILE + register.stop], register.stop, place)
    dates = {"started": (start, first), "ended": (register.stop, last)}
    if FILE + BEGUN in drawn.columns:
        dates["begun"] = (start, typed.Typed(typed.day(drawn[FILE + BEGUN], start, place).value))
    return dates


def _values(drawn: ir.Table, source: Source, register: Register, needs: Needs) -> dict[str, tuple[str, typed.Typed]]:
    read = {name: typed.scaled(drawn[FILE + name], name, source.place, c) for name, c in register.columns.items()}
    for name, kinds in needs.compared.items():
        if name not in read:
            column = drawn[FILE + _whole(name, drawn, register)]
            read[name] = typed.compared(column, name, source.place, kinds, name in source.untyped)
        elif kinds != {"number"}:
            raise typed.comparison_refused("number", name, source.place, kinds)
    for name in needs.distinct - set(read):
        read[name] = typed.Typed(typed.distinct_key(drawn[FILE + name]))
    if needs.coded is not None and needs.coded not in read:
        read[needs.coded] = typed.Typed(typed.key_text(drawn[FILE + needs.coded], needs.coded, source.place))
    return {_VALUE + name: (name, value) for name, value in read.items()}


def _whole(name: str, drawn: ir.Table, register: Register) -> str:
    """Where a date of the register stands as it was before its record was cut to its part's days."""
    own = {register.start: BEGUN, register.stop: ENDED}.get(name, name)
    return own if FILE + own in drawn.columns else name


def _groups(
    read: Mapping[str, tuple[str, typed.Typed]], register: Register, needs: Needs
) -> dict[str, tuple[str, typed.Typed]]:
    """What ``where`` asks of code lists, and which codes a list does not have but may be without."""
    codes = {each.column: read[_VALUE + each.column][1].value for each in needs.groups}
    on = code_lists.day_of(register, read)
    found = {_VALUE + key: value for key, value in code_lists.memberships(needs.groups, codes, on).items()}
    for note, value in code_lists.left_out(needs.groups, codes, on).items():
        found[note] = (note, typed.Typed(value.fill_null(False)))
    return found


def _judged(drawn: ir.Table, register: Register, needs: Needs, columns: list[str]) -> ir.Table:
    """Every row of a drawn person with its ``fate``: kept, or why not."""
    never = ibis.literal(False)
    unknown = never
    if needs.as_of is not None and register.registered is not None:
        unknown = moments.registered_later(drawn.registered, drawn.zoned, needs.as_of)
    again = ibis.row_number().over(group_by=columns, order_by="row") > 0
    rows = drawn.mutate(unknown=unknown, duplicate=again if register.duplicates != "keep" else never)
    superseded, tied = corrections.versions(rows, register, columns)
    taken_back = never if register.withdrawn is None else rows.taken_back
    judged = zip(REPEATED, (rows.unknown, rows.duplicate, superseded, tied, taken_back), strict=True)
    cases = [(left_out, fate) for fate, left_out in judged]
    start = "started" if register.temporality == "status" else "month"
    cases.append((rows[start].isnull(), "missing_start"))
    if start == "started":
        cases.append((rows.started > rows.ended, "start_after_stop"))
    return rows.mutate(fate=ibis.cases(*cases, else_=KEPT))


def _counted(judged: ir.Table, register: Register, flags: list[Flag]) -> ir.Table:
    """One row of counts: each fate, each flag, the missing values and the sizes of the totals of each column."""
    kept, used = judged.fate == KEPT, ~judged.fate.isin(REPEATED)
    counts = {fate: (judged.fate == fate).sum() for fate in (*REPEATED, *UNDATED)}
    counts[DRAWN] = judged.count()
    for flag in flags:
        counts[flag.name] = (judged[flag.name] & (kept if flag.of_kept else used | flag.of_versions)).sum()
    if register.registered is not None:
        timed = judged.registered.notnull()
        counts |= {"untimed": (used & ~timed).sum(), "zoned": (timed & judged.zoned).sum()}
        counts["unzoned"] = (timed & ~judged.zoned).sum()
    counts |= {note: (kept & judged[note]).sum() for note in code_lists.notes(judged.columns)}
    for name in register.columns:
        value = judged[_VALUE + name]
        counts[f"missing:{name}"] = (kept & value.isnull()).sum()
        counts[f"size:{name}"] = value.abs().cast("float64").sum(where=kept)
    begins, earliest = (judged.started, EARLIEST) if "started" in judged.columns else (judged.month, _FIRST_MONTH)
    counts["before_1900"] = (kept & (begins < earliest)).sum()
    counts["present"] = judged.person.nunique()
    return judged.aggregate(**{name: count.fill_null(0) for name, count in counts.items()})


def _without_missing(kept: ir.Table, register: Register, place: Place) -> ir.Table:
    """Missing values replaced where a number is declared; ``exclude`` leaves them null, which no sum sees."""
    given = {}
    for name, column in register.columns.items():
        if isinstance(column.missing, Decimal):
            value = scaled_or_none(column.missing, 10**column.decimals)
            if value is None:
                raise problems.declared_too_finely(place, name, column.decimals)
            given[_VALUE + name] = kept[_VALUE + name].fill_null(value)
    return kept.mutate(**given) if given else kept


def notes_of(register_id: str, register: Register, needs: Needs, counts: Mapping[str, int]) -> tuple[RegisterNote, ...]:
    """What is told of a register, from counts that may be sums over ranges of people."""
    kinds = ["not_drawn", "not_drawn_people", *REPEATED, *UNDATED, "before_1900"]
    if needs.as_of is not None:
        counts = {"not_rebuilt": 0 if register.registered else counts["rows"], "untimed": 0, **counts}
        kinds += ["not_rebuilt", "untimed"]
    notes = [RegisterNote(register_id, "rows", counts["rows"])]
    notes += [RegisterNote(register_id, kind, counts[kind]) for kind in kinds if counts[kind]]
    for name, column in register.columns.items():
        kind = "missing_excluded" if column.missing == "exclude" else "missing_replaced"
        if counts[f"missing:{name}"]:
            notes.append(RegisterNote(register_id, f"{kind}:{name}", counts[f"missing:{name}"]))
    notes += [RegisterNote(register_id, note, counts[note]) for note in code_lists.notes(counts) if counts[note]]
    return (*notes, RegisterNote(register_id, "people_with_records", counts["present"]))


@dataclass(frozen=True, slots=True)
class _Refusals:
    """What in a register's rows cannot be gone on from."""

    engine: Engine
    judged: ir.Table
    register: Register
    place: Place
    needs: Needs

    def check(self, flags: list[Flag], counts: dict[str, float]) -> None:
        """Raises DataError for the first thing that is wrong."""
        if self.register.duplicates == "error" and counts["duplicates"]:
            raise problems.duplicate_rows(self.place, self._found(self.judged.fate == "duplicates"))
        for flag in flags:
            if counts[flag.name]:
                self._refuse(flag)
        if self.register.registered is not None and counts["zoned"] and counts["unzoned"]:
            both = int(counts["zoned"]), int(counts["unzoned"])
            raise moments.mixed_zones(self.place, self.register.registered, *both)
        for name, column in self.register.columns.items():
            if column.missing == "error" and counts[f"missing:{name}"]:
                missing = (self.judged.fate == KEPT) & self.judged[_VALUE + name].isnull()
                raise problems.missing_values(self.place, name, self._found(missing))
            if counts[f"size:{name}"] >= LARGEST_TOTAL:
                self._check_totals(name)

    def _refuse(self, flag: Flag) -> None:
        wrong = self.judged[flag.name] & (~self.judged.fate.isin(REPEATED) | flag.of_versions)
        if flag.kind == code_lists.UNKNOWN:
            wrong = self.judged[flag.name] & (self.judged.fate == KEPT)
            raise code_lists.unknown_codes(self.place, self.register, self.needs.groups, self._wrong(flag, wrong))
        found = self._found(wrong, flag.column)
        if flag.kind == moments.UNREADABLE:
            raise moments.unreadable_moments(self.place, flag.column, found)
        if flag.kind == "unreadable_date":
            months = self.register.temporality == "accumulated"
            raise problems.unreadable_dates(self.place, flag.column, found, months, date_form(self.register))
        if flag.kind == "not_a_number":
            raise problems.not_numbers(self.place, flag.column, found, decimal_sign(self.register, flag.column))
        if flag.kind == "too_large":
            raise problems.too_large(self.place, flag.column, found)
        decimals = self.register.columns[flag.column].decimals
        raise problems.too_many_decimals(self.place, flag.column, found, decimals)

    def _found(self, wrong: ir.BooleanValue, column: str | None = None) -> Found:
        """How many rows, the first few numbers, and their values in a column: never whose they are."""
        value = self.judged[FILE + column].cast("string") if column else ibis.null("string")
        rows = self.judged.filter(wrong).select("row", value=value)
        frame: pl.DataFrame = self.engine.fetch(rows.order_by("row").limit(EXAMPLES))
        values = tuple(as_written(self.register, column, value) for value in frame["value"]) if column else ()
        return Found(self.engine.fetch(rows.count().as_table()).item(), tuple(frame["row"].to_list()), values)

    def _wrong(self, flag: Flag, wrong: ir.BooleanValue) -> code_lists.Wrong:
        found, rows = self._found(wrong, flag.column), self.judged.filter(wrong)
        day = {"status": "started", "event": "day"}.get(self.register.temporality, "month")
        days = self.engine.fetch(rows.order_by("row").limit(EXAMPLES).select(day))[day]
        return code_lists.Wrong(flag.column, found.count, found.rows, found.values, tuple(days))

    def _check_totals(self, column: str) -> None:
        kept = self.judged.filter(self.judged.fate == KEPT)
        totals = kept.group_by("person").aggregate(total=kept[_VALUE + column].abs().cast("float64").sum())
        if self.engine.fetch(totals.aggregate(largest=totals.total.max())).item() >= LARGEST_TOTAL:
            raise problems.total_too_large(self.place, column)
