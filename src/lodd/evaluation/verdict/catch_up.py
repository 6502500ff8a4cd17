"""(g) Did the control arm catch up, or did the treated fall back?"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from lodd.evaluation.conclusions import Finding, Number, Status
from lodd.evaluation.covariates import month_slice
from lodd.evaluation.design import Floats, NotEstimableError
from lodd.evaluation.setting import Setting
from lodd.evaluation.verdict.case import Case, sign_of
from lodd.evaluation.verdict.comparing import MONTH_SCHEMA, Compared, Row, compare, month_by_month
from lodd.protocol.analysis import CatchUp, Primary

CATCH_UP_SCHEMA: Final = {
    "outcome": pl.String(),
    "arm": pl.String(),
    "reference": pl.String(),
    "stretch": pl.String(),  # "early" | "late" | null: between or outside
    **MONTH_SCHEMA,
}


class Change(NamedTuple):
    """How the effect changed from the early months to the late ones, for the same people at both."""

    early: Number
    late: Number
    change: Number
    control_gained: Number
    treated_gained: Number

    @property
    def faded(self) -> bool:
        """Is there an effect early, and did it move towards none?"""
        return sign_of(self.early) != 0 and sign_of(self.change) == -sign_of(self.early)


def catch_up(case: Case) -> tuple[list[Finding], list[Row]]:
    """One finding for every outcome that is primary, and the rows of its picture.

    For people whose registers cover both stretches and in whom every month of both is known, each person's mean in the
    early months is taken from that in the late months. The change of the effect is the effect on that difference, and
    it is the treated's gain less the control arm's gain; all come from one regression, with their joint covariance.

    - *Cannot tell*, unless the interval of the change itself excludes zero (``change_holds_zero``), there was an effect
      to lose in the early months (``no_early_effect``), and the intervals of the gains say who moved
      (``split_unclear``). Also ``not_declared``, ``not_estimated``.
    - *Not supported*, ``grew``: the effect moved away from zero, and the interval of the late one excludes zero;
      ``treated_fell_back``: the treated moved back towards the control arm, and that the control arm moved towards the
      treated is not shown.
    - *Supported*, ``controls_caught_up``: the control arm moved towards the treated, and the treated are not shown to
      have moved back; ``both`` are shown.
    """
    dates = case.declared.catch_up
    findings, rows = [], []
    seen: set[str] = set()
    for _, primary in case.verdicts:
        if primary.outcome in seen:
            continue
        seen.add(primary.outcome)
        if dates is None:
            findings.append(case.finding_on("catch_up", "cannot_tell", "not_declared", primary, months=""))
            continue
        findings.append(_finding(case, primary, dates))
        rows += _rows(case, primary.outcome, dates)
    return findings, rows


def judge_change(found: Change) -> tuple[Status, str]:
    """The rule of :func:`catch_up` for one change."""
    changed = sign_of(found.change)
    if changed == 0:
        return "cannot_tell", "change_holds_zero"
    if not found.faded:
        return ("not_supported", "grew") if changed == sign_of(found.late) else ("cannot_tell", "no_early_effect")
    toward = sign_of(found.early)
    control, treated = sign_of(found.control_gained) == toward, sign_of(found.treated_gained) == -toward
    if control:
        return "supported", "both" if treated else "controls_caught_up"
    return ("not_supported", "treated_fell_back") if treated else ("cannot_tell", "split_unclear")


def change_of(setting: Setting, k: int, early: Floats, late: Floats, *, adjusted: bool) -> Change | None:
    """From (n,) means over the early and the late months, among those with both; None if nobody can be compared."""
    columns = np.column_stack([early, late, late - early])
    try:
        found = compare(setting, k, columns, np.asarray(~np.isnan(columns).any(axis=1)), adjusted=adjusted)
    except NotEstimableError:
        return None
    return _change(found, setting.confidence)


def _change(found: list[Compared], confidence: float) -> Change:
    early, late, change = found
    return Change(
        early.difference.number("early", confidence, "outcome"),
        late.difference.number("late", confidence, "outcome"),
        change.difference.number("change", confidence, "outcome"),
        change.control.number("control_gained", confidence, "outcome"),
        change.treated.number("treated_gained", confidence, "outcome"),
    )


def _finding(case: Case, primary: Primary, dates: CatchUp) -> Finding:
    early, late = _means(case, primary.outcome, dates)
    found = change_of(case.setting, case.k, early, late, adjusted=case.adjusted)
    if found is None:
        return case.finding_on("catch_up", "cannot_tell", "not_estimated", primary, months="")
    status, why = judge_change(found)
    people = Number("people", float((~np.isnan(early + late) & case.setting.pair(case.k)).sum()), unit="people")
    return case.finding_on(
        "catch_up", status, why, primary, (*found, people), table="catch_up", entries=("explanations",),
        months=f"{dates.early} {dates.late}",
    )  # fmt: skip


def _means(case: Case, outcome: str, dates: CatchUp) -> tuple[Floats, Floats]:
    values, covered = case.plan.values(outcome), case.plan.covered(outcome)
    spans = [month_slice(case.plan.panel, months) for months in (dates.early, dates.late)]
    whole = np.logical_and.reduce([covered[:, span].all(axis=1) for span in spans])
    early, late = (np.where(whole, values[:, span].mean(axis=1), np.nan) for span in spans)
    return early, late


def _rows(case: Case, outcome: str, dates: CatchUp) -> list[Row]:
    """The arms' curves from month 1 to the last of the late months, for the same people."""
    early, late = _means(case, outcome, dates)
    months = np.arange(1, dates.late.last + 1)
    same = ~np.isnan(early + late)
    matrix = np.where(same[:, None], case.plan.values(outcome)[:, months - case.plan.panel.window.first], np.nan)
    about: Row = {"outcome": outcome, "arm": case.arm, "reference": case.setting.arms[0]}
    stretches = {month: name for name, part in (("early", dates.early), ("late", dates.late)) for month in part}
    return [
        about | {"stretch": stretches.get(int(str(row["event_month"])))} | row
        for row in month_by_month(
            case.setting, case.k, matrix, months, confidence=case.confidence, adjusted=case.adjusted
        )
    ]
