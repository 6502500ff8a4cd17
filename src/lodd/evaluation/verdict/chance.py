"""(e) Is it chance? Could a small sample have hidden an effect, or made one?"""

from __future__ import annotations

from math import isnan

from lodd.evaluation.conclusions import Finding, Number, Status, Verdict
from lodd.evaluation.power.smallest import smallest_effect
from lodd.evaluation.verdict.case import Case
from lodd.protocol.analysis import Primary


def chance(case: Case) -> list[Finding]:
    """One finding for every primary outcome, from its verdict.

    - *Not supported*, ``different``: the difference is larger than chance alone would make it (the verdict's p).
    - *Not supported*, ``margin_ruled_out``: no difference, and effects as large as the locked margin are ruled out.
    - *Supported*, ``margin_not_ruled_out``: neither no effect nor one as large as the locked margin is ruled out.
    - *Cannot tell*, ``not_beyond_family``: the interval excludes zero, but the p that allows for the other outcomes of
      the family does not; ``no_margin``: no margin is locked, so nothing says which effects would matter;
      ``not_estimated``.
    """
    return [_chance(case, verdict, primary) for verdict, primary in case.verdicts]


def _chance(case: Case, verdict: Verdict, primary: Primary) -> Finding:
    status, why = judge_chance(verdict)
    numbers: list[Number] = []
    if verdict.code != "not_estimated":
        found = smallest_effect(verdict.std_error, verdict.df, 0.8, 1.0 - verdict.level)
        numbers = [
            Number("effect", verdict.estimate.value, verdict.ci_low, verdict.ci_high, unit="outcome"),
            Number("p", verdict.p_value, unit="p"),
            Number("smallest_found", found, unit="outcome"),
        ]
        if not isnan(verdict.margin):
            numbers.append(Number("margin", verdict.margin, unit="outcome"))
    return case.finding_on("chance", status, why, primary, numbers, table="verdict_intervals")


def judge_chance(verdict: Verdict) -> tuple[Status, str]:
    """The rule of :func:`chance` for one verdict."""
    if verdict.code == "not_estimated":
        return "cannot_tell", "not_estimated"
    if verdict.code in ("different", "different_but_small"):
        return "not_supported", "different"
    if verdict.code == "equivalent":
        return "not_supported", "margin_ruled_out"
    if not verdict.ci_low <= 0 <= verdict.ci_high:
        return "cannot_tell", "not_beyond_family"
    if not verdict.margin_locked:
        return "cannot_tell", "no_margin"
    return "supported", "margin_not_ruled_out"
