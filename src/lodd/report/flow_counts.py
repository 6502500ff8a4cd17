"""The participants' flow as counts by arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lodd.report.context import Context


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """One arm's counts; None where the trial has no register to count them in."""

    drawn: int
    own: int | None
    other: int | None
    both: int | None
    none: int | None
    dead: int | None
    abroad: int | None
    analysed: tuple[int | None, ...]

    @property
    def started(self) -> int | None:
        """Started their own arm's programme, whether or not another arm's too."""
        return None if self.own is None else self.own + (self.both or 0)


def flow_counts(c: Context) -> Mapping[str, FlowCounts]:
    """Counts by arm, from the evaluation's flow; programmes only where the arm has any."""
    counted = {}
    for row in c.evaluation.flow.to_dicts():
        arm = str(row["arm"])
        has = c.trial.participation is not None and bool(c.trial.arms[arm].programmes)
        counted[arm] = FlowCounts(
            drawn=int(row["drawn"]),
            own=row["started_own"] if has else None,
            other=row["started_other"] if has else None,
            both=row["started_both"] if has else None,
            none=row["started_none"] if has else None,
            dead=row["dead"] if c.trial.population.deaths else None,
            abroad=row["abroad"] if c.trial.population.emigrations else None,
            analysed=tuple(row[f"analysed_{i}"] for i in range(len(c.primaries))),
        )
    return counted
