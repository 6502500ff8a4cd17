"""Synthetic identity numbers for tests, demonstrations and simulations: reproducible, distinct, never like a real one.

Made of the index alone, so that a test that fails can be run again. Numbers are spread over birth dates by a fixed
permutation: neighbouring indexes have nothing in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Final, Literal

from lodd.identity.numbers import IdentityNumber, parse_identity_number
from lodd.identity.rules import D_SERIES, DAY_ADDED, MONTH_ADDED, SERIES, ControlRule, Kind, Synthetic, control_digits

_FIRST_DAY: Final = date(1940, 1, 1)
_DAYS: Final = (date(2000, 1, 1) - _FIRST_DAY).days
_SLOTS: Final = 150
"""Slots a day: three in each ten individual numbers below 500. Each holds three consecutive individual numbers, and
at least one of the three has control digits: within a ten the digit that varies gives each control digit eleven
different values at most once, so that at most two of the ten fail, one for each control digit."""
COUNT: Final = _DAYS * _SLOTS
"""How many distinct numbers :func:`synthetic_number` makes of each kind: 3,287,250."""
_STEP: Final = 2_654_435_761
"""A prime that does not divide COUNT: index * step modulo COUNT visits every slot once."""


def synthetic_number(
    index: int,
    *,
    kind: Literal["fødselsnummer", "D-number"] = "fødselsnummer",
    source: Synthetic = "tax_administration",
    control_rule: ControlRule = "current",
    born: date | None = None,
) -> IdentityNumber:
    """The synthetic number with this index; the same index gives the same number, another index another number.

    Args:
        index: 0 up to :data:`COUNT`; with ``born``, 0 up to the number of slots on that day (at least 30).
        control_rule: ``current`` gives numbers that hold by both rules; ``2032`` such as only the coming rule accepts.
        born: a date of birth that the number shall have (1940 to 1999 if left out).

    Raises:
        IndexError: there is no number with this index.
    """
    if born is None:
        if not 0 <= index < COUNT:
            raise IndexError(f"synthetic numbers have indexes 0 to {COUNT - 1}")
        days, slot = divmod(index * _STEP % COUNT, _SLOTS)
        born = _FIRST_DAY + timedelta(days)
    else:
        slot = index
    six = f"{born.day + DAY_ADDED * (kind == 'D-number'):02}{born.month + MONTH_ADDED[source]:02}{born.year % 100:02}"
    remainder = 0 if control_rule == "current" else 1 + index % 3
    return parse_identity_number(_completed(six, _three(slot, born.year, kind), index, remainder), "test")


def synthetic_numbers(
    count: int, *, start: int = 0, source: Synthetic = "tax_administration"
) -> Iterator[IdentityNumber]:
    """``count`` distinct fødselsnummer from index ``start`` on."""
    return (synthetic_number(index, source=source) for index in range(start, start + count))


def _three(slot: int, year: int, kind: Kind) -> tuple[int, int, int]:
    """The three individual numbers of a slot, among those given to people born in ``year``."""
    tens = _tens(year, kind)
    block, third = divmod(slot, 3)
    if not 0 <= block < len(tens):
        raise IndexError(f"{3 * len(tens)} synthetic numbers for one day of birth in {year}")
    first = tens[block] + 3 * third
    return first, first + 1, first + 2


@cache
def _tens(year: int, kind: Kind) -> tuple[int, ...]:
    series = D_SERIES if kind == "D-number" else SERIES
    return tuple(ten for years, individuals in series if year in years for ten in individuals[::10])


def _completed(six: str, individuals: tuple[int, int, int], index: int, remainder: int) -> str:
    """The first of the three that has control digits, starting at one or another so that odd and even both occur."""
    for turn in range(3):
        nine = f"{six}{individuals[(index // 3 + turn) % 3]:03}"
        control = control_digits(nine, remainder)
        if control:
            return nine + control
    raise AssertionError("one of three consecutive individual numbers has control digits")
