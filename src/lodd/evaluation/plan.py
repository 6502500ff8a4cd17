"""The analysis plan as outcome columns: curves, running totals, periods, primary outcomes and their sensitivity.

A summary over months exists for the people whose administrative horizon covers all its months. Someone among them whose
value is missing in one of the months (dead or abroad, where the protocol declares that missing; or without a record to
take it of) has no summary either: the mean or sum is undefined. All are counted in notes, and the sensitivity rows show
the other choice for death and emigration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from lodd.errors import DataError, Problem
from lodd.evaluation.columns import Block, Label
from lodd.evaluation.covariates import month_slice
from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.notes import Notebook
from lodd.locale import Text
from lodd.protocol.analysis import Primary, Summary
from lodd.protocol.lock import Prespecification
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import AfterExit
from lodd.protocol.types import Panel


@dataclass(frozen=True, slots=True)
class Plan:
    """What is estimated is decided by these three, and what is left out goes to ``notes``."""

    trial: Trial
    panel: Panel
    prespecification: Prespecification
    notes: Notebook
    _values: dict[str, Floats] = field(default_factory=dict)
    _covered: dict[tuple[int, int], Booleans] = field(default_factory=dict)

    def values(self, outcome: str) -> Floats:
        """(n, window) values of an outcome; NaN where missing. Kept, since every part of the plan asks for them."""
        if outcome not in self._values:
            self._values[outcome] = self.panel.matrix(outcome)
        return self._values[outcome]

    def covered(self, outcome: str) -> Booleans:
        """(n, window) do the outcome's registers cover the month? Kept by span: outcomes share registers."""
        span = self.panel.coverage[outcome]
        if span not in self._covered:
            self._covered[span] = self.panel.covered(outcome)
        return self._covered[span]

    def prespecified(self, outcome: str, *entries: str) -> bool:
        return self.prespecification.covers(outcome, *entries)


def plan_blocks(plan: Plan) -> list[Block]:
    """All outcome columns for everybody, in the order that results are shown: primary, periods, curves, totals."""
    return [*_primaries(plan), *_sensitivities(plan), *_periods(plan), *_curves(plan), *_cumulative(plan)]


def primary_values(plan: Plan, primary: Primary) -> Floats:
    """(n,) a primary outcome's summary under the declared rules; NaN where undefined."""
    return summarise(plan, primary.outcome, plan.values(primary.outcome), primary.months, primary.summary)


def summarise(plan: Plan, outcome: str, values: Floats, months: MonthRange, summary: Summary) -> Floats:
    """(n,) mean or sum of ``values`` (n, window) over months that all are covered; NaN if any is missing."""
    span = month_slice(plan.panel, months)
    covered = plan.covered(outcome)[:, span].all(axis=1)
    total = values[:, span].sum(axis=1) if summary == "sum" else values[:, span].mean(axis=1)
    return np.where(covered, total, np.nan)


def check_panel(trial: Trial, panel: Panel) -> None:
    """Is the panel one of this protocol?

    Raises:
        DataError: another window, or an outcome is lacking.
    """
    lacking = [name for name in trial.outcomes if name not in panel.frame.columns]
    if lacking:
        raise DataError(
            _stale(Text(nb=f"Panelet mangler {', '.join(lacking)}", en=f"The panel lacks {', '.join(lacking)}"))
        )
    if panel.window != trial.analysis.window.months:
        found, declared = panel.window, trial.analysis.window.months
        raise DataError(
            _stale(
                Text(
                    nb=f"Panelet dekker månedene {found}, men protokollen erklærer {declared}",
                    en=f"The panel covers months {found}, but the protocol declares {declared}",
                )
            )
        )


def _stale(found: Text) -> Problem:
    return Problem(
        found=found,
        where="results/panel.parquet",
        next_step=Text(nb="Bygg panelet på nytt: lodd panel", en="Build the panel again: lodd panel"),
    )


def _primaries(plan: Plan) -> Iterator[Block]:
    for primary in plan.trial.analysis.primary:
        values = primary_values(plan, primary)
        _note_undefined(plan, primary.outcome, values, primary.months)
        yield Block(values[:, None], (_primary_label(plan, primary),))


def _primary_label(plan: Plan, primary: Primary) -> Label:
    entry = f"primary:{primary.outcome}:{primary.months}:{primary.summary}"
    return Label(
        outcome=primary.outcome,
        role="primary",
        months=str(primary.months),
        summary=primary.summary,
        margin=None if primary.margin is None else float(primary.margin),
        prespecified=plan.prespecified(primary.outcome, entry),
    )


