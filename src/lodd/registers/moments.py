"""When versions of records were registered, and which of them were known on a day.

A moment is microseconds since 1970: of the clock in Norway where the column says no zone, of universal time where it
does. The two are never mixed within a column.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from lodd.errors import DataError, Problem
from lodd.locale import LANGUAGES, Text, long_date, number
from lodd.registers import problems
from lodd.registers.engines import Engine
from lodd.registers.problems import Found, Place
from lodd.registers.typed import FILE, Typed, day

NORWAY: Final = ZoneInfo("Europe/Oslo")
_EPOCH: Final = datetime(1970, 1, 1)
_SECOND: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
_CLOCK: Final = r"^.{10}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$"
_ZONE: Final = r"^.{16}.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_FORMS: Final = Text(
    nb="datoer, tidspunkter, eller tekst på formen ÅÅÅÅ-MM-DD eller ÅÅÅÅ-MM-DDTtt:mm:ss",
    en="dates, moments, or text of the form YYYY-MM-DD or YYYY-MM-DDThh:mm:ss",
)
_AGAIN: Final = Text(nb="lag uttrekket på nytt", en="make the extract again")
UNREADABLE: Final = "unreadable_moment"
"""The flag of a value that is no moment. It matters in every version, used or not: it decides which one is used."""


def moment(column: ir.Value, name: str, place: Place) -> tuple[Typed, ir.BooleanValue]:
    """A moment in microseconds, and whether its column says a zone (see the module); empty text is missing.

    Raises:
        DataError: the column can hold neither days nor moments.
    """
    kind = column.type()
    if kind.is_timestamp():
        seconds = column.epoch_seconds().cast("float64").floor().cast("int64")
        return Typed(seconds * _SECOND + column.microsecond().cast("int64")), ibis.literal(kind.timezone is not None)
    if kind.is_string():
        return _of_text(column.strip().nullif(""), name, place)
    try:
        dated = day(column, name, place)
    except DataError as error:
        raise problems.wrong_type(place, name, str(kind), _FORMS) from error
    return Typed(_of_day(dated.value)), ibis.literal(False)


def _of_day(value: ir.DateValue) -> ir.IntegerValue:
    return value.epoch_days().cast("int64") * (24 * 3600 * _SECOND)


def _of_text(text: ir.StringValue, name: str, place: Place) -> tuple[Typed, ir.BooleanValue]:
    midnight = _of_day(day(text.substr(0, 10), name, place).value)
    told = text.re_search(_CLOCK)
    zoned = told & text.re_search(_ZONE)
    value = ibis.cases((told, midnight + _clock(text, told) - _offset(text, zoned)), (text.length() == 10, midnight))
    return Typed(value, {UNREADABLE: text.notnull() & value.isnull()}), zoned.fill_null(False)


def _clock(text: ir.StringValue, told: ir.BooleanValue) -> ir.IntegerValue:
    """The time of day in microseconds; finer digits are cut off."""
    hours, minutes = (_digits(text.substr(at, 2), told) for at in (11, 14))
    has_seconds = told & (text.substr(16, 1) == ":")
    seconds = _digits(text.substr(17, 2), has_seconds)
    fraction = text.substr(20, 6).re_replace("[^0-9].*$", "").rpad(6, "0")
    micros = _digits(fraction, has_seconds & (text.substr(19, 1) == "."))
    return ((hours * 60 + minutes) * 60 + seconds) * _SECOND + micros


def _offset(text: ir.StringValue, zoned: ir.BooleanValue) -> ir.IntegerValue:
    """How far the clock of the text is ahead of universal time, in microseconds."""
    shift = text.substr(16, 30).re_replace(r"^[^Z+-]*", "")
    given = zoned & (shift.substr(0, 1) != "Z")
    digits = shift.re_replace("[^0-9]", "").rpad(4, "0")
    minutes = _digits(digits.substr(0, 2), given) * 60 + _digits(digits.substr(2, 2), given)
    ahead = ibis.ifelse(shift.substr(0, 1) == "-", -minutes, minutes)
    return ibis.ifelse(given, ahead, 0) * (60 * _SECOND)


def _digits(text: ir.StringValue, there: ir.BooleanValue) -> ir.IntegerValue:
    return ibis.ifelse(there.fill_null(False), text, "0").cast("int64")


def known_until(as_of: date) -> tuple[int, int]:
    """The first moments after a day's end in Norway: on the clock there, and in universal time.

    >>> [limit // (3600 * 1_000_000) for limit in known_until(date(1970, 7, 1))]
    [4368, 4367]
    """
    midnight = datetime.combine(as_of + timedelta(days=1), time())
    universal = midnight.replace(tzinfo=NORWAY).astimezone(UTC).replace(tzinfo=None)
    return (midnight - _EPOCH) // _MICROSECOND, (universal - _EPOCH) // _MICROSECOND


def registered_later(value: ir.IntegerValue, zoned: ir.BooleanValue, as_of: date) -> ir.BooleanValue:
    """Was it registered after the end of the day? A version that says no time was there from the beginning."""
    unzoned_limit, zoned_limit = known_until(as_of)
    return (value >= ibis.ifelse(zoned, zoned_limit, unzoned_limit)).fill_null(False)


def refuse_too_early(engine: Engine, rows: ir.Table, column: str, place: Place, as_of: date) -> None:
    """Raise where nothing in the whole register was registered by the day: then it is not the register's beginning.

    Args:
        rows: of the file, with ``FILE + column``.

    Raises:
        DataError: every row was registered later.
    """
    read, zoned = moment(rows[FILE + column], column, place)
    read_rows = rows.select(value=read.value, later=registered_later(read.value, zoned, as_of))
    found = engine.fetch(
        read_rows.aggregate(
            known=(~read_rows.later).sum().fill_null(0), rows=read_rows.count(), first=read_rows.value.min()
        )
    ).row(0, named=True)
    if found["rows"] and not found["known"]:
        raise _nothing_known(place, column, as_of, (_EPOCH + found["first"] * _MICROSECOND).date())


def _nothing_known(place: Place, column: str, as_of: date, first: date) -> DataError:
    days = {language: (long_date(as_of, language), long_date(first, language)) for language in LANGUAGES}
    return DataError(
        Problem(
            Text(
                nb=f"ingenting var registrert {days['nb'][0]}: det første ble registrert {days['nb'][1]}",
                en=f"nothing was registered by {days['en'][0]}: the first was registered on {days['en'][1]}",
            ),
            place.at(column),
            Text(nb="en dag da registeret var i bruk", en="a day on which the register was in use"),
            Text(
                nb="velg en senere dag, eller hent et uttrekk med eldre versjoner",
                en="choose a later day, or fetch an extract with older versions",
            ),
        )
    )


def unreadable_moments(place: Place, column: str, found: Found) -> DataError:
    rows = found.text()
    return DataError(
        Problem(
            Text(nb=f"{rows['nb']} kan ikke leses som tidspunkt", en=f"{rows['en']} cannot be read as moments"),
            place.at(column),
            _FORMS,
            _AGAIN,
        )
    )


def mixed_zones(place: Place, column: str, zoned: int, unzoned: int) -> DataError:
    """Moments of which some say a zone and others not cannot be put in order."""
    return DataError(
        Problem(
            Text(
                nb=f"{number(zoned, 'nb')} tidspunkter har tidssone, og {number(unzoned, 'nb')} har ikke",
                en=f"{number(zoned, 'en')} moments say a zone, and {number(unzoned, 'en')} do not",
            ),
            place.at(column),
            Text(nb="alle med, eller alle uten (norsk tid)", en="all with one, or all without (Norwegian time)"),
            _AGAIN,
        )
    )
