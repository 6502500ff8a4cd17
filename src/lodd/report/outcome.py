"""One outcome's page: levels of all arms, each arm's difference from the reference, and the table behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lodd.protocol.types import coverage_months
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.drawing.curves import NARROW, WIDE, Band, Chart, Line, Size, curve
from lodd.report.estimates import Estimate
from lodd.report.measures import definition
from lodd.report.model import Block, Cell, Column, Details, Drawing, Figure, Pair, Paragraph, Row, Table
from lodd.report.units import Unit

_DASH = "\N{EN DASH}"


def outcome_blocks(c: Context, outcome: str, *, primary: bool) -> tuple[Block, ...]:
    """Everything about one outcome; a primary one has wide figures, others two small ones side by side."""
    first = c.estimates.curve(outcome, c.treated_arms[0])
    opening: list[Block] = [Paragraph(" ".join(definition(c, outcome)), "note")]
    if len(first) < 3:
        return (*opening, *_without_curve(c, outcome))
    figures = [levels(c, outcome, narrow_only=not primary)]
    figures += [difference(c, outcome, arm, narrow_only=not primary) for arm in c.treated_arms]
    shown: list[Block] = list(figures) if primary else [Pair(tuple(figures))]
    return (*opening, *shown, *_behind(c, outcome))


def _without_curve(c: Context, outcome: str) -> list[Block]:
    """An outcome measured once or twice has no curve: its table says it all."""
    table = month_table(c, outcome)
    return [table] if table.rows else [Paragraph(c.words("outcome.not_estimated"))]


def _behind(c: Context, outcome: str) -> list[Block]:
    table = month_table(c, outcome)
    hint = c.words.counted("details.rows", len(table.rows))
    return [Details(f"more-{table.id}", c.words("outcome.table_behind", outcome=c.outcome(outcome)), (table,), hint)]


# Figures --------------------------------------------------------------------------------------------------------------


def levels(c: Context, outcome: str, *, narrow_only: bool, population: str = "all") -> Figure:
    """Every arm's mean by event month."""
    w, unit = c.words, c.unit(outcome)
    curves = {arm: c.estimates.curve(outcome, arm, population) for arm in c.treated_arms}
    months = _months(curves.values())
    lines = [Line(c.arm(c.reference), c.arm_class(c.reference), _control(curves[c.treated_arms[0]], months))]
    lines += [Line(c.arm(arm), c.arm_class(arm), _treated(rows, months)) for arm, rows in curves.items()]
    partial = partial_months(c, outcome, months) if population == "all" else []
    chart = _chart(c, months, lines, unit, partial=partial)
    at = last_full_month(c, outcome, months)
    groups = [c.group(arm) for arm in c.trial.arm_ids]
    said = [(group, unit.level(line.values[months.index(at)])) for group, line in zip(groups, lines, strict=True)]
    suffix = "" if population == "all" else "-fixed"
    return Figure(
        id=f"fig-levels-{outcome}{suffix}",
        headline=w(
            "outcome.levels_headline",
            outcome=c.outcome(outcome),
            levels=c.join([w("outcome.level_of", level=level, arm=group) for group, level in said]),
            month=c.months(f"{at}..{at}"),
        ),
        subtitle=w("outcome.levels_subtitle" if population == "all" else "outcome.fixed_subtitle"),
        wide=curve(chart, NARROW if narrow_only else WIDE),
        narrow=None if narrow_only else curve(chart, NARROW),
        alternative=_levels_in_words(c, outcome, lines, months, unit),
        note=_cohort_note(c, outcome, months, population),
        source=c.source,
    )


