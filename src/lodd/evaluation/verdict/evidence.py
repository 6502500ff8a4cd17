"""(a) Is earlier research less clear than it looks?"""

from __future__ import annotations

from math import isnan
from typing import Final

from lodd.evaluation.conclusions import Finding, Number, Status
from lodd.evaluation.verdict.case import Case
from lodd.protocol.analysis import Primary
from lodd.protocol.types import PriorEvidence

SMALL_STUDY_P: Final = 0.10
"""Below this, small studies found more than large ones (Egger's own level; Sterne et al. 2011)."""
FEWEST_STUDIES: Final = 10
"""A test of small studies says nothing with fewer (Sterne et al. 2011, recommendation 1)."""


def earlier_evidence(case: Case) -> list[Finding]:
    """One finding for every primary outcome, from the summary of earlier studies that is passed in.

    - *Supported*: ``no_effect_earlier`` (the pooled interval holds no effect), ``small_studies`` (at least 10 studies
      and the small ones found more, p < 10 %), ``adjusted_holds_none`` (allowing for publication, the interval holds no
      effect), ``next_may_find_none`` (a new study is expected anywhere in an interval that holds no effect), or
      ``low_certainty``: the first of these that holds.
    - *Not supported*, ``clear``: certainty is high or moderate, a prediction interval is known and holds only effects.
    - *Cannot tell*, ``no_evidence``: nothing was passed in; ``incomplete``: neither of the above can be said.
    """
    found = {known.outcome: known for known in case.evidence}
    return [_finding(case, primary, found.get(primary.outcome)) for _, primary in case.verdicts]


def _finding(case: Case, primary: Primary, known: PriorEvidence | None) -> Finding:
    if known is None:
        return case.finding_on("earlier_evidence", "cannot_tell", "no_evidence", primary)
    status, why = judge_evidence(known)
    unit = "outcome" if known.measure == "difference" else "ratio"
    numbers = [
        Number("earlier", known.estimate, known.low, known.high, unit=unit),
        Number("next_study", known.estimate, known.prediction_low, known.prediction_high, unit=unit),
        Number("adjusted", known.adjusted, known.adjusted_low, known.adjusted_high, unit=unit),
        Number("small_studies", known.small_study_p, unit="p"),
        Number("studies", float(known.studies), unit="studies"),
        Number("people", float(known.people), unit="people"),
    ]
    return case.finding_on("earlier_evidence", status, why, primary, numbers)


def judge_evidence(known: PriorEvidence) -> tuple[Status, str]:
    """The rule of :func:`earlier_evidence` for one summary."""
    nothing = 0.0 if known.measure == "difference" else 1.0
    doubts = {
        "no_effect_earlier": known.low <= nothing <= known.high,
        "small_studies": known.studies >= FEWEST_STUDIES and known.small_study_p < SMALL_STUDY_P,
        "adjusted_holds_none": known.adjusted_low <= nothing <= known.adjusted_high,
        "next_may_find_none": known.prediction_low <= nothing <= known.prediction_high,
        "low_certainty": known.certainty in ("low", "very_low"),
    }
    for why, holds in doubts.items():
        if holds:
            return "supported", why
    predicted = not isnan(known.prediction_low)
    if predicted and known.certainty in ("high", "moderate"):
        return "not_supported", "clear"
    return "cannot_tell", "incomplete"
