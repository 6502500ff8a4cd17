"""Would other choices change the answer? Other estimators and rules, loss after the draw, and the precision reached."""

from __future__ import annotations

from lodd.evaluation.power import precision_reached
from lodd.protocol.analysis import Primary
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.estimates import Estimate
from lodd.report.model import Block, Cell, Column, Details, Paragraph, Part, Row, Section, Table
from lodd.report.numbers import columns_of_numbers, numbers_of
from lodd.report.tables import DASH, Found, columns, effect_cell, heading, named, primary_rows, rows_of, too_few


def checks(c: Context) -> Section:
    """The primary outcomes by other choices than the plan's, and what the trial could find."""
    w = c.words
    parts = [part for make in (precision, companions, by_probability, sensitivity, bounds) for part in make(c)]
    if not parts:
        return Section("checks", w("checks.heading"), (Paragraph(w("checks.none")),))
    return Section("checks", w("checks.heading"), (Paragraph(w("checks.lead")), *parts))


# Precision ------------------------------------------------------------------------------------------------------------


def precision(c: Context) -> list[Part]:
    """How wide the intervals became, and how large an effect a trial of this precision finds."""
    w, rows = c.words, list[Row]()
    for row in precision_reached(c.trial, c.evaluation).to_dicts():
        unit = c.unit(row["outcome"], row["summary"])
        numbers = [row["half_width"], row["smallest_80"], row["smallest_90"], row["margin"]]
        label = named(c, f"{c.outcome(row['outcome'])}, {c.months(row['months'])}", row["arm"])
        rows.append(Row((Cell(label, second=unit.name), *(Cell(unit.plain(number)) for number in numbers))))
    if not rows:
        return []
    heads = ("precision.half_width", "precision.smallest_80", "precision.smallest_90", "precision.margin")
    names = (Column(w("precision.outcome"), numeric=False), *(Column(w(h, confidence=c.confidence)) for h in heads))
    table = Table("tab-precision", w("precision.caption"), names, tuple(rows), w("precision.note"), c.source)
    return [Part("precision", w("precision.heading"), (Paragraph(w("precision.lead")), table))]


# Other estimators and rules -------------------------------------------------------------------------------------------


def sensitivity(c: Context) -> list[Part]:
    """The primary outcomes under the other rules for death and emigration."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        for arm in c.treated_arms:
            own = c.estimates.sensitivity(primary, arm)
            if own:
                rows.append(heading(c, primary, arm))
                declared = c.estimates.primary(primary, arm)[:1]
                rows += [_estimate_row(c, w("sensitivity.declared"), e, primary) for e in declared]
                rows += [
                    _estimate_row(c, w.optional(f"sensitivity.{e.rule.replace(':', '_')}", e.rule), e, primary)
                    for e in own
                ]
    if not rows:
        return []
    heads = (Column(w("sensitivity.rule"), numeric=False), *columns_of_numbers(c))
    table = Table("tab-sensitivity", w("sensitivity.caption"), heads, tuple(rows), w("sensitivity.note"), c.source)
    return [Part("sensitivity", w("sensitivity.heading"), (Paragraph(w("sensitivity.lead")), _folded(c, table)))]


def companions(c: Context) -> list[Part]:
    """The primary outcomes by every estimator, the main one first; slopes of each group's own; intervals by redraws."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        for arm in c.treated_arms:
            own = c.estimates.primary(primary, arm)
            if own:
                rows.append(heading(c, primary, arm))
                rows += [_estimate_row(c, _estimator(c, e), e, primary) for e in own]
                rows += [_lin_row(c, row, primary) for row in primary_rows(c, "lin_adjustment", primary, arm)]
    if not rows:
        return []
    heads = (Column(w("estimators.estimator"), numeric=False), *columns_of_numbers(c))
    table = Table("tab-estimators", w("estimators.caption"), heads, tuple(rows), w("estimators.note"), c.source)
    blocks = (Paragraph(w("estimators.lead")), _folded(c, table), *_inverted(c))
    return [Part("estimators", w("estimators.heading"), blocks)]


def _estimator(c: Context, e: Estimate) -> str:
    name = c.words.optional(f"estimator.{e.estimator}", e.estimator)
    adjusted = c.words("estimators.adjusted" if e.adjusted else "estimators.unadjusted", estimator=name)
    return c.words("estimators.main", estimator=adjusted) if e.main else adjusted


def _estimate_row(c: Context, label: str, e: Estimate, primary: Primary) -> Row:
    return Row((Cell(label), *numbers_of(c, e, primary)))


