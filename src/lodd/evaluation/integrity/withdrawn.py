"""Blocks with those who have withdrawn in their places: without them the blocks of the others cannot be told."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from lodd.allocation import Design
from lodd.errors import LoddError
from lodd.evaluation.integrity.record import DrawRecord
from lodd.protocol.model import Trial
from lodd.protocol.types import DRAW_ORDER, MARGINAL, SLIP, Participants

_KEPT: Final = ("arm", "site", "office", "stratum", "drawn_at", DRAW_ORDER, SLIP)


def with_withdrawn(trial: Trial, participants: Participants, record: DrawRecord | None) -> Participants:
    """The participants, and after them whoever drew from the same blocks and has withdrawn since, as the ledger has it.

    Redraws of all of them are redraws of the real blocks; the lots of the withdrawn, whose outcomes nobody has, are
    then left out. Only where the ledger tells: ``draw_order`` is the event's number, strata are of office and period.
    Else the participants alone, and their blocks are redrawn as if nobody had stood between them.
    """
    frame = participants.frame
    if record is None or record.design is None or trial.draw.method != "blocks" or DRAW_ORDER not in frame.columns:
        return participants
    drawn = _drawn(record.design, record.answers)
    absent = drawn.filter(pl.col("withdrawn") & ~pl.col(DRAW_ORDER).is_in(frame[DRAW_ORDER].to_list()))
    if not absent.height or absent["stratum"].null_count() or not _agree(frame, drawn):
        return participants
    kept = absent.select(
        pl.format("withdrawn-{}", DRAW_ORDER).alias("person_id"), *_KEPT, *(MARGINAL + arm for arm in participants.arms)
    )
    return Participants(pl.concat([frame, kept], how="diagonal_relaxed"), participants.arms)


def _drawn(design: Design, answers: pl.DataFrame) -> pl.DataFrame:
    """The answers with ``draw_order``, ``site`` and ``stratum`` (null where office and day do not tell it)."""
    places = answers.select("office", "drawn_at").iter_rows()
    return answers.rename({"seq": DRAW_ORDER}).with_columns(
        pl.Series("stratum", [_stratum(design, *place) for place in places], dtype=pl.String),
        pl.col("office").replace_strict(dict(design.sites), default=None).alias("site"),
    )


def _stratum(design: Design, office: str, day: date) -> str | None:
    try:
        return design.place(office, day).stratum
    except LoddError:
        return None


def _agree(frame: pl.DataFrame, drawn: pl.DataFrame) -> bool:
    """Is every participant the ledger's person of that number, in that stratum and with that arm?"""
    about = frame.select(pl.col(DRAW_ORDER).cast(pl.Int64), "arm", "stratum")
    found = about.join(drawn.select(DRAW_ORDER, "arm", "stratum"), on=[DRAW_ORDER, "arm", "stratum"], how="inner")
    return found.height == frame.height
