"""Verdicts on the primary outcomes, in sentences that can be read aloud and say no more than their numbers."""

from __future__ import annotations

from math import isnan

from lodd import locale
from lodd.evaluation.conclusions import Size, Verdict
from lodd.report import disclosure
from lodd.report.bayes import bayes_blocks, bayes_sentence
from lodd.report.context import Context
from lodd.report.drawing.dots import Dot, strip
from lodd.report.model import Drawing, Finding
from lodd.report.units import Unit


def card(c: Context, verdict: Verdict, position: int) -> Finding:
    """The verdict on one primary outcome; ``position``: of the primary outcome in the plan, from 1."""
    id_ = f"finding-{verdict.outcome}-{position}-{verdict.arm}"
    if not can_show(verdict):
        return _without_interval(c, verdict, id_)
    unit = c.unit(verdict.outcome, verdict.summary)
    return Finding(
        id=id_,
        headline=headline(c, verdict),
        estimate=unit.signed_with_name(verdict.estimate.value),
        interval=_interval(c, verdict, unit),
        sentences=(_levels(c, verdict), _ruled_out(c, verdict)),
        drawing=_strip(c, verdict, unit),
        alternative=_alternative(c, verdict, unit),
        notes=tuple(_reasons(c, verdict)),
        tag="" if verdict.prespecified else c.words("tag.exploratory"),
        href=f"#outcome-{verdict.outcome}",
        blocks=bayes_blocks(c, verdict, position),
    )


def can_show(verdict: Verdict) -> bool:
    """Is there an interval, about more than four people in each arm?"""
    few = disclosure.hidden(verdict.n_control) or disclosure.hidden(verdict.n_treated)
    return verdict.code != "not_estimated" and not few


def headline(c: Context, verdict: Verdict) -> str:
    """The verdict in one sentence."""
    w, outcome = c.words, c.outcome(verdict.outcome)
    if not can_show(verdict):
        return w("finding.not_estimated", outcome=outcome)
    values = {"outcome": outcome, "arm": c.drawn_to(verdict.arm), "reference": c.drawn_to(verdict.reference)}
    key: str = verdict.code
    if verdict.code in {"different", "different_but_small"}:
        key = f"{verdict.code}.{'higher' if verdict.direction > 0 else 'lower'}"
    return w(f"verdict.headline.{key}", margin=_margin(c, verdict), **values)


def in_short(c: Context, verdict: Verdict) -> str:
    """The verdict with its number, for the summary."""
    if not can_show(verdict):
        return headline(c, verdict)
    unit = c.unit(verdict.outcome, verdict.summary)
    return c.words(
        "verdict.in_short",
        verdict=headline(c, verdict),
        estimate=unit.signed_with_name(verdict.estimate.value),
        interval=unit.interval(verdict.ci_low, verdict.ci_high),
        confidence=c.confidence,
        months=c.months(verdict.months),
    )


def _reasons(c: Context, verdict: Verdict) -> list[str]:
    """What decided the verdict, and how likely the data are with an effect and without."""
    said = (_decided(c, verdict), _equivalence(c, verdict), bayes_sentence(c, verdict))
    return [sentence for sentence in said if sentence]


def _levels(c: Context, verdict: Verdict) -> str:
    unit = c.unit(verdict.outcome, verdict.summary)
    return c.words(
        "finding.levels_sum" if verdict.summary == "sum" else "finding.levels",
        months=c.months(verdict.months),
        arm=c.group(verdict.arm),
        treated=unit.level(verdict.mean_treated),
        control=unit.level(verdict.mean_control),
        reference=c.group(verdict.reference),
    )


# What is ruled out ----------------------------------------------------------------------------------------------------


def _ruled_out(c: Context, verdict: Verdict) -> str:
    """The largest effects in either direction that the interval leaves, in every unit that fits."""
    below, above, unit = verdict.ruled_out_below, verdict.ruled_out_above, c.unit(verdict.outcome, verdict.summary)
    key = "both" if below.value < 0 < above.value else "above" if below.value >= 0 else "below"
    small, large = (below, above) if key != "below" else (above, below)
    if key != "both" and abs(small.value * unit.scale) < 0.5 * 10.0**-unit.decimals:
        key = f"barely_{key}"  # it would be shown as zero
    if key != "both" and verdict.code not in {"different", "different_but_small"}:
        key = f"{key}_alone"
    values = {"low": size_in_words(c, verdict, small), "high": size_in_words(c, verdict, large)}
    return c.words(f"verdict.ruled_out.{key}", confidence=c.confidence, **values)


