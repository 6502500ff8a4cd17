"""What the panel says of breaks: how many people's months lie on both sides of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lodd.protocol.breaks import BREAK, is_crossed
from lodd.protocol.model import Trial
from lodd.protocol.months import whole_months
from lodd.protocol.source import Break
from lodd.protocol.types import Participants, RegisterNote, known_register


def break_notes(trial: Trial, registers: Sequence[str], participants: Participants) -> Iterator[RegisterNote]:
    """``break:2015-01-01`` for each break of these registers, with the people who have covered months on both sides."""
    for register_id in registers:
        for broken in trial.registers[register_id].breaks:
            count = _people(trial, register_id, broken, participants)
            yield RegisterNote(register_id, f"{BREAK}:{broken.since}", count)


def _people(trial: Trial, register_id: str, broken: Break, participants: Participants) -> int:
    window, covers = trial.analysis.window.months, known_register(trial, register_id).covers
    assert covers is not None  # lodd.protocol.checks
    since, until = whole_months(covers.since, covers.until)
    months, people = np.unique(participants.draw_month, return_counts=True)
    return sum(
        int(count)
        for month, count in zip(months.tolist(), people.tolist(), strict=True)
        if is_crossed(broken, max(month + window.first, since), min(month + window.last, until))
    )