def difference(c: Context, outcome: str, arm: str, *, narrow_only: bool) -> Figure:
    """One arm's difference from the reference by event month, with its pointwise band and the fixed cohort."""
    w, unit = c.words, c.unit(outcome)
    rows = c.estimates.curve(outcome, arm)
    months = [e.event_month or 0 for e in rows]
    css = c.arm_class(arm)
    lines = [Line(w("outcome.difference"), css, [_shown(e, e.estimate) for e in rows])]
    lines += _fixed_line(c, outcome, arm, months) + _truth_line(c, outcome, arm, months)
    partial = partial_months(c, outcome, months)
    chart = _chart(c, months, lines, unit, partial=partial, bands=_bands(c, css, rows))

    def drawn(size: Size) -> Drawing:
        return curve(chart, size)

    return Figure(
        id=f"fig-difference-{outcome}" + (f"-{arm}" if c.several_arms else ""),
        headline=difference_headline(c, outcome, arm),
        subtitle=w("outcome.difference_subtitle", arm=c.drawn_to(arm), reference=c.drawn_to(c.reference)),
        wide=drawn(NARROW if narrow_only else WIDE),
        narrow=None if narrow_only else drawn(NARROW),
        alternative=_difference_in_words(c, outcome, rows, unit),
        note=_difference_note(c, outcome, arm, rows),
        source=c.source,
    )


def _bands(c: Context, css: str, rows: Sequence[Estimate]) -> tuple[Band, ...]:
    """The pointwise band, and behind it the one that holds for the whole curve, where the lots were redrawn."""
    w = c.words
    low, high = [_shown(e, e.ci_low) for e in rows], [_shown(e, e.ci_high) for e in rows]
    bands = [Band(w("outcome.band", confidence=c.confidence), css, low, high)]
    if _has_whole(rows):
        low, high = [_shown(e, e.band_low) for e in rows], [_shown(e, e.band_high) for e in rows]
        bands.insert(0, Band(w("outcome.whole_band", confidence=c.confidence), f"{css} whole", low, high))
    return tuple(bands)


def _has_whole(rows: Sequence[Estimate]) -> bool:
    return any(e.band_low is not None for e in rows)


def _chart(
    c: Context,
    months: Sequence[int],
    lines: Sequence[Line],
    unit: Unit,
    *,
    partial: Sequence[tuple[int, int]],
    bands: Sequence[Band] = (),
) -> Chart:
    return Chart(
        months=months,
        lines=lines,
        tick=unit.difference_tick if bands else unit.tick,
        number=c.number,
        y_title=unit.difference_axis if bands else unit.axis,
        x_title=c.words("axis.months"),
        draw=c.words("axis.draw"),
        bands=bands,
        partial=partial,
        partial_label=c.words("axis.partial"),
    )


def _fixed_line(c: Context, outcome: str, arm: str, months: Sequence[int]) -> list[Line]:
    fixed = {e.event_month: _shown(e, e.estimate) for e in c.estimates.curve(outcome, arm, "fixed_cohort")}
    return [Line(c.words("outcome.fixed_cohort"), "fixed", [fixed.get(m) for m in months])] if fixed else []


def _truth_line(c: Context, outcome: str, arm: str, months: Sequence[int]) -> list[Line]:
    truth = c.truth.get((outcome, arm))
    return [Line(c.words("outcome.truth"), "truth", [truth.get(m) for m in months])] if truth else []


# Words ----------------------------------------------------------------------------------------------------------------


def difference_headline(c: Context, outcome: str, arm: str) -> str:
    """Where the intervals of the declared periods (or else months) exclude zero; "no difference found" elsewhere."""
    w, periods = c.words, c.estimates.periods(outcome, arm)
    higher = [c.months(e.months) for e in periods if e.sign > 0]
    lower = [c.months(e.months) for e in periods if e.sign < 0]
    values = {"outcome": c.outcome(outcome)}
    if not periods:
        return w("outcome.difference_plain", **values)
    if higher and lower:
        return w("outcome.higher_and_lower", higher=c.join(higher), lower=c.join(lower), **values)
    if higher or lower:
        key = "outcome.higher_in" if higher else "outcome.lower_in"
        return w(key, periods=c.join(higher or lower), **values)
    return w("outcome.none_in_periods", **values)


