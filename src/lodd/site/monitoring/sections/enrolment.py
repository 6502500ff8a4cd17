"""Are people drawn as fast as planned?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from lodd.locale import Text, number, percent
from lodd.protocol import Trial
from lodd.site.monitoring.enrolment import MonthCount, draws_by_month
from lodd.site.monitoring.figures import Month, figure, month_bars
from lodd.site.monitoring.inputs import MonitoredDraw, Selection
from lodd.site.monitoring.names import SITE, both, site_name
from lodd.site.monitoring.tables import Column, Section, Table

_DRAWN = Text(nb="Trukket", en="Drawn")
_PLANNED = Text(nb="Planlagt", en="Planned")
_MONTH = Text(nb="Måned", en="Month")
_NO_PLAN = Text(
    nb="Protokollen sier ikke hvor mange som skal trekkes her hver måned («plan» under [enrolment]), så det er "
    "ingenting å sammenligne med.",
    en='The protocol does not say how many are to be drawn here each month ("plan" under [enrolment]), so there is '
    "nothing to compare with.",
)
_SO_FAR = Text(
    nb="Planen for inneværende måned er delen av den som er gått.",
    en="The plan for the current month is the part of it that has passed.",
)


def enrolment_section(trial: Trial, draws: Sequence[MonitoredDraw], today: date, selection: Selection) -> Section:
    """Draws against plan: in all by month, by site, and by site and month."""
    counts = draws_by_month(trial, draws, today, selection)
    months = _totals(counts)
    title = Text(nb="Trekninger mot plan, etter måned", en="Draws against plan, by month")
    says = Text(
        nb="Søylen er månedens trekninger, streken over den er planen. Tallene står i tabellen.",
        en="The bar is the month's draws, the line across it the plan. The numbers are in the table.",
    )
    tables = (_by_month(months), _by_site(trial, counts), _by_site_and_month(trial, counts))
    return Section(
        id="enrolment",
        heading=Text(nb="Trekninger mot plan", en="Draws against plan"),
        sentences=(_summary(months),),
        tables=tables,
        figures=(figure("draws-by-month", title, says, lambda language, size: month_bars(months, language, size)),),
    )


def _totals(counts: Sequence[MonthCount]) -> list[Month]:
    by_month: dict[date, list[MonthCount]] = {}
    for count in counts:
        by_month.setdefault(count.month, []).append(count)
    return [Month(month, sum(c.drawn for c in rows), _sum(rows)) for month, rows in by_month.items()]


def _sum(counts: Sequence[MonthCount]) -> float | None:
    planned = [count.planned for count in counts if count.planned is not None]
    return math.fsum(planned) if planned else None


def _summary(months: Sequence[Month]) -> Text:
    drawn = sum(month.drawn for month in months)
    planned = math.fsum(month.planned or 0 for month in months)
    if all(month.planned is None for month in months):
        counted = both(lambda language: number(drawn, language))
        return Text(nb=f"{counted.nb} er trukket. {_NO_PLAN.nb}", en=f"{counted.en} drawn. {_NO_PLAN.en}")
    if planned == 0:
        return Text(nb="Planen har ikke begynt å løpe.", en="The plan has not begun to run.")
    shown = both(lambda language: number(drawn, language))
    plan = both(lambda language: number(planned, language))
    part = both(lambda language: percent(drawn / planned, language))
    return Text(
        nb=f"{shown.nb} er trukket, mot {plan.nb} planlagt til nå ({part.nb}).",
        en=f"{shown.en} drawn, against {plan.en} planned so far ({part.en}).",
    )


def _by_month(months: Sequence[Month]) -> Table:
    drawn = accumulate(month.drawn for month in months)
    planned = accumulate(month.planned or 0.0 for month in months)
    return Table(
        id="draws-by-month-table",
        caption=Text(nb="Trukket og planlagt, etter måned", en="Drawn and planned, by month"),
        columns=(
            Column("month", _MONTH, "month"),
            Column("drawn", _DRAWN, "count"),
            Column("planned", _PLANNED, "number"),
            Column("drawn_so_far", Text(nb="Trukket i alt", en="Drawn so far"), "count"),
            Column("planned_so_far", Text(nb="Planlagt i alt", en="Planned so far"), "number"),
        ),
        rows=tuple(
            (month.month, month.drawn, month.planned, total, None if month.planned is None else plan)
            for month, total, plan in zip(months, drawn, planned, strict=True)
        ),
        note=_SO_FAR,
        folded=True,
    )


def _by_site(trial: Trial, counts: Sequence[MonthCount]) -> Table:
    rows = []
    for site in dict.fromkeys(count.site for count in counts):
        own = [count for count in counts if count.site == site]
        drawn, planned = sum(count.drawn for count in own), _sum(own)
        rows.append((site_name(trial, site), drawn, planned, drawn / planned if planned else None))
    return Table(
        id="draws-by-site",
        caption=Text(nb="Trukket og planlagt til nå, etter fylke", en="Drawn and planned so far, by county"),
        columns=(
            Column("site", SITE, "words"),
            Column("drawn", _DRAWN, "count"),
            Column("planned", _PLANNED, "number"),
            Column("share_of_plan", Text(nb="Andel av planen", en="Share of the plan"), "percent"),
        ),
        rows=tuple(rows),
    )


def _by_site_and_month(trial: Trial, counts: Sequence[MonthCount]) -> Table:
    return Table(
        id="draws-by-site-and-month",
        caption=Text(nb="Trukket og planlagt, etter fylke og måned", en="Drawn and planned, by county and month"),
        columns=(
            Column("site", SITE, "words"),
            Column("month", _MONTH, "month"),
            Column("drawn", _DRAWN, "count"),
            Column("planned", _PLANNED, "number"),
        ),
        rows=tuple((site_name(trial, c.site), c.month, c.drawn, c.planned) for c in counts),
        note=_SO_FAR,
        folded=True,
    )
