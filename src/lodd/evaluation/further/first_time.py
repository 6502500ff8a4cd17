"""Time to the first month with an outcome after the draw (a first job), death and emigration as competing events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.further.incidence import CENSORED, Incidence, Lifetimes, incidence, restricted_mean
from lodd.evaluation.further.rows import Row, frame_of, tested
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.protocol.types import may_be_empty

CAUSES: Final = ("outcome", "death", "emigration")
FEWEST: Final = 2
"""People at risk in each arm that a month needs."""
_COMPARED: Final[Mapping[str, pl.DataType]] = {
    "mean_control": pl.Float64(),
    "mean_treated": pl.Float64(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "df": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "p_value": pl.Float64(),
    "se_kind": pl.String(),  # "influence" | "influence_clustered"
    "prespecified": pl.Boolean(),
}
_WHO: Final[Mapping[str, pl.DataType]] = {
    "outcome": pl.String(),
    "population": pl.String(),  # "all" | "without_before": those without the outcome in the month before the draw
    "arm": pl.String(),
    "reference": pl.String(),
}
FIRST_TIME_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **_WHO,
    "cause": pl.String(),  # "outcome" | "death" | "emigration": which came first
    "event_month": pl.Int32(),
    **_COMPARED,
    "at_risk_control": pl.Int64(),
    "at_risk_treated": pl.Int64(),
}
FIRST_TIME_MEAN_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **_WHO,
    "months": pl.Int32(),  # the mean is of months until the outcome, at most this
    "everybody_followed": pl.Boolean(),  # do the registers cover so many months for everyone?
    **_COMPARED,
    "n_control": pl.Int64(),
    "n_treated": pl.Int64(),
}


def first_times(plan: Plan, setting: Setting) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Incidence month by month, and restricted means, of every outcome that is 1 or 0, each arm against the reference.

    Outcomes that are missing where there is no record are left out: people who have one are not like those who do not,
    so those cannot be taken as lost by chance.

    Weighted by the inverse probability of the own arm. Everybody, and those without the outcome in the month before the
    draw: whoever has a job at the draw is in work in month 1.

    Returns:
        Columns as ``FIRST_TIME_SCHEMA`` and ``FIRST_TIME_MEAN_SCHEMA``; None without an outcome to follow.
    """
    curves: list[Row] = []
    means: list[Row] = []
    for outcome in _followed(plan):
        lives, covered = lifetimes(plan, outcome), int(_months_covered(plan, outcome).min())
        for population, members in _populations(plan, outcome):
            for k in range(1, len(setting.arms)):
                who: Row = {"outcome": outcome, "population": population}
                who |= {"arm": setting.arms[k], "reference": setting.arms[0]}
                pair = _Pair(setting, k, members, lives, plan.panel.window.last)
                curves += [who | row for row in pair.curves()]
                means += [who | row for row in pair.means(_horizons(plan, outcome, covered), covered)]
    return frame_of(curves, FIRST_TIME_SCHEMA), frame_of(means, FIRST_TIME_MEAN_SCHEMA)


def lifetimes(plan: Plan, outcome: str) -> Lifetimes:
    """From month 1: the first month with the outcome, the month that begins after a death, or that begins abroad,
    whichever is first; otherwise censored after the last month before one that is unobserved.
    """
    since = plan.panel.event_months >= 1
    values, covered = plan.values(outcome)[:, since], plan.covered(outcome)[:, since]
    dead, abroad = plan.panel.state("dead")[:, since], plan.panel.state("abroad")[:, since]
    unobserved = len(CAUSES) + 1
    state = np.select(
        [values == 1, ~covered, dead, abroad, np.isnan(values)], [1, unobserved, 2, 3, unobserved], default=CENSORED
    )
    ended = state != CENSORED
    first = np.argmax(ended, axis=1)
    cause = np.where(ended.any(axis=1), state[np.arange(len(state)), first], CENSORED)
    month = np.where(ended.any(axis=1), first + 1, state.shape[1])
    lost = cause == unobserved
    return Lifetimes(
        np.where(lost, month - 1, month).astype(np.int64), np.where(lost, CENSORED, cause).astype(np.int64)
    )


