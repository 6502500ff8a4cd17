"""The demo's folder: protocol, test keys, a lock dated back; made whole beside its place, or continued."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from lodd.errors import Problem, UsageError
from lodd.files import whole
from lodd.identity import generate_keys, read_commitments
from lodd.locale import Text
from lodd.protocol import load_trial, write_lock
from lodd.protocol.lock import LOCK_FILE, lock_text

DEMO_FOLDER: Final = Path("lodd-demo-site")
MARK: Final = ".lodd-demo-site"
KEYS: Final = "keys"
MONTHS: Final = 4
"""How long draws have been made when the demo begins."""
_LOCKED_BEFORE: Final = timedelta(days=40)


def make_or_continue(folder: Path, fill: Callable[[Path], None]) -> bool:
    """Make the demo with ``fill`` for its database, or leave the one that is there; True if it was made.

    Raises:
        UsageError: the folder is something else, or cannot be written.
    """
    if (folder / MARK).is_file():
        return False
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(_something_else(folder))
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        _make(beside)
        fill(beside)
        (beside / MARK).touch()
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise UsageError(_cannot_make(folder, error.strerror or "")) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return True


def opening_day(today: date) -> date:
    """The first day of a month, some months ago."""
    months = today.year * 12 + today.month - 1 - MONTHS
    return date(months // 12, months % 12 + 1, 1)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    opens = opening_day(datetime.now(UTC).date())
    (folder / "trial.toml").write_text(_protocol(opens), encoding="utf-8")
    generate_keys(folder / KEYS, setting="test")
    trial = load_trial(folder).trial
    lock = write_lock(trial, folder, read_commitments(folder / KEYS))
    locked = datetime.combine(opens - _LOCKED_BEFORE, time(9), UTC)
    with whole(folder / LOCK_FILE) as file:
        file.write_text(lock_text(replace(lock, locked_at=locked.isoformat(timespec="seconds"))), encoding="utf-8")


def _protocol(opens: date) -> str:
    text = files("lodd.site.demo").joinpath("trial.toml").read_text(encoding="utf-8")
    days = {
        "opens": opens,
        "changes": opens + timedelta(days=61),
        "closes": opens + timedelta(days=730),
        "round": opens - timedelta(days=20),
    }
    return Template(text).substitute(days)


def _something_else(folder: Path) -> Problem:
    return Problem(
        Text(nb=f"{folder} finnes og er ikke et demoforsøk", en=f"{folder} exists and is not a demo trial"),
        next_step=Text(
            nb="Velg en annen mappe: lodd serve MAPPE --demo", en="Choose another folder: lodd serve FOLDER --demo"
        ),
    )


def _cannot_make(folder: Path, reason: str) -> Problem:
    return Problem(Text(nb=f"kan ikke lage {folder}: {reason}", en=f"cannot make {folder}: {reason}"))
