"""(f) Was the programme delivered as intended?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from lodd.evaluation.conclusions import Finding, Number, Status
from lodd.evaluation.further.fidelity import score_of
from lodd.evaluation.verdict.case import Case
from lodd.evaluation.verdict.comparing import Row, compare_one
from lodd.evaluation.verdict.contrast import started_by
from lodd.evaluation.verdict.placement import (
    first_start,
    ordinary_work,
    placed_by,
    placement_rows,
    time_to,
)
from lodd.evaluation.verdict.shares import difference_in, weighted_share

START_BY: Final = 6
"""Event month by which those drawn to the arm should have started."""
START_SHARE: Final = 0.70
PLACED_SHARE: Final = 0.50
"""Placement is rapid if more than this share is in ordinary work within the declared months of the start."""
PRACTICE: Final = 0.05
"""Work practice is used instead if the arm is in it for so much larger a share of the months than the reference arm."""
FAITHFUL: Final = 0.50
"""Share of the arm that should be drawn where and when fidelity is at least the declared score."""
Judged = dict[str, bool | None]
"""Aspect -> was it as intended? None where the interval holds the threshold."""


def implementation(case: Case) -> tuple[Finding, list[Row]]:
    """The finding for the arm, and the curves of placement.

    Each aspect that can be judged is weak if its interval lies on the weak side of its threshold, as intended if on the
    other side:

    - ``few_started``: of those drawn to the arm, the share who started its programme by month 6; threshold 70 %.
    - ``slow_placement``: of those who started out of work, the share in ordinary work (without an instrument that
      month) within the declared months; threshold 50 %.
    - ``practice_instead``: difference from the reference arm in the share of months in work practice; 5 points.
    - ``low_fidelity``: share of the arm drawn at a site and in a half-year with the declared score; 50 % (a count: no
      interval).

    *Supported* (weak), by the first weak aspect, the others in ``also``; *not supported*, ``as_intended``, if placement
    and all else that can be judged is as intended; else *cannot tell*: ``unclear``, or ``not_declared`` where no goal
    of placement is.
    """
    judged: Judged = {}
    numbers: list[Number] = []
    rows: list[Row] = []
    _starts(case, judged, numbers)
    _placement(case, judged, numbers, rows)
    _practice(case, judged, numbers)
    _fidelity(case, judged, numbers)
    status, why = judge_implementation(judged)
    found = case.finding(
        "implementation", status, why, numbers, table="placement" if rows else "", months=str(case.months)
    )
    weak = tuple(aspect for aspect, good in judged.items() if good is False)
    return replace(found, also=weak[1:]), rows


def judge_implementation(judged: Judged) -> tuple[Status, str]:
    """The rule of :func:`implementation` for its aspects, in order."""
    for why, good in judged.items():
        if good is False:
            return "supported", why
    if "slow_placement" not in judged:
        return "cannot_tell", "not_declared"
    if all(judged.values()):
        return "not_supported", "as_intended"
    return "cannot_tell", "unclear"


def _above(number: Number, threshold: float) -> bool | None:
    """True or False where the interval lies on one side of the threshold."""
    if number.low > threshold:
        return True
    return False if number.high < threshold else None


def _starts(case: Case, judged: Judged, numbers: list[Number]) -> None:
    if case.own is None:
        return
    last = min(START_BY, case.plan.panel.window.last)
    started = weighted_share(case.setting, "started_by", started_by(case, case.own, last), case.setting.arm == case.k)
    if started is not None:
        numbers.append(started)
        judged["few_started"] = _above(started, START_SHARE)


def _placement(case: Case, judged: Judged, numbers: list[Number], rows: list[Row]) -> None:
    goal, work, practice = case.declared.placement_months, case.work, case.declared.work_practice
    if case.own is None or work is None or goal is None:
        return
    start = first_start(case, case.own)
    found = time_to(case, start, ordinary_work(case, work), work)
    if found is not None:
        placed = placed_by(found[0], goal, case.confidence)
        numbers.append(placed)
        judged["slow_placement"] = _above(placed, PLACED_SHARE)
        rows += placement_rows(case, "ordinary_work", *found)
    in_practice = None if practice is None else time_to(case, start, case.plan.values(practice), practice)
    if in_practice is not None:
        rows += placement_rows(case, "work_practice", *in_practice)


def _practice(case: Case, judged: Judged, numbers: list[Number]) -> None:
    practice = case.declared.work_practice
    found = None if practice is None else compare_one(case.setting, case.k, case.mean(practice), adjusted=False)
    if found is None:
        return
    difference = difference_in(case.setting, case.k, "practice", found, case.mean(str(practice)))
    numbers += [
        difference,
        found.control.number("practice_control", case.confidence),
        found.treated.number("practice_treated", case.confidence),
    ]
    more = _above(difference, PRACTICE)
    judged["practice_instead"] = None if more is None else not more
    if case.work is not None:
        at_work = compare_one(
            case.setting, case.k, case.mean(case.work, ordinary_work(case, case.work)), adjusted=False
        )
        if at_work is not None:
            numbers.append(at_work.treated.number("ordinary_work_treated", case.confidence))


def _fidelity(case: Case, judged: Judged, numbers: list[Number]) -> None:
    threshold = case.declared.fidelity_at_least
    if case.fidelity is None or threshold is None:
        return
    score = score_of(case.participants, case.fidelity)
    known = (case.setting.arm == case.k) & ~np.isnan(score)
    if known.any():
        share = float((score[known] >= float(threshold)).mean())
        numbers.append(Number("faithful", share))
        judged["low_fidelity"] = share >= FAITHFUL
