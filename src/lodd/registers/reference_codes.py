"""The slow truth of code lists: each record's code looked up in the list, as of the day that the record is about."""

from __future__ import annotations

from datetime import date
from typing import Any

from lodd.protocol.code_list import Code, CodeList
from lodd.protocol.model import Trial
from lodd.protocol.months import first_day
from lodd.protocol.register import Register
from lodd.registers.needs import Grouping, needs_of
from lodd.registers.reference_versions import RefusedError


def with_groups(trial: Trial, register_id: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records, their ``row`` with whether the code belongs, under the key of each condition on a code list.

    Raises:
        RefusedError: a code that the list does not have on the day, where that is an error.
    """
    register, groupings = trial.registers[register_id], needs_of(trial, register_id).groups
    return [
        record | {"row": record["row"] | {each.key: belongs(each, record, register) for each in groupings}}
        for record in records
    ]


def belongs(grouping: Grouping, record: dict[str, Any], register: Register) -> bool:
    """Does the record's code belong to one of the wanted groups on its day? A missing code does not."""
    code = record["row"][grouping.column]
    if code is None:
        return False
    found = entry_of(grouping.codes, code, day_of(register, record))
    if found is None and grouping.codes.unknown == "error":
        raise RefusedError(f"row {record['number']} has the unknown code {code}")
    return found is not None and found.group_by(grouping.wanted.by) in grouping.wanted.wanted


def entry_of(codes: CodeList, code: str, day: date) -> Code | None:
    """The list's entry for a code on a day."""
    return next((entry for entry in codes.codes if entry.code == code and entry.in_use(day)), None)


def day_of(register: Register, record: dict[str, Any]) -> date:
    """The day that a record is about: it starts, happens, or its month or year begins."""
    if register.temporality != "accumulated":
        started: date = record.get("begun", record["start"])
        return started
    month: int = record["month"]
    return first_day(month // 12 * 12 if register.period == "year" else month)
