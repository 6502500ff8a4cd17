"""Whose rows are looked at: the people drawn, with their births and deaths and stays abroad where those are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import polars as pl

from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants, known_register
from lodd.registers.cleaning import KEPT, judge, numbered
from lodd.registers.engines import Engine
from lodd.registers.engines.problems import EngineFailedError
from lodd.registers.needs import needs_of
from lodd.registers.quality.rows import People
from lodd.registers.sources import check_columns, open_file, readable
from lodd.registers.spells import ENDLESS

_OLDEST: Final = 120


def people_drawn(engine: Engine, trial: Trial, folder: Path, participants: Participants) -> People:
    """The people drawn; deaths and stays abroad are left unknown where their registers cannot be read."""
    frame = participants.frame
    table = pl.DataFrame({"person_id": frame["person_id"].cast(pl.String)}).with_row_index("person")
    table = table.with_columns(pl.col("person").cast(pl.Int64), born=births(frame))
    bare = engine.take(table.to_arrow())
    died = _rows(engine, trial, folder, trial.population.deaths, bare)
    stays = _rows(engine, trial, folder, trial.population.emigrations, bare)
    if died is not None:
        deaths = died.group_by("person").aggregate(died=died.day.min())
        known = bare.left_join(deaths, "person")
        bare = engine.keep(known.select("person_id", "person", "born", "died"))
    if stays is not None:
        returned = stays.ended.fill_null(ENDLESS)
        stays = engine.keep(stays.select("person", left=stays.started, returned=returned))
    return People(bare, stays, tuple(table["person_id"].to_list()))


def everybody(engine: Engine, rows: ir.Table) -> People:
    """Everybody in a register: who is looked at before anybody is drawn. No examples are shown of them."""
    ids = rows.filter(rows.person_id.notnull()).select("person_id").distinct()
    return People(engine.keep(ids.mutate(person=ibis.row_number().over(order_by="person_id"))), None, ())


def numbered_people(engine: Engine, names: Sequence[str]) -> People:
    """The same people where only who they are is asked of them."""
    table = pl.DataFrame({"person_id": pl.Series(names, dtype=pl.String)}).with_row_index("person")
    return People(engine.take(table.with_columns(pl.col("person").cast(pl.Int64)).to_arrow()), None, tuple(names))


def births(frame: pl.DataFrame) -> pl.Series:
    """The earliest day on which each person can have been born; null where nothing is known.

    From ``birth_date``, else ``birth_year``, else ``age`` in whole years at the draw.
    """
    kind = {name: frame.schema[name] for name in frame.columns}
    if kind.get("birth_date") == pl.Date:
        return frame["birth_date"]
    if "birth_year" in kind and kind["birth_year"].is_integer():
        year = pl.col("birth_year")
        known = year.is_between(1850, 2200)
        return frame.select(pl.when(known).then(pl.date(year, 1, 1)).alias("born")).to_series()
    if "age" in kind and kind["age"].is_integer():
        age = pl.col("age").cast(pl.Int64)
        earliest = pl.col("drawn_at").dt.offset_by(pl.format("-{}y", age + 1))
        return frame.select(pl.when(age.is_between(0, _OLDEST)).then(earliest).alias("born")).to_series()
    return pl.Series("born", [None] * frame.height, dtype=pl.Date)


def _rows(engine: Engine, trial: Trial, folder: Path, register_id: str | None, people: ir.Table) -> ir.Table | None:
    """A register's rows of these people that count, kept; None where there is none, or it cannot be read."""
    if register_id is None:
        return None
    register, needs = known_register(trial, register_id), needs_of(trial, register_id)
    try:
        source = open_file(engine, register_id, register, folder)
        check_columns(source, needs)
        with readable(source.place):
            mine = numbered(source, register).inner_join(people, "person_id")
            judged, _ = judge(mine, source, register, needs)
            dates = ("day",) if register.temporality == "event" else ("started", "ended")
            return engine.keep(judged.filter(judged.fate == KEPT).select("person", *dates))
    except EngineFailedError:
        raise
    except (DataError, UsageError):
        return None
