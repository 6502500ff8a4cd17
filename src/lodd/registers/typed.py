"""Columns given the meaning that the protocol says they have: days, months, exact numbers, values to compare.

Each function returns Ibis expressions: the typed value, null where it is missing, and flags for what cannot be read.
Only flags of records that are used matter, so nothing is raised here except for a column whose very type is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from lodd.errors import DataError
from lodd.locale import Text, join_words
from lodd.protocol.register import Column
from lodd.registers import problems
from lodd.registers.exact import LARGEST_VALUE, NEAR, ROUNDING
from lodd.registers.needs import Kind
from lodd.registers.problems import Place

FILE = "c_"
"""Columns of the file carry this prefix inside the engine, so that none can be mistaken for Lodd's own."""

_ISO_DAY = r"^\d{4}-\d{2}-\d{2}$"
_MONTH = r"^\d{4}-?(0[1-9]|1[0-2])$"
_YEAR = r"^\d{4}$"
_NUMBER = r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?$"
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_DAYS = Text(nb="datoer, eller tekst på formen ÅÅÅÅ-MM-DD", en="dates, or text of the form YYYY-MM-DD")
_MONTHS = Text(
    nb="datoer, tekst på formen ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD, eller heltall ÅÅÅÅMM",
    en="dates, text of the form YYYY-MM or YYYY-MM-DD, or whole numbers YYYYMM",
)
_KIND_NAMES = {
    "text": Text(nb="tekst", en="text"),
    "number": Text(nb="et tall", en="a number"),
    "truth": Text(nb="sann/usann", en="true/false"),
    "date": Text(nb="en dato", en="a date"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed column: its value, and flags (by kind of problem) that are true where a row's value cannot be used."""

    value: ir.Value
    flags: dict[str, ir.BooleanValue] = field(default_factory=dict)


def key_text(column: ir.Value, name: str, place: Place) -> ir.StringValue:
    """A pseudonym or a programme code as text. Raises DataError for a column that is neither text nor whole numbers."""
    kind = column.type()
    if not (kind.is_string() or kind.is_integer()):
        raise problems.wrong_type(place, name, str(kind), Text(nb="tekst eller heltall", en="text or whole numbers"))
    return column.cast("string")


def day(column: ir.Value, name: str, place: Place) -> Typed:
    """A day; empty text is missing. Raises DataError for a column that cannot hold dates."""
    kind = column.type()
    if kind.is_date():
        return Typed(column)
    if kind.is_timestamp() and kind.timezone is None:
        return Typed(column.date())
    if kind.is_string():
        text = _stated(column)
        value = _iso_day(text)
        return Typed(value, {"unreadable_date": text.notnull() & value.isnull()})
    raise problems.wrong_type(place, name, str(kind), _DAYS)


def _iso_day(text: ir.StringValue) -> ir.DateValue:
    """The day, null where it is none; the year 0 is one to some engines only."""
    written = text.re_search(_ISO_DAY) & (text.substr(0, 4) != "0000")
    return ibis.ifelse(written, text, ibis.null("string")).try_cast("date")


def month_of(value: ir.DateValue) -> ir.IntegerValue:
    """The calendar month of a date, ``12 * year + month - 1``."""
    return (value.year().cast("int64") * 12 + value.month().cast("int64") - 1).cast("int64")


def month(column: ir.Value, name: str, place: Place, yearly: bool) -> Typed:
    """The calendar month that an amount is for; of a yearly amount any month of its year."""
    kind = column.type()
    if kind.is_integer():
        return _month_of_text(column.cast("string"), yearly)
    if kind.is_string():
        return _month_of_text(column, yearly)
    try:
        dated = day(column, name, place)
    except DataError as error:
        raise problems.wrong_type(place, name, str(kind), _MONTHS) from error
    return Typed(month_of(dated.value), dated.flags)


def _month_of_text(column: ir.StringValue, yearly: bool) -> Typed:
    text = _stated(column)
    year = text.substr(0, 4).try_cast("int64")
    as_month = year * 12 + text.right(2).try_cast("int64") - 1
    as_day = _iso_day(text)
    cases = [(text.re_search(_MONTH), as_month), (as_day.notnull(), month_of(as_day))]
    if yearly:
        cases.append((text.re_search(_YEAR), year * 12))
    value = ibis.cases(*cases)
    return Typed(value, {"unreadable_date": text.notnull() & value.isnull()})


def scaled(column: ir.Value, name: str, place: Place, declared: Column) -> Typed:
    """A declared numeric column as int64, scaled by its decimals: exact, or flagged.

    Raises:
        DataError: the column is neither numeric nor text.
    """
    kind = column.type()
    if kind.is_string():
        return _scaled_text(_stated(column), declared.decimals)
    if kind.is_integer() or kind.is_decimal() or kind.is_floating():
        return _scaled_number(column, declared.decimals)
    raise problems.wrong_type(place, name, str(kind), Text(nb="tall", en="numbers"))


def _scaled_text(text: ir.StringValue, decimals: int) -> Typed:
    fits = text.re_search(rf"^[-+]?\d+(\.\d{{0,{decimals}}}0*)?$")
    value = text.try_cast("float64") * 10**decimals
    number = text.re_search(r"^[-+]?\d+(\.\d*)?$")
    large = fits & ~(value.abs() < LARGEST_VALUE)
    flags = {"not_a_number": text.notnull() & ~number, "decimals": number & ~fits, "too_large": large}
    return Typed(_integer(value, fits & ~large), flags)


def _scaled_number(column: ir.NumericValue, decimals: int) -> Typed:
    kind = column.type()
    present = column.notnull() & ~column.isnan() if kind.is_floating() else column.notnull()
    value = _double(column) * 10**decimals
    large = present & ~(value.abs() < LARGEST_VALUE)
    if kind.is_floating():
        fits = (value - value.round().cast("float64")).abs() <= value.abs() * ROUNDING + NEAR
    elif kind.is_decimal() and (kind.scale is None or kind.scale > decimals):
        # compared as the same type: Spark would first cut off decimals until both fit into 38 digits
        fits = column == column.round(decimals).cast(kind)
    else:
        fits = ibis.literal(True)
    fits = ibis.ifelse(present & ~large, fits, True)
    return Typed(_integer(value, present & ~large & fits), {"decimals": ~fits, "too_large": large})


def _integer(value: ir.FloatingValue, usable: ir.BooleanValue) -> ir.IntegerValue:
    return ibis.ifelse(usable, value, ibis.null("float64")).round().cast("int64")


def compared(column: ir.Value, name: str, place: Place, kinds: frozenset[Kind], untyped: bool) -> Typed:
    """A column that ``where`` compares: of the type compared with, NaN missing.

    Raises:
        DataError: the column cannot be compared with such values.
    """
    wanted = next(iter(kinds))
    found = kind_of(column)
    if kinds == {"date"} and found in {"date", "text"}:
        return day(column, name, place)
    if len(kinds) == 1 and untyped and wanted != "text":
        return _parsed(_stated(column), wanted)
    if kinds != {found}:
        raise comparison_refused(found, name, place, kinds)
    return Typed(_comparable(column))


def comparison_refused(found: str, name: str, place: Place, kinds: frozenset[Kind]) -> DataError:
    """The error for a column that holds one kind of value and is compared with others."""
    shown = [_kind_text(kind) for kind in sorted(kinds)]
    both = Text(nb=join_words([t["nb"] for t in shown], "nb"), en=join_words([t["en"] for t in shown], "en"))
    return problems.not_comparable(place, name, _kind_text(found), both)


def distinct_key(column: ir.Value) -> ir.Value:
    """A column whose different values are counted: as it is, NaN missing. Decimals have digits that floats have not."""
    return column if column.type().is_decimal() else _comparable(column)


def _comparable(column: ir.Value) -> ir.Value:
    kind = column.type()
    if kind.is_floating():
        return ibis.ifelse(column.isnan(), ibis.null("float64"), _double(column))
    return column.cast("float64") if kind.is_decimal() else column


def _double(column: ir.NumericValue) -> ir.FloatingValue:
    """As a 64-bit float; a 32-bit one as the decimal that it is shown as (0.1 in 32 bits is meant as 0.1)."""
    return column.cast("string").cast("float64") if column.type().is_float32() else column.cast("float64")


def _parsed(text: ir.StringValue, wanted: Kind) -> Typed:
    """Text read as a number or as true or false: by its form, for engines take more or less for one."""
    if wanted == "number":
        value = ibis.ifelse(text.re_search(_NUMBER), text, ibis.null("string")).try_cast("float64")
    else:
        said = text.lower()
        value = ibis.cases((said.isin(_TRUE), True), (said.isin(_FALSE), False))
    return Typed(value, {"not_a_number": text.notnull() & value.isnull()})


def kind_of(column: ir.Value) -> str:
    """What a column holds: text, number, truth, date, or else the name of its type."""
    kind = column.type()
    if kind.is_string():
        return "text"
    if kind.is_boolean():
        return "truth"
    if kind.is_numeric():
        return "number"
    return "date" if kind.is_date() or kind.is_timestamp() else str(kind)


def _kind_text(kind: str) -> Text:
    return _KIND_NAMES.get(kind, Text.same(kind))


def stated(column: ir.Value) -> ir.Value:
    """A column with empty text as missing."""
    return column.nullif("") if column.type().is_string() else column


def _stated(column: ir.StringValue) -> ir.StringValue:
    """Text without outer spaces; empty text is missing."""
    return column.strip().nullif("")