class _Pair:
    """One arm against the reference in one population."""

    def __init__(self, setting: Setting, k: int, members: Booleans, lives: Lifetimes, months: int) -> None:
        self._setting, self._lives = setting, lives
        self._people = [np.flatnonzero(members & setting.pair(k) & (setting.arm == arm)) for arm in (0, k)]
        self._months = months
        self._found = {cause: [self._incidence(rows, cause) for rows in self._people] for cause in (1, 2, 3)}
        risk = np.vstack([arm.at_risk for arm in self._found[1]])
        self._last = int((risk >= FEWEST).all(axis=0).argmin()) if (risk < FEWEST).any() else months

    def _incidence(self, rows: Integers, cause: int) -> Incidence:
        lives = Lifetimes(self._lives.month[rows], self._lives.cause[rows])
        return incidence(lives, 1.0 / self._setting.own_probability[rows], cause, self._months)

    def curves(self) -> Iterator[Row]:
        for cause, name in enumerate(CAUSES, start=1):
            control, treated = self._found[cause]
            if not (control.curve.any() or treated.curve.any()):
                continue
            for t in range(self._last):
                row: Row = {"cause": name, "event_month": t + 1}
                row |= {"at_risk_control": int(control.at_risk[t]), "at_risk_treated": int(treated.at_risk[t])}
                levels = (float(control.curve[t]), float(treated.curve[t]))
                yield row | self._compared(levels, (control.influence[:, t], treated.influence[:, t]))

    def means(self, horizons: Sequence[int], covered: int) -> Iterator[Row]:
        for months in horizons:
            if not 1 <= months <= self._last:
                continue
            (control, by_control), (treated, by_treated) = (restricted_mean(f, months) for f in self._found[1])
            row: Row = {"months": months, "everybody_followed": months <= covered}
            row |= {"n_control": len(self._people[0]), "n_treated": len(self._people[1])}
            yield row | self._compared((control, treated), (by_control, by_treated))

    def _compared(self, levels: tuple[float, float], influences: tuple[Floats, Floats]) -> Row:
        error, kind, df = self._error(influences)
        numbers = tested(levels[1] - levels[0], error, df, self._setting.confidence)
        return {"mean_control": levels[0], "mean_treated": levels[1], "se_kind": kind, "prespecified": False} | numbers

    def _error(self, influences: tuple[Floats, Floats]) -> tuple[float, str, float]:
        """The standard error of the difference; the two arms are independent unless they share clusters."""
        clusters = self._setting.clusters
        if clusters is None:
            return float(np.sqrt(sum(float(part @ part) for part in influences))), "influence", np.inf
        both, own = np.concatenate([-influences[0], influences[1]]), clusters[np.concatenate(self._people)]
        used = len(np.unique(own))
        if used < 2:
            return np.nan, "influence_clustered", np.inf
        total = np.bincount(own, weights=both)
        return float(np.sqrt(used / (used - 1) * (total @ total))), "influence_clustered", float(used - 1)


def _followed(plan: Plan) -> list[str]:
    if plan.panel.window.last < 1:
        return []
    trial = plan.trial
    return [name for name, outcome in trial.outcomes.items() if outcome.binary and not may_be_empty(trial, name)]


def _populations(plan: Plan, outcome: str) -> Iterator[tuple[str, Booleans]]:
    yield "all", np.ones(plan.panel.people, dtype=bool)
    if plan.panel.window.first <= -1:
        before = plan.values(_counted(plan, outcome))[:, -1 - plan.panel.window.first]
        yield "without_before", np.asarray(before == 0)


def _counted(plan: Plan, outcome: str) -> str:
    """The outcome, or that of which it is the first time: a first job is 0 before the draw for whoever has one too."""
    declared = plan.trial.outcomes[outcome]
    part = declared.first_of or declared.ever_of
    return outcome if part is None else _counted(plan, part)


def _months_covered(plan: Plan, outcome: str) -> Integers:
    """(n,) months from 1 on that the registers cover without a break."""
    covered = plan.covered(outcome)[:, plan.panel.event_months >= 1]
    return np.asarray(np.logical_and.accumulate(covered, axis=1).sum(axis=1))


def _horizons(plan: Plan, outcome: str, covered: int) -> list[int]:
    """The last month of the outcome's primary summaries, and the last in which everybody can be followed."""
    last = [primary.months.last for primary in plan.trial.analysis.primary if primary.outcome == outcome]
    return sorted({covered, *last})
