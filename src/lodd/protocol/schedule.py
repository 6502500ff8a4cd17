"""The schedule of probabilities: which applies to an office on a day, and its gaps and overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lodd.protocol.draw import ScheduleRow
from lodd.protocol.model import Trial

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days ``since..until`` (both included) in which an office draws with the same probabilities.

    ``probability`` has one exact decimal per arm, in the trial's order, summing to one. ``row`` is the index of the
    schedule row that it comes from.
    """

    office: str
    site: str
    since: date
    until: date
    probability: tuple[Decimal, ...]
    row: int

    @property
    def id(self) -> str:
        """The period's name within its office: its first day."""
        return self.since.isoformat()


def probability_vector(trial: Trial, row: ScheduleRow) -> tuple[Decimal, ...]:
    """The row's probability of every arm, in the trial's order; the reference takes the remainder (exact)."""
    others = [row.probability.get(arm, Decimal(0)) for arm in trial.arm_ids[1:]]
    return (Decimal(1) - sum(others, Decimal(0)), *others)


def rows_of_office(trial: Trial, office: str) -> list[tuple[int, ScheduleRow]]:
    """The schedule rows that apply to an office: its own if it has any, else its site's; by first day."""
    site = trial.office_site[office]
    rows = [(i, row) for i, row in enumerate(trial.draw.schedule) if row.site == site]
    own = [(i, row) for i, row in rows if row.office == office]
    chosen = own or [(i, row) for i, row in rows if row.office is None]
    return sorted(chosen, key=lambda item: item[1].since)


def row_end(trial: Trial, rows: Sequence[tuple[int, ScheduleRow]], position: int) -> date:
    """The last day of a row: as declared, else the day before the next row, else the end of enrolment."""
    row = rows[position][1]
    if row.until is not None:
        return row.until
    if position + 1 < len(rows):
        return rows[position + 1][1].since - _DAY
    return trial.enrolment.closes


def office_periods(trial: Trial, office: str) -> list[Period]:
    """The periods of an office inside enrolment, in order. Gaps and overlaps are found by ``lodd check``."""
    rows = rows_of_office(trial, office)
    periods = []
    for position, (index, row) in enumerate(rows):
        since = max(row.since, trial.enrolment.opens)
        until = min(row_end(trial, rows, position), trial.enrolment.closes)
        if since <= until:
            vector = probability_vector(trial, row)
            periods.append(Period(office, trial.office_site[office], since, until, vector, index))
    return periods


def period_on(trial: Trial, office: str, day: date) -> Period | None:
    """The period of an office that contains a day, or None outside the schedule.

    Raises:
        KeyError: the office is not in the protocol.
    """
    return next((p for p in office_periods(trial, office) if p.since <= day <= p.until), None)
