"""Who was drawn, what became of them, and what characterised them at the draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.flow import Box, flow
from lodd.report.drawing.flow import Column as FlowColumn
from lodd.report.flow_counts import FlowCounts, flow_counts
from lodd.report.labels import category_label, category_order, column_label, is_share
from lodd.report.model import Block, Cell, Column, Details, Drawing, Figure, Paragraph, Part, Row, Section, Table

_MOST_CATEGORIES = 12


def participants(c: Context) -> Section:
    """Flow, where they were drawn, characteristics."""
    w = c.words
    parts: list[Block] = [Paragraph(w("participants.lead"))]
    parts.append(Part("flow", w("flow.heading"), tuple(_flow(c))))
    parts.append(Part("where", w("where.heading"), tuple(_where(c))))
    parts.append(Part("characteristics", w("characteristics.heading"), tuple(_characteristics(c))))
    return Section("participants", w("participants.heading"), tuple(parts))


# Flow -----------------------------------------------------------------------------------------------------------------


def _flow(c: Context) -> list[Block]:
    w, counts = c.words, flow_counts(c)
    if not counts:
        return [Paragraph(w("flow.none"))]
    rows = _flow_rows(c, list(counts.values()))
    said = "; ".join(f"{row.cells[0].text}: {', '.join(_said(c, row, list(counts)))}" for row in rows)
    figure = Figure(
        id="fig-flow",
        headline=w("flow.headline", people=c.number(len(c.participants)), arms=c.number(len(counts))),
        subtitle=w("flow.subtitle"),
        wide=_flow_drawing(c, counts, 720),
        narrow=_flow_drawing(c, counts, 350),
        alternative=w("flow.alternative", rows=said),
        source=c.source,
    )
    columns = (Column(w("flow.stage"), numeric=False), *(Column(c.arm(arm)) for arm in counts))
    table = Table("tab-flow", w("flow.caption"), columns, tuple(rows), w("flow.note"), c.source)
    return [figure, table]


def _said(c: Context, row: Row, arms: list[str]) -> list[str]:
    return [f"{c.arm(arm)} {cell.text}" for arm, cell in zip(arms, row.cells[1:], strict=True)]


def _flow_rows(c: Context, arms: list[FlowCounts]) -> list[Row]:
    lines: list[tuple[str, list[int | None]]] = [(c.words("flow.drawn"), [a.drawn for a in arms])]
    lines += [(c.words("flow.own"), [a.own for a in arms]), (c.words("flow.both"), [a.both for a in arms])]
    lines += [(c.words("flow.other"), [a.other for a in arms]), (c.words("flow.no_start"), [a.none for a in arms])]
    lines += [(c.words("flow.dead"), [a.dead for a in arms]), (c.words("flow.abroad"), [a.abroad for a in arms])]
    lines += [(_analysed(c, i), [a.analysed[i] for a in arms]) for i in range(len(c.primaries))]
    return [
        Row((Cell(label), *(Cell(c.people(value)) for value in values)))
        for label, values in lines
        if any(value is not None for value in values)
    ]


def _analysed(c: Context, i: int) -> str:
    primary = c.primaries[i]
    return c.words("flow.analysed", outcome=c.outcome(primary.outcome), months=c.months(primary.months))


def _flow_drawing(c: Context, counts: Mapping[str, FlowCounts], width: int) -> Drawing:
    start = Box(c.words("flow.box_all", people=c.number(len(c.participants))))
    columns = [FlowColumn(c.arm_class(arm), _boxes(c, arm, a)) for arm, a in counts.items()]
    return flow(start, columns, width)


def _boxes(c: Context, arm: str, a: FlowCounts) -> list[Box]:
    w = c.words
    boxes = [Box(c.arm(arm), [w("flow.box_drawn", count=c.people(a.drawn))])]
    started = [("flow.box_own", a.started), ("flow.box_other", a.other), ("flow.box_none", a.none)]
    lines = [w(key, count=c.people(n)) for key, n in started if n is not None]
    if lines:
        boxes.append(Box(w("flow.box_participation"), lines))
    exits = [("flow.box_dead", a.dead), ("flow.box_abroad", a.abroad)]
    lines = [w(key, count=c.people(n)) for key, n in exits if n is not None]
    if lines:
        boxes.append(Box(w("flow.box_followed"), lines))
    lines = [f"{_analysed_short(c, i)}: {c.people(n)}" for i, n in enumerate(a.analysed) if n is not None]
    if lines:
        boxes.append(Box(w("flow.box_analysed"), lines))
    return boxes


def _analysed_short(c: Context, i: int) -> str:
    primary = c.primaries[i]
    return c.words("flow.box_primary", outcome=c.outcome(primary.outcome), months=c.months(primary.months))


# Where ----------------------------------------------------------------------------------------------------------------


def _where(c: Context) -> list[Block]:
    """Sites in a table; their offices in another, folded."""
    w = c.words
    counts = c.participants.frame.group_by("office", "arm").len()
    found = {(str(office), str(arm)): int(n) for office, arm, n in counts.iter_rows()}
    sites, offices = list[Row](), list[Row]()
    for site in c.trial.sites.values():
        own = {o.label: [found.get((o.id, arm), 0) for arm in c.trial.arm_ids] for o in site.offices}
        sites.append(_counts_row(c, site.label, [sum(column) for column in zip(*own.values(), strict=True)]))
        offices += [Row((Cell(site.label),), "group"), *(_counts_row(c, label, n) for label, n in own.items())]
    everyone = [c.drawn[arm] for arm in c.trial.arm_ids]
    sites.append(_counts_row(c, w("where.all"), everyone, "total"))
    note = w("disclosure.note")
    table = Table("tab-where", w("where.caption"), _count_columns(c, "where.site"), tuple(sites), note, c.source)
    if len(c.trial.office_site) == len(c.trial.sites):
        return [table]
    caption = w("where.office_caption")
    folded = Table("tab-offices", caption, _count_columns(c, "where.office"), tuple(offices), note, c.source)
    hint = w.counted("details.rows", len(c.trial.office_site))
    return [table, Details("more-tab-offices", caption, (folded,), hint)]


def _count_columns(c: Context, first: str) -> tuple[Column, ...]:
    w = c.words
    return (Column(w(first), numeric=False), Column(w("where.total")), *(Column(c.arm(a)) for a in c.trial.arm_ids))


def _counts_row(c: Context, label: str, numbers: list[int], role: Literal["body", "total"] = "body") -> Row:
    """Counts by arm; where one is hidden, the total is rounded down so that it cannot be worked out."""
    total = sum(numbers)
    shown = c.people(total)
    if total >= disclosure.SMALLEST and any(disclosure.hidden(n) for n in numbers):
        shown = c.words("disclosure.at_least", count=c.number(total - total % disclosure.SMALLEST))
    return Row((Cell(label), Cell(shown), *(Cell(c.people(n)) for n in numbers)), role)


# Characteristics ------------------------------------------------------------------------------------------------------


def _characteristics(c: Context) -> list[Block]:
    w = c.words
    made = [_characteristic(c, column) for column in c.participants.baseline_columns]
    rows = [row for group in sorted(made, key=lambda group: len(group) > 1) for row in group]
    if not rows:
        return [Paragraph(w("characteristics.none"))]
    columns = (
        Column(w("characteristics.column"), numeric=False),
        Column(w("where.all")),
        *(Column(c.arm(arm)) for arm in c.trial.arm_ids),
    )
    table = Table(
        "tab-characteristics", w("characteristics.caption"), columns, tuple(rows), w("characteristics.note"), c.source
    )
    return [table]


def _characteristic(c: Context, column: str) -> list[Row]:
    """Rows of one baseline column: a mean for numbers, a share for yes and no, shares for categories."""
    values = c.participants.frame[column]
    if values.null_count() == len(values) or values.dtype.is_temporal():
        return []
    if is_share(c, column):
        shares = [_mean(c, column, arm) for arm in (None, *c.trial.arm_ids)]
        cells = [Cell("\N{EN DASH}" if s is None else c.percent(s, 1)) for s in shares]
        return [Row((Cell(column_label(c, column)), *cells))]
    if values.dtype.is_numeric():
        means = [_mean(c, column, arm) for arm in (None, *c.trial.arm_ids)]
        cells = [Cell("\N{EN DASH}" if m is None else c.number(m, 0 if abs(m) >= 100 else 1)) for m in means]
        return [Row((Cell(c.words("characteristics.mean_of", column=column_label(c, column))), *cells))]
    return _categories(c, column)


def _mean(c: Context, column: str, arm: str | None) -> float | None:
    frame = c.participants.frame if arm is None else c.participants.frame.filter(pl.col("arm") == arm)
    known = frame[column].drop_nulls().cast(pl.Float64)
    if len(known) < disclosure.SMALLEST:
        return None
    mean = known.mean()
    return float(mean) if isinstance(mean, int | float) else None


def _categories(c: Context, column: str) -> list[Row]:
    frame = c.participants.frame.select("arm", pl.col(column).cast(pl.String)).drop_nulls()
    categories = sorted(frame[column].unique().to_list(), key=lambda value: category_order(c, column, value))
    if not 1 < len(categories) <= _MOST_CATEGORIES:
        return []
    counts = {(str(a), str(v)): int(n) for a, v, n in frame.group_by("arm", column).len().iter_rows()}
    totals = {arm: sum(n for (a, _), n in counts.items() if a == arm) for arm in c.trial.arm_ids}
    rows = [Row((Cell(column_label(c, column)),), "group")]
    for category in categories:
        own = [counts.get((arm, category), 0) for arm in c.trial.arm_ids]
        shares = [
            disclosure.share(n, of, c.language)
            for n, of in [(sum(own), sum(totals.values())), *zip(own, totals.values(), strict=True)]
        ]
        rows.append(Row((Cell(category_label(c, column, category)), *(Cell(s) for s in shares))))
    return rows
