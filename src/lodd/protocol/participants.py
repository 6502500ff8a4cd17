"""`participants.parquet` read and checked against the protocol: everybody drawn, one row a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from lodd.errors import DataError, Problem, UsageError
from lodd.files import whole
from lodd.locale import Text
from lodd.protocol.checks.finding import listed, nearest
from lodd.protocol.model import Trial
from lodd.protocol.types import MARGINAL, REQUIRED_COLUMNS, Participants

PARTICIPANTS_FILE: Final = "participants.parquet"
_SHOWN: Final = 5
_TEXT: Final = (pl.String, pl.Categorical, pl.Enum)
_ROUNDING: Final = 1e-6
"""What a sum of probabilities may miss one by: thirds with six decimals, and 32-bit numbers."""


def read_participants(trial: Trial, folder: Path) -> Participants:
    """Read ``participants.parquet`` of a trial folder.

    Raises:
        DataError: the file is missing, damaged, or contradicts the protocol; see :func:`participants_from`.
    """
    file = folder / PARTICIPANTS_FILE
    if not file.exists():
        found = Text(
            nb=f"det er ingen {PARTICIPANTS_FILE} i {folder}", en=f"there is no {PARTICIPANTS_FILE} in {folder}"
        )
        todo = Text(
            nb="Legg de trukne der, eller simuler: lodd simulate", en="Put the people drawn there, or: lodd simulate"
        )
        raise DataError(Problem(found, next_step=todo))
    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError):
        found = Text(nb="filen er ikke lesbar Parquet", en="the file is not readable Parquet")
        todo = Text(nb="Lag den på nytt; den kan være avkortet.", en="Make it again; it may be cut short.")
        raise DataError(Problem(found, PARTICIPANTS_FILE, None, todo)) from None
    return participants_from(trial, frame)


def participants_from(trial: Trial, frame: pl.DataFrame) -> Participants:
    """Check a frame of people drawn and sort it by ``drawn_at``, then ``person_id``.

    Raises:
        DataError: a column is missing or of the wrong type (lists and numbers with decimals name nobody), a value is
            empty, a person is drawn twice, an arm, site or
            office is not in the protocol, a draw lies outside enrolment, probabilities are not in (0, 1) or do not
            sum to one, nobody was drawn, or an arm is empty.
    """
    _raise(_types(frame))
    _raise(_columns(frame))
    frame = frame.with_columns(pl.col(name).cast(pl.String) for name in REQUIRED_COLUMNS if name != "drawn_at")
    _raise(_rows(trial, frame))
    return Participants(frame.sort("drawn_at", "person_id"), trial.arm_ids)


def write_participants(participants: Participants, folder: Path) -> None:
    """Write ``participants.parquet``, whole or not at all.

    Raises:
        UsageError: the folder cannot be written.
    """
    file = folder / PARTICIPANTS_FILE
    try:
        with whole(file) as beside:
            participants.frame.write_parquet(beside)
    except OSError as error:
        found = Text(nb=f"kan ikke skrive {file}: {error.strerror}", en=f"cannot write {file}: {error.strerror}")
        raise UsageError(Problem(found)) from None


def _raise(problems: Iterator[Problem]) -> None:
    if found := list(problems):
        raise DataError(found)


def _types(frame: pl.DataFrame) -> Iterator[Problem]:
    for name, dtype in frame.schema.items():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
            allowed = Text(nb="tekst, tall, datoer eller sant/usant", en="text, numbers, dates or true/false")
        elif name == "person_id" and not (dtype.is_integer() or dtype in _TEXT):
            allowed = Text(nb="tekst eller heltall", en="text or whole numbers")
        elif name.startswith(MARGINAL) and not (dtype.is_numeric() or dtype == pl.Null):
            allowed = Text(nb="en kolonne av tall", en="a column of numbers")
        else:
            continue
        yield Problem(Text(nb=f"«{name}» er {dtype}", en=f'"{name}" is {dtype}'), PARTICIPANTS_FILE, allowed)


def _columns(frame: pl.DataFrame) -> Iterator[Problem]:
    for name in REQUIRED_COLUMNS:
        if name not in frame.columns:
            yield Problem(
                Text(nb=f"kolonnen «{name}» mangler", en=f'column "{name}" is missing'),
                PARTICIPANTS_FILE,
                listed(frame.columns),
                nearest(name, frame.columns),
            )
        else:
            empty = pl.col(name).is_null() | (pl.col(name).cast(pl.String).str.strip_chars() == "")
            yield from _where(frame, empty, Text(nb=f"«{name}» er tom", en=f'"{name}" is empty'), None)
    if "drawn_at" in frame.columns and frame.schema["drawn_at"] != pl.Date:
        yield Problem(
            Text(nb=f"«drawn_at» er {frame.schema['drawn_at']}", en=f'"drawn_at" is {frame.schema["drawn_at"]}'),
            PARTICIPANTS_FILE,
            Text(nb="en kolonne av datoer (Date)", en="a column of dates (Date)"),
        )


def _rows(trial: Trial, frame: pl.DataFrame) -> Iterator[Problem]:
    if frame.is_empty():
        yield Problem(Text(nb="ingen er trukket", en="nobody has been drawn"), PARTICIPANTS_FILE)
        return
    twice = Text(nb="en person er trukket to ganger", en="a person is drawn twice")
    once = Text(nb="én rad per person; det første utfallet står", en="one row a person; the first draw stands")
    yield from _where(frame, pl.col("person_id").is_duplicated(), twice, once)
    for column, known in (("arm", trial.arm_ids), ("site", tuple(trial.sites)), ("office", tuple(trial.office_site))):
        found = Text(nb=f"ukjent verdi i «{column}»", en=f'unknown value in "{column}"')
        yield from _where(frame, ~pl.col(column).is_in(list(known)), found, listed(known))
    outside = ~pl.col("drawn_at").is_between(trial.enrolment.opens, trial.enrolment.closes)
    found = Text(nb="trukket utenfor trekningsperioden", en="drawn outside enrolment")
    yield from _where(frame, outside, found, Text.same(f"{trial.enrolment.opens} – {trial.enrolment.closes}"))
    for arm in trial.arm_ids:
        if arm not in frame["arm"]:
            yield Problem(Text(nb=f"ingen er trukket til «{arm}»", en=f'nobody is drawn to "{arm}"'), PARTICIPANTS_FILE)
    yield from _probabilities(trial, frame)


def _probabilities(trial: Trial, frame: pl.DataFrame) -> Iterator[Problem]:
    names = [MARGINAL + arm for arm in trial.arm_ids]
    given = [name for name in names if name in frame.columns]
    if not given and trial.draw.method == "external":
        return
    if given != names:
        missing = [name for name in names if name not in given]
        yield Problem(
            Text(nb=f"mangler {', '.join(missing)}", en=f"lacks {', '.join(missing)}"),
            PARTICIPANTS_FILE,
            Text(nb="en sannsynlighet for hver gruppe", en="a probability for every arm"),
        )
        return
    inside = pl.all_horizontal(pl.col(name).is_between(0, 1, closed="none").fill_null(value=False) for name in names)
    found = Text(nb="en sannsynlighet er ikke mellom 0 og 1", en="a probability is not between 0 and 1")
    yield from _where(frame, ~inside, found, Text(nb="større enn 0 og mindre enn 1", en="above 0 and below 1"))
    total = pl.sum_horizontal(pl.col(name).cast(pl.Float64) for name in names)
    found = Text(nb="sannsynlighetene summerer seg ikke til 1", en="the probabilities do not sum to 1")
    yield from _where(frame, inside & ((total - 1).abs() > _ROUNDING), found, Text.same("1"))


def _where(frame: pl.DataFrame, wrong: pl.Expr, found: Text, allowed: Text | None) -> Iterator[Problem]:
    if frame.select(wrong.any()).item():
        yield _at_rows(frame, wrong, found, allowed)


def _at_rows(frame: pl.DataFrame, wrong: pl.Expr, found: Text, allowed: Text | None) -> Problem:
    """Says how many rows, and the first of them by number (from 1): never by person."""
    rows = frame.with_row_index("row", offset=1).filter(wrong)["row"].to_list()
    shown = ", ".join(str(row) for row in rows[:_SHOWN]) + (" …" if len(rows) > _SHOWN else "")
    return Problem(
        Text(nb=f"{found.nb} ({len(rows)} rader: {shown})", en=f"{found.en} ({len(rows)} rows: {shown})"),
        PARTICIPANTS_FILE,
        allowed,
    )
