"""Amendments of the schedule: new rows for some places from a day on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from lodd.errors import DataError, Problem
from lodd.protocol.checks.trial import check_draw
from lodd.protocol.draw import ScheduleRow
from lodd.protocol.loading import dotted
from lodd.protocol.model import Trial
from lodd.protocol.schedule import row_end, rows_of_office

_DAY = timedelta(days=1)
Target = tuple[str, str | None]


def amended_schedule(trial: Trial, rows: Sequence[ScheduleRow], since: date) -> tuple[ScheduleRow, ...]:
    """The trial's schedule with ``rows`` in force from ``since`` on.

    Rows of the sites and offices that the amendment names end the day before ``since``; rows of theirs that would begin
    later are gone. A new row that was to begin before ``since`` (its beacon came late) begins then. A row for a site
    leaves alone the offices with a schedule of their own; an office that gets its first own row keeps its site's rows
    until then.
    """
    targets = {(row.site, row.office) for row in rows}
    kept = [row for row in trial.draw.schedule if (row.site, row.office) not in targets]
    for target in sorted(targets, key=str):
        kept += list(_before(trial, target, since))
    return (*kept, *_from(rows, since))


def check_schedule(trial: Trial) -> None:
    """Raises:
    DataError: the schedule has gaps or overlaps, or names a site, office or arm that is not in the protocol.
    """
    findings = [finding for finding in check_draw(trial) if not finding.warning]
    if findings:
        raise DataError([Problem(f.found, dotted(f.path), f.allowed, f.next_step) for f in findings])


def _before(trial: Trial, target: Target, since: date) -> Iterator[ScheduleRow]:
    """The rows in force at a place until the day before ``since``, as the place's own."""
    _, office = target
    if office is not None and office in trial.office_site:
        rows = rows_of_office(trial, office)
    else:
        rows = sorted(
            ((i, row) for i, row in enumerate(trial.draw.schedule) if (row.site, row.office) == target),
            key=lambda item: item[1].since,
        )
    for position, (_, row) in enumerate(rows):
        if row.since < since:
            until = min(row_end(trial, rows, position), since - _DAY)
            yield row.model_copy(update={"office": office, "until": until})


def _from(rows: Sequence[ScheduleRow], since: date) -> Iterator[ScheduleRow]:
    """The new rows, none of which begins before ``since``."""
    for row in rows:
        later = [other.since for other in rows if _same_place(row, other) and other.since > row.since]
        if any(begins <= since for begins in later) or (row.until is not None and row.until < since):
            continue
        yield row.model_copy(update={"since": max(row.since, since)})


def _same_place(row: ScheduleRow, other: ScheduleRow) -> bool:
    return (row.site, row.office) == (other.site, other.office)
