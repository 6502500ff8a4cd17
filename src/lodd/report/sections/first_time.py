"""Time to the first month with an outcome (a first job), with death and emigration as what may come first."""

from __future__ import annotations

from lodd import locale
from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Chart, Line, Size, curve
from lodd.report.model import Block, Cell, Column, Details, Drawing, Figure, Paragraph, Part, Row, Table
from lodd.report.tables import DASH, Found, effect_cell, rows_of

CURVES, MEANS = "first_time", "first_time_mean"
WITHOUT_BEFORE = "without_before"
SMALLEST = 4.5
_SHOWN_MONTHS = (1, 3, 6, 12, 18, 24, 36, 48, 60, 72)
Levels = dict[int, float | None]


def first_time(c: Context) -> list[Part]:
    """A part of the effects for every primary outcome that is 1 or 0, among those without it before the draw."""
    blocks: list[Block] = []
    for outcome in c.primary_outcomes:
        for arm in c.treated_arms:
            rows = rows_of(c, CURVES, outcome=outcome, arm=arm, population=WITHOUT_BEFORE)
            if len({row["event_month"] for row in rows}) >= 3:
                blocks += _of_outcome(c, outcome, arm, rows)
    if not blocks:
        return []
    lead = Paragraph(c.words("first_time.lead"))
    return [Part("first-time", c.words("first_time.heading"), (lead, *blocks))]


def _of_outcome(c: Context, outcome: str, arm: str, rows: list[Found]) -> list[Block]:
    w = c.words
    suffix = outcome + (f"-{arm}" if c.several_arms else "")
    table = _table(c, f"tab-first-{suffix}", outcome, arm, rows)
    folded = Details(f"more-{table.id}", table.caption, (table,), w.counted("details.rows", len(table.rows)))
    return [_figure(c, f"fig-first-{suffix}", outcome, arm, rows), folded]


def _figure(c: Context, id_: str, outcome: str, arm: str, rows: list[Found]) -> Figure:
    w = c.words
    months = sorted({row["event_month"] for row in rows})
    lines = []
    for side, who in (("control", c.reference), ("treated", arm)):
        first, gone = incidences(rows, side, ("outcome",)), incidences(rows, side, ("death", "emigration"))
        lines.append(Line(c.arm(who), c.arm_class(who), [first[month] for month in months]))
        label = w("first_time.gone", arm=c.group(who))
        lines.append(Line(label, f"{c.arm_class(who)} thin gone", [gone[month] for month in months]))
    chart = Chart(
        months=months,
        lines=[lines[0], lines[2], lines[1], lines[3]],
        tick=c.percent,
        number=c.number,
        y_title=w("unit.percent_axis"),
        x_title=w("axis.months"),
        draw=w("axis.draw"),
    )

    def drawn(size: Size) -> Drawing:
        return curve(chart, size)

    said = _mean_in_words(c, outcome, arm)
    return Figure(
        id=id_,
        headline=_headline(c, outcome, arm, rows, months),
        subtitle=w("first_time.subtitle"),
        wide=drawn(WIDE),
        narrow=drawn(NARROW),
        alternative=_headline(c, outcome, arm, rows, months),
        note=f"{said} {w('outcome.exploratory')}".strip(),
        source=c.source,
    )


def incidences(rows: list[Found], side: str, causes: tuple[str, ...]) -> Levels:
    """Share by month of those who had these causes first; None where it is about one to four people."""
    start = min(row["event_month"] for row in rows)
    people = next(row[f"at_risk_{side}"] for row in rows if row["event_month"] == start)
    found: dict[int, float] = {}
    for row in rows:
        if row["cause"] in causes and row[f"mean_{side}"] is not None:
            found[row["event_month"]] = found.get(row["event_month"], 0.0) + row[f"mean_{side}"]
    months = {row["event_month"] for row in rows}
    return {month: _unless_few(found.get(month), people) for month in months}


def _unless_few(share: float | None, people: int) -> float | None:
    return None if share is None or people < SMALLEST or 0 < share * people < SMALLEST else share


def _headline(c: Context, outcome: str, arm: str, rows: list[Found], months: list[int]) -> str:
    """How many had had a first month with the outcome within three years, or by the last month."""
    w, month = c.words, min(36, months[-1])
    levels = {
        who: incidences(rows, side, ("outcome",))[month] for side, who in (("treated", arm), ("control", c.reference))
    }
    said = [
        w("outcome.level_of", level=DASH if level is None else c.percent(level, 1), arm=c.group(who))
        for who, level in levels.items()
    ]
    return w("first_time.headline", outcome=c.outcome(outcome), levels=c.join(said), month=c.number(month))


def _mean_in_words(c: Context, outcome: str, arm: str) -> str:
    """The mean time until the outcome, over the longest time that everybody is followed."""
    rows = rows_of(c, MEANS, outcome=outcome, arm=arm, population=WITHOUT_BEFORE, everybody_followed=True)
    known = [row for row in rows if row["estimate"] is not None]
    if not known:
        return ""
    row = max(known, key=lambda r: int(r["months"]))
    return c.words(
        "first_time.mean",
        months=c.number(row["months"]),
        treated=c.number(row["mean_treated"], 1),
        control=c.number(row["mean_control"], 1),
        arm=c.group(arm),
        reference=c.group(c.reference),
        difference=locale.signed(row["estimate"], c.language, 1),
        interval=locale.interval(row["ci_low"], row["ci_high"], c.language, 1),
        confidence=c.confidence,
        people=c.people(row["n_control"] + row["n_treated"]),
    )


def _table(c: Context, id_: str, outcome: str, arm: str, rows: list[Found]) -> Table:
    w = c.words
    control, treated = incidences(rows, "control", ("outcome",)), incidences(rows, "treated", ("outcome",))
    gone = [incidences(rows, side, ("death", "emigration")) for side in ("control", "treated")]
    first = {row["event_month"]: row for row in rows if row["cause"] == "outcome"}
    body = [
        Row(
            (
                Cell(c.number(month)),
                *(Cell(_percent(c, levels.get(month))) for levels in (control, treated)),
                _difference(c, first.get(month), control.get(month), treated.get(month)),
                *(Cell(_percent(c, levels.get(month))) for levels in gone),
            )
        )
        for month in _SHOWN_MONTHS
        if month in control
    ]
    had, before = w("first_time.had"), w("first_time.gone_group")
    names = (c.arm(c.reference), c.arm(arm))
    heads = (
        Column(w("axis.month"), numeric=False),
        *(Column(name, group=had) for name in names),
        Column(w("table.difference"), group=had),
        *(Column(name, group=before) for name in names),
    )
    caption = w("first_time.caption", outcome=c.outcome(outcome))
    return Table(id_, caption, heads, tuple(body), w("first_time.table_note", confidence=c.confidence), c.source)


def _percent(c: Context, share: float | None) -> str:
    return DASH if share is None else c.percent(share, 1)


def _difference(c: Context, row: Found | None, control: float | None, treated: float | None) -> Cell:
    if row is None or control is None or treated is None:
        return Cell(DASH)
    return effect_cell(c, c.unit(row["outcome"]), row)
