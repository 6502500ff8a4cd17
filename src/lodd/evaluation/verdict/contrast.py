"""(c) How different were the arms' programmes really? (Treatment contrast, month by month.)"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.conclusions import Finding, Number, Status
from lodd.evaluation.covariates import month_slice
from lodd.evaluation.design import Floats
from lodd.evaluation.verdict.case import Case, either, inside
from lodd.evaluation.verdict.comparing import MONTH_SCHEMA, Row, compare_one, month_by_month
from lodd.evaluation.verdict.shares import difference_in, share_difference
from lodd.protocol.months import MonthRange

STARTED_BY: Final = 12
"""Event month by which whoever ever starts the arm's programme is counted as having started."""
MOVED_FEW: Final = 0.20
"""If the draw changed who ever started the arm's programme by less than this share, there was little contrast."""
MOVED_MANY: Final = 0.50
"""If by more than this, the draw decided for most."""
ALIKE: Final = 0.10
"""Arms that differ by less than this in the share of months in any programme were in programmes equally much."""
FIRST_SHOWN: Final = -12
ANY: Final = "any"
CONTRAST_SCHEMA: Final = {
    "kind": pl.String(),  # "participates_<arm>" | the outcome of an instrument | "any" of them
    "arm": pl.String(),
    "reference": pl.String(),
    **MONTH_SCHEMA,
}


def treatment_contrast(case: Case) -> tuple[Finding, list[Row]]:
    """The finding for the arm, and every kind of programme month by month.

    Shares are weighted like the main estimate, without covariates. They say how much of each programme people were in,
    never what was in it: arms may be alike in amount and unlike in content, and the other way round.

    - *Supported*, ``draw_moved_few``: the interval of the difference in who started the arm's programme by month 12 is
      below 20 points; ``as_much_in_programmes``: that of the difference in the share of months in any programme at all
      is within 10 points of none.
    - *Not supported*, ``programmes_differ``: the draw changed who started by more than 50 points, and the arms differ
      by more than 10 points in the share of months in any programme.
    - *Cannot tell*, ``between``: none of these; ``no_register``: no register of participation is declared.
    """
    kinds = {name: case.plan.values(name) for name in (*case.programmes, *case.declared.instruments)}
    if case.own is None:
        return case.finding("treatment_contrast", "cannot_tell", "no_register"), _rows(case, kinds)
    everything = kinds | {ANY: either(list(kinds.values()))}
    started, numbers = _started(case, case.own), _months_in(case, everything)
    any_programme = next((n for n in numbers if n.name == "months_in" and n.of == ANY), None)
    status, why = judge_contrast(started, any_programme)
    found = case.finding(
        "treatment_contrast", status, why, [*([started] if started else []), *numbers],
        table="treatment_contrast", months=str(case.months),
    )  # fmt: skip
    return found, _rows(case, everything)


def judge_contrast(started: Number | None, any_programme: Number | None) -> tuple[Status, str]:
    """The rule of :func:`treatment_contrast`."""
    if started is not None and started.high < MOVED_FEW:
        return "supported", "draw_moved_few"
    if any_programme is not None and inside(any_programme, ALIKE):
        return "supported", "as_much_in_programmes"
    apart = any_programme is not None and (any_programme.low > ALIKE or any_programme.high < -ALIKE)
    if apart and started is not None and started.low > MOVED_MANY:
        return "not_supported", "programmes_differ"
    return "cannot_tell", "between"


def _started(case: Case, column: str) -> Number | None:
    """Difference in the share that ever started the arm's own programme by month 12 (or the window's last)."""
    ever = started_by(case, column, min(STARTED_BY, case.plan.panel.window.last))
    return share_difference(case.setting, case.k, "started", ever, of=column)


def started_by(case: Case, column: str, last: int) -> Floats:
    """(n,) 1 for those in a programme in any month from 0 to ``last``; NaN where registers do not cover them all."""
    span = month_slice(case.plan.panel, MonthRange(0, last))
    covered = case.plan.covered(column)[:, span].all(axis=1)
    return np.where(covered, (case.plan.values(column)[:, span] == 1).any(axis=1), np.nan)


def _months_in(case: Case, kinds: dict[str, Floats]) -> list[Number]:
    """Share of the months in each kind of programme: difference, and each arm's own."""
    numbers = []
    for kind, values in kinds.items():
        column = kind if kind != ANY else case.programmes[0]
        found = compare_one(case.setting, case.k, case.mean(column, values), adjusted=False)
        if found is not None:
            numbers += [
                difference_in(case.setting, case.k, "months_in", found, case.mean(column, values), of=kind),
                found.control.number("months_in_control", case.confidence, of=kind),
                found.treated.number("months_in_treated", case.confidence, of=kind),
            ]
    return sorted(numbers, key=lambda number: number.name)


def _rows(case: Case, kinds: dict[str, Floats]) -> list[Row]:
    window = case.plan.panel.window
    months = np.arange(max(window.first, FIRST_SHOWN), window.last + 1)
    about: Row = {"arm": case.arm, "reference": case.setting.arms[0]}
    return [
        about | {"kind": kind} | row
        for kind, values in kinds.items()
        for row in month_by_month(
            case.setting, case.k, values[:, months - window.first], months, confidence=case.confidence
        )
    ]
