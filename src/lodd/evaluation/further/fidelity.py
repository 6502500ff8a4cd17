"""Effects by how faithfully the programme was delivered where and when a person was drawn.

**Not protected by the draw.** Lots decided who got the programme, not how well a site delivered it: sites that deliver
faithfully may differ in everything else. Groups and slopes are what they would be for any subgroup; what they mean as
an effect *of fidelity* rests on sites being alike otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Block
from lodd.evaluation.design import Floats
from lodd.evaluation.further.groups import within_groups
from lodd.evaluation.further.moderation import MODERATOR, SLOPE, slopes
from lodd.evaluation.further.rows import HOW, NUMBERS, WHAT, Row, chosen, frame_of
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.protocol.types import FidelityScores, Participants

FIDELITY_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    "group": pl.String(),  # "below" (the median score of those drawn, or less) | "above"
    "median": pl.Float64(),
    **HOW,
    **NUMBERS,
    "p_interaction": pl.Float64(),
    "protected": pl.Boolean(),  # always false: the draw does not protect this comparison
}
FIDELITY_SLOPE_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    **HOW,
    **SLOPE,
    **MODERATOR,
    "protected": pl.Boolean(),
}


def effects_by_fidelity(
    plan: Plan, setting: Setting, participants: Participants, blocks: Sequence[Block], scores: FidelityScores | None
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Primary effects where fidelity was low and high, and their change per unit of the score.

    Returns:
        Columns as ``FIDELITY_SCHEMA`` and ``FIDELITY_SLOPE_SCHEMA``; None without scores.
    """
    if scores is None:
        return None, None
    score = score_of(participants, scores)
    known = ~np.isnan(score)
    plan.notes.at_most("fidelity_unknown", "fidelity", int((~known).sum()))
    if not known.any():
        return None, None
    primary, median = chosen(blocks, ("primary",)), float(np.median(score[known]))
    groups = {"below": score <= median, "above": score > median}
    apart: Row = {"median": median, "protected": False}
    rows = [row | apart for row in within_groups(plan, setting, primary, groups, subject="fidelity")]
    changes = [
        row | apart
        for k in range(1, len(setting.arms))
        for row in slopes(plan, setting, primary, k, moderator=score, subject="fidelity")
    ]
    return frame_of(rows, FIDELITY_SCHEMA), frame_of(
        [_without(row, "median") for row in changes], FIDELITY_SLOPE_SCHEMA
    )


def score_of(participants: Participants, scores: FidelityScores) -> Floats:
    """(n,) the score of each person's site in the half-year of the draw; NaN where there is none."""
    drawn = pl.col("drawn_at").cast(pl.Date)
    half = pl.date(drawn.dt.year(), pl.when(drawn.dt.month() <= 6).then(1).otherwise(7), 1)
    people = participants.frame.select("site", half.alias("half_year"))
    joined = people.join(scores.frame, on=["site", "half_year"], how="left", maintain_order="left")
    return joined["score"].fill_null(np.nan).to_numpy()


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}
