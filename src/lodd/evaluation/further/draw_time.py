"""Early and late draws: two halves of each site's draws, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Block
from lodd.evaluation.design import Booleans
from lodd.evaluation.further.groups import within_groups
from lodd.evaluation.further.rows import HOW, NUMBERS, SUMMARIES, WHAT, chosen, frame_of
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.protocol.types import DRAW_ORDER, Participants

DRAW_TIME_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    "half": pl.String(),  # "early" | "late"
    "split": pl.String(),  # "draw_order" | "date": what the halves of a site were formed by
    **HOW,
    **NUMBERS,
    "p_interaction": pl.Float64(),  # are the two halves' effects equal?
}


def early_and_late(
    plan: Plan, setting: Setting, participants: Participants, blocks: Sequence[Block]
) -> pl.DataFrame | None:
    """Primary outcomes and periods among the first half of each site's draws and among the rest, by every estimator.

    Returns:
        Columns as ``DRAW_TIME_SCHEMA``.
    """
    early, split = first_half(participants)
    halves = {"early": early, "late": ~early}
    rows = [
        {**row, "half": row.pop("group"), "split": split}
        for row in within_groups(plan, setting, chosen(blocks, SUMMARIES), halves, subject="draw_time")
    ]
    return frame_of(rows, DRAW_TIME_SCHEMA)


def first_half(participants: Participants) -> tuple[Booleans, str]:
    """(n,) is each person among the first half of the site's draws, and by what: ``draw_order``, else ``date``.

    Whoever is at the site's median is in the first half, so that people of one day are together.
    """
    frame = participants.frame
    by_order = DRAW_ORDER in frame.columns and frame[DRAW_ORDER].null_count() == 0
    days = pl.col("drawn_at").cast(pl.Date).to_physical()
    position = frame.select(pl.col(DRAW_ORDER) if by_order else days).to_series().cast(pl.Float64).alias("position")
    at = frame.select("site").with_columns(position)
    early = at.select(pl.col("position") <= pl.col("position").median().over("site")).to_series()
    return np.asarray(early.to_numpy(), dtype=bool), "draw_order" if by_order else "date"
