"""What every finding is made from, for one arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lodd.evaluation.conclusions import Finding, Number, Rival, Status, Verdict
from lodd.evaluation.design import Floats
from lodd.evaluation.plan import Plan, summarise
from lodd.evaluation.setting import Setting
from lodd.protocol.analysis import Explanations, Primary
from lodd.protocol.lock import primary_entry
from lodd.protocol.months import MonthRange
from lodd.protocol.types import PARTICIPATES, FidelityScores, Participants, PriorEvidence


@dataclass(frozen=True, slots=True)
class Case:
    """Arm ``k`` against the reference."""

    plan: Plan
    setting: Setting
    participants: Participants
    verdicts: tuple[tuple[Verdict, Primary], ...]
    """Of this arm."""
    k: int
    fidelity: FidelityScores | None = None
    evidence: Sequence[PriorEvidence] = ()

    @property
    def arm(self) -> str:
        return self.setting.arms[self.k]

    @property
    def confidence(self) -> float:
        return self.setting.confidence

    @property
    def adjusted(self) -> bool:
        """Has the main estimator covariates?"""
        return self.setting.adjusted[-1]

    @property
    def declared(self) -> Explanations:
        return self.plan.trial.analysis.explanations or Explanations()

    @property
    def work(self) -> str | None:
        """The outcome that is ordinary work: the declared one, else the first primary outcome if it is a state."""
        primary = self.plan.trial.analysis.primary
        name = self.declared.work or (primary[0].outcome if primary else None)
        return name if name is not None and self.plan.trial.outcomes[name].binary else None

    @property
    def months(self) -> MonthRange:
        """The months that findings look at: those of the first primary outcome, else all from month 1."""
        primary, last = self.plan.trial.analysis.primary, self.plan.panel.window.last
        return primary[0].months if primary else MonthRange(min(1, last), last)

    @property
    def own(self) -> str | None:
        """The panel's column of participation in the arm's own programmes."""
        column = PARTICIPATES + self.arm
        return column if column in self.plan.panel.frame.columns else None

    @property
    def programmes(self) -> tuple[str, ...]:
        """The panel's columns of participation in any arm's programmes, the reference's first."""
        return tuple(c for arm in self.setting.arms if (c := PARTICIPATES + arm) in self.plan.panel.frame.columns)

    @property
    def since_draw(self) -> slice:
        """Where event month 0 and those after it are in the panel's matrices."""
        return slice(max(0, -self.plan.panel.window.first), len(self.plan.panel.window))

    def mean(self, column: str, values: Floats | None = None) -> Floats:
        """(n,) mean over :attr:`months` of a column (or of values covered like it); NaN where undefined."""
        matrix = self.plan.values(column) if values is None else values
        return summarise(self.plan, column, matrix, self.months, "mean")

    def finding(
        self,
        rival: Rival,
        status: Status,
        why: str,
        numbers: Sequence[Number] = (),
        *,
        table: str = "",
        months: str = "",
    ) -> Finding:
        """A finding about the arm as a whole."""
        promised = self.plan.prespecification.everything and self.declared_in_lock
        return Finding(
            rival, status, why, self.arm, self.setting.arms[0], months=months, level=self.confidence,
            numbers=tuple(numbers), table=table, prespecified=promised,
        )  # fmt: skip

    def finding_on(
        self, rival: Rival, status: Status, why: str, primary: Primary, numbers: Sequence[Number] = (), *,
        table: str = "", entries: Sequence[str] = (), months: str | None = None,
    ) -> Finding:  # fmt: skip
        """A finding about one primary outcome; ``entries``: of the plan, that the rule needs in the lock."""
        entry = primary_entry(primary.outcome, primary.months, primary.summary)
        return Finding(
            rival, status, why, self.arm, self.setting.arms[0], outcome=primary.outcome,
            months=str(primary.months) if months is None else months, summary=primary.summary,
            level=self.confidence, numbers=tuple(numbers), table=table,
            prespecified=self.plan.prespecified(primary.outcome, entry, *entries),
        )  # fmt: skip

    @property
    def declared_in_lock(self) -> bool:
        return self.plan.trial.analysis.explanations is not None and (
            "explanations" in self.plan.prespecification.entries
        )


def either(columns: Sequence[Floats]) -> Floats:
    """1 where any column is 1, else NaN where any is missing, else 0."""
    stacked = np.stack(columns)
    some, unknown = (stacked == 1).any(axis=0), np.isnan(stacked).any(axis=0)
    return np.where(some, 1.0, np.where(unknown, np.nan, 0.0))


def inside(number: Number, limit: float) -> bool:
    """Does the interval lie between -limit and limit? False without an interval."""
    return bool(number.low > -limit and number.high < limit)


def sign_of(number: Number) -> int:
    """1 or -1 where the interval excludes zero, else 0."""
    return int(number.low > 0) - int(number.high < 0)
