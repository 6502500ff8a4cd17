"""Everything that the redraws say about the estimates of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lodd.allocation import Design as DrawDesign
from lodd.allocation import DrawHistory
from lodd.errors import DataError
from lodd.evaluation.columns import Block
from lodd.evaluation.estimates import Combination, Rows, family_of
from lodd.evaluation.notes import Notebook
from lodd.evaluation.randomisation.answers import (
    Redrawn,
    fill_bands,
    fill_interactions,
    fill_intervals,
    fill_p_values,
)
from lodd.evaluation.randomisation.asked import Asked, asked_of_arm
from lodd.evaluation.randomisation.counting import Answer, Question, Redraw, ask
from lodd.evaluation.randomisation.precision import enough, monte_carlo_error
from lodd.evaluation.randomisation.statistics import Allocations
from lodd.evaluation.setting import Setting
from lodd.progress import Progress, silent
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants


def randomise(
    trial: Trial,
    setting: Setting,
    participants: Participants,
    blocks: Sequence[Block],
    rows: Rows,
    *,
    notes: Notebook,
    draws: int,
    seed: int,
    design: DrawDesign | None = None,
    progress: Progress = silent,
) -> Redrawn:
    """Redraw the lots ``draws`` times for every arm, by the trial's own mechanism.

    ``participants``: those of the setting, and after them others whose lots are redrawn too, but not looked at.
    ``design``: with the schedule as it was amended while the trial ran; default: as the protocol declares it.
    Participants without what their mechanism needs to be redrawn leave a note, and no p-values.
    """
    redrawn = Redrawn.of(len(rows.labels))
    if draws < enough(1.0 - setting.confidence):
        notes.at_most("few_redraws", trial.draw.method, enough(1.0 - setting.confidence))
    try:
        design = design or DrawDesign.from_trial(trial)
        history = design.history(participants)
        for k in range(1, len(setting.arms)):
            pair = (0, k) if len(setting.arms) > 2 else None
            design.redraw(history, 1, seed, pair=pair)  # raises here, before any work, if it ever will
            asked = asked_of_arm(setting, blocks, rows, k, Combination(k, setting.main, setting.adjusted[-1]))
            question = Question(
                asked.statistics, asked.families(rows, family_of(trial)), asked.curves(rows), asked.kept
            )
            redraw = _redraws(design, history, seed, k, pair, people=len(setting.arm))
            _fill(setting, rows, asked, ask(question, redraw, setting.arm == k, draws, progress=progress), redrawn)
            redrawn.add("redraws", **_how(trial, setting, k, draws, seed))
    except DataError:
        notes.add("not_redrawn", trial.draw.method, len(setting.arm))
    return redrawn


def protocol_seed(status: Mapping[str, str]) -> int:
    """The seed of the redraws: the first 64 bits of the protocol's SHA-256, so that nobody chooses it."""
    return int(status.get("protocol_sha256", "0")[:16] or "0", 16)


def _redraws(
    design: DrawDesign, history: DrawHistory, seed: int, k: int, pair: tuple[int, int] | None, *, people: int
) -> Redraw:
    def redraw(first: int, count: int) -> Allocations:
        lots = design.redraw(history, count, seed, first=first, pair=pair)[:, :people]
        return np.ascontiguousarray((lots == k).T)

    return redraw


def _how(trial: Trial, setting: Setting, k: int, draws: int, seed: int) -> dict[str, object]:
    level = 1.0 - setting.confidence
    return {
        "arm": setting.arms[k],
        "draws": draws,
        "declared": trial.analysis.draws,
        "seed": f"{seed:016x}",
        "level": level,
        "error": monte_carlo_error(level, draws),
    }


def _fill(setting: Setting, rows: Rows, asked: Asked, answer: Answer, redrawn: Redrawn) -> None:
    fill_p_values(asked, answer, redrawn)
    fill_bands(setting, rows, asked, answer, redrawn)
    fill_intervals(setting, rows, asked, answer, redrawn)
    fill_interactions(setting, rows, asked, answer, redrawn)
