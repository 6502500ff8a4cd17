"""What surrounds the main effect: tables that help to understand it, each with its own assumptions.

:func:`further_tables` makes every table that the protocol and the data allow; what could not be done becomes a note.
Rows hold an ``arm`` against the reference. ``prespecified`` is true only for what the plan in the lock declares.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lodd.evaluation.columns import Block
from lodd.evaluation.further.bounds import bounds_for_loss
from lodd.evaluation.further.decomposition import decomposition
from lodd.evaluation.further.draw_time import early_and_late
from lodd.evaluation.further.fidelity import effects_by_fidelity
from lodd.evaluation.further.first_time import first_times
from lodd.evaluation.further.instrument import effect_of_participation
from lodd.evaluation.further.lin import lin_adjustment
from lodd.evaluation.further.moderation import effects_by_probability
from lodd.evaluation.further.rows import ordered
from lodd.evaluation.further.targets import projected_effects
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.protocol.types import FidelityScores, Participants


def further_tables(
    plan: Plan,
    setting: Setting,
    participants: Participants,
    blocks: Sequence[Block],
    *,
    fidelity: FidelityScores | None = None,
) -> dict[str, pl.DataFrame]:
    """Name -> tidy frame; a table that does not apply is absent.

    ``blocks`` are the plan's outcome columns, subgroups' included.

    Raises:
        DataError: a target group contradicts the participants.
    """
    curves, means = first_times(plan, setting)
    by_fidelity, fidelity_slopes = effects_by_fidelity(plan, setting, participants, blocks, fidelity)
    targets, margins = projected_effects(plan, setting, participants, blocks)
    made = {
        "participation_effects": effect_of_participation(plan, setting, blocks),
        "decomposition": decomposition(plan, setting),
        "first_time": curves,
        "first_time_mean": means,
        "early_and_late": early_and_late(plan, setting, participants, blocks),
        "effects_by_probability": effects_by_probability(plan, setting, blocks),
        "lin_adjustment": lin_adjustment(plan, setting, blocks),
        "bounds_for_loss": bounds_for_loss(plan, setting),
        "effects_by_fidelity": by_fidelity,
        "fidelity_slopes": fidelity_slopes,
        "targets": targets,
        "target_margins": margins,
    }
    return {name: ordered(plan.trial, setting, table) for name, table in made.items() if table is not None}
