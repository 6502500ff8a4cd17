"""The rows of the table of integrity, and what they are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal

import numpy as np
import polars as pl

from lodd.evaluation.design import Floats
from lodd.evaluation.integrity.drawn import Groups
from lodd.evaluation.integrity.tails import Reference

LEVEL: Final = 0.05
FIXED: Final = "fixed_by_design"
"""The detail of a check of what the design fixes, so that there is nothing to test."""
Verdict = Literal["ok", "look", "alarm", "not_known"]
About = Literal["draw", "after", "ledger"]
INTEGRITY_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "check": pl.String(),  # see CHECKS
    "about": pl.String(),  # "ledger" | "draw" | "after" (the draw)
    "subject": pl.String(),  # the arm compared with all others; null where a check is not of one arm
    "statistic": pl.Float64(),
    "expected": pl.Float64(),  # mean of the statistic over redraws
    "p_low": pl.Float64(),  # how often a fair draw gives as little or less: too even, too alike, too few
    "p_high": pl.Float64(),  # as much or more
    "p_value": pl.Float64(),  # both tails
    "p_adjusted": pl.Float64(),  # Holm, over all tests about the same thing
    "verdict": pl.String(),  # "ok" | "look" (p < 5 %) | "alarm" (adjusted p < 5 %) | "not_known"
    "n": pl.Int64(),  # what was counted: people, groups or events
    "detail": pl.String(),  # a code that says more; for offices and callers the names flagged
}
MEMBER_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "check": pl.String(),
    "group": pl.String(),  # an office, or the pseudonym of who asked for the draws
    "subject": pl.String(),
    "n": pl.Int64(),
    "statistic": pl.Float64(),  # standardised by its redraws
    "p_value": pl.Float64(),
    "p_adjusted": pl.Float64(),  # Benjamini and Hochberg, within the check
    "flagged": pl.Boolean(),
}
CHECKS: Final[Mapping[str, str]] = {
    "verification": "Findings of verifying the ledger; n: lots recomputed.",
    "agreement": "Are the participants those of the ledger, by office, day and arm?",
    "count_total": "Drawn to the arm, all together.",
    "count_strata": "Spread of the counts over strata: high is uneven, low is too even.",
    "count_windows": "The same over every ten consecutive draws at an office.",
    "runs": "Stretches of draws to the same side.",
    "serial": "Each draw against the one before it.",
    "serial_office": "The same within offices.",
    "drift": "Furthest that the arm's excess strays from a straight line.",
    "covariates_joint": "All that was known before the draw together: Mahalanobis distance; low is too alike.",
    "covariates_largest": "The largest single difference, standardised.",
    "office_counts": "Offices one by one: counts.",
    "office_serial": "Offices one by one: each draw against the one before it.",
    "office_covariates": "Offices one by one: what was known before the draw.",
    "caller_counts": "Those who asked, one by one: counts.",
    "caller_serial": "Those who asked, one by one: each draw against the one before it.",
    "repeated": "People asked for again, who had been drawn to the arm.",
    "repeated_caller": "Those who asked, one by one: repeated requests against draws.",
    "withdrawn": "Withdrawals among those drawn to the arm.",
    "error_noted": "Errors noted on answers of the arm.",
    "missing": "Drawn to the arm, and not among the participants.",
    "referral": "Days from the draw to the referral (at most 180, also for those never referred).",
    "start": "Months from the draw to the first start in any arm's programme (at most 12).",
}
EXPECTED: Final = ("start", "referral")
"""What may well differ by arm for a good reason (programmes have queues of different length): never an alarm."""


@dataclass(frozen=True, slots=True)
class Row:
    """One check; see ``INTEGRITY_SCHEMA``."""

    check: str
    about: About
    subject: str | None = None
    statistic: float | None = None
    expected: float | None = None
    p_low: float | None = None
    p_high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    verdict: Verdict = "not_known"
    n: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One office or caller in one check; see ``MEMBER_SCHEMA``."""

    check: str
    group: str
    subject: str | None
    n: int
    statistic: float
    p_value: float
    p_adjusted: float
    flagged: bool


def row_of(check: str, about: About, subject: str | None, reference: Reference, n: int, *, detail: str = "") -> Row:
    """A row from one statistic's reference distribution, both tails counting.

    Where the design leaves the statistic nothing to vary by, there is nothing to test.
    """
    if not reference.spread[0] > 0:
        return Row(check, about, subject, statistic=float(reference.actual[0]), n=n, detail=FIXED)
    return Row(
        check,
        about,
        subject,
        statistic=float(reference.actual[0]),
        expected=float(reference.expected[0]),
        p_low=float(reference.lower[0]),
        p_high=float(reference.upper[0]),
        p_value=float(reference.two_sided[0]),
        n=n,
        detail=detail,
    )


def one_by_one(check: str, subject: str, reference: Reference, groups: Groups) -> tuple[Row, list[Member]]:
    """A row for all of a kind (the largest standardised statistic among them), and one member for each."""
    varying = np.flatnonzero(reference.spread > 0)
    if not len(varying):
        return Row(check, "draw", subject, n=len(groups.names), detail=FIXED), []
    reference = Reference(reference.actual[varying], reference.redrawn[:, varying])
    largest, p = reference.largest(), reference.two_sided
    adjusted, standardised = benjamini_hochberg(p), reference.standardised.actual
    members = [
        Member(
            check,
            groups.names[place],
            subject,
            int(groups.sizes[place]),
            float(standardised[i]),
            float(p[i]),
            float(adjusted[i]),
            bool(adjusted[i] < LEVEL),
        )
        for i, place in enumerate(varying)
    ]
    row = row_of(check, "draw", subject, largest, len(members), detail=flagged_names(members))
    # Only an extreme group counts here: that no group is extreme is what the tests of evenness are about.
    return replace(row, p_low=None, p_value=row.p_high), members


def flagged_names(members: Sequence[Member]) -> str:
    return ", ".join(member.group for member in members if member.flagged)


def judged(rows: Sequence[Row]) -> pl.DataFrame:
    """The table: p-values adjusted among the tests about the same thing (Holm 1979), and verdicts."""
    found = list(rows)
    for about in ("draw", "after"):
        places = [i for i, row in enumerate(found) if row.about == about and row.p_value is not None]
        adjusted = holm(np.array([found[i].p_value for i in places], dtype=float))
        for i, p in zip(places, adjusted, strict=True):
            found[i] = replace(found[i], p_adjusted=float(p), verdict=_verdict(found[i], float(p)))
    return pl.DataFrame([asdict(row) for row in found], schema=INTEGRITY_SCHEMA)


def members_frame(members: Sequence[Member]) -> pl.DataFrame:
    return pl.DataFrame([asdict(member) for member in members], schema=MEMBER_SCHEMA)


def holm(p: Floats) -> Floats:
    """Holm's (1979) adjusted p-values."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def benjamini_hochberg(p: Floats) -> Floats:
    """Benjamini and Hochberg's (1995) adjusted p-values: false-discovery rate."""
    order = np.argsort(p, kind="stable")
    stepped = np.minimum.accumulate((len(p) / np.arange(1, len(p) + 1) * p[order])[::-1])[::-1]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def _verdict(row: Row, adjusted: float) -> Verdict:
    if adjusted < LEVEL and row.check not in EXPECTED:
        return "alarm"
    return "look" if row.p_value is not None and row.p_value < LEVEL else "ok"
