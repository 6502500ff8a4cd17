"""The pictures of the rival explanations, each from the table that its finding names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isnan, log2
from typing import Final

from lodd.evaluation.conclusions import Finding, Number, Rival
from lodd.evaluation.verdict.contrast import ANY
from lodd.protocol.months import MonthRange
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Band, Chart, Line, curve
from lodd.report.drawing.dots import Dot, DotRow, dot_plot
from lodd.report.model import Drawing, Figure
from lodd.report.rival_words import hidden, label_of, said, unit_of
from lodd.report.tables import Effect, Found, effects_drawing, effects_in_words, rows_of, too_few
from lodd.report.units import Unit


def pictures(c: Context, rival: Rival, findings: Sequence[Finding]) -> tuple[Figure, ...]:
    """The figures of one explanation's findings; none where there is nothing to draw."""
    made = [figure for i, finding in enumerate(findings) for figure in _MAKERS[rival](c, finding, _id(finding, i))]
    return tuple(made)


def _id(finding: Finding, i: int) -> str:
    return f"fig-why-{finding.letter}-{i + 1}"


# Dots -----------------------------------------------------------------------------------------------------------------


def _dots(
    c: Context, finding: Finding, id_: str, numbers: Sequence[Number], *, margin: float | None = None, note: str = ""
) -> list[Figure]:
    """Numbers of a finding with their intervals around zero."""
    shown = [n for n in numbers if not (isnan(n.value) or isnan(n.low) or isnan(n.high) or hidden(c, finding, n))]
    if not shown:
        return []
    unit, css = unit_of(c, finding, shown[0]), c.arm_class(finding.arm)
    effects = [Effect(_named(c, finding, n), css, n.value, n.low, n.high) for n in shown]
    return [_effects_figure(c, finding, id_, effects, unit, margin=margin, note=note)]


def _named(c: Context, finding: Finding, number: Number) -> str:
    key = f"number.{finding.rival}.{number.name}"
    label = c.words(key if key in c.words else f"number.{number.name}")
    in_headline = finding.rival in {"target_group", "cream_skimming"}
    return f"{label}: {label_of(c, number.of)}" if number.of and not in_headline else label


def _effects_figure(
    c: Context,
    finding: Finding,
    id_: str,
    effects: Sequence[Effect],
    unit: Unit,
    *,
    margin: float | None = None,
    note: str = "",
    subtitle: str = "",
) -> Figure:
    def plot(width: int) -> Drawing:
        return effects_drawing(effects, unit, width, margin)

    return Figure(
        id=id_,
        headline=_headline(c, finding),
        subtitle=subtitle or c.words("rivals.dots", level=c.percent(finding.level)),
        wide=plot(720),
        narrow=plot(350),
        alternative=c.words("subgroups.alternative", values=effects_in_words(c, effects, unit)),
        note=note,
        source=c.source,
    )


def _headline(c: Context, finding: Finding) -> str:
    title = c.words(f"rival.{finding.rival}.picture")
    target = next((n.of for n in finding.numbers if finding.rival in {"target_group", "cream_skimming"} and n.of), "")
    about = [c.outcome(finding.outcome)] if finding.outcome else []
    about += [label_of(c, target)] if target else []
    about += [c.arm(finding.arm)] if c.several_arms else []
    return f"{title}: {', '.join(about)}" if about else title


def _chance(c: Context, finding: Finding, id_: str) -> list[Figure]:
    """The interval that the verdict rests on and the narrower one of the equivalence test, against the margin."""
    about = {"outcome": finding.outcome, "arm": finding.arm, "months": finding.months, "summary": finding.summary}
    rows = rows_of(c, finding.table, **about) if finding.number("effect") else []
    unit = c.unit(finding.outcome, finding.summary) if rows else None
    if unit is None or any(disclosure.hidden(c.drawn[arm]) for arm in (finding.arm, finding.reference)):
        return []
    effects = [
        Effect(
            c.words("rivals.at", level=c.percent(row["level"])),
            c.arm_class(finding.arm),
            row["estimate"],
            row["low"],
            row["high"],
        )
        for row in rows
    ]
    margin = rows[0]["margin"]
    note = "" if margin is None else c.words("finding.margin_label").capitalize() + "."
    subtitle = c.words("rivals.intervals")
    return [_effects_figure(c, finding, id_, effects, unit, margin=margin, note=note, subtitle=subtitle)]


