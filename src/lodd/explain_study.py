"""A value of a trial folder explained, for those who may see what is known of one person; each look-up is logged."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lodd.protocol import PARTICIPANTS_FILE, Participants, Trial, first_day, month_index

if TYPE_CHECKING:
    from lodd.registers.explaining import Explanation
    from lodd.study import Study

ACCESS_LOG: Final = "access-log.ndjson"
"""One line a look-up: when, which user of the machine, which pseudonym, outcome and month."""
_OTHERS: Final = 0o004


def explain_value(study: Study, person_id: str, outcome: str, month: str) -> Explanation:
    """How the panel's value of an outcome came about for one person in one month.

    The value is computed anew from the extracts as they are, by the code that builds the panel.

    Args:
        person_id: a pseudonym.
        month: ``2015-03``, or counted from the draw: ``12``, ``-1``.

    Raises:
        DataError: the folder is not the user's own, or open to all; nobody has the pseudonym; the look-up cannot be
            logged; a register is missing, damaged or contradicts the protocol.
        UsageError: no such outcome or month, or a month that is not followed.
    """
    from lodd.registers import assurance_problems as problems
    from lodd.registers.assuring import narrowed
    from lodd.registers.explaining import Subject, explain
    from lodd.registers.person_rows import rows_of
    from lodd.registers.reference_days import days_of_person

    trial = study.trial
    if outcome not in trial.outcomes:
        raise problems.no_outcome(outcome, trial.outcomes)
    refuse_others(study)
    one = _only(study.participants, person_id)
    drawn_at = one.frame["drawn_at"].item()
    calendar = _month(trial, one, month)
    _log(study.folder, person_id, outcome, str(first_day(calendar))[:7])
    value = _value(study, one, outcome, calendar)
    rows = rows_of(trial, study.folder, person_id, _registers(trial, outcome))
    days = days_of_person(narrowed(trial, [outcome]), one)
    return explain(trial, Subject(person_id, drawn_at, rows, days), outcome, calendar, value)


def refuse_others(study: Study) -> None:
    """Raise unless the folder is the user's own; if its people are real, also if every user of the machine can read it.

    Raises:
        DataError: it is another's, or open to all.
    """
    from lodd.registers import assurance_problems as problems

    if not hasattr(os, "geteuid"):  # a system without owners in numbers: its own rules hold
        return
    file = study.folder / PARTICIPANTS_FILE
    if not file.exists():
        return
    for path in (study.folder, file):
        if path.stat().st_uid != os.geteuid():
            raise problems.not_your_own(study.folder, _user(path.stat().st_uid))
    if not study.simulated and file.stat().st_mode & _OTHERS and _reachable(study.folder):
        raise problems.open_to_all(file)


def _reachable(folder: Path) -> bool:
    """Can other users come to the folder at all?"""
    return all(path.stat().st_mode & 0o001 for path in (folder.resolve(), *folder.resolve().parents))


def _only(participants: Participants, person_id: str) -> Participants:
    import polars as pl

    from lodd.registers import assurance_problems as problems

    own = participants.frame.filter(pl.col("person_id").cast(pl.String) == person_id)
    if not own.height:
        raise problems.no_person()
    return Participants(own, participants.arms)


def _month(trial: Trial, one: Participants, written: str) -> int:
    from lodd.registers import assurance_problems as problems
    from lodd.registers.assurance import parse_month

    drawn_at = one.frame["drawn_at"].item()
    month = parse_month(written, drawn_at)
    if month is None:
        raise problems.no_such_month(written)
    window, drawn = trial.analysis.window.months, month_index(drawn_at)
    if not window.first <= month - drawn <= window.last:
        ends = [str(first_day(drawn + end))[:7] for end in (window.first, window.last)]
        raise problems.outside_window(written, *ends)
    return month


def _value(study: Study, one: Participants, outcome: str, month: int) -> float | int | None:
    import polars as pl

    from lodd.registers import build_panel
    from lodd.registers.assuring import narrowed

    panel = build_panel(narrowed(study.trial, [outcome]), study.folder, one)
    found: float | int | None = panel.frame.filter(pl.col("month") == first_day(month))[outcome].item()
    return found


def _registers(trial: Trial, outcome: str) -> list[str]:
    from lodd.protocol.types import registers_behind

    wanted = {*registers_behind(trial, outcome), trial.population.deaths, trial.population.emigrations}
    return [name for name in trial.registers if name in wanted]


def _log(folder: Path, person_id: str, outcome: str, month: str) -> None:
    """Written before anything is shown. Raises DataError where it cannot be."""
    from lodd.registers import assurance_problems as problems

    file = folder / ACCESS_LOG
    user = _user(os.geteuid()) if hasattr(os, "geteuid") else os.environ.get("USERNAME", "")
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "user": user, "person": person_id}
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as log:
            log.write(json.dumps(entry | {"outcome": outcome, "month": month}, ensure_ascii=False) + "\n")
    except OSError as error:
        raise problems.no_log(file, error) from None


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