def _sensitivities(plan: Plan) -> Iterator[Block]:
    """Primary outcomes under the other choice for death, and under the other choice for emigration."""
    for primary in plan.trial.analysis.primary:
        for rule, death, emigration in _other_rules(plan.trial, primary.outcome):
            values = plan.panel.matrix_with(primary.outcome, death, emigration)
            summary = summarise(plan, primary.outcome, values, primary.months, primary.summary)
            label = replace(_primary_label(plan, primary), role="sensitivity", rule=rule)
            yield Block(summary[:, None], (label,))


def _other_rules(trial: Trial, outcome: str) -> Iterator[tuple[str, AfterExit, AfterExit]]:
    death, emigration = trial.outcomes[outcome].after_death, trial.outcomes[outcome].after_emigration
    if trial.population.deaths is not None:
        yield f"death:{_other(death)}", _other(death), emigration
    if trial.population.emigrations is not None:
        yield f"emigration:{_other(emigration)}", death, _other(emigration)


def _other(rule: AfterExit) -> AfterExit:
    return "missing" if rule == "zero" else "zero"


def _periods(plan: Plan) -> Iterator[Block]:
    for outcome in plan.trial.outcomes:
        for months in plan.trial.analysis.periods:
            summary = summarise(plan, outcome, plan.values(outcome), months, "mean")
            _note_undefined(plan, outcome, summary, months)
            prespecified = plan.prespecified(outcome, f"period:{months}")
            label = Label(outcome, "period", str(months), "mean", prespecified=prespecified)
            yield Block(summary[:, None], (label,))


def _curves(plan: Plan) -> Iterator[Block]:
    """Every outcome in every event month; beside it the fixed cohort, where who is covered changes in the window."""
    for outcome in plan.trial.outcomes:
        values, covered = plan.values(outcome), plan.covered(outcome)
        labels = tuple(_month_label(plan, outcome, int(month)) for month in plan.panel.event_months)
        _note_unobserved(plan, outcome, values)
        yield Block(values, labels)
        cohort: Booleans = np.asarray(covered.all(axis=1))
        if not cohort.any():
            plan.notes.at_most("fixed_cohort_empty", outcome, len(cohort))
        elif not cohort.all():
            yield Block(values, tuple(replace(label, population="fixed_cohort") for label in labels), cohort)


def _month_label(plan: Plan, outcome: str, month: int) -> Label:
    prespecified = plan.prespecified(outcome, "curve")
    return Label(outcome, "curve", f"{month}..{month}", event_month=month, prespecified=prespecified)


def _cumulative(plan: Plan) -> Iterator[Block]:
    """Running totals from month 1, of people observed in every month so far."""
    months = MonthRange(1, plan.panel.window.last)
    for outcome in plan.trial.analysis.cumulative if len(months) > 0 else ():
        totals = np.cumsum(plan.values(outcome)[:, month_slice(plan.panel, months)], axis=1)
        prespecified = plan.prespecified(outcome, f"cumulative:{outcome}")
        labels = tuple(
            Label(outcome, "cumulative", f"1..{month}", "sum", month, prespecified=prespecified) for month in months
        )
        yield Block(totals, labels)


def _note_unobserved(plan: Plan, outcome: str, values: Floats) -> None:
    empty = np.isnan(values).all(axis=0)
    plan.notes.at_most("month_unobserved", outcome, int(empty.sum()), ", ".join(_runs(plan.panel.event_months[empty])))


def _runs(months: Integers) -> list[str]:
    """Months as ranges: 1, 2, 3, 7 are "1..3" and "7..7"."""
    runs = np.split(months, np.flatnonzero(np.diff(months) > 1) + 1)
    return [f"{run[0]}..{run[-1]}" for run in runs if len(run)]


def _note_undefined(plan: Plan, outcome: str, summary: Floats, months: MonthRange) -> None:
    span = month_slice(plan.panel, months)
    covered: Booleans = np.asarray(plan.covered(outcome)[:, span].all(axis=1))
    undefined = covered & np.isnan(summary)
    away = plan.panel.state("dead")[:, span] | plan.panel.state("abroad")[:, span]
    valueless = undefined & (np.isnan(plan.values(outcome)[:, span]) & ~away).any(axis=1)
    plan.notes.at_most("beyond_coverage", outcome, int((~covered).sum()), str(months))
    plan.notes.at_most("undefined_after_exit", outcome, int((undefined & ~valueless).sum()), str(months))
    plan.notes.at_most("undefined_without_value", outcome, int(valueless.sum()), str(months))