def _evidence(c: Context, finding: Finding, id_: str) -> list[Figure]:
    """Earlier studies; ratios on a scale of doublings."""
    numbers = [n for name in ("earlier", "adjusted", "next_study") if (n := finding.number(name))]
    if not numbers or numbers[0].unit != "ratio":
        return _dots(c, finding, id_, numbers)
    known = [n for n in numbers if min(n.value, n.low, n.high) > 0]
    css = c.arm_class(finding.arm)
    rows = [DotRow(_named(c, finding, n), [Dot(css, log2(n.value), log2(n.low), log2(n.high))]) for n in known]

    def plot(width: int) -> Drawing:
        return dot_plot(rows, tick=lambda v: c.number(2.0**v, 2), x_title=c.words("rivals.ratio"), width=width)

    if not rows:
        return []
    return [
        Figure(
            id=id_,
            headline=_headline(c, finding),
            subtitle=c.words("rivals.dots", level=c.percent(0.95)),
            wide=plot(720),
            narrow=plot(350),
            alternative="; ".join(f"{_named(c, finding, n)}: {said(c, finding, n)}" for n in known),
            source=c.source,
        )
    ]


def _target(c: Context, finding: Finding, id_: str) -> list[Figure]:
    margin = _margin(c, finding)
    return _dots(c, finding, id_, [n for n in finding.numbers if n.name in {"difference", "effect"}], margin=margin)


def _selection(c: Context, finding: Finding, id_: str) -> list[Figure]:
    limit = finding.number("limit")
    return _dots(
        c,
        finding,
        id_,
        [n for n in finding.numbers if n.name == "easier"],
        margin=None if limit is None else limit.value,
    )


def _margin(c: Context, finding: Finding) -> float | None:
    for primary in c.primaries:
        if (primary.outcome, str(primary.months)) == (finding.outcome, finding.months) and primary.margin:
            return float(primary.margin)
    return None


# Curves ---------------------------------------------------------------------------------------------------------------


def _contrast(c: Context, finding: Finding, id_: str) -> list[Figure]:
    """Any programme, month by month, in both arms."""
    rows = rows_of(c, finding.table, arm=finding.arm, kind=ANY) if finding.table else []
    return _arms(c, finding, id_, rows, c.words("participation.subtitle"))


def _catch_up(c: Context, finding: Finding, id_: str) -> list[Figure]:
    """Both arms' curves for the same people, the months compared shaded."""
    rows = rows_of(c, finding.table, arm=finding.arm, outcome=finding.outcome) if finding.table else []
    spans = [MonthRange.parse(months) for months in finding.months.split()] if rows else []
    partial = [(span.first, span.last) for span in spans]
    return _arms(c, finding, id_, rows, c.words("outcome.levels_subtitle"), partial=partial)


def _arms(
    c: Context,
    finding: Finding,
    id_: str,
    rows: list[Found],
    label: str,
    *,
    partial: Sequence[tuple[int, int]] = (),
) -> list[Figure]:
    """Both arms' means by month."""
    months = [row["event_month"] for row in rows]
    if len(months) < 3:
        return []
    unit = c.unit(finding.outcome) if finding.outcome else _share(c)
    lines = [
        Line(c.arm(who), c.arm_class(who), [None if too_few(row) else row[f"mean_{side}"] for row in rows])
        for side, who in (("control", finding.reference), ("treated", finding.arm))
    ]
    chart = Chart(
        months=months,
        lines=lines,
        tick=unit.tick,
        number=c.number,
        y_title=unit.axis,
        x_title=c.words("axis.months"),
        draw=c.words("axis.draw"),
        partial=partial,
        partial_label=c.words("rivals.compared") if partial else "",
    )
    return [_curve_figure(c, finding, id_, chart, unit=unit, label=label)]


