"""Bayes factors in words, and how they depend on the prior."""

from __future__ import annotations

from math import log10

from lodd.evaluation.conclusions import BayesFactor, Verdict
from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE
from lodd.report.drawing.factors import FactorChart, factor_curve
from lodd.report.model import Block, Details, Figure, Paragraph
from lodd.report.tables import Found, rows_of

_MOST = 1000.0
_EQUAL = log10(1.05)


def bayes_sentence(c: Context, verdict: Verdict) -> str:
    """How much likelier the data are with or without an effect, under the plan's prior; "" without a prior."""
    if verdict.bayes is None:
        return ""
    said = _likelier(c, verdict.bayes.log10)
    locked = "" if verdict.bayes.locked else f" {c.words('bayes.not_locked')}"
    return f"{c.words(f'bayes.{said}', factor=times(c, verdict.bayes.log10))}{locked}"


def _likelier(c: Context, power: float) -> str:
    if abs(power) < _EQUAL:
        return "equal"
    return "for_effect" if power > 0 else "for_none"


def times(c: Context, power: float) -> str:
    """How many times likelier, whichever way: "3.2", "25", "more than 1,000"."""
    factor = 10.0 ** min(abs(power), log10(_MOST) + 1)
    if factor > _MOST:
        return c.words("bayes.more_than", factor=c.number(_MOST))
    return c.number(factor, 0 if factor >= 10 else 1)


def bayes_blocks(c: Context, verdict: Verdict, position: int) -> tuple[Block, ...]:
    """The sensitivity to the prior, folded; nothing without its table."""
    about = {name: getattr(verdict, name) for name in ("outcome", "arm", "months", "summary")}
    rows = rows_of(c, "bayes_sensitivity", **about)
    if len(rows) < 3:
        return ()
    id_ = f"bayes-{verdict.outcome}-{position}-{verdict.arm}"
    blocks = (Paragraph(c.words("bayes.lead")), _figure(c, verdict, id_, rows))
    return (Details(f"more-{id_}", c.words("bayes.heading"), blocks),)


def _figure(c: Context, verdict: Verdict, id_: str, rows: list[Found]) -> Figure:
    w, unit = c.words, c.unit(verdict.outcome, verdict.summary)
    chart = FactorChart(
        sds=[row["sd"] for row in rows],
        log10=[row["log10_factor"] for row in rows],
        css=c.arm_class(verdict.arm),
        tick=unit.plain,
        factor=lambda factor: _axis(c, factor),
        x_title=w("bayes.axis", unit=unit.name),
        for_effect=w("bayes.above"),
        for_none=w("bayes.below"),
        declared=next((row["sd"] for row in rows if row["declared"]), None),
        declared_label=w("bayes.declared"),
    )
    return Figure(
        id=f"fig-{id_}",
        headline=_headline(c, rows),
        subtitle=w("bayes.subtitle"),
        wide=factor_curve(chart, WIDE),
        narrow=factor_curve(chart, NARROW),
        alternative=_in_words(c, rows, verdict),
        note=prior_in_words(c, verdict, rows),
        source=c.source,
    )


def _axis(c: Context, factor: float) -> str:
    """A factor at the axis: "10", "1/10"."""
    return c.number(factor) if factor >= 1 else f"1/{c.number(1 / factor)}"


def _headline(c: Context, rows: list[Found]) -> str:
    """Do the data say the same whatever the prior?"""
    kinds = {_likelier(c, row["log10_factor"]) for row in rows} - {"equal"}
    return c.words(f"bayes.headline.{kinds.pop() if len(kinds) == 1 else 'depends'}")


def _in_words(c: Context, rows: list[Found], verdict: Verdict) -> str:
    unit = c.unit(verdict.outcome, verdict.summary)
    said = []
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        likelier = c.words(f"bayes.short.{_likelier(c, row['log10_factor'])}", factor=times(c, row["log10_factor"]))
        said.append(f"{unit.with_name(row['sd'])}: {likelier}")
    return c.words("bayes.alternative", values="; ".join(said))


def prior_in_words(c: Context, verdict: Verdict, rows: list[Found]) -> str:
    """The plan's prior, or that it has none."""
    unit = c.unit(verdict.outcome, verdict.summary)
    bayes: BayesFactor | None = verdict.bayes
    if bayes is None:
        return c.words("bayes.no_prior")
    return c.words(f"bayes.prior.{bayes.shape}", sd=unit.with_name(bayes.sd))
