"""Monitoring laid out for a page: in one language, caseworkers by name, long tables cut, draws as links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from lodd.locale import Language, Text, number, percent
from lodd.site import look
from lodd.site.monitoring import Monitoring, Section, Table
from lodd.site.monitoring.tables import Value, shown

MOST_ROWS: Final = 100
_CODE: Final = re.compile(r"\bcw-[a-z2-7]{8}\b")
_MISSING: Final = "missing-table"
_BY_CASEWORKER: Final = "shares-by-caseworker"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is laid out. ``names`` by code; ``draw_url`` and ``table_url`` lead to a draw's page and a file."""

    language: Language
    names: Mapping[str, str]
    draw_url: Callable[[str], str]
    table_url: Callable[[str], str]

    def named(self, text: str) -> str:
        """The text with names where it has codes of caseworkers that this reader may know by name."""
        return _CODE.sub(lambda code: self.names.get(code[0], code[0]), text)


@dataclass(frozen=True, slots=True)
class ShownTable:
    table: look.Table
    note: str
    cut: str
    folded: bool
    file_url: str


@dataclass(frozen=True, slots=True)
class ShownFigure:
    title: str
    description: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class ShownSection:
    """``verdict`` is its first sentence; ``alarm``: something in it asks to be looked into."""

    id: str
    heading: str
    verdict: str
    sentences: tuple[str, ...]
    figures: tuple[ShownFigure, ...]
    tables: tuple[ShownTable, ...]
    alarm: bool


@dataclass(frozen=True, slots=True)
class KeyFigure:
    value: str
    label: str


def lay_out(monitoring: Monitoring, reader: Reader) -> tuple[ShownSection, ...]:
    """The sections, ready for a template."""
    return tuple(_section(section, reader) for section in monitoring.sections)


def key_figures(monitoring: Monitoring, language: Language) -> tuple[KeyFigure, ...]:
    """The numbers that say at a glance whether there is something to do."""
    by_site = monitoring.tables["draws-by-site"].rows
    drawn = sum(int(str(row[1])) for row in by_site)
    planned = sum(float(str(row[2])) for row in by_site if row[2] is not None)
    alarms = sum(len(table.alarms) for table in monitoring.tables.values())
    missing = len(monitoring.tables[_MISSING].rows)
    found = [
        (number(drawn, language), Text(nb="trukket", en="drawn")),
        (number(alarms, language), Text(nb="alarmer om skjeve lodd", en="alarms of tilted lots")),
        (number(missing, language), Text(nb="manglende innsøkinger", en="missing referrals")),
    ]
    if planned:
        found.insert(1, (percent(drawn / planned, language), Text(nb="av planen til nå", en="of the plan so far")))
    return tuple(KeyFigure(value, label[language]) for value, label in found)


def _section(section: Section, reader: Reader) -> ShownSection:
    said = [reader.named(sentence[reader.language]) for sentence in section.sentences]
    figures = (
        ShownFigure(figure.title[reader.language], figure.description[reader.language], figure.svg(reader.language))
        for figure in section.figures
    )
    return ShownSection(
        id=section.id,
        heading=section.heading[reader.language],
        verdict=said[0],
        sentences=tuple(said[1:]),
        figures=tuple(figures),
        tables=tuple(_table(table, reader) for table in section.tables),
        alarm=any(table.alarms for table in section.tables),
    )


def _table(table: Table, reader: Reader) -> ShownTable:
    order = _order(table, reader)
    return ShownTable(
        table=look.Table.of(
            table.caption[reader.language],
            [look.Column(column.heading[reader.language], amount=column.numeric) for column in table.columns],
            [_row(table, table.rows[i], reader) for i in order],
            nothing=table.empty[reader.language] if table.empty else "",
            noticed=[place for place, i in enumerate(order) if i in table.alarms],
        ),
        note=table.note[reader.language] if table.note and table.rows else "",
        cut=_cut(len(table.rows), reader.language) if len(table.rows) > MOST_ROWS else "",
        folded=table.folded and bool(table.rows),
        file_url=reader.table_url(table.id) if table.rows else "",
    )


def _order(table: Table, reader: Reader) -> list[int]:
    """The rows to show: caseworkers by name; of a long table the alarms first, then as many as there is room for."""
    order = list(range(len(table.rows)))
    if table.id == _BY_CASEWORKER:
        names = [reader.named(shown(row[0], "words", reader.language)).casefold() for row in table.rows]
        order.sort(key=names.__getitem__)
    if len(order) > MOST_ROWS:
        order.sort(key=lambda i: i not in table.alarms)
    return order[:MOST_ROWS]


def _row(table: Table, row: Sequence[Value], reader: Reader) -> list[look.Cell | str]:
    cells = [
        reader.named(shown(value, column.kind, reader.language))
        for value, column in zip(row, table.columns, strict=True)
    ]
    return [look.Cell(cells[0], url=reader.draw_url(cells[0])), *cells[1:]] if table.id == _MISSING else [*cells]


def _cut(rows: int, language: Language) -> str:
    shown, there_are = number(MOST_ROWS, language), number(rows, language)
    return Text(
        nb=f"Viser {shown} av {there_are} rader. Alle er i CSV-filen.",
        en=f"Showing {shown} of {there_are} rows. All are in the CSV file.",
    )[language]