def _curve_figure(c: Context, finding: Finding, id_: str, chart: Chart, *, unit: Unit, label: str) -> Figure:
    at = [m for m in (chart.months[0], 6, 12, 24, 36, chart.months[-1]) if m in chart.months]
    values = []
    for month in dict.fromkeys(at):
        i = list(chart.months).index(month)
        shown = [f"{line.label} {unit.level(line.values[i])}" for line in chart.lines]
        values.append(f"{c.number(month)}: {', '.join(shown)}")
    return Figure(
        id=id_,
        headline=_headline(c, finding),
        subtitle=label,
        wide=curve(chart, WIDE),
        narrow=curve(chart, NARROW),
        alternative=c.words("rivals.curve", label=label, values="; ".join(values)),
        source=c.source,
    )


def _share(c: Context) -> Unit:
    w = c.words
    return Unit(c.language, 100.0, 1, w("unit.points"), w("unit.percent_axis"), w("unit.points_axis"), is_share=True)


def _placement(c: Context, finding: Finding, id_: str) -> list[Figure]:
    """From the start of the programme to the first ordinary job, and to the first work practice."""
    rows = rows_of(c, finding.table, arm=finding.arm) if finding.table else []
    by_event = {
        event: {row["months_since_start"]: row for row in rows if row["event"] == event}
        for event in ("ordinary_work", "work_practice")
    }
    months = sorted({row["months_since_start"] for row in rows})
    if len(months) < 3:
        return []
    css = c.arm_class(finding.arm)
    styles = {"ordinary_work": css, "work_practice": "part-with"}
    lines, bands = [], []
    for event, own in by_event.items():
        if own:
            label = c.words(f"rivals.{event}")
            lines.append(Line(label, styles[event], [_placed(own.get(month), "share") for month in months]))
    first = by_event["ordinary_work"]
    if first:
        low, high = ([_placed(first.get(month), name) for month in months] for name in ("ci_low", "ci_high"))
        bands.append(Band(c.words("outcome.band", confidence=c.percent(finding.level)), css, low, high))
    unit = _share(c)
    chart = Chart(
        months=months,
        lines=lines,
        tick=unit.tick,
        number=c.number,
        y_title=unit.axis,
        x_title=c.words("rivals.since_start"),
        draw="",
        bands=bands,
    )
    label = c.words("rivals.placed_subtitle", arm=c.drawn_to(finding.arm))
    return [_curve_figure(c, finding, id_, chart, unit=unit, label=label)]


def _placed(row: Found | None, name: str) -> float | None:
    """A share of those who started, unless it is of one to four people."""
    if row is None or disclosure.hidden(round(row["share"] * row["n"])):
        return None
    return float(row[name])


def _instruments(c: Context, finding: Finding, id_: str) -> list[Figure]:
    """The use of other instruments by arm, and the effect on work with and without them."""
    rows = rows_of(c, finding.table, arm=finding.arm) if finding.table else []
    use = _arms(c, finding, id_, [row for row in rows if row["part"] == "use"], c.words("rivals.use"))
    effects = [n for name in ("work", "work_with", "work_without") if (n := finding.number(name))]
    return [*use, *_dots(c, finding, f"{id_}-work", effects)]


_MAKERS: Final[Mapping[Rival, Callable[[Context, Finding, str], list[Figure]]]] = {
    "earlier_evidence": _evidence,
    "target_group": _target,
    "treatment_contrast": _contrast,
    "cream_skimming": _selection,
    "chance": _chance,
    "implementation": _placement,
    "catch_up": _catch_up,
    "other_instruments": _instruments,
}
