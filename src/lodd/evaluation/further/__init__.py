"""What surrounds the main effect: tables that help to understand it, each with its own assumptions.

:func:`further_tables` makes every table that the protocol and the data allow; what could not be done becomes a note.
"""

from __future__ import annotations

import polars as pl

from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.protocol.types import Participants


def further_tables(plan: Plan, setting: Setting, participants: Participants) -> dict[str, pl.DataFrame]:
    """Name -> tidy frame; a table that does not apply is absent."""
    return {}
