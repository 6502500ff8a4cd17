"""The effect among those who took part because they were drawn, and how far the draw moved anybody."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from lodd.protocol.analysis import Primary
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.model import Block, Cell, Column, Details, Paragraph, Part, Row, Table
from lodd.report.tables import DASH, Found, columns, effect_cell, primary_rows, rows_of, too_few
from lodd.report.units import Unit

TABLE = "participation_effects"
_SHOWN_MONTHS = (1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 60, 72)


def takers(c: Context) -> list[Block]:
    """A part of the section on participation; nothing where nobody's participation is known."""
    w = c.words
    found = [
        (primary, arm, row)
        for primary in c.primaries
        for arm in c.treated_arms
        for row in primary_rows(c, TABLE, primary, arm, main=True)
    ]
    if not found:
        return []
    rows = [_row(c, primary, arm, row) for primary, arm, row in found]
    heads = ("takers.effect", "takers.not_rejected", "takers.moved", "takers.f", "takers.without")
    table = Table(
        "tab-takers",
        w("takers.caption"),
        columns(c, "takers.outcome", *heads, confidence=c.confidence),
        tuple(rows),
        w("takers.note", confidence=c.confidence),
        c.source,
    )
    said = [Paragraph(text) for text in dict.fromkeys(_moved(c, arm, row) for _, arm, row in found)]
    folded = [details for arm in c.treated_arms for details in _by_month(c, arm)]
    return [Part("takers", w("takers.heading"), (Paragraph(w("takers.lead")), *said, table, *folded))]


def _moved(c: Context, arm: str, row: Found) -> str:
    share = _share(c, row)
    values = {"arm": c.drawn_to(arm), "month": c.number(row["started_by"])}
    return c.words("takers.moved_sentence", share=share, **values) if share != DASH else c.words("takers.few", **values)


def _row(c: Context, primary: Primary, arm: str, row: Found) -> Row:
    unit = c.unit(primary.outcome, primary.summary)
    label = f"{c.outcome(primary.outcome)}, {c.months(primary.months)}"
    mean = DASH if too_few(row) else unit.level(row["complier_mean_control"])
    return Row(
        (
            Cell(label, second=c.arm(arm) if c.several_arms else "" if unit.is_share else unit.name),
            effect_cell(c, unit, row),
            Cell(not_rejected(c, unit, row)),
            Cell(_share(c, row)),
            Cell(first_stage(c, row)),
            Cell(mean),
        )
    )


def _share(c: Context, row: Found) -> str:
    few = too_few(row) or disclosure.hidden(row["n_treated_started"])
    return DASH if few or row["share_compliers"] is None else c.percent(row["share_compliers"], 1)


def first_stage(c: Context, row: Found) -> str:
    """F of the first stage: no decimals from ten up."""
    f = row["first_stage_f"]
    return DASH if f is None or too_few(row) else c.number(f, 0 if f >= 10 else 1)


def not_rejected(c: Context, unit: Unit, row: Found) -> str:
    """The effects that the data do not reject, in words: an interval, two pieces, a half line, all of them or none."""
    w, kind, low, high = c.words, row["ar_kind"], row["ar_low"], row["ar_high"]
    if too_few(row) or kind is None:
        return DASH
    if kind == "two_pieces":
        return w("takers.set.two_pieces", low=unit.difference(low), high=unit.difference(high))
    if kind != "interval" or (low == -inf and high == inf):
        return w(f"takers.set.{kind if kind != 'interval' else 'unbounded'}")
    if low == -inf:
        return w("takers.set.up_to", high=unit.difference(high))
    if high == inf:
        return w("takers.set.from", low=unit.difference(low))
    return unit.interval(low, high)


def _by_month(c: Context, arm: str) -> list[Details]:
    """How far the draw had moved people by each month, and the effects among them."""
    w = c.words
    curves = {
        outcome: {r["event_month"]: r for r in rows_of(c, TABLE, role="curve", outcome=outcome, arm=arm, main=True)}
        for outcome in c.primary_outcomes
    }
    there = [month for month in _SHOWN_MONTHS if any(month in rows for rows in curves.values())]
    if len(there) < 2:
        return []
    heads = [Column(w("axis.month"), numeric=False), Column(w("takers.moved")), Column(w("takers.f"))]
    heads += [Column(f"{c.outcome(outcome)} ({c.unit(outcome).name})") for outcome in curves]
    rows = tuple(_month_row(c, month, [curves[outcome].get(month) for outcome in curves]) for month in there)
    caption = w("takers.by_month", arm=c.drawn_to(arm))
    table = Table(f"tab-takers-{arm}", caption, tuple(heads), rows, w("takers.month_note"), c.source)
    return [Details(f"more-tab-takers-{arm}", caption, (table,), w.counted("details.rows", len(rows)))]


def _month_row(c: Context, month: int, found: Sequence[Found | None]) -> Row:
    first = next(row for row in found if row is not None)
    cells = [Cell(c.number(month)), Cell(_share(c, first)), Cell(first_stage(c, first))]
    for row in found:
        if row is None or row["estimate"] is None or too_few(row):
            cells.append(Cell(DASH))
        else:
            unit = c.unit(row["outcome"])
            cells.append(Cell(unit.difference(row["estimate"]), second=not_rejected(c, unit, row)))
    return Row(tuple(cells))
