"""Benefits, education, programmes and exits as the registers' clean records."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from lodd.protocol.model import Arm
from lodd.simulate.calendar import OPEN, Days, dates, day_number
from lodd.simulate.histories import History
from lodd.simulate.spells import DayFields, Index, Spells, clip_to_exits, spells_of

_EDGES = 0.4
_TERM_STARTS, _TERM_STOPS = (8, 15), (6, 20)


def benefits_table(history: History, arm: str, names: pl.Series) -> pl.DataFrame:
    """``person_id, benefit, start_date, stop_date``: benefits as paid, had everybody been drawn to ``arm``."""
    tables = []
    for code, benefit in history.settings.benefits.items():
        days = _day_fields(history, f"days.benefit.{code}", whole_months=benefit.whole_months)
        spells = _clipped(history, spells_of(history.benefit(code, arm), days, history.calendar))
        tables.append(_frame(names, spells, "benefit", code))
    return _sorted(tables, "benefit")


def education_table(history: History, names: pl.Series) -> pl.DataFrame:
    """``person_id, level, start_date, stop_date``: one record an academic year, August to June."""
    levels = history.settings.education.levels
    achieved = history.people.participants.frame["education"]
    level = achieved.replace_strict(levels, default=None)
    calendar, state = history.calendar, history.education()
    september = np.flatnonzero((calendar.first + np.arange(calendar.months)) % 12 == 8)
    person, term = np.nonzero(state[:, september])
    years = (calendar.first + september[term]) // 12
    start = _on(years, *_TERM_STARTS)
    stop = np.where(_on(years + 1, *_TERM_STOPS) < calendar.starts[-1], _on(years + 1, *_TERM_STOPS), OPEN)
    spells = _clipped(history, Spells(person, september[term], start, stop))
    frame = _frame(names, spells, "level", "").with_columns(level=level.gather(person))
    return _sorted([frame.drop_nulls("level")], "level")


def programmes_table(history: History, arm: str, names: pl.Series) -> pl.DataFrame:
    """``person_id, programme, referred_on, start_date, stop_date``: the arms' own programmes, under the code that was
    in use (a spell goes on under the new code where the code changed), and the other measures."""
    attendance, tables = history.attendance(arm), []
    for index, started in enumerate(history.trial.arm_ids):
        person = np.flatnonzero(attendance.arm == index)
        whole = Spells(person, person * 0, attendance.start[person], attendance.stop[person])
        for code, piece in _under_codes(whole, history.trial.arms[started]):
            tables.append(_programme(history, names, _present_at_start(history, piece), code, attendance.referred))
    for code in history.settings.measures:
        days = _day_fields(history, f"days.measures.{code}")
        spells = spells_of(history.measures(code, arm), days, history.calendar)
        referred = _day_fields(history, f"days.measures.{code}").before % 30
        tables.append(_programme(history, names, spells, code, None).with_columns(_earlier(spells, referred)))
    columns = ["person_id", "programme", "referred_on", "start_date", "stop_date"]
    return _sorted([table.select(columns) for table in tables], "programme")


def deaths_table(history: History, names: pl.Series) -> pl.DataFrame:
    """``person_id, death_date``."""
    dead = np.flatnonzero(history.exits.death < OPEN)
    frame = pl.DataFrame({"person_id": names.gather(dead), "death_date": dates(history.exits.death[dead])})
    return frame.sort("person_id")


def emigrations_table(history: History, names: pl.Series) -> pl.DataFrame:
    """``person_id, emigrated_on, returned_on`` (empty: still abroad). The stay's last day is the day of return."""
    left = np.flatnonzero(history.exits.emigrated < OPEN)
    columns = {
        "person_id": names.gather(left),
        "emigrated_on": dates(history.exits.emigrated[left]),
        "returned_on": dates(history.exits.returned[left]),
    }
    return pl.DataFrame(columns).sort("person_id")


def _programme(history: History, names: pl.Series, spells: Spells, code: str, referred: Days | None) -> pl.DataFrame:
    clipped = _clipped(history, spells)
    frame = _frame(names, clipped, "programme", code)
    day = clipped.start if referred is None else referred[spells.person]
    return frame.with_columns(dates(np.minimum(day, clipped.start)).alias("referred_on"))


def _earlier(spells: Spells, waited: Index) -> pl.Series:
    return dates(spells.start - waited[spells.person]).alias("referred_on")


def _under_codes(whole: Spells, arm: Arm) -> list[tuple[str, Spells]]:
    """The pieces of spells that lie within each of the arm's dated codes."""
    pieces = []
    for programme in arm.programmes:
        since = day_number(programme.since or date.min)
        until = OPEN if programme.until is None else day_number(programme.until)
        start, stop = np.maximum(whole.start, since), np.minimum(whole.stop, until)
        rows = start <= stop
        pieces.append((programme.code, Spells(whole.person[rows], whole.month[rows], start[rows], stop[rows])))
    return pieces


def _present_at_start(history: History, spells: Spells) -> Spells:
    month = history.calendar.position(spells.start)
    inside = (month >= 0) & (month < history.calendar.months)
    safe = np.clip(month, 0, history.calendar.months - 1)
    kept = spells.take(inside & history.present[spells.person, safe])
    beyond = kept.stop >= history.calendar.starts[-1]
    return Spells(kept.person, kept.month, kept.start, np.where(beyond, OPEN, kept.stop))


def _clipped(history: History, spells: Spells) -> Spells:
    return clip_to_exits(spells, history.exits, history.calendar)


def _day_fields(history: History, theme: str, *, whole_months: bool = False) -> DayFields:
    people, calendar = history.shape[0], history.calendar
    if whole_months:
        return DayFields.whole_months(people, calendar)
    return history.once((theme,), lambda: DayFields.drawn(history.streams[theme], people, calendar, _EDGES))


def _on(years: Index, month: int, day: int) -> Days:
    return np.array([day_number(date(int(year), month, day)) for year in years], dtype=np.int64)


def _frame(names: pl.Series, spells: Spells, column: str, value: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": names.gather(spells.person),
            column: pl.repeat(value, len(spells.person), eager=True, dtype=pl.String),
            "start_date": dates(spells.start),
            "stop_date": dates(spells.stop),
        }
    )


def _sorted(tables: list[pl.DataFrame], column: str) -> pl.DataFrame:
    return pl.concat(tables).sort("person_id", "start_date", column) if tables else pl.DataFrame()
