"""Balance: were the arms alike at the draw and before it, as far as can be seen?"""

from __future__ import annotations

import math
from typing import Any

from lodd.evaluation.results import JointTest
from lodd.report.context import Context
from lodd.report.drawing.dots import Dot, DotRow, dot_plot
from lodd.report.labels import covariate_label, is_share
from lodd.report.model import Block, Cell, Column, Drawing, Figure, Paragraph, Row, Section, Table
from lodd.report.units import decimals_for

_SMALL = 0.1
_DASH = "\N{EN DASH}"


def balance(c: Context) -> Section:
    """Joint test in words, figure of standardised differences, table."""
    w = c.words
    rows = c.evaluation.balance.to_dicts()
    if not rows:
        return Section("balance", w("balance.heading"), (Paragraph(w("balance.none")),))
    blocks: list[Block] = [Paragraph(w("balance.lead"))]
    blocks += [Paragraph(_joint(c, test)) for test in c.evaluation.balance_tests]
    blocks += [_figure(c, rows), _table(c, rows)]
    return Section("balance", w("balance.heading"), tuple(blocks))


def _joint(c: Context, test: JointTest) -> str:
    w = c.words
    if math.isnan(test.p_value):
        return w("balance.joint_none", arm=c.group(test.arm))
    key = "balance.joint_small" if test.p_value < 0.05 else "balance.joint"
    return w(
        key,
        arm=c.group(test.arm),
        reference=c.group(c.reference),
        count=c.number(len(test.covariates)),
        statistic=c.number(test.statistic, 2),
        df=c.number(test.df),
        df_residual=c.number(test.df_residual),
        p=c.p_phrase(test.p_value),
    )


def _figure(c: Context, rows: list[dict[str, Any]]) -> Figure:
    w = c.words
    names = list(dict.fromkeys(row["covariate"] for row in rows))
    dots = {name: [dot for row in rows if row["covariate"] == name for dot in _dot(c, row)] for name in names}
    drawn = [DotRow(covariate_label(c, name), dots[name]) for name in names]
    drawn = [row for row in drawn if row.dots]
    largest = max((abs(dot.value) for row in drawn for dot in row.dots), default=0.0)

    def plot(width: int) -> Drawing:
        legend = [(c.arm(arm), c.arm_class(arm)) for arm in c.treated_arms] if c.several_arms else []
        return dot_plot(
            drawn or [DotRow(w("balance.no_differences"))],
            tick=lambda v: c.number(v, 2),
            x_title=w("balance.axis"),
            width=width,
            legend=legend,
            shaded=(-_SMALL, _SMALL),
        )

    return Figure(
        id="fig-balance",
        headline=w("balance.headline", largest=c.number(largest, 2)),
        subtitle=w("balance.subtitle"),
        wide=plot(720),
        narrow=plot(350),
        alternative=w("balance.alternative", count=c.number(len(drawn)), largest=c.number(largest, 2)),
        note=w("balance.figure_note", small=c.number(_SMALL, 1)),
        source=c.source,
    )


def _dot(c: Context, row: dict[str, Any]) -> list[Dot]:
    value = row["std_difference"]
    return [] if value is None or math.isnan(value) else [Dot(c.arm_class(row["arm"]), float(value))]


def _table(c: Context, rows: list[dict[str, Any]]) -> Table:
    w, shown = c.words, list[Row]()
    for arm in c.treated_arms:
        for group in dict.fromkeys(row["group"] for row in rows):
            own = [row for row in rows if (row["arm"], row["group"]) == (arm, group)]
            if own:
                head = w.optional(f"balance.group.{group.replace(' ', '_')}", group)
                shown.append(Row((Cell(f"{c.arm(arm)}: {head}" if c.several_arms else head),), "group"))
                shown += [_row(c, row) for row in own]
    treated = w("balance.treated") if c.several_arms else c.arm(c.treated_arms[0])
    headers = (c.arm(c.reference), treated, *(w(f"balance.{n}") for n in ("difference", "std", "p", "missing")))
    columns = (Column(w("balance.covariate"), numeric=False), *(Column(h) for h in headers))
    return Table("tab-balance", w("balance.caption"), columns, tuple(shown), w("balance.note"), c.source)


def _row(c: Context, row: dict[str, Any]) -> Row:
    share = is_share(c, row["covariate"])
    size = max(abs(row[k] or 0.0) for k in ("mean_control", "mean_treated"))
    places = 1 if share else decimals_for(size)

    def cell(key: str) -> Cell:
        value = row[key]
        if value is None or math.isnan(value):
            return Cell(_DASH)
        if share and key != "difference":
            return Cell(c.percent(value, places))
        return Cell(c.number(value * (100 if share else 1), places))

    standardised = row["std_difference"]
    return Row(
        (
            Cell(covariate_label(c, row["covariate"])),
            *(cell(key) for key in ("mean_control", "mean_treated", "difference")),
            Cell(_DASH if standardised is None or math.isnan(standardised) else c.number(standardised, 3)),
            Cell(c.p(row["p_value"])),
            Cell(c.people(row["n_missing"])),
        )
    )
