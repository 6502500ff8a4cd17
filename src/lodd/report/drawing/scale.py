"""From numbers to places on the paper, and the round numbers at an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from ``low..high`` to ``start..stop`` (pixels; stop may be before start)."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)


def ticks(low: float, high: float, count: int) -> list[float]:
    """About ``count`` round numbers (steps of 1, 2 or 5 times a power of ten) within ``low..high``.

    >>> ticks(0, 47, 5)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    step = nice_step((high - low) / max(count, 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def nice_step(rough: float) -> float:
    """The step of 1, 2 or 5 times a power of ten that is nearest above a rough one."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def extent(values: list[float], zero: bool = False, count: int = 5) -> tuple[float, float]:
    """Round limits that hold all values (and zero, if asked); never an empty range."""
    inside = [*values, 0.0] if zero or not values else values
    low, high = min(inside), max(inside)
    if high - low < 1e-12:
        reach = abs(low) / 2 if abs(low) > 1e-9 else 0.5
        low, high = low - reach, high + reach
    step = nice_step((high - low) / count)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def month_ticks(first: int, last: int, step: int) -> list[int]:
    """Multiples of ``step`` months within ``first..last``: 0 is always one of them if inside."""
    return [month for month in range(first, last + 1) if month % step == 0]