def _difference_note(c: Context, outcome: str, arm: str, rows: Sequence[Estimate]) -> str:
    after = [e for e in rows if (e.event_month or 0) > 0 and e.interval is not None and _shown(e, 1.0)]
    outside = sum(e.sign != 0 for e in after)
    alpha = 1 - float(c.trial.analysis.confidence)
    notes = [
        c.words(
            "outcome.pointwise",
            confidence=c.confidence,
            one_in=c.number(round(1 / alpha)),
            outside=c.number(outside),
            months=c.number(len(after)),
            expected=c.number(alpha * len(after)),
        )
    ]
    if _has_whole(rows):
        notes.append(_whole_in_words(c, rows))
    if rows and not all(e.prespecified for e in rows):
        notes.append(c.words("outcome.exploratory"))
    if c.truth.get((outcome, arm)):
        notes.append(c.words("outcome.truth_note"))
    return " ".join(notes)


def _whole_in_words(c: Context, rows: Sequence[Estimate]) -> str:
    """In how many months the band for the whole curve excludes zero."""
    known = [(e.band_low, e.band_high) for e in rows if _shown(e, 1.0)]
    outside = sum(low > 0 or high < 0 for low, high in known if low is not None and high is not None)
    alpha = c.percent(1 - float(c.trial.analysis.confidence))
    if not outside:
        return c.words("outcome.whole_none", alpha=alpha)
    return c.words.counted("outcome.whole_some", outside, alpha=alpha)


def _levels_in_words(c: Context, outcome: str, lines: Sequence[Line], months: Sequence[int], unit: Unit) -> str:
    at = [m for m in (months[0], 0, 12, 24, 36, months[-1]) if m in months]
    said = []
    for month in dict.fromkeys(at):
        levels = [f"{line.label} {unit.level(line.values[months.index(month)])}" for line in lines]
        said.append(f"{c.months(f'{month}..{month}')}: {', '.join(levels)}")
    return c.words("outcome.levels_alternative", outcome=c.outcome(outcome), values="; ".join(said))


def _difference_in_words(c: Context, outcome: str, rows: Sequence[Estimate], unit: Unit) -> str:
    by_month = {e.event_month: e for e in rows}
    said = []
    for month in dict.fromkeys(m for m in (0, 6, 12, 24, 36, rows[-1].event_month) if m in by_month):
        e = by_month[month]
        if e.estimate is not None and e.interval is not None and _shown(e, 1.0):
            said.append(
                f"{c.months(f'{month}..{month}')}: {unit.difference(e.estimate)} ({unit.interval(*e.interval)})"
            )
    return c.words("outcome.difference_alternative", outcome=c.outcome(outcome), unit=unit.name, values="; ".join(said))


# Who is followed ------------------------------------------------------------------------------------------------------


def followed(c: Context, outcome: str, months: Sequence[int]) -> list[int]:
    """How many of those drawn the registers can follow in each event month (administrative censoring only)."""
    first, last = coverage_months(c.trial, outcome)
    drawn = c.participants.draw_month
    return [int(np.sum((drawn + month >= first) & (drawn + month <= last))) for month in months]


