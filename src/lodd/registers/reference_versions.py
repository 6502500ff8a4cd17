"""The slow truth of corrections: what was known on a day, which version of a record counts, what is taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from lodd.protocol.register import Register
from lodd.registers.parts import PART

Row = Mapping[str, Any]
Numbered = tuple[int, Row]
NORWAY = ZoneInfo("Europe/Oslo")


class RefusedError(ValueError):
    """The records are such that building a panel must stop."""


def known_rows(register: Register, rows: Sequence[Numbered], as_of: date | None) -> list[Numbered]:
    """The rows registered by the end of a day in Norway; all where no day, or no time of registration, is said."""
    if as_of is None or register.registered is None:
        return list(rows)
    return [(number, row) for number, row in rows if is_known(row[register.registered], as_of)]


def is_known(registered: Any, as_of: date) -> bool:
    """Was something registered by the end of the day? What says no time was there from the beginning."""
    moment = as_moment(registered)
    if moment is None:
        return True
    local = moment if moment.tzinfo is None else moment.astimezone(NORWAY)
    return local.date() <= as_of


def refuse_too_early(register: Register, rows: Sequence[Row], as_of: date | None) -> None:
    """Raises RefusedError where a register has rows, and none of them was known on the day."""
    if rows and not known_rows(register, list(enumerate(rows, 1)), as_of):
        raise RefusedError("nothing was registered by then")


def refuse_mixed_zones(register: Register, rows: list[Numbered]) -> None:
    """Raises RefusedError where some moments of registration say a zone and others do not."""
    if register.registered is None:
        return
    moments = [as_moment(row[register.registered]) for _, row in rows]
    if len({moment.tzinfo is None for moment in moments if moment is not None}) > 1:
        raise RefusedError("moments with and without a zone")


def latest_versions(register: Register, rows: list[Numbered]) -> list[Numbered]:
    """Of each person's record the version registered last; among equals the first when sorted by all columns.

    In a register of several parts each part has records of its own.
    """
    if register.registered is None or not register.record:
        return rows
    unnamed = [(i, row) for i, row in rows if any(row[name] is None for name in register.record)]
    versions: dict[Any, list[Numbered]] = {}
    for number, row in rows:
        if all(row[name] is not None for name in register.record):
            key = (str(row[register.person]), row.get(PART), *(row[name] for name in register.record))
            versions.setdefault(key, []).append((number, row))
    return unnamed + [_newest(register.registered, group) for group in versions.values()]


def _newest(registered: str, group: list[Numbered]) -> Numbered:
    known = [moment for _, row in group if (moment := as_moment(row[registered])) is not None]
    newest = max(known, default=None)
    candidates = [(number, row) for number, row in group if as_moment(row[registered]) == newest]
    return min(candidates, key=lambda item: [_last_if_missing(value) for value in item[1].values()])


def _last_if_missing(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)


def not_taken_back(register: Register, rows: list[Numbered]) -> list[Numbered]:
    """Without records whose version says that they were a mistake."""
    if register.withdrawn is None:
        return rows
    column, values = register.withdrawn.column, register.withdrawn.values
    return [(number, row) for number, row in rows if row[column] is None or str(row[column]).strip() not in values]


def as_moment(value: Any) -> datetime | None:
    """A date (its beginning), a moment, or text of either as a moment, with a zone only if it says one.

    Raises:
        RefusedError: text that is neither.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time())
    text = str(value or "").strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?", text):
        raise RefusedError(text)
    return as_moment(datetime.fromisoformat(text)) if len(text) > 10 else as_moment(date.fromisoformat(text))
