"""Months as integers: calendar months, and event months counted from the month of the draw.

A calendar month is ``12 * year + month - 1``, so that differences of months are differences of integers. Event month 0
contains the draw; month -1 is the calendar month before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_RANGE = re.compile(r"^(-?\d+)\.\.(-?\d+)$")


def month_index(day: date) -> int:
    """The calendar month of a day, as an integer.

    >>> month_index(date(2015, 1, 31)) - month_index(date(2014, 12, 1))
    1
    """
    return 12 * day.year + day.month - 1


def first_day(month: int) -> date:
    """The first day of a calendar month."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """The last day of a calendar month (leap years included)."""
    return first_day(month + 1) - timedelta(days=1)


def whole_months(since: date, until: date) -> tuple[int, int]:
    """The first and last calendar months that lie *wholly* within ``since``..``until`` (both inclusive).

    The first is after the last where no month does.
    """
    first = month_index(since) + (since.day > 1)
    last = month_index(until) - (until != last_day(month_index(until)))
    return first, last


@dataclass(frozen=True, slots=True, order=True)
class MonthRange:
    """Event months ``first..last``, both included. Written ``"1..36"`` in ``trial.toml``."""

    first: int
    last: int

    @classmethod
    def parse(cls, written: str) -> MonthRange:
        """Read ``"1..36"``, ``"-12..-1"``.

        Raises:
            ValueError: not of that form, or the last month before the first.
        """
        match = _RANGE.match(written.strip())
        if match is None:
            raise ValueError(f"months_form:{written}")
        first, last = int(match[1]), int(match[2])
        if last < first:
            raise ValueError(f"months_order:{written}")
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def __len__(self) -> int:
        return self.last - self.first + 1

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def as_text(value: Any) -> Any:
            return str(value) if isinstance(value, cls) else value

        text = core_schema.no_info_before_validator_function(as_text, core_schema.str_schema(strict=True))
        return core_schema.no_info_after_validator_function(
            cls.parse, text, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": _RANGE.pattern, "examples": ["1..36", "-12..-1"]}
