"""The rest of the plan's estimates: running totals, subgroups, sensitivity, and the companion estimator."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lodd.locale import long_date
from lodd.protocol.analysis import Primary, Subgroup
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Band, Chart, Line, curve
from lodd.report.drawing.dots import Dot, DotRow, dot_plot
from lodd.report.estimates import Estimate
from lodd.report.labels import category_label, covariate_label, is_share
from lodd.report.model import Block, Cell, Column, Drawing, Figure, Paragraph, Part, Row, Table

_DASH = "\N{EN DASH}"


# Running totals -------------------------------------------------------------------------------------------------------


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
    band = Band(w("outcome.band", confidence=c.confidence), css, [e.ci_low for e in rows], [e.ci_high for e in rows])
    chart = Chart(
        months=[e.event_month or 0 for e in rows],
        lines=[Line(w("cumulative.difference"), css, [e.estimate for e in rows])],
        tick=unit.difference_tick,
        number=c.number,
        y_title=unit.difference_axis,
        x_title=w("axis.months"),
        draw=w("axis.draw"),
        bands=[band],
    )
    last = rows[-1]
    said = w(
        "cumulative.said",
        month=c.number(last.event_month or 0),
        estimate=_DASH if last.estimate is None else unit.signed_with_name(last.estimate),
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


# Subgroups ------------------------------------------------------------------------------------------------------------


def subgroups(c: Context) -> list[Part]:
    """Each subgroup of the plan: a figure and a table of the primary outcomes in its groups."""
    w, blocks = c.words, list[Block]()
    for declared in c.trial.analysis.subgroups:
        for i, primary in enumerate(c.primaries):
            rows = [(arm, e) for arm in c.treated_arms for e in c.estimates.subgroup(primary, arm, declared.id)]
            if rows:
                blocks += _subgroup(c, declared, primary, i, rows)
    if not blocks:
        return []
    return [Part("subgroups", w("subgroups.heading"), (Paragraph(w("subgroups.lead")), *blocks))]


def _subgroup(
    c: Context, declared: Subgroup, primary: Primary, i: int, rows: list[tuple[str, Estimate]]
) -> list[Block]:
    w, unit = c.words, c.unit(primary.outcome, primary.summary)
    shown = [(arm, e) for arm, e in rows if not (disclosure.hidden(e.n_control) or disclosure.hidden(e.n_treated))]
    dots = [
        DotRow(_named(c, declared, arm, e), [Dot(c.arm_class(arm), e.estimate * unit.scale, *_scaled(e, unit.scale))])
        for arm, e in shown
        if e.estimate is not None
    ]

    def plot(width: int) -> Drawing:
        return dot_plot(
            dots, tick=lambda v: unit.difference_tick(v / unit.scale), x_title=unit.difference_axis, width=width
        )

    table = _group_table(c, declared, primary, i, shown)
    verdict = _interaction(c, rows)
    headline = w("subgroups.headline", outcome=c.outcome(primary.outcome), label=_label(c, declared), verdict=verdict)
    if not dots:
        return [Paragraph(headline), table]
    said = "; ".join(f"{row.cells[0].text}: {row.cells[3].text} ({row.cells[4].text})" for row in table.rows)
    figure = Figure(
        id=f"fig-subgroup-{declared.id}-{i + 1}",
        headline=headline,
        subtitle=w("subgroups.subtitle", months=c.months(primary.months), confidence=c.confidence),
        wide=plot(720),
        narrow=plot(350),
        alternative=w("subgroups.alternative", values=said),
        note=_how_split(c, declared) + ("" if all(e.prespecified for _, e in rows) else " " + w("outcome.exploratory")),
        source=c.source,
    )
    return [figure, table]


def _label(c: Context, declared: Subgroup) -> str:
    return c.text(declared.label) if declared.label else covariate_label(c, declared.by)


def _interaction(c: Context, rows: list[tuple[str, Estimate]]) -> str:
    known = [e.p_interaction for _, e in rows if e.p_interaction is not None]
    if not known:
        return c.words("subgroups.untested")
    key = "subgroups.differ" if min(known) < 0.05 else "subgroups.alike"
    return c.words(key, p=c.p_phrase(min(known)))


def _scaled(e: Estimate, scale: float) -> tuple[float | None, float | None]:
    return (None, None) if e.interval is None else (e.interval[0] * scale, e.interval[1] * scale)


def _named(c: Context, declared: Subgroup, arm: str, e: Estimate) -> str:
    group = _group(c, declared, e)
    return c.words("subgroups.of_arm", group=group, arm=c.arm(arm)) if c.several_arms else group


def _group(c: Context, declared: Subgroup, e: Estimate) -> str:
    """A group in words: above or below the median, before or from a date, under or from a number, or a category."""
    group = (e.subgroup or "").partition(":")[2]
    if declared.split == "categories":
        answers = {"0": "measure.no", "1": "measure.yes", "false": "measure.no", "true": "measure.yes"}
        yes_or_no = group in answers and is_share(c, declared.by)
        return c.words(answers[group]).capitalize() if yes_or_no else category_label(c, declared.by, group)
    if declared.split == "median":
        return c.words(f"subgroups.group.{group}")
    first = min(declared.split, key=lambda cut: float(cut.toordinal() if isinstance(cut, date) else cut))
    if group == "below":
        key = "subgroups.group.before" if isinstance(first, date) else "subgroups.group.under"
        return c.words(key, cut=_cut(c, first))
    cut = first if group == "above" else next(cut for cut in declared.split if group == f"from {cut}")
    return c.words("subgroups.group.from", cut=_cut(c, cut))


def _cut(c: Context, cut: Decimal | date) -> str:
    return long_date(cut, c.language) if isinstance(cut, date) else c.number(float(cut))


def _how_split(c: Context, declared: Subgroup) -> str:
    by = covariate_label(c, declared.by) if declared.by != "drawn_at" else c.words("column.drawn_at")
    if isinstance(declared.split, str):
        return c.words(f"subgroups.split.{declared.split}", by=by)
    return c.words("subgroups.split.cuts", by=by, cuts=c.join([_cut(c, cut) for cut in declared.split]))


def _group_table(c: Context, declared: Subgroup, primary: Primary, i: int, rows: list[tuple[str, Estimate]]) -> Table:
    w, unit = c.words, c.unit(primary.outcome, primary.summary)
    body = tuple(Row((Cell(_named(c, declared, arm, e)), *_numbers(c, e, unit_of=primary))) for arm, e in rows)
    label = _label(c, declared)
    months = c.months(primary.months)
    caption = w("subgroups.caption", outcome=c.outcome(primary.outcome), months=months, label=label)
    columns = (Column(w("subgroups.group_header"), numeric=False), *_columns(c))
    note = w("outcome.table_note", unit=unit.name)
    return Table(f"tab-subgroup-{declared.id}-{i + 1}", caption, columns, body, note, c.source)


# Sensitivity and the other estimators --------------------------------------------------------------------------------


def sensitivity(c: Context) -> list[Part]:
    """The primary outcomes under the other rules for death and emigration."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        for arm in c.treated_arms:
            own = c.estimates.sensitivity(primary, arm)
            if own:
                rows.append(_heading(c, primary, arm))
                rows += [
                    _estimate_row(c, w("sensitivity.declared"), e, primary)
                    for e in c.estimates.primary(primary, arm)[:1]
                ]
                rows += [
                    _estimate_row(c, w.optional(f"sensitivity.{e.rule.replace(':', '_')}", e.rule), e, primary)
                    for e in own
                ]
    if not rows:
        return []
    columns = (Column(w("sensitivity.rule"), numeric=False), *_columns(c))
    table = Table("tab-sensitivity", w("sensitivity.caption"), columns, tuple(rows), w("sensitivity.note"), c.source)
    return [Part("sensitivity", w("sensitivity.heading"), (Paragraph(w("sensitivity.lead")), table))]


