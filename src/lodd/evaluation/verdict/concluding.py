"""All conclusions of an evaluation, and the tables that their pictures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from lodd.evaluation.conclusions import LETTERS, Finding, Verdict
from lodd.evaluation.further.rows import frame_of
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.evaluation.verdict.bayes import sensitivity
from lodd.evaluation.verdict.case import Case
from lodd.evaluation.verdict.catch_up import CATCH_UP_SCHEMA, catch_up
from lodd.evaluation.verdict.chance import chance
from lodd.evaluation.verdict.comparing import Row
from lodd.evaluation.verdict.contrast import CONTRAST_SCHEMA, treatment_contrast
from lodd.evaluation.verdict.evidence import earlier_evidence
from lodd.evaluation.verdict.groups import cream_skimming, target_group
from lodd.evaluation.verdict.implementation import implementation
from lodd.evaluation.verdict.instruments import INSTRUMENT_SCHEMA, other_instruments
from lodd.evaluation.verdict.judge import each, intervals, judge, primaries
from lodd.evaluation.verdict.placement import PLACEMENT_SCHEMA
from lodd.protocol.types import FidelityScores, Participants, PriorEvidence

SCHEMAS: Final[Mapping[str, Mapping[str, pl.DataType]]] = {
    "treatment_contrast": CONTRAST_SCHEMA,
    "placement": PLACEMENT_SCHEMA,
    "catch_up": CATCH_UP_SCHEMA,
    "work_by_instruments": INSTRUMENT_SCHEMA,
}


@dataclass(frozen=True, slots=True)
class Conclusions:
    """Verdicts in the plan's order, findings by letter, and tables by name; an empty table is absent."""

    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def conclude(
    plan: Plan,
    setting: Setting,
    participants: Participants,
    estimates: pl.DataFrame,
    *,
    fidelity: FidelityScores | None = None,
    evidence: Sequence[PriorEvidence] = (),
) -> Conclusions:
    """The verdict on every primary outcome, and findings (a) to (h).

    Args:
        estimates: of the evaluation, as ``ESTIMATE_SCHEMA``.
        fidelity: scores of the programme by site and half-year, if there are any.
        evidence: what earlier studies found, by outcome.

    Raises:
        DataError: a target group contradicts the participants.
    """
    verdicts = judge(plan, estimates)
    findings: list[Finding] = []
    rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
    for k in range(1, len(setting.arms)):
        mine = tuple((verdict, primary) for verdict, primary, arm in each(verdicts, plan.trial) if arm == k)
        findings += _findings(Case(plan, setting, participants, mine, k, fidelity, evidence), rows)
    tables: dict[str, pl.DataFrame | None] = {
        "verdict_intervals": intervals(verdicts),
        "bayes_sensitivity": sensitivity(verdicts, [primary for primary, _ in primaries(plan.trial)]),
        **{name: frame_of(rows[name], schema) for name, schema in SCHEMAS.items()},
    }
    ordered = sorted(findings, key=lambda finding: list(LETTERS).index(finding.rival))
    return Conclusions(verdicts, tuple(ordered), {name: t for name, t in tables.items() if t is not None})


def _findings(case: Case, rows: dict[str, list[Row]]) -> list[Finding]:
    """Of one arm; the rows of pictures are added to ``rows``."""
    contrast, rows_of_contrast = treatment_contrast(case)
    delivered, rows_of_placement = implementation(case)
    caught_up, rows_of_catch_up = catch_up(case)
    instruments, rows_of_instruments = other_instruments(case)
    made: dict[str, Any] = {
        "treatment_contrast": rows_of_contrast,
        "placement": rows_of_placement,
        "catch_up": rows_of_catch_up,
        "work_by_instruments": rows_of_instruments,
    }
    for name, found in made.items():
        rows[name] += found
    alone = [contrast, cream_skimming(case), delivered, instruments]
    return [*earlier_evidence(case), *target_group(case), *chance(case), *caught_up, *alone]
