"""`fidelity.parquet`, where there is one: how faithfully the programme was delivered, by site and half-year."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.protocol.checks.finding import listed
from lodd.protocol.model import Trial
from lodd.protocol.types import FidelityScores

FIDELITY_FILE: Final = "fidelity.parquet"
_COLUMNS: Final = ("site", "half_year", "score")


def read_fidelity(trial: Trial, folder: Path) -> FidelityScores | None:
    """Read ``fidelity.parquet`` of a trial folder; None if there is none.

    Raises:
        DataError: the file is damaged, or contradicts the protocol; see :func:`fidelity_from`.
    """
    file = folder / FIDELITY_FILE
    if not file.exists():
        return None
    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError):
        found = Text(nb="filen er ikke lesbar Parquet", en="the file is not readable Parquet")
        todo = Text(nb="Lag den på nytt; den kan være avkortet.", en="Make it again; it may be cut short.")
        raise DataError(Problem(found, FIDELITY_FILE, None, todo)) from None
    return fidelity_from(trial, frame)


def fidelity_from(trial: Trial, frame: pl.DataFrame) -> FidelityScores:
    """Check a frame of scores and sort it by site and half-year.

    Raises:
        DataError: a column is missing or of the wrong type, a value is empty, a site is not in the protocol, a
            half-year begins on another day than 1 January or 1 July, or a site has two scores of one half-year.
    """
    if problems := list(_columns(frame)) or list(_rows(trial, frame)):
        raise DataError(problems)
    chosen = frame.select(pl.col("site").cast(pl.String), "half_year", pl.col("score").cast(pl.Float64))
    return FidelityScores(chosen.sort("site", "half_year"))


def _columns(frame: pl.DataFrame) -> Iterator[Problem]:
    for name in _COLUMNS:
        if name not in frame.columns:
            found = Text(nb=f"kolonnen «{name}» mangler", en=f'column "{name}" is missing')
            yield Problem(found, FIDELITY_FILE, listed(_COLUMNS))
    dates = Text(nb="en kolonne av datoer (Date)", en="a column of dates (Date)")
    numbers = Text(nb="en kolonne av tall", en="a column of numbers")
    for name, allowed in (("half_year", dates), ("score", numbers)):
        dtype = frame.schema.get(name)
        if dtype is not None and not (dtype == pl.Date if name == "half_year" else dtype.is_numeric()):
            yield Problem(Text(nb=f"«{name}» er {dtype}", en=f'"{name}" is {dtype}'), FIDELITY_FILE, allowed)


def _rows(trial: Trial, frame: pl.DataFrame) -> Iterator[Problem]:
    half = pl.col("half_year")
    first = (half.dt.day() == 1) & half.dt.month().is_in([1, 7])
    unclear = pl.any_horizontal(pl.col(name).is_null() for name in _COLUMNS) | ~pl.col("score").is_finite()
    wrong = (
        (unclear, Text(nb="en verdi mangler", en="a value is missing"), None),
        (
            ~pl.col("site").cast(pl.String).is_in(list(trial.sites)),
            Text(nb="ukjent verdi i «site»", en='unknown value in "site"'),
            listed(trial.sites),
        ),
        (
            ~first,
            Text(nb="et halvår begynner på en annen dag", en="a half-year begins on another day"),
            Text(nb="1. januar eller 1. juli", en="1 January or 1 July"),
        ),
        (
            pl.struct("site", "half_year").is_duplicated(),
            Text(nb="to mål for samme sted og halvår", en="two scores of one site and half-year"),
            Text(nb="én rad per sted og halvår", en="one row a site and half-year"),
        ),
    )
    for condition, found, allowed in wrong:
        rows = frame.with_row_index("row", offset=1).filter(condition.fill_null(value=False))["row"].to_list()
        if rows:
            shown = ", ".join(str(row) for row in rows[:5]) + (" …" if len(rows) > 5 else "")
            words = Text(nb=f"{found.nb} (rad {shown})", en=f"{found.en} (row {shown})")
            yield Problem(words, FIDELITY_FILE, allowed)
