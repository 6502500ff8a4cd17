"""Draws by month, against the number that the sites plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lodd.protocol import Trial, first_day, last_day, month_index
from lodd.protocol.model import PlannedDraws
from lodd.site.monitoring.inputs import MonitoredDraw, Selection


@dataclass(frozen=True, slots=True)
class MonthCount:
    """A site's draws in a calendar month (its first day); ``planned`` is None where nothing is planned."""

    site: str
    month: date
    drawn: int
    planned: float | None


def draws_by_month(
    trial: Trial, draws: Sequence[MonitoredDraw], today: date, selection: Selection
) -> tuple[MonthCount, ...]:
    """Every month of enrolment until ``today`` (at least the first), by site; months of draws outside it too.

    The current month's plan is the part of it that has passed. Plans are made by site: a part of a site has none.
    """
    counts = Counter((draw.site, month_index(draw.day)) for draw in draws if selection.holds(draw))
    first = min([month_index(trial.enrolment.opens), *(month for _, month in counts)])
    last = max([first, month_index(min(trial.enrolment.closes, today)), *(month for _, month in counts)])
    whole = selection.office is None and selection.caseworker is None
    return tuple(
        MonthCount(
            site=site,
            month=first_day(month),
            drawn=counts[site, month],
            planned=planned_draws(trial, site, month, today) if whole else None,
        )
        for site in _sites(trial, selection)
        for month in range(first, last + 1)
    )


def _sites(trial: Trial, selection: Selection) -> tuple[str, ...]:
    if selection.site is not None:
        return (selection.site,)
    return tuple(trial.sites) if selection.office is None else (trial.office_site[selection.office],)


def planned_draws(trial: Trial, site: str, month: int, today: date) -> float | None:
    """The number planned in a month until ``today``: whole months as declared, parts of months by their days.

    None if the protocol plans nothing for the site.
    """
    rows = [row for row in trial.enrolment.plan if row.site == site]
    if not rows:
        return None
    return sum((row.per_month * _part_of_month(trial, row, month, today) for row in rows), 0.0)


def _part_of_month(trial: Trial, row: PlannedDraws, month: int, today: date) -> float:
    first = max(first_day(month), trial.enrolment.opens, row.since or date.min)
    last = min(last_day(month), trial.enrolment.closes, row.until or date.max, today)
    return max((last - first).days + 1, 0) / last_day(month).day
