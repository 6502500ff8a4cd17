"""What monitoring shows, as values: sections of sentences, figures and tables, in both languages, ready to be laid out.

A table's cells are plain values; :meth:`Table.shown` writes them as people read them, :meth:`Table.plain` as programs
do (for CSV). A figure has its table beside it; its drawing needs no style attribute, so a strict CSP lets it be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from markupsafe import Markup

from lodd.locale import Language, Text, long_date, month_year, number, p_value, percent, signed
from lodd.report.html import inline_svg
from lodd.report.model import Drawing
from lodd.site import look

Kind = Literal["words", "count", "number", "percent", "points", "day", "month", "evidence", "p_value", "yes"]
Value = str | int | float | date | Text | bool | None
_NOTHING: Final = "\N{EN DASH}"
_YES: Final = Text(nb="ja", en="yes")
_NO: Final = Text(nb="nei", en="no")
_OVER: Final = Text(nb="over", en="over")
_HIGHEST_SHOWN: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``key`` heads it in CSV, ``heading`` on the page."""

    key: str
    heading: Text
    kind: Kind

    @property
    def numeric(self) -> bool:
        return self.kind not in {"words", "day", "month", "yes"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has a value for each column. ``alarms`` are the rows to be marked (and say so in words)."""

    id: str
    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: Text | None = None
    empty: Text | None = None
    """Said instead of the table where it has no rows."""
    alarms: frozenset[int] = frozenset()
    folded: bool = False
    """Long: shown when asked for."""

    def shown(self, language: Language) -> tuple[tuple[str, ...], ...]:
        """The cells as people read them."""
        kinds = [column.kind for column in self.columns]
        return tuple(tuple(shown(v, kind, language) for v, kind in zip(row, kinds, strict=True)) for row in self.rows)

    def laid_out(self, language: Language) -> look.Table:
        """The table for ``parts/table.html``, with its alarms marked."""
        return look.Table.of(
            self.caption[language],
            [look.Column(column.heading[language], amount=column.numeric) for column in self.columns],
            self.shown(language),
            nothing=self.empty[language] if self.empty else "",
            noticed=self.alarms,
        )

    def plain(self, language: Language) -> tuple[tuple[str, ...], ...]:
        """A heading row of keys, and the cells as programs read them: ISO dates, points, empty for nothing."""
        heads = tuple(column.key for column in self.columns)
        return (heads, *(tuple(_plain(value, language) for value in row) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing in each language, for wide pages and for narrow ones.

    ``description`` says how to read it: it is in the drawing for those who cannot see it, and belongs below it too.
    """

    id: str
    title: Text
    description: Text
    wide: Mapping[Language, Drawing]
    narrow: Mapping[Language, Drawing]

    def svg(self, language: Language) -> Markup:
        """Both drawings as elements of the page, of which ``drawing.css`` shows the one that fits."""
        said = self.title[language], self.description[language]
        wide = inline_svg(self.wide[language], f"{self.id}-wide", *said, "only-wide")
        return wide + inline_svg(self.narrow[language], f"{self.id}-narrow", *said, "only-narrow")


@dataclass(frozen=True, slots=True)
class Section:
    """One question that monitoring answers; the first table has the numbers behind the figures."""

    id: str
    heading: Text
    sentences: tuple[Text, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...] = ()


def shown(value: Value, kind: Kind, language: Language) -> str:
    """A value as people read it; a dash for none."""
    if value is None:
        return _NOTHING
    if isinstance(value, Text):
        return value[language]
    if isinstance(value, bool):
        return (_YES if value else _NO)[language]
    if isinstance(value, date):
        return (month_year if kind == "month" else long_date)(value, language)
    return value if isinstance(value, str) else _NUMBERS[kind](value, language)


def evidence(value: float, language: Language) -> str:
    """An e-value: one decimal below ten, "over 1,000,000" beyond."""
    if value > _HIGHEST_SHOWN:
        return f"{_OVER[language]} {number(_HIGHEST_SHOWN, language)}"
    return number(value, language, 0 if value >= 10 else 1 if value >= 0.1 else 2)


_NUMBERS: Final[Mapping[Kind, Callable[[float, Language], str]]] = {
    "count": number,
    "number": lambda value, language: number(value, language, 1),
    "percent": lambda value, language: percent(value, language, 1),
    "points": lambda value, language: signed(100 * value, language, 1),
    "evidence": evidence,
    "p_value": p_value,
}


def _plain(value: Value, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, Text):
        return value[language]
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return str(value)
