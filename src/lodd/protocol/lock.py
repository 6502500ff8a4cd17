"""Locked before looked at: the canonical protocol, its hash, and what was promised before the results were seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Prespecification:
    """What the lock covers. Estimates outside it are marked exploratory.

    ``everything`` is False when there is no lock, or when the trial itself (arms, draw, sites, enrolment, population)
    differs from it: then nothing is prespecified. Otherwise an estimate is prespecified when its outcome is in
    ``outcomes`` (same definition in the lock) and its entry of the plan is in ``entries``: ``"curve"``,
    ``"primary:<outcome>:<months>:<summary>"``, ``"period:<months>"``, ``"cumulative:<outcome>"``,
    ``"subgroup:<id>"``, ``"family:<id>"``.
    """

    everything: bool = False
    outcomes: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()
    status: Mapping[str, str] = field(default_factory=dict)

    def covers(self, outcome: str, *entries: str) -> bool:
        """Was this outcome, in all these entries of the plan, promised in the lock?"""
        return self.everything and outcome in self.outcomes and set(entries) <= self.entries
