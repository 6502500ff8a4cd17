"""Running totals since the draw."""

from __future__ import annotations

from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Band, Chart, Line, curve
from lodd.report.model import Figure, Paragraph, Part
from lodd.report.tables import DASH


def cumulative(c: Context) -> list[Part]:
    """Running totals since the draw for the outcomes that the plan names."""
    figures = [
        _cumulative(c, outcome, arm)
        for outcome in c.trial.analysis.cumulative
        for arm in c.treated_arms
        if len(c.estimates.cumulative(outcome, arm)) >= 3
    ]
    if not figures:
        return []
    w = c.words
    return [Part("cumulative", w("cumulative.heading"), (Paragraph(w("cumulative.lead")), *figures))]


def _cumulative(c: Context, outcome: str, arm: str) -> Figure:
    w, unit = c.words, c.unit(outcome, "sum")
    rows = c.estimates.cumulative(outcome, arm)
    css = c.arm_class(arm)
    bands = [Band(w("outcome.band", confidence=c.confidence), css, [e.ci_low for e in rows], [e.ci_high for e in rows])]
    if any(e.band_low is not None for e in rows):
        label = w("outcome.whole_band", confidence=c.confidence)
        bands.insert(0, Band(label, f"{css} whole", [e.band_low for e in rows], [e.band_high for e in rows]))
    chart = Chart(
        months=[e.event_month or 0 for e in rows],
        lines=[Line(w("cumulative.difference"), css, [e.estimate for e in rows])],
        tick=unit.difference_tick,
        number=c.number,
        y_title=unit.difference_axis,
        x_title=w("axis.months"),
        draw=w("axis.draw"),
        bands=bands,
    )
    last = rows[-1]
    said = w(
        "cumulative.said",
        month=c.number(last.event_month or 0),
        estimate=DASH if last.estimate is None else unit.signed_with_name(last.estimate),
        confidence=c.confidence,
        interval=unit.interval(last.ci_low, last.ci_high),
        people=c.people((last.n_control or 0) + (last.n_treated or 0)),
    )
    suffix = f"-{arm}" if c.several_arms else ""
    key = {1: "cumulative.higher", -1: "cumulative.lower", 0: "cumulative.none"}[last.sign]
    return Figure(
        id=f"fig-cumulative-{outcome}{suffix}",
        headline=w(key, outcome=c.outcome(outcome), arm=c.drawn_to(arm), month=c.number(last.event_month or 0)),
        subtitle=w("cumulative.subtitle", arm=c.drawn_to(arm), reference=c.drawn_to(c.reference)),
        wide=curve(chart, WIDE),
        narrow=curve(chart, NARROW),
        alternative=said,
        note=said,
        source=c.source,
    )
