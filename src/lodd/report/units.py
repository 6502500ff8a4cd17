"""How an outcome's numbers are shown: levels, differences and intervals in the outcome's own unit.

Shares are shown as per cent and their differences as percentage points, one decimal. Other numbers have as many
decimals as their size asks for: none from a hundred up (kroner), one from ten up (hours), else two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lodd.locale import Language, interval, number, percent, signed

_MISSING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in one language. ``name`` follows a difference in a sentence; ``axis`` heads an axis of levels."""

    language: Language
    scale: float
    decimals: int
    name: str
    axis: str
    difference_axis: str
    is_share: bool = False

    def level(self, value: float | None) -> str:
        """A mean, for a table or a sentence: "34.8%", "12.4"."""
        if value is None or math.isnan(value):
            return _MISSING
        if self.is_share:
            return percent(value, self.language, self.decimals)
        return number(value, self.language, self.decimals)

    def difference(self, value: float | None) -> str:
        """A difference without its unit, with sign: for tables."""
        return _MISSING if value is None else signed(value * self.scale, self.language, self.decimals)

    def plain(self, value: float | None) -> str:
        """A size without its unit or sign: standard errors, margins."""
        return _MISSING if value is None else number(value * self.scale, self.language, self.decimals)

    def with_name(self, value: float) -> str:
        """The size of a difference with its unit, for a sentence: "3.2 percentage points"."""
        return f"{number(abs(value) * self.scale, self.language, self.decimals)} {self.name}"

    def signed_with_name(self, value: float) -> str:
        """A difference with sign and unit: "+3.2 percentage points"."""
        return f"{signed(value * self.scale, self.language, self.decimals)} {self.name}"

    def interval(self, low: float | None, high: float | None) -> str:
        """An interval in words, without unit: "−1.2 to 2.8"."""
        if low is None or high is None:
            return _MISSING
        return interval(low * self.scale, high * self.scale, self.language, self.decimals)

    def tick(self, value: float) -> str:
        """A level at an axis: as few decimals as show it exactly."""
        return _shortest(value * self.scale, self.language) + (_percent_sign(self.language) if self.is_share else "")

    def difference_tick(self, value: float) -> str:
        """A difference at an axis, with sign."""
        shown = _shortest(value * self.scale, self.language)
        return f"+{shown}" if value > 0 else shown


def decimals_for(largest: float) -> int:
    """Decimals that suit numbers of a size: 0 from a hundred up, 1 from ten up, else 2."""
    if largest >= 100:
        return 0
    return 1 if largest >= 10 else 2


def _shortest(value: float, language: Language) -> str:
    for decimals in (0, 1, 2):
        if abs(value - round(value, decimals)) < 1e-6:
            return number(value, language, decimals)
    return number(value, language, 3)


def _percent_sign(language: Language) -> str:
    return "\N{NO-BREAK SPACE}%" if language == "nb" else "%"
