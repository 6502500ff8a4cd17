"""Participation as the register that the protocol names: one row from start to end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import polars as pl

from lodd.protocol.model import Trial

DEFAULT_FILE: Final = "registers/programmes.parquet"
"""Where the protocol names no register of participation."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A start or an end that counts."""

    seq: int
    kind: str
    programme: str
    day: date


@dataclass(frozen=True, slots=True)
class Spell:
    """From the first day in a programme to the last one; ``stop`` is None while it goes on."""

    seq: int
    programme: str
    start: date
    stop: date | None = None


def spells(happened: Iterable[Happened]) -> Iterator[Spell]:
    """Participation, from what happened in the order of its days. An end closes the latest start of its programme."""
    going_on: dict[tuple[int, str], Spell] = {}
    for event in happened:
        which = (event.seq, event.programme)
        if event.kind == "start" and which not in going_on:
            going_on[which] = Spell(event.seq, event.programme, event.day)
        elif event.kind == "end" and which in going_on:
            yield replace(going_on.pop(which), stop=event.day)
    yield from going_on.values()


def programmes_frame(trial: Trial, found: Iterable[Spell], person_ids: Mapping[int, str]) -> pl.DataFrame:
    """The register, under the names that the protocol gives its columns."""
    rows = [spell for spell in found if spell.seq in person_ids]
    person, start, stop, code = _columns(trial)
    return pl.DataFrame(
        {
            person: pl.Series([person_ids[spell.seq] for spell in rows], dtype=pl.String),
            code: pl.Series([spell.programme for spell in rows], dtype=pl.String),
            start: pl.Series([spell.start for spell in rows], dtype=pl.Date),
            stop: pl.Series([spell.stop for spell in rows], dtype=pl.Date),
        }
    ).sort(person, start, code)


def programmes_file(trial: Trial) -> str:
    """Where the register lies in a trial folder; a pattern of several files becomes one of them."""
    if trial.participation is None:
        return DEFAULT_FILE
    named = trial.registers[trial.participation.register_id].file or DEFAULT_FILE
    inside = not named.startswith("/") and ".." not in named.split("/") and "://" not in named
    if not inside or not named.endswith((".parquet", ".csv")) or set(named) & set("?[{"):
        return DEFAULT_FILE
    return named.replace("**/", "").replace("*", "lodd")


def _columns(trial: Trial) -> tuple[str, str, str, str]:
    if trial.participation is None:
        return "person_id", "start_date", "stop_date", "programme"
    register = trial.registers[trial.participation.register_id]
    return register.person, register.start or "start_date", register.stop or "stop_date", trial.participation.code
