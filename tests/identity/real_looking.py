"""Numbers in the form of real people's, made in memory from synthetic ones: none is ever written down."""

from __future__ import annotations

from lodd.identity import synthetic_number
from tests.identity.reference import complete

HELP = 40


def real_looking(index: int = 0, *, month_added: int = 0, day_added: int = 0, rest: int = 0) -> str:
    """The first synthetic number from ``index`` on that, with another month, still has control digits."""
    while True:
        digits = synthetic_number(index).digits()
        day, month = int(digits[:2]) + day_added, int(digits[2:4]) - 80 + month_added
        made = complete(f"{day:02}{month:02}{digits[4:9]}", rest)
        if made:
            return made
        index += 1


def fh_number(index: int = 0) -> str:
    while True:
        made = complete(f"9{synthetic_number(index).digits()[1:9]}")
        if made:
            return made
        index += 1
