"""Which estimates get randomisation p-values, and which of them are judged together.

Every estimate of the main estimator is tested; of the others, those that summarise: primary outcomes, their sensitivity
and periods, for everybody. Months before the draw are judged apart from the month of the draw and those after it: they
show balance, not effects.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

import numpy as np

from lodd.evaluation.columns import Label
from lodd.evaluation.design import Integers
from lodd.protocol.months import MonthRange

SUMMARIES: Final = frozenset({"primary", "sensitivity", "period"})
CURVES: Final = frozenset({"curve", "cumulative"})


def is_tested(label: Label, *, main: bool) -> bool:
    """Is this estimate redrawn?"""
    return main or (label.role in SUMMARIES and label.subgroup is None)


def family_key(label: Label, families: Mapping[str, str]) -> Hashable:
    """Estimates with the same key share chance: the family's outcomes in the same part of the results.

    An outcome in no family is judged alone: its own months together.
    """
    family = families.get(label.outcome)
    mine = ("outcome", label.outcome) if family is None else ("family", family)
    return mine, label.role, label.rule, label.population, subgroup_of(label), _before(label)


def curve_key(label: Label) -> Hashable | None:
    """Months with the same key share a simultaneous band; None for what is no curve."""
    if label.role not in CURVES:
        return None
    return label.outcome, label.role, label.population, label.subgroup, _before(label)


def subgroup_of(label: Label) -> str | None:
    """The subgroup that a label's group belongs to."""
    return None if label.subgroup is None else label.subgroup.split(":")[0]


def together(keys: Sequence[Hashable | None]) -> dict[Hashable, Integers]:
    """Positions with the same key, in order of first appearance; those without one are left out."""
    positions: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        if key is not None:
            positions.setdefault(key, []).append(position)
    return {found: np.array(members) for found, members in positions.items()}


def _before(label: Label) -> bool:
    return MonthRange.parse(label.months).last < 0
