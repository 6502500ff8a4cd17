"""Primary results in sentences that say no more than their numbers."""

from __future__ import annotations

from lodd.protocol.analysis import Primary
from lodd.report.context import Context
from lodd.report.drawing.dots import Dot, strip
from lodd.report.estimates import Estimate
from lodd.report.model import Drawing, Finding
from lodd.report.units import Unit


def finding(c: Context, primary: Primary, arm: str) -> Finding | None:
    """The main estimate of a primary outcome for one arm; None where it was not estimated at all."""
    rows = c.estimates.primary(primary, arm)
    if not rows or not rows[0].main:
        return None
    row, unit = rows[0], c.unit(primary.outcome, primary.summary)
    if row.estimate is None or row.interval is None:
        return _without_interval(c, primary, row, unit)
    low, high = row.interval
    margin = float(primary.margin) if primary.margin else None
    drawing = strip(
        Dot(c.arm_class(arm), row.estimate, low, high), margin, c.words("finding.margin_label"), unit.difference_tick
    )
    return Finding(
        id=f"finding-{primary.outcome}-{c.primaries.index(primary) + 1}-{arm}",
        headline=headline(c, row),
        estimate=unit.signed_with_name(row.estimate),
        interval=_interval(c, row, unit),
        sentences=tuple(sentences(c, primary, row)),
        drawing=drawing,
        alternative=c.words(
            "finding.alternative",
            estimate=unit.signed_with_name(row.estimate),
            interval=unit.interval(low, high),
            margin="" if margin is None else c.words("finding.alternative_margin", margin=unit.with_name(margin)),
        ),
        tag="" if row.prespecified else c.words("tag.exploratory"),
        href=f"#outcome-{primary.outcome}",
    )


def headline(c: Context, row: Estimate) -> str:
    """The finding in a line: higher, lower, or no difference found."""
    key = {1: "finding.higher", -1: "finding.lower", 0: "finding.none"}[row.sign]
    if row.sign == 0 and c.several_arms:
        key = "finding.none_of_arm"
    return c.words(key, outcome=c.outcome(row.outcome), arm=c.drawn_to(row.arm), reference=c.drawn_to(c.reference))


def sentences(c: Context, primary: Primary, row: Estimate) -> list[str]:
    """Levels, what the interval says and does not say, and equivalence."""
    unit = c.unit(primary.outcome, primary.summary)
    found = [_levels(c, primary, row, unit)]
    if row.interval is None or row.estimate is None:
        return found
    found.append(c.words("finding.excludes_zero" if row.sign else "finding.holds_zero"))
    if primary.margin is not None and row.p_equivalence is not None:
        alpha = 1 - float(c.trial.analysis.confidence)
        key = "finding.equivalent" if row.p_equivalence < alpha else "finding.not_equivalent"
        margin = unit.with_name(float(primary.margin))
        found.append(c.words(key, margin=margin, p=c.p_phrase(row.p_equivalence)))
        if f"margin:{primary.outcome}:{primary.months}:{primary.summary}" in _margins_not_locked(c):
            found.append(c.words("finding.margin_not_locked"))
    return found


def _margins_not_locked(c: Context) -> list[str]:
    return c.evaluation.lock.get("margins_not_locked", "").split()


def _levels(c: Context, primary: Primary, row: Estimate, unit: Unit) -> str:
    return c.words(
        "finding.levels_sum" if primary.summary == "sum" else "finding.levels",
        months=c.months(primary.months),
        arm=c.group(row.arm),
        treated=unit.level(row.mean_treated),
        control=unit.level(row.mean_control),
        reference=c.group(c.reference),
    )


def _interval(c: Context, row: Estimate, unit: Unit) -> str:
    shown = unit.interval(row.ci_low, row.ci_high)
    return c.words("finding.interval", confidence=c.confidence, interval=shown, p=c.p_phrase(row.p_value))


def _without_interval(c: Context, primary: Primary, row: Estimate, unit: Unit) -> Finding:
    outcome = c.outcome(primary.outcome)
    return Finding(
        id=f"finding-{primary.outcome}-{c.primaries.index(primary) + 1}-{row.arm}",
        headline=c.words("finding.not_estimated", outcome=outcome),
        estimate=unit.difference(row.estimate),
        interval=c.words("finding.no_interval"),
        sentences=(),
        drawing=Drawing(340, 1, ""),
        alternative=c.words("finding.no_interval"),
        href=f"#outcome-{primary.outcome}",
    )
