"""Registers of a whole nation, invented with a seed and written a chunk at a time, and the trial that reads them.

The files are as reality has them: text pseudonyms, employers as text, no order by person, ongoing spells without a
stop, spells that begin before the window, some rows twice. Everybody is drawn on one day, as for a description of a
whole population.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from lodd.protocol.model import Trial
from lodd.protocol.types import Participants

CHUNK: Final = 500_000
SPELLS: Final = {"employment": 10, "benefits": 5}
"""Spells a person."""
FIRST_DAY: Final = np.datetime64("2001-01-01")
WINDOW_START: Final = date(2002, 1, 1)
BENEFITS: Final = ("AAP", "UFORE", "SYKEP", "DAGP", "SOSHJ")
_REPEATED: Final = 0.001
_BEFORE: Final = 365
_CODE: Final = 16


def pseudonyms(people: int, seed: int = 1) -> pa.Array:
    """(n,) different texts of 16 letters, without any order."""
    numbers = np.random.default_rng([seed, 0]).permutation(people).astype(">u8")
    scrambled = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # odd, so no two numbers become one
    return _fixed_text(scrambled.astype(">u8").tobytes().hex().encode(), people)


def _fixed_text(text: bytes, rows: int) -> pa.Array:
    offsets = np.arange(rows + 1, dtype=np.int32) * _CODE
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(text)])


def write_registers(folder: Path, people: int, months: int = 120, seed: int = 1) -> None:
    """``employment.parquet`` and ``benefits.parquet`` of so many people and months."""
    ids = pseudonyms(people, seed)
    days = round(months * 30.44) + _BEFORE
    _write(folder / "employment.parquet", employment(ids, people * SPELLS["employment"], days, seed))
    _write(folder / "benefits.parquet", benefits(ids, people * SPELLS["benefits"], days, seed))


def write_monthly(folder: Path, people: int, months: int, seed: int = 1) -> None:
    """``monthly.parquet``: a record for each person and month, month by month as they are delivered."""
    _write(folder / "monthly.parquet", monthly(pseudonyms(people, seed), months, seed))


def _write(path: Path, chunks: Iterator[pa.Table]) -> None:
    first = next(chunks)
    with pq.ParquetWriter(path, first.schema, compression="snappy") as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk)


def employment(ids: pa.Array, rows: int, days: int, seed: int) -> Iterator[pa.Table]:
    """Spells of about a year and a half, with their employer and hours in tenths."""
    for rng, size in _chunks(rows, seed, 1):
        employers = pa.array(800_000_000 + rng.integers(0, 200_000, size)).cast(pa.string())
        hours = rng.integers(5, 376, size) / 10
        start, stop = _spells(rng, size, days, mean=540)
        yield _repeated({"person_id": _people(ids, rng, size), "employer_id": employers, "hours_per_week": hours,
                         "start_date": start, "stop_date": stop}, rng)  # fmt: skip


def benefits(ids: pa.Array, rows: int, days: int, seed: int) -> Iterator[pa.Table]:
    """Spells of about seven months, with the benefit."""
    names = pa.array(BENEFITS)
    for rng, size in _chunks(rows, seed, 2):
        start, stop = _spells(rng, size, days, mean=210)
        yield _repeated({"person_id": _people(ids, rng, size), "benefit": names.take(rng.integers(0, 5, size)),
                         "start_date": start, "stop_date": stop}, rng)  # fmt: skip


def monthly(ids: pa.Array, months: int, seed: int) -> Iterator[pa.Table]:
    """One record a person and month; hours change once in about two years."""
    rng = np.random.default_rng([seed, 3])
    hours = rng.integers(5, 376, len(ids))
    for month in range(months):
        changed = rng.random(len(ids)) < 1 / 24
        hours = np.where(changed, rng.integers(5, 376, len(ids)), hours)
        first = np.datetime64(WINDOW_START, "M") + month
        order = rng.permutation(len(ids))
        yield pa.table(
            {
                "person_id": ids.take(order),
                "hours_per_week": hours[order] / 10,
                "start_date": np.full(len(ids), first.astype("datetime64[D]")),
                "stop_date": np.full(len(ids), (first + 1).astype("datetime64[D]") - 1),
            }
        )


def _chunks(rows: int, seed: int, register: int) -> Iterator[tuple[np.random.Generator, int]]:
    for number, done in enumerate(range(0, rows, CHUNK)):
        yield np.random.default_rng([seed, register, number]), min(CHUNK, rows - done)


def _people(ids: pa.Array, rng: np.random.Generator, size: int) -> pa.Array:
    return ids.take(rng.integers(0, len(ids), size))


def _spells(rng: np.random.Generator, size: int, days: int, mean: int) -> tuple[pa.Array, pa.Array]:
    start = FIRST_DAY + rng.integers(0, days, size)
    stop = start + rng.exponential(mean, size).astype(np.int64)
    return pa.array(start), pa.array(stop, mask=stop > FIRST_DAY + days)


def _repeated(columns: dict[str, Any], rng: np.random.Generator) -> pa.Table:
    """The rows, some of them twice."""
    table = pa.table(columns)
    return pa.concat_tables([table, table.slice(0, int(rng.binomial(table.num_rows, _REPEATED)))])


# The trial -----------------------------------------------------------------------------------------------------------


def trial(months: int = 120) -> Trial:
    """Five outcomes: work of at least four hours, hours, two benefits, and work without either."""
    spells = {"temporality": "status", "start": "start_date", "stop": "stop_date", "covers": _covers(months)}
    hours = {"columns": {"hours_per_week": {"decimals": 1}}}
    return _trial(
        months - 1,
        {
            "employment": spells | hours | {"file": "employment.parquet"},
            "benefits": spells | {"file": "benefits.parquet"},
        },
        {
            "in_work": {"register": "employment", "measure": {"sum": "hours_per_week", "at_least": 4}},
            "hours": {"register": "employment", "measure": {"sum": "hours_per_week"}},
            "aap": {"register": "benefits", "measure": {"any": True, "where": {"benefit": "AAP"}}},
            "disability": {"register": "benefits", "measure": {"any": True, "where": {"benefit": "UFORE"}}},
            "work_without_benefit": {"all_of": ["in_work"], "none_of": ["aap", "disability"]},
        },
    )


def monthly_trial(months: int) -> Trial:
    """Work of at least four hours, and hours, from monthly records."""
    spells = {"temporality": "status", "start": "start_date", "stop": "stop_date", "covers": _covers(months)}
    hours = {"columns": {"hours_per_week": {"decimals": 1}}, "file": "monthly.parquet"}
    return _trial(
        months - 1,
        {"employment": spells | hours},
        {
            "in_work": {"register": "employment", "measure": {"sum": "hours_per_week", "at_least": 4}},
            "hours": {"register": "employment", "measure": {"sum": "hours_per_week"}},
        },
    )


def _covers(months: int) -> dict[str, date]:
    until = np.datetime64(WINDOW_START, "M") + months
    return {"from": date(2001, 1, 1), "until": (until.astype("datetime64[D]") - 1).item()}


def _trial(after: int, registers: dict[str, Any], outcomes: dict[str, Any]) -> Trial:
    return Trial.model_validate(
        {
            "trial": {"id": "nation", "title": "A nation", "arms": ["control", "se"]},
            "arms": {arm: {"label": arm} for arm in ("control", "se")},
            "enrolment": {"opens": date(2002, 1, 1), "closes": date(2030, 12, 31)},
            "sites": {"north": {"label": "North", "offices": [{"id": "n1", "label": "N1"}]}},
            "draw": {"method": "external"},
            "registers": registers,
            "outcomes": {name: {"label": name} | outcome for name, outcome in outcomes.items()},
            "analysis": {"window": {"before": 0, "after": after}},
        }
    )


def everybody(people: int, seed: int = 1) -> Participants:
    """Everybody drawn on the window's first day."""
    return _drawn(pseudonyms(people, seed), np.full(people, np.datetime64(WINDOW_START)))


def cohort(people: int, drawn: int, seed: int = 1) -> Participants:
    """Some of the people, drawn over three years."""
    rng = np.random.default_rng([seed, 4])
    chosen = pseudonyms(people, seed).take(np.sort(rng.choice(people, drawn, replace=False)))
    return _drawn(chosen, np.datetime64(WINDOW_START) + rng.integers(0, 3 * 365, drawn))


def _drawn(ids: pa.Array, days: np.ndarray) -> Participants:
    person = pl.Series("person_id", ids)
    control = pl.Series("arm", np.arange(len(ids)) % 2 == 0)
    frame = pl.DataFrame([person, pl.Series("drawn_at", days).cast(pl.Date)])
    arms = pl.when(control).then(pl.lit("control")).otherwise(pl.lit("se"))
    constants = {"site": pl.lit("north"), "office": pl.lit("n1"), "stratum": pl.lit("n1")}
    return Participants(frame.with_columns(arm=arms, **constants), ("control", "se"))