def partial_months(c: Context, outcome: str, months: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of event months in which the registers follow some of those drawn, but not all."""
    everyone = len(c.participants)
    partial = [m for m, n in zip(months, followed(c, outcome, months), strict=True) if n < everyone]
    ranges: list[tuple[int, int]] = []
    for month in partial:
        if ranges and ranges[-1][1] == month - 1:
            ranges[-1] = (ranges[-1][0], month)
        else:
            ranges.append((month, month))
    return ranges


def last_full_month(c: Context, outcome: str, months: Sequence[int]) -> int:
    """The last event month in which everybody can be followed; else the last of all."""
    everyone = len(c.participants)
    full = [m for m, n in zip(months, followed(c, outcome, months), strict=True) if n == everyone and m >= 0]
    return full[-1] if full else months[-1]


def _cohort_note(c: Context, outcome: str, months: Sequence[int], population: str) -> str:
    """From when not everybody can be followed, and how many are left at the end."""
    partial = [(a, b) for a, b in partial_months(c, outcome, months) if b > 0]
    if population != "all" or not partial:
        return c.words("outcome.all_followed" if population == "all" else "outcome.fixed_note")
    left = followed(c, outcome, [months[-1]])[0]
    return c.words(
        "outcome.cohort_note", month=c.number(partial[0][0] - 1), left=c.people(left), all=c.people(len(c.participants))
    )


# Table ----------------------------------------------------------------------------------------------------------------


def month_table(c: Context, outcome: str) -> Table:
    """Every month: levels, differences with intervals, the fixed cohort's difference, and people observed."""
    w, unit = c.words, c.unit(outcome)
    curves = {arm: {e.event_month or 0: e for e in c.estimates.curve(outcome, arm)} for arm in c.treated_arms}
    fixed = {arm: {e.event_month: e for e in c.estimates.curve(outcome, arm, "fixed_cohort")} for arm in c.treated_arms}
    reference = c.arm(c.reference)
    columns = [
        Column(w("axis.month"), numeric=False),
        Column(w("table.level"), group=reference),
        Column(w("table.people"), group=reference),
    ]
    for arm in c.treated_arms:
        names = ["level", "people", "difference", "interval", *(["fixed"] if fixed[arm] else [])]
        columns += [Column(w(f"table.{name}", confidence=c.confidence), group=c.arm(arm)) for name in names]
    rows = [_month_row(c, month, curves, fixed, unit) for month in _months(v.values() for v in curves.values())]
    caption = w("outcome.table_caption", outcome=c.outcome(outcome), unit=unit.axis)
    return Table(
        f"tab-{outcome}", caption, tuple(columns), tuple(rows), w("outcome.table_note", unit=unit.name), c.source
    )


def _month_row(
    c: Context,
    month: int,
    curves: dict[str, dict[int, Estimate]],
    fixed: dict[str, dict[int | None, Estimate]],
    unit: Unit,
) -> Row:
    first = next((rows[month] for rows in curves.values() if month in rows), None)
    cells = [Cell(c.number(month))]
    cells += [Cell(_DASH)] * 2 if first is None else _level_cells(c, first.mean_control, first.n_control, unit)
    for arm in c.treated_arms:
        e = curves[arm].get(month)
        cells += _effect_cells(c, e, unit)
        if fixed[arm]:
            beside = fixed[arm].get(month)
            cells.append(Cell(_DASH if beside is None else unit.difference(_shown(beside, beside.estimate))))
    return Row(tuple(cells))


def _level_cells(c: Context, mean: float | None, people: int | None, unit: Unit) -> list[Cell]:
    return [Cell(_DASH if disclosure.hidden(people) else unit.level(mean)), Cell(c.people(people))]


def _effect_cells(c: Context, e: Estimate | None, unit: Unit) -> list[Cell]:
    if e is None:
        return [Cell(_DASH)] * 4
    interval = _DASH if _shown(e, e.ci_low) is None else unit.interval(e.ci_low, e.ci_high)
    return [
        *_level_cells(c, e.mean_treated, e.n_treated, unit),
        Cell(unit.difference(_shown(e, e.estimate))),
        Cell(interval),
    ]


def _shown(e: Estimate, value: float | None) -> float | None:
    """The value, unless it is about fewer than five people in an arm."""
    return None if disclosure.hidden(e.n_control) or disclosure.hidden(e.n_treated) else value


def _months(curves: Iterable[Iterable[Estimate]]) -> list[int]:
    return sorted({e.event_month or 0 for rows in curves for e in rows})


def _control(rows: Sequence[Estimate], months: Sequence[int]) -> list[float | None]:
    means = {e.event_month: None if disclosure.hidden(e.n_control) else e.mean_control for e in rows}
    return [means.get(month) for month in months]


def _treated(rows: Sequence[Estimate], months: Sequence[int]) -> list[float | None]:
    means = {e.event_month: None if disclosure.hidden(e.n_treated) else e.mean_treated for e in rows}
    return [means.get(month) for month in months]
