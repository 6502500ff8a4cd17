"""Disclosure control: no count of one to four people is shown, and no level of fewer than five.

The rule is simple and always the same, and the report's methods state it. It does not yet hide a second cell where
the first could be worked out from a total.
"""

from __future__ import annotations

from typing import Final

from lodd.locale import Language, number, percent

SMALLEST: Final = 5


def hidden(people: int | None) -> bool:
    """Is a count of people (or a number about so many) too small to show?"""
    return people is not None and 0 < people < SMALLEST


def people(count: int | None, language: Language) -> str:
    """A count of people as a table shows it: a number, "<5", or a dash where there is none."""
    if count is None:
        return "\N{EN DASH}"
    return f"<{SMALLEST}" if hidden(count) else number(count, language)


def share(count: int, total: int, language: Language, decimals: int = 1) -> str:
    """A share of people as a table shows it; a dash where its count is hidden or nobody could be counted."""
    if total == 0 or hidden(count) or hidden(total):
        return "\N{EN DASH}"
    return percent(count / total, language, decimals)
