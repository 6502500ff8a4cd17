"""Work with and without a programme or benefits told apart: an effect as the sum of its two parts."""

from __future__ import annotations

from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Chart, Line, Size, curve
from lodd.report.model import Block, Cell, Column, Details, Drawing, Figure, Paragraph, Part, Row, Table
from lodd.report.tables import Found, effect_cell, exploratory, rows_of, too_few

TABLE = "decomposition"
PARTS = ("whole", "with", "without")


def splits(c: Context) -> list[Part]:
    """A part of the effects; nothing where the protocol splits no outcome."""
    blocks: list[Block] = []
    for whole, by in _declared(c):
        for arm in c.treated_arms:
            blocks += _split(c, whole, by, arm)
    if not blocks:
        return []
    return [Part("splits", c.words("splits.heading"), (Paragraph(c.words("splits.lead")), *blocks))]


def _declared(c: Context) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["whole"], row["by"]) for row in rows_of(c, TABLE, main=True)))


def _split(c: Context, whole: str, by: str, arm: str) -> list[Block]:
    w = c.words
    own = rows_of(c, TABLE, whole=whole, by=by, arm=arm, main=True)
    parts = {part: [row for row in own if row["part"] == part] for part in PARTS}
    if not all(parts.values()):
        return []
    suffix = f"{whole}-{by}" + (f"-{arm}" if c.several_arms else "")
    caption = w("splits.caption", outcome=c.outcome(whole), by=c.outcome(by))
    table = _table(c, f"tab-split-{suffix}", caption, parts)
    blocks: list[Block] = []
    if sum(row["role"] == "curve" for row in parts["whole"]) >= 3:
        blocks.append(_figure(c, f"fig-split-{suffix}", parts, arm))
    folded = Details(f"more-{table.id}", caption, (table,), w.counted("details.rows", len(table.rows)))
    return [*blocks, folded]


def _figure(c: Context, id_: str, parts: dict[str, list[Found]], arm: str) -> Figure:
    w, unit = c.words, c.unit(parts["whole"][0]["outcome"])
    curves = {part: {r["event_month"]: r for r in rows if r["role"] == "curve"} for part, rows in parts.items()}
    months = sorted(curves["whole"])
    styles = {"whole": c.arm_class(arm), "with": "part-with", "without": "part-without"}
    lines = [
        Line(c.outcome(parts[part][0]["outcome"]), styles[part], [_shown(curves[part].get(month)) for month in months])
        for part in PARTS
    ]
    chart = Chart(
        months=months,
        lines=lines,
        tick=unit.difference_tick,
        number=c.number,
        y_title=unit.difference_axis,
        x_title=w("axis.months"),
        draw=w("axis.draw"),
    )

    def drawn(size: Size) -> Drawing:
        return curve(chart, size)

    said = [_in_words(c, parts[part]) for part in PARTS]
    return Figure(
        id=id_,
        headline="; ".join(said[1:]),
        subtitle=w("splits.subtitle", arm=c.drawn_to(arm), reference=c.drawn_to(c.reference)),
        wide=drawn(WIDE),
        narrow=drawn(NARROW),
        alternative=w("splits.alternative", values="; ".join(said)),
        note=w("splits.note"),
        source=c.source,
    )


def _in_words(c: Context, rows: list[Found]) -> str:
    """In which of the declared periods the interval excludes zero."""
    w, periods = c.words, [row for row in rows if row["role"] == "period" and row["ci_low"] is not None]
    higher = [c.months(row["months"]) for row in periods if row["ci_low"] > 0]
    lower = [c.months(row["months"]) for row in periods if row["ci_high"] < 0]
    outcome = c.outcome(rows[0]["outcome"])
    if not periods:
        return w("outcome.difference_plain", outcome=outcome)
    if higher and lower:
        return w("outcome.higher_and_lower", outcome=outcome, higher=c.join(higher), lower=c.join(lower))
    if higher or lower:
        key = "outcome.higher_in" if higher else "outcome.lower_in"
        return w(key, outcome=outcome, periods=c.join(higher or lower))
    return w("outcome.none_in_periods", outcome=outcome)


def _shown(row: Found | None) -> float | None:
    return None if row is None or too_few(row) else row["estimate"]


def _table(c: Context, id_: str, caption: str, parts: dict[str, list[Found]]) -> Table:
    """Each part's effect over the primary months and the declared periods."""
    w = c.words
    unit = c.unit(parts["whole"][0]["outcome"])
    keys = [(row["role"], row["months"], row["summary"]) for row in parts["whole"] if row["role"] != "curve"]
    by_key = {part: {(row["role"], row["months"], row["summary"]): row for row in rows} for part, rows in parts.items()}
    heads = (
        Column(w("splits.months"), numeric=False),
        *(Column(c.outcome(parts[part][0]["outcome"])) for part in PARTS),
    )
    rows = []
    for key in keys:
        own = c.unit(parts["whole"][0]["outcome"], key[2])
        cells = [effect_cell(c, own, by_key[part].get(key)) for part in PARTS]
        rows.append(Row((Cell(c.months(key[1]), second="" if own.is_share else own.name), *cells)))
    said = exploratory(c, [row for part in PARTS for row in parts[part] if row["role"] != "curve"])
    note = w("splits.table_note", unit=unit.name, confidence=c.confidence) + (f" {said}" if said else "")
    return Table(id_, caption, heads, tuple(rows), note, c.source)
