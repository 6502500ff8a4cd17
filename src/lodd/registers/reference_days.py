"""Each person's reference days: those that a measure's records must start on or after, or on or before."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis.expr.types as ir
import numpy as np
import polars as pl
import pyarrow as pa

from lodd.errors import DataError, Problem
from lodd.locale import Text, join_words
from lodd.protocol.measure import DRAW, Measure
from lodd.protocol.model import Trial
from lodd.protocol.register import Register
from lodd.protocol.types import Participants
from lodd.registers.arrow import array_of
from lodd.registers.compose import Mask, Matrix
from lodd.registers.engines import Engine
from lodd.registers.parts import begun
from lodd.registers.typed import month_of


def days_of_reference(participants: Participants, measure: Measure) -> dict[str, pl.Series]:
    """By ``since`` and ``until``, where the measure has them, everyone's day; null where there is none.

    Raises:
        DataError: no such column among the participants and their facts, or one that does not hold dates.
    """
    return {key: _days(participants.frame, column) for key, column in measure.reference.items()}


def columns_of_reference(trial: Trial) -> list[str]:
    """The columns of days that the trial's measures refer to, beside the draw."""
    return list(dict.fromkeys(c for outcome in trial.outcomes.values() for c in outcome.reference if c != DRAW))


def months_since_day(participants: Participants, column: str, calendar: Matrix) -> tuple[Matrix, Mask]:
    """(n, months) whole months since everyone's day; and where there is none yet.

    Raises:
        DataError: as :func:`days_of_reference`.
    """
    days = _days(participants.frame, column)
    month = (12 * days.dt.year().cast(pl.Int64) + days.dt.month().cast(pl.Int64) - 1).fill_null(0).to_numpy()
    since = calendar - month[:, None]
    none_yet: Mask = days.is_null().to_numpy()[:, None] | (since < 0)
    return np.where(none_yet, 0, since), none_yet


def days_of_person(trial: Trial, one: Participants) -> dict[str, date | None]:
    """The days of participants who are one person, by column.

    Raises:
        DataError: as :func:`days_of_reference`.
    """
    return {column: _days(one.frame, column).item() for column in columns_of_reference(trial)}


def without_day(days: dict[str, pl.Series]) -> Mask | None:
    """(n,) who lacks one of the days; None where the measure has no reference."""
    if not days:
        return None
    lacking: Mask = np.logical_or.reduce([series.is_null().to_numpy() for series in days.values()])
    return lacking


def started_within(table: ir.Table, register: Register, engine: Engine, days: dict[str, pl.Series]) -> ir.Table:
    """The records that start on or after ``since`` and on or before ``until``; of amounts, in or after its month."""
    if not days:
        return table
    people = array_of(np.arange(len(next(iter(days.values()))), dtype=np.int32))
    columns = {f"reference_{key}": series.to_arrow().cast(pa.date32()) for key, series in days.items()}
    joined = table.inner_join(engine.take(pa.table({"person": people, **columns})), "person")
    start, of = _start(joined, register)
    if "since" in days:
        joined = joined.filter(start(joined) >= of(joined.reference_since))
    if "until" in days:
        joined = joined.filter(start(joined) <= of(joined.reference_until))
    return joined.drop(*columns)


def _start(table: ir.Table, register: Register) -> tuple[Any, Any]:
    if register.temporality == "accumulated":
        return (lambda t: t.month), month_of
    return (begun if register.temporality == "status" else lambda t: t.day), (lambda value: value)


def _days(frame: pl.DataFrame, column: str) -> pl.Series:
    if column == DRAW:
        return frame["drawn_at"]
    if column not in frame.columns:
        raise _no_column(column, frame)
    series = frame[column]
    if series.dtype == pl.String:
        series = series.str.strip_chars().replace("", None)
        parsed = series.str.to_date("%Y-%m-%d", strict=False)
        if parsed.null_count() > series.null_count():
            raise _no_dates(column)
        return parsed
    if series.dtype in (pl.Date, pl.Datetime, pl.Null) and getattr(series.dtype, "time_zone", None) is None:
        return series.cast(pl.Date)  # of a moment with a zone nobody says which country's day is meant
    raise _no_dates(column)


def _no_column(column: str, frame: pl.DataFrame) -> DataError:
    dates = [name for name in frame.columns if frame[name].dtype == pl.Date and name != "drawn_at"]
    found = Text(
        nb=f"deltakerne har ingen kolonne «{column}», som et utfall regner fra",
        en=f'the participants have no column "{column}", which an outcome counts from',
    )
    have = Text(nb=join_words(dates, "nb") or "ingen datoer", en=join_words(dates, "en") or "no dates")
    allowed = Text(nb=f"«draw», eller en datokolonne: {have.nb}", en=f'"draw", or a column of dates: {have.en}')
    todo = Text(
        nb="Legg kolonnen i deltakerfilen eller i et «fixed»-register.",
        en='Put the column into the participants\' file or a "fixed" register.',
    )
    return DataError(Problem(found, column, allowed, todo))


def _no_dates(column: str) -> DataError:
    found = Text(nb=f"deltakernes kolonne «{column}» er ikke datoer", en=f'the participants\' "{column}" is not dates')
    return DataError(
        Problem(found, column, Text(nb="datoer, eller tekst på formen ÅÅÅÅ-MM-DD", en="dates, or text YYYY-MM-DD"))
    )
