"""Who takes part in which arm's programmes, month by month."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from lodd.protocol.model import Arm, Trial
from lodd.registers.cleaning import Records
from lodd.registers.parts import begun
from lodd.registers.spells import Bounds, clipped, on_months


def arms_with_programmes(trial: Trial) -> list[str]:
    """The arms that registers can show participation in, in the trial's order."""
    if trial.participation is None:
        return []
    return [arm for arm in trial.arm_ids if arm in trial.arms and trial.arms[arm].programmes]


def active(records: Records, arm: Arm, code: str, bounds: Bounds) -> ir.Table:
    """``person, month, value``: records of the arm's programmes that are active on any day of the month.

    A programme counts when it *started* while its code was in use for the arm; it goes on counting until it stops.
    """
    conditions = []
    for programme in arm.programmes:
        parts = [records.column(code) == programme.code]
        if programme.since is not None:
            parts.append(begun(records.table) >= ibis.literal(programme.since))
        if programme.until is not None:
            parts.append(begun(records.table) <= ibis.literal(programme.until))
        conditions.append(ibis.and_(*parts))
    taken = records.table.filter(ibis.or_(*conditions))
    spells = clipped(taken, records.register, bounds, value=ibis.literal(1, "int64"))
    return on_months(spells, "any day")
