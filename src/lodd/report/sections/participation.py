"""Participation: who started in which programme, month by month, and the dated codes that count."""

from __future__ import annotations

from typing import Any

from lodd.locale import long_date
from lodd.protocol.model import Programme
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Chart, Line, Size, curve
from lodd.report.flow_counts import flow_counts
from lodd.report.model import Block, Cell, Column, Drawing, Figure, Paragraph, Part, Row, Section, Table
from lodd.report.sections.takers import takers

_SHOWN_MONTHS = (0, 1, 3, 6, 12, 18, 24, 36, 48, 60, 72)


def participation(c: Context) -> Section:
    """Sentences, one figure for each arm's programmes, the table, and the codes."""
    w = c.words
    rows = c.evaluation.take_up.to_dicts()
    if c.trial.participation is None or not rows:
        return Section("participation", w("participation.heading"), (Paragraph(w("participation.none")),))
    blocks: list[Block] = [Paragraph(w("participation.lead")), *_sentences(c)]
    for arm in _with_programmes(c):
        own = [row for row in rows if row["programme_arm"] == arm]
        blocks += [_figure(c, arm, own), _table(c, arm, own)]
    blocks += takers(c)
    blocks.append(Part("programme-codes", w("codes.heading"), (Paragraph(w("codes.lead")), _codes(c))))
    return Section("participation", w("participation.heading"), tuple(blocks))


def _with_programmes(c: Context) -> list[str]:
    """Arms with programmes, the treated ones first."""
    return [arm for arm in (*c.treated_arms, c.reference) if c.trial.arms[arm].programmes]


def _sentences(c: Context) -> list[Block]:
    found: list[Block] = []
    for arm, a in flow_counts(c).items():
        if a.started is not None and not disclosure.hidden(a.started):
            values = {
                "arm": c.group(arm),
                "started": c.percent(a.started / max(a.drawn, 1), 1),
                "crossed": c.percent(((a.other or 0) + (a.both or 0)) / max(a.drawn, 1), 1),
                "none": c.percent((a.none or 0) / max(a.drawn, 1), 1),
            }
            found.append(Paragraph(c.words("participation.sentence", **values)))
    return found


def _figure(c: Context, programme: str, rows: list[dict[str, Any]]) -> Figure:
    w = c.words
    months = sorted({int(row["event_month"]) for row in rows})
    lines = [
        Line(w("participation.drawn_to", arm=c.drawn_to(arm)), c.arm_class(arm), _series(rows, arm, months))
        for arm in c.trial.arm_ids
    ]
    chart = Chart(
        months=months,
        lines=lines,
        tick=c.percent,
        number=c.number,
        y_title=w("unit.percent_axis"),
        x_title=w("axis.months"),
        draw=w("axis.draw"),
    )
    peaks = [(line.label, max((v for v in line.values if v is not None), default=0.0)) for line in lines]
    said = "; ".join(w("participation.peak", label=label, peak=c.percent(peak, 1)) for label, peak in peaks)

    def drawn(size: Size) -> Drawing:
        return curve(chart, size)

    return Figure(
        id=f"fig-participation-{programme}",
        headline=_headline(c, programme, rows),
        subtitle=w("participation.subtitle"),
        wide=drawn(WIDE),
        narrow=drawn(NARROW),
        alternative=w("participation.alternative", arm=c.group(programme), peaks=said),
        note=w("participation.note"),
        source=c.source,
    )


def _headline(c: Context, programme: str, rows: list[dict[str, Any]]) -> str:
    """How many of each arm had started within a year, or by the last month that is followed."""
    w, known = c.words, [int(row["event_month"]) for row in rows if row["ever"] is not None]
    if not known:
        return w("participation.headline_plain", arm=c.group(programme))
    month = min(12, max(known))
    shares = {arm: _series(rows, arm, [month], "ever")[0] for arm in dict.fromkeys((programme, *c.trial.arm_ids))}
    started = [
        w("participation.started", share=c.percent(share, 1), arm=c.drawn_to(arm))
        for arm, share in shares.items()
        if share is not None
    ]
    return w("participation.headline", arm=c.group(programme), started=c.join(started), month=c.number(month))


def _series(rows: list[dict[str, Any]], arm: str, months: list[int], column: str = "active") -> list[float | None]:
    own = {int(r["event_month"]): r[column] for r in rows if r["arm"] == arm and not disclosure.hidden(r["n"])}
    return [own.get(month) for month in months]


def _table(c: Context, programme: str, rows: list[dict[str, Any]]) -> Table:
    w = c.words
    there = {int(row["event_month"]) for row in rows}
    months = [month for month in _SHOWN_MONTHS if month in there]
    columns = [Column(w("axis.month"), numeric=False)]
    series = []
    for arm in c.trial.arm_ids:
        group = w("participation.drawn_to", arm=c.drawn_to(arm))
        columns += [Column(w("participation.active"), group=group), Column(w("participation.ever"), group=group)]
        series += [_series(rows, arm, months, "active"), _series(rows, arm, months, "ever")]
    body = tuple(
        Row((Cell(c.number(month)), *(Cell("\N{EN DASH}" if s[i] is None else _share(c, s[i])) for s in series)))
        for i, month in enumerate(months)
    )
    caption = w("participation.caption", arm=c.group(programme))
    return Table(f"tab-participation-{programme}", caption, tuple(columns), body, source=c.source)


def _share(c: Context, value: float | None) -> str:
    return c.percent(float("nan") if value is None else value, 1)


def _codes(c: Context) -> Table:
    w = c.words
    rows = tuple(
        Row((Cell(c.arm(arm)), Cell(programme.code), Cell(_dates(c, programme))))
        for arm in c.trial.arm_ids
        for programme in c.trial.arms[arm].programmes
    )
    columns = tuple(Column(w(f"codes.{name}"), numeric=False) for name in ("arm", "code", "dates"))
    return Table("tab-codes", w("codes.caption"), columns, rows, source=w("source.protocol"))


def _dates(c: Context, programme: Programme) -> str:
    since = long_date(programme.since, c.language) if programme.since else ""
    until = long_date(programme.until, c.language) if programme.until else ""
    key = (
        "codes.from_until" if since and until else "codes.from" if since else "codes.until" if until else "codes.always"
    )
    return c.words(key, since=since, until=until)