def size_in_words(c: Context, verdict: Verdict, size: Size) -> str:
    """The size of an effect: "2.3 percentage points (24 days over the months; 7% of the control group's level)"."""
    w = c.words
    others = []
    if not isnan(size.days) and verdict.summary == "mean":
        others.append(w.counted("verdict.days", round(abs(size.days))))
    if not isnan(size.total) and verdict.summary == "mean":
        others.append(w("verdict.total", total=c.unit(verdict.outcome, "sum").with_name(size.total)))
    if not isnan(size.relative):
        others.append(w("verdict.relative", share=c.percent(abs(size.relative)), reference=c.group(verdict.reference)))
    own = c.unit(verdict.outcome, verdict.summary).with_name(size.value)
    return f"{own} ({'; '.join(others)})" if others else own


# What decided ---------------------------------------------------------------------------------------------------------


def _decided(c: Context, verdict: Verdict) -> str:
    """Why it counts as a difference or not, where the interval alone does not say it."""
    outside = verdict.ci_low > 0 or verdict.ci_high < 0
    if verdict.code in {"different", "different_but_small"}:
        return c.words("verdict.beyond_chance") if outside else c.words("verdict.beyond_by_p")
    if outside:
        return c.words("verdict.not_beyond_family", p=c.p_phrase(verdict.p_value))
    return "" if verdict.code == "equivalent" else c.words("finding.holds_zero")


def _equivalence(c: Context, verdict: Verdict) -> str:
    w = c.words
    if verdict.equivalence == "not_preregistered":
        return w("verdict.no_margin" if isnan(verdict.margin) else "verdict.margin_not_locked")
    if verdict.code == "different":
        return ""  # nobody asks whether what differs is equal
    unit = c.unit(verdict.outcome, verdict.summary)
    return w(
        f"verdict.equivalence.{verdict.equivalence}",
        margin=_margin(c, verdict),
        level=c.percent(verdict.equivalence_level, _decimals(verdict.equivalence_level)),
        interval=unit.interval(verdict.equivalence_low, verdict.equivalence_high),
    )


def _decimals(level: float) -> int:
    return 0 if abs(level * 100 - round(level * 100)) < 1e-9 else 1


def _margin(c: Context, verdict: Verdict) -> str:
    unit = c.unit(verdict.outcome, verdict.summary)
    return "" if isnan(verdict.margin) else unit.with_name(verdict.margin)


def _interval(c: Context, verdict: Verdict, unit: Unit) -> str:
    shown = unit.interval(verdict.ci_low, verdict.ci_high)
    return c.words("finding.interval", confidence=c.confidence, interval=shown, p=_p(c, verdict))


def _p(c: Context, verdict: Verdict) -> str:
    if isnan(verdict.p_value):
        return c.words("verdict.p.none")
    return c.words(f"verdict.p.{verdict.p_kind}", p=c.p_phrase(verdict.p_value))


# The picture ----------------------------------------------------------------------------------------------------------


def _strip(c: Context, verdict: Verdict, unit: Unit) -> Drawing:
    margin = None if isnan(verdict.margin) else verdict.margin
    dot = Dot(c.arm_class(verdict.arm), verdict.estimate.value, verdict.ci_low, verdict.ci_high)
    return strip(dot, margin, c.words("finding.margin_label"), unit.difference_tick)


def _alternative(c: Context, verdict: Verdict, unit: Unit) -> str:
    margin = _margin(c, verdict)
    return c.words(
        "finding.alternative",
        estimate=unit.signed_with_name(verdict.estimate.value),
        interval=locale.interval(verdict.ci_low * unit.scale, verdict.ci_high * unit.scale, c.language, unit.decimals),
        margin=c.words("finding.alternative_margin", margin=margin) if margin else "",
    )


def _without_interval(c: Context, verdict: Verdict, id_: str) -> Finding:
    unit = c.unit(verdict.outcome, verdict.summary)
    few = verdict.code != "not_estimated" or disclosure.hidden(min(verdict.n_control, verdict.n_treated))
    return Finding(
        id=id_,
        headline=headline(c, verdict),
        estimate=unit.difference(None if few or isnan(verdict.estimate.value) else verdict.estimate.value),
        interval=c.words("finding.no_interval"),
        sentences=(),
        drawing=Drawing(340, 1, ""),
        alternative=c.words("finding.no_interval"),
        href=f"#outcome-{verdict.outcome}",
    )