def companions(c: Context) -> list[Part]:
    """The primary outcomes by every estimator, the main one first."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        for arm in c.treated_arms:
            own = c.estimates.primary(primary, arm)
            if own:
                rows.append(_heading(c, primary, arm))
                rows += [_estimate_row(c, _estimator(c, e), e, primary) for e in own]
    if not rows:
        return []
    columns = (Column(w("estimators.estimator"), numeric=False), *_columns(c))
    table = Table("tab-estimators", w("estimators.caption"), columns, tuple(rows), w("estimators.note"), c.source)
    return [Part("estimators", w("estimators.heading"), (Paragraph(w("estimators.lead")), table))]


def _estimator(c: Context, e: Estimate) -> str:
    name = c.words.optional(f"estimator.{e.estimator}", e.estimator)
    adjusted = c.words("estimators.adjusted" if e.adjusted else "estimators.unadjusted", estimator=name)
    return c.words("estimators.main", estimator=adjusted) if e.main else adjusted


def _heading(c: Context, primary: Primary, arm: str) -> Row:
    unit = c.unit(primary.outcome, primary.summary)
    words = c.words(
        "estimators.heading_row", outcome=c.outcome(primary.outcome), months=c.months(primary.months), unit=unit.name
    )
    return Row((Cell(f"{words}: {c.arm(arm)}" if c.several_arms else words),), "group")


def _columns(c: Context) -> tuple[Column, ...]:
    w = c.words
    names = ("mean_reference", "mean_treated", "difference", "interval", "p", "p_randomisation", "p_family", "people")
    return tuple(Column(w(f"table.{name}", confidence=c.confidence)) for name in names)


def _estimate_row(c: Context, label: str, e: Estimate, primary: Primary) -> Row:
    return Row((Cell(label), *_numbers(c, e, unit_of=primary)))


def _numbers(c: Context, e: Estimate, *, unit_of: Primary) -> tuple[Cell, ...]:
    unit = c.unit(unit_of.outcome, unit_of.summary)
    return (
        Cell(unit.level(e.mean_control)),
        Cell(unit.level(e.mean_treated)),
        Cell(unit.difference(e.estimate)),
        Cell(unit.interval(e.ci_low, e.ci_high)),
        Cell(c.p(e.p_value)),
        Cell(c.p(e.p_randomisation)),
        Cell(c.p(e.p_family)),
        Cell(c.people((e.n_control or 0) + (e.n_treated or 0))),
    )
