"""An effect in every unit that fits its outcome: points, days, kroner, per cent of the reference arm's mean."""

from __future__ import annotations

from math import nan
from typing import Final

from lodd.evaluation.conclusions import Size
from lodd.protocol.analysis import Primary
from lodd.protocol.model import Trial

DAYS_IN_MONTH: Final = 365.25 / 12


def size_of(trial: Trial, primary: Primary, value: float, mean: float) -> Size:
    """``value`` is in the summary's unit; ``mean`` is the reference arm's."""
    declared, summary = trial.outcomes[primary.outcome], primary.summary
    over_months = value if summary == "sum" else value * len(primary.months)
    register = None if declared.register_id is None else trial.registers[declared.register_id]
    is_amount = not declared.binary and register is not None and register.temporality == "accumulated"
    return Size(
        value=value,
        points=value * 100.0 if declared.binary and summary == "mean" else nan,
        days=over_months * DAYS_IN_MONTH if declared.binary else nan,
        total=over_months if is_amount else nan,
        relative=value / mean if mean > 0 else nan,
    )
