"""What surrounds the main effect: tables that help to understand it, each with its own assumptions.

:func:`further_tables` makes every table that the protocol and the data allow; what could not be done becomes a note.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lodd.evaluation.columns import Block
from lodd.evaluation.further.first_time import first_times
from lodd.evaluation.further.instrument import effect_of_participation
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.protocol.types import Participants


def further_tables(
    plan: Plan, setting: Setting, participants: Participants, blocks: Sequence[Block]
) -> dict[str, pl.DataFrame]:
    """Name -> tidy frame; a table that does not apply is absent.

    ``blocks`` are the plan's outcome columns, subgroups' included.
    """
    curves, means = first_times(plan, setting)
    made = {
        "participation_effects": effect_of_participation(plan, setting, blocks),
        "first_time": curves,
        "first_time_mean": means,
    }
    return {name: table for name, table in made.items() if table is not None}
