"""`assurance.toml`: tiny histories of one person each, and what an outcome shall be in a month.

Written by those who know the subject, before the definitions are used: they say what the words of the protocol mean,
and `lodd assure` says whether the definitions agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from lodd.errors import ProtocolError, UsageError
from lodd.locale import Text
from lodd.protocol import PROTOCOL_FILE, Trial, month_index
from lodd.protocol.base import Frozen, Identifier, LocalText
from lodd.protocol.checks.finding import Finding, listed, unknown
from lodd.protocol.checks.finding import Path as Place
from lodd.protocol.loading import placed, read_beside
from lodd.protocol.locate import line_of
from lodd.registers import assurance_problems as problems
from lodd.registers.needs import needs_of, registers_used

ASSURANCE_FILE: Final = "assurance.toml"
_CALENDAR: Final = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")
_EVENT: Final = re.compile(r"^[+-]?\d{1,3}$")
Cell = str | bool | int | Decimal | datetime | date


class Case(Frozen):
    """One person: what the registers hold of them, and what is expected."""

    says: LocalText = Field(description="What the case shows, as a sentence.")
    drawn_at: date | None = Field(
        default=None, description="The day of the draw; needed where months are counted from it."
    )
    facts: Mapping[str, Cell] = Field(default_factory=dict, description="Columns of the participants, such as `age`.")
    records: Mapping[Identifier, tuple[Mapping[str, Cell], ...]] = Field(
        default_factory=dict, description="By register, its records; columns that are left out are empty."
    )
    expect: Mapping[Identifier, Mapping[str, Decimal | Literal["missing"]]] = Field(
        min_length=1,
        description='By outcome and month (`2015-03`, `"2015-03..2015-06"`, or counted from the draw: `-1`, '
        '`"1..12"`), the value, or "missing".',
    )


class Assurance(Frozen):
    """The file."""

    cases: tuple[Case, ...] = Field(alias="case", min_length=1)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One value expected: ``month`` is a calendar month (12 * year + month - 1); ``value`` None is missing."""

    case: int
    outcome: str
    month: int
    value: Decimal | None
    line: int


@dataclass(frozen=True, slots=True)
class Assured:
    """A sound file: cases that the protocol has registers and outcomes for, each with a day of the draw."""

    cases: tuple[Case, ...]
    drawn_at: tuple[date, ...]
    expectations: tuple[Expectation, ...]


def read_assurance(trial: Trial, folder: Path) -> Assured:
    """Read a trial folder's cases.

    Raises:
        UsageError: there is no ``assurance.toml``.
        ProtocolError: it is no sound file of cases for this protocol; carries every problem with file and line.
    """
    try:
        content = (folder / ASSURANCE_FILE).read_bytes()
    except OSError:
        raise UsageError(problems.no_file(folder, ASSURANCE_FILE)) from None
    return parse_assurance(trial, content)


def parse_assurance(trial: Trial, content: bytes) -> Assured:
    """Read the cases from the file's bytes; raises as :func:`read_assurance`."""
    read, lines = read_beside(content, ASSURANCE_FILE, Assurance)
    if findings := [finding for i, case in enumerate(read.cases) for finding in _checked(trial, i, case)]:
        raise ProtocolError(placed(findings, lines, ASSURANCE_FILE))
    found = [each for i, case in enumerate(read.cases) for each in _expectations(i, case, lines)]
    drawn = [case.drawn_at or _first(found, i) for i, case in enumerate(read.cases)]
    return Assured(read.cases, tuple(drawn), tuple(found))


def parse_month(written: str, drawn_at: date | None) -> int | None:
    """A month as people write it: `2015-03`, or counted from the draw (`12`, `-1`). None where it is neither."""
    if match := _CALENDAR.match(written):
        return 12 * int(match[1]) + int(match[2]) - 1
    if _EVENT.match(written) and drawn_at is not None:
        return month_index(drawn_at) + int(written)
    return None


def _first(expectations: list[Expectation], case: int) -> date:
    """A day of the draw where it does not matter: in the first month that anything is expected of."""
    month = min(each.month for each in expectations if each.case == case)
    return date(month // 12, month % 12 + 1, 1)


def _expectations(number: int, case: Case, lines: Mapping[Place, int]) -> Iterator[Expectation]:
    for outcome, months in case.expect.items():
        for written, value in months.items():
            line = line_of(lines, ("case", number, "expect", outcome, written)) or 1
            for month in _months(written, case.drawn_at):
                yield Expectation(number, outcome, month, None if value == "missing" else Decimal(value), line)


def _months(written: str, drawn_at: date | None) -> range:
    """The months of one entry; empty where it cannot be read."""
    first, _, last = written.partition("..")
    ends = parse_month(first, drawn_at), parse_month(last or first, drawn_at)
    return range(0) if ends[0] is None or ends[1] is None else range(ends[0], ends[1] + 1)


# Checks ---------------------------------------------------------------------------------------------------------------


def _checked(trial: Trial, number: int, case: Case) -> Iterator[Finding]:
    place: Place = ("case", number)
    used = registers_used(trial)
    for register_id, records in case.records.items():
        where = (*place, "records", register_id)
        if register_id not in used:
            yield unknown(where, Text(nb="registeret", en="register"), register_id, used)
        else:
            yield from _checked_records(trial, register_id, records, where)
    for outcome, months in case.expect.items():
        where = (*place, "expect", outcome)
        if outcome not in trial.outcomes:
            yield unknown(where, Text(nb="utfallet", en="outcome"), outcome, trial.outcomes)
        for written, value in months.items():
            if not len(_months(written, case.drawn_at)):
                yield problems.no_month((*where, written), written, case.drawn_at is None)
            if outcome in trial.outcomes and trial.outcomes[outcome].binary and value not in (0, 1, "missing"):
                yield problems.not_binary((*where, written), outcome, str(value))


def _checked_records(
    trial: Trial, register_id: str, records: tuple[Mapping[str, Cell], ...], where: Place
) -> Iterator[Finding]:
    register = trial.registers[register_id]
    columns = [column for column in needs_of(trial, register_id).columns if column != register.person]
    for i, record in enumerate(records):
        for name in record:
            if name == register.person:
                yield problems.person_named((*where, i, name), name)
            elif name not in columns:
                kind = Text(nb=f"kolonnen (som {PROTOCOL_FILE} bruker)", en=f"column (used by {PROTOCOL_FILE})")
                yield unknown((*where, i, name), kind, name, columns)
    for name in dict.fromkeys(name for record in records for name in record):
        kinds = {_kind(record[name]) for record in records if name in record}
        if len(kinds) > 1:
            yield Finding((*where, 0, name), problems.mixed(name), listed(sorted(kinds)))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true/false"
    if isinstance(value, int | Decimal):
        return "1.5"
    return "2015-03-31" if isinstance(value, date) else '"..."'
