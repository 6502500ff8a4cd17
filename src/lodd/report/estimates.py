"""Finding the estimates that a sentence, a table or a figure is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import polars as pl

from lodd.protocol.analysis import Primary


@dataclass(frozen=True, slots=True)
class Estimate:
    """One row of the estimates; missing numbers are None. Columns as ``lodd.evaluation.results.ESTIMATE_SCHEMA``."""

    outcome: str
    arm: str
    population: str
    subgroup: str | None
    role: str
    rule: str
    event_month: int | None
    months: str
    summary: str
    estimator: str
    adjusted: bool
    main: bool
    estimate: float | None
    std_error: float | None
    se_kind: str | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    p_randomisation: float | None
    p_family: float | None
    p_interaction: float | None
    p_equivalence: float | None
    band_low: float | None
    band_high: float | None
    mean_control: float | None
    mean_treated: float | None
    n_control: int | None
    n_treated: int | None
    prespecified: bool

    @property
    def interval(self) -> tuple[float, float] | None:
        return None if self.ci_low is None or self.ci_high is None else (self.ci_low, self.ci_high)

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of zero, else 0."""
        if self.interval is None:
            return 0
        low, high = self.interval
        return (low > 0) - (high < 0)


_COLUMNS = tuple(f.name for f in fields(Estimate))


class Estimates:
    """The estimates by role and outcome, each list in the order of the file."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))

    @cached_property
    def _by_role(self) -> Mapping[tuple[str, str], Sequence[Estimate]]:
        found: dict[tuple[str, str], list[Estimate]] = defaultdict(list)
        # Curves of other estimators are in the file for those who need them; the report shows the main one's.
        needed = self._frame.filter(pl.col("main") | ~pl.col("role").is_in(["curve", "cumulative"]))
        for row in needed.select(_COLUMNS).iter_rows():
            estimate = Estimate(*row)
            found[estimate.role, estimate.outcome].append(estimate)
        return found

    def _all(self, role: str, outcome: str) -> Sequence[Estimate]:
        return self._by_role.get((role, outcome), ())

    def curve(self, outcome: str, arm: str, population: str = "all") -> list[Estimate]:
        """The main estimator's month by month, in order of event month."""
        rows = [e for e in self._all("curve", outcome) if (e.arm, e.population) == (arm, population)]
        return sorted((e for e in rows if e.main and e.subgroup is None), key=lambda e: e.event_month or 0)

    def cumulative(self, outcome: str, arm: str) -> list[Estimate]:
        """The main estimator's running totals, in order of their last month."""
        rows = [e for e in self._all("cumulative", outcome) if e.arm == arm and e.population == "all"]
        return sorted((e for e in rows if e.main and e.subgroup is None), key=lambda e: e.event_month or 0)

    def periods(self, outcome: str, arm: str) -> list[Estimate]:
        """The main estimator's means over the declared periods."""
        rows = self._all("period", outcome)
        return [e for e in rows if e.arm == arm and e.main and e.subgroup is None and e.population == "all"]

    def primary(self, primary: Primary, arm: str) -> list[Estimate]:
        """A primary outcome by every estimator, the main one first."""
        rows = [e for e in self._all("primary", primary.outcome) if e.arm == arm and _is(e, primary)]
        chosen = [e for e in rows if e.subgroup is None and e.population == "all"]
        return sorted(chosen, key=lambda e: not e.main)

    def sensitivity(self, primary: Primary, arm: str) -> list[Estimate]:
        """A primary outcome under the other rules for death and emigration, by the main estimator."""
        rows = self._all("sensitivity", primary.outcome)
        return [e for e in rows if e.arm == arm and e.main and e.subgroup is None and _is(e, primary)]

    def subgroup(self, primary: Primary, arm: str, subgroup: str) -> list[Estimate]:
        """A primary outcome in each group of a subgroup, by the main estimator; the lowest group first."""
        rows = [e for e in self._all("primary", primary.outcome) if e.arm == arm and e.main and _is(e, primary)]
        own = [e for e in rows if e.subgroup is not None and e.subgroup.split(":", 1)[0] == subgroup]
        return sorted(own, key=lambda e: not (e.subgroup or "").endswith(":below"))

    @property
    def largest_level(self) -> Mapping[str, float]:
        """Largest mean of any month by outcome: it decides how many decimals are shown."""
        levels = pl.max_horizontal(pl.col("mean_control").abs(), pl.col("mean_treated").abs())
        monthly = self._frame.filter(pl.col("role") != "cumulative", pl.col("summary") != "sum")
        rows = monthly.group_by("outcome").agg(levels.max().alias("level"))
        return {str(outcome): float(level or 0.0) for outcome, level in rows.iter_rows()}

    @property
    def main(self) -> tuple[str, bool] | None:
        """The main estimator and whether it has covariates; None where nothing was estimated."""
        rows = self._frame.filter("main").select("estimator", "adjusted").unique().sort("estimator").rows()
        return (str(rows[0][0]), bool(rows[0][1])) if rows else None

    @property
    def se_kinds(self) -> list[str]:
        return sorted(str(kind) for kind in self._frame["se_kind"].drop_nulls().unique())

    @property
    def all_prespecified(self) -> bool:
        return bool(self._frame["prespecified"].all()) if self._frame.height else False


def _is(estimate: Estimate, primary: Primary) -> bool:
    return (estimate.months, estimate.summary) == (str(primary.months), primary.summary)
