"""When versions were registered: every way of saying it, and the end of a day in Norway."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from lodd.errors import DataError
from lodd.registers.engines import DuckDBEngine
from lodd.registers.moments import moment, registered_later
from lodd.registers.problems import Place
from lodd.registers.reference_versions import as_moment, is_known

PLACE = Place("jobs", "jobs.csv")
NORWAY = ZoneInfo("Europe/Oslo")
DAYS = (date(2016, 1, 31), date(2016, 3, 26), date(2016, 3, 27), date(2016, 7, 1), date(2016, 10, 30))
"""Winter, the eve and the day of the change to summer time, summer, and the day of the change back."""
EDGES = [
    datetime.combine(day, datetime.min.time()) + timedelta(hours=hours, microseconds=micros)
    for day in DAYS
    for hours in (0, 21, 22, 23, 24)
    for micros in (-1, 0, 1, 500_000)
]
WAYS = ("days", "moments", "zoned", "text", "minutes", "zoned text")
TEXTS = [
    "2016-03-27T21:59:59Z", "2016-03-27T22:00Z", "2016-03-27 23:59:59.999999+02:00", "2016-03-28T00:00:00+0200",
    "2016-03-27T17:59-04", "2016-03-27T18:00-04:00", "2016-03-28T05:29:59.5+05:30", "2016-03-28T05:30+05:30",
]  # fmt: skip


def series(name: str) -> pl.Series:
    ways: dict[str, Any] = {
        "days": [at.date() for at in EDGES],
        "moments": EDGES,
        "zoned": pl.Series([at.replace(tzinfo=UTC) for at in EDGES]).dt.convert_time_zone("Europe/Oslo"),
        "text": [at.isoformat(sep=" ") for at in EDGES] + [day.isoformat() for day in DAYS],
        "minutes": [at.isoformat(timespec="minutes") for at in EDGES],
        "zoned text": [at.replace(tzinfo=UTC).astimezone(NORWAY).isoformat() for at in EDGES] + TEXTS,
    }
    return pl.Series("at", [*ways[name], None])


@pytest.mark.parametrize("way", WAYS)
def test_what_was_known_by_the_end_of_a_day_and_in_which_order(way: str) -> None:
    column = series(way)
    with DuckDBEngine() as engine:
        table = engine.take(column.to_frame().with_row_index("i").to_arrow())
        read, zoned = moment(table["at"], "at", PLACE)
        later = {f"{day:%m-%d}": registered_later(read.value, zoned, day) for day in DAYS}
        found = engine.fetch(table.select(table.i, value=read.value, zoned=zoned, **later)).sort("i")
    for day in DAYS:
        assert found[f"{day:%m-%d}"].to_list() == [not is_known(at, day) for at in column], day
    moments = [as_moment(at) for at in column[:-1]]
    assert found["value"].to_list()[:-1] == [
        (at.replace(tzinfo=None) - datetime(1970, 1, 1)) // timedelta(microseconds=1) for at in moments if at
    ]
    assert found["zoned"].to_list()[:-1] == ["zoned" in way] * len(moments)


def test_what_is_no_moment_is_flagged() -> None:
    wrong = [
        "31.01.2016", "2016-02-30", "2016-02-01T24:00", "2016-02-01T", "2016-02-01 10", "20160201",
        "2016-02-01T10:00+1", "2016-02-01T10:00 CET", "x", "2016-13-01T10:00",
    ]  # fmt: skip
    with DuckDBEngine() as engine:
        table = engine.take(pl.DataFrame({"at": [*wrong, "2016-02-01", " ", None]}).with_row_index("i").to_arrow())
        read, _ = moment(table["at"], "at", PLACE)
        found = engine.fetch(table.select("i", flag=read.flags["unreadable_moment"].fill_null(False))).sort("i")
    assert found["flag"].to_list() == [True] * len(wrong) + [False] * 3


def test_a_column_of_numbers_holds_no_moments() -> None:
    with DuckDBEngine() as engine, pytest.raises(DataError, match="int64"):
        moment(engine.take(pl.DataFrame({"at": [20160201]}).to_arrow())["at"], "at", PLACE)
