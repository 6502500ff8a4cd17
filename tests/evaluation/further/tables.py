"""The further tables of a hand-made trial, without the rest of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from lodd.evaluation import Note
from lodd.evaluation.estimates import estimate_all, estimates_frame
from lodd.evaluation.further import further_tables
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan, plan_blocks
from lodd.evaluation.setting import Setting, setting_of
from lodd.progress import silent
from lodd.protocol.lock import Prespecification


@dataclass(frozen=True)
class Further:
    """The tables, the notes made on the way, and the setting."""

    tables: dict[str, pl.DataFrame]
    notes: tuple[Note, ...]
    setting: Setting

    def noted(self, kind: str) -> list[Note]:
        return [note for note in self.notes if note.kind == kind]


def further_of(world: Any, prespecification: Prespecification | None = None, **given: Any) -> Further:
    plan = Plan(world.trial, world.panel, prespecification or Prespecification(), Notebook())
    setting = setting_of(world.trial, world.participants, world.panel, plan.notes)
    tables = further_tables(plan, setting, world.participants, plan_blocks(plan), **given)
    return Further(tables, plan.notes.notes, setting)


def drawn_effects(world: Any) -> pl.DataFrame:
    """The effects of the draw itself, on everybody; lots are not drawn again."""
    plan = Plan(world.trial, world.panel, Prespecification(), Notebook())
    setting = setting_of(world.trial, world.participants, world.panel, plan.notes)
    rows = estimate_all(setting, plan_blocks(plan), plan.notes, silent)
    return estimates_frame(world.trial, setting, rows).filter(pl.col("population") == "all")
