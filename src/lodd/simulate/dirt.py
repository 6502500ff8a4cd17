"""What is wrong in real extracts, put into clean ones at the declared rates, and counted.

Everything but missing hours is undone by the protocol's rules (the latest version of a record, exact duplicates
dropped, one relationship per employer, unknown people ignored, impossible dates excluded), so that outcomes come out as
in the clean histories. Missing hours are the exception: where the protocol leaves such records out of sums, people seem
to work less than they did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import polars as pl

from lodd.simulate.calendar import FAR_END
from lodd.simulate.people import pseudonyms
from lodd.simulate.processes import Streams
from lodd.simulate.settings import Dirt

Counts = dict[str, dict[str, int]]
Rng = np.random.Generator
_SHORTEST_TO_SPLIT = 90
_OVERLAP_DAYS = 30


def with_dirt(
    tables: Mapping[str, pl.DataFrame], dirt: Dirt, streams: Streams
) -> tuple[dict[str, pl.DataFrame], Counts]:
    """The tables as extracts have them, and how many rows of each kind of dirt each register got."""
    dirty, counts = dict(tables), Counts()
    for register, soil in (("employment", _employment), ("benefits", _spells), ("earnings", _amounts)):
        if register in tables:
            counts[register] = {}
            dirty[register] = soil(tables[register], dirt, streams[f"dirt.{register}"], counts[register])
    return dirty, counts


def _employment(clean: pl.DataFrame, dirt: Dirt, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    count["clean"] = clean.height
    table = _overlaps(clean, dirt.overlaps, rng, count)
    table = _missing_hours(table, dirt.missing_hours, rng, count)
    table = _corrections(table, dirt.late_corrections, rng, count)
    table = _impossible(table, dirt.start_after_stop, rng, count)
    return _finish(table, dirt, rng, count)


def _spells(clean: pl.DataFrame, dirt: Dirt, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    count["clean"] = clean.height
    return _finish(_impossible(clean, dirt.start_after_stop, rng, count), dirt, rng, count)


def _amounts(clean: pl.DataFrame, dirt: Dirt, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    count["clean"] = clean.height
    table = _duplicates(_never_drawn(clean, dirt.never_drawn, rng, count), dirt.duplicates, rng, count)
    return table.sort(table.columns)


def _finish(table: pl.DataFrame, dirt: Dirt, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    table = _never_drawn(table, dirt.never_drawn, rng, count)
    table = _far_ends(table, dirt.far_ends, rng, count)
    table = _duplicates(table, dirt.duplicates, rng, count)
    return table.sort(table.columns)


def _chosen(rng: Rng, table: pl.DataFrame, share: float) -> pl.Series:
    return pl.Series(rng.random(table.height) < share)


def _overlaps(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    """A record becomes two with the same employer and hours, of which the first stops after the second started."""
    days = (pl.col("stop_date") - pl.col("start_date")).dt.total_days()
    chosen = _chosen(rng, table, share) & table.select((days >= _SHORTEST_TO_SPLIT).fill_null(value=False)).to_series()
    split = table.filter(chosen)
    count["overlaps"] = split.height
    middle = pl.col("start_date") + pl.duration(days=days // 2)
    first = split.with_columns(stop_date=middle + timedelta(days=_OVERLAP_DAYS))
    second = split.with_columns(start_date=middle, registered_on=middle + timedelta(days=10))
    return pl.concat([table.filter(~chosen), first, _renumbered(second, "o")])


def _missing_hours(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    chosen = _chosen(rng, table, share)
    count["missing_hours"] = int(chosen.sum())
    return table.with_columns(hours_per_week=pl.when(~chosen).then("hours_per_week"))


def _corrections(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    """The version that was registered first had other hours or another end; the true one came one to six months
    later."""
    chosen = _chosen(rng, table, share)
    wrong = table.filter(chosen)
    count["late_corrections"] = wrong.height
    hours = pl.Series(rng.choice(np.array([4.0, 10.0, 18.5, 30.0, 37.5]), wrong.height))
    later = pl.Series(rng.integers(20, 400, wrong.height))
    other_end = pl.Series(rng.random(wrong.height) < 0.5)
    wrong_end = pl.col("start_date") + pl.duration(days=pl.lit(later))
    wrong = wrong.with_columns(
        hours_per_week=pl.when(other_end).then("hours_per_week").otherwise(hours),
        stop_date=pl.when(other_end).then(wrong_end).otherwise("stop_date"),
    )
    delay = pl.Series(rng.integers(30, 180, table.height))
    corrected = pl.col("registered_on") + pl.duration(days=pl.lit(delay))
    right = table.with_columns(registered_on=pl.when(chosen).then(corrected).otherwise("registered_on"))
    return pl.concat([right, wrong])


def _impossible(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    """Extra records that stop before they start."""
    extra = table.filter(_chosen(rng, table, share))
    count["start_after_stop"] = extra.height
    early = pl.Series(rng.integers(1, 60, extra.height))
    extra = extra.with_columns(stop_date=pl.col("start_date") - pl.duration(days=pl.lit(early)))
    return pl.concat([table, _renumbered(extra, "x")])


def _never_drawn(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    """Rows of other people: the extract was made from a longer list than the trial's."""
    extra = table.filter(_chosen(rng, table, share))
    count["never_drawn"] = extra.height
    people = pseudonyms(rng, max(1, extra.height // 3))
    owner = rng.integers(0, len(people), extra.height)
    extra = extra.with_columns(pl.Series("person_id", people).gather(owner))
    return pl.concat([table, _renumbered(extra, "n")])


def _far_ends(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    chosen = _chosen(rng, table, share) & table["stop_date"].is_null()
    count["far_ends"] = int(chosen.sum())
    return table.with_columns(stop_date=pl.when(chosen).then(pl.lit(FAR_END)).otherwise("stop_date"))


def _duplicates(table: pl.DataFrame, share: float, rng: Rng, count: dict[str, int]) -> pl.DataFrame:
    again = table.filter(_chosen(rng, table, share))
    count["duplicates"] = again.height
    return pl.concat([table, again])


def _renumbered(rows: pl.DataFrame, letter: str) -> pl.DataFrame:
    """Records of their own, where the register numbers its records."""
    if "record_id" not in rows.columns:
        return rows
    return rows.with_columns(record_id=pl.lit(letter) + pl.col("record_id").str.slice(1))