def _lin_row(c: Context, row: Found, primary: Primary) -> Row:
    """An estimate with slopes of each group's own: it has no p-value by redraws."""
    unit = c.unit(primary.outcome, primary.summary)
    name = c.words.optional(f"estimator.{row['estimator']}", row["estimator"])
    numbers = [
        unit.level(row["mean_control"]),
        unit.level(row["mean_treated"]),
        unit.difference(row["estimate"]),
        unit.interval(row["ci_low"], row["ci_high"]),
        c.p(row["p_value"]),
        DASH,
        DASH,
        c.people(row["n_control"] + row["n_treated"]),
    ]
    return Row((Cell(c.words("estimators.lin", estimator=name)), *(Cell(number) for number in numbers)))


def _inverted(c: Context) -> list[Block]:
    """Intervals of the primary outcomes by redraws alone."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        unit = c.unit(primary.outcome, primary.summary)
        for arm in c.treated_arms:
            own = c.estimates.primary(primary, arm)[:1]
            about = {"outcome": primary.outcome, "months": str(primary.months), "summary": primary.summary}
            for row in rows_of(c, "inverted_intervals", arm=arm, main=True, **about) if own else []:
                label = named(c, f"{c.outcome(primary.outcome)}, {c.months(primary.months)}", arm)
                shown = unit.interval(row["low"], row["high"])
                by_t = unit.interval(own[0].ci_low, own[0].ci_high)
                rows.append(Row((Cell(label, second=unit.name), Cell(shown), Cell(by_t))))
    if not rows:
        return []
    heads = columns(c, "precision.outcome", "inverted.redraws", "inverted.t")
    table = Table("tab-inverted", w("inverted.caption"), heads, tuple(rows), w("inverted.note"), c.source)
    return [_folded(c, table)]


def by_probability(c: Context) -> list[Part]:
    """Do effects vary with the probability of the draw? If so, estimators that weight strata differently differ."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        unit = c.unit(primary.outcome, primary.summary)
        for arm in c.treated_arms:
            for row in primary_rows(c, "effects_by_probability", primary, arm, main=True):
                tenth = {**row, **{name: _tenth(row[name]) for name in ("estimate", "ci_low", "ci_high")}}
                label = named(c, f"{c.outcome(primary.outcome)}, {c.months(primary.months)}", arm)
                cells = (Cell(label, second=unit.name), effect_cell(c, unit, tenth), Cell(c.p(row["p_value"])))
                rows.append(Row(cells))
    if not rows:
        return []
    heads = columns(c, "precision.outcome", "probability.change", "table.p")
    table = Table("tab-probability", w("probability.caption"), heads, tuple(rows), w("outcome.exploratory"), c.source)
    return [Part("by-probability", w("probability.heading"), (Paragraph(w("probability.lead")), table))]


def _tenth(value: float | None) -> float | None:
    return None if value is None else value / 10


# Loss after the draw --------------------------------------------------------------------------------------------------


def bounds(c: Context) -> list[Part]:
    """The least and the most that the effect can be, given that some were lost after the draw."""
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        for arm in c.treated_arms:
            rows += [_bounds_row(c, primary, arm, row) for row in primary_rows(c, "bounds_for_loss", primary, arm)]
    if not rows:
        return []
    heads = columns(
        c, "precision.outcome", "bounds.lost_control", "bounds.lost_treated", "bounds.range", "bounds.interval"
    )
    note = f"{w('bounds.note', confidence=c.confidence)} {w('outcome.exploratory')}"
    table = Table("tab-bounds", w("bounds.caption"), heads, tuple(rows), note, c.source)
    return [Part("bounds", w("bounds.heading"), (Paragraph(w("bounds.lead")), table))]


def _bounds_row(c: Context, primary: Primary, arm: str, row: Found) -> Row:
    unit = c.unit(primary.outcome, primary.summary)
    label = named(c, f"{c.outcome(primary.outcome)}, {c.months(primary.months)}", arm)
    lost = [disclosure.share(row[f"lost_{side}"], row[f"n_{side}"], c.language) for side in ("control", "treated")]
    hidden = too_few(row) or row["low"] is None
    shown = DASH if hidden else unit.interval(row["low"], row["high"])
    interval = DASH if hidden else unit.interval(row["ci_low"], row["ci_high"])
    return Row((Cell(label, second=unit.name), *(Cell(share) for share in lost), Cell(shown), Cell(interval)))


def _folded(c: Context, table: Table) -> Details:
    body = sum(row.role == "body" for row in table.rows)
    return Details(f"more-{table.id}", table.caption, (table,), c.words.counted("details.rows", body))
