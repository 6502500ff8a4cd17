"""Exact numbers: a column's values as integers, scaled by its declared decimals.

Hours with one decimal are counted in tenths, so that 0.9 + 3.1 is 40 tenths and at least 4 hours, which it is not in
floating point. Every integer stays below 2^53, so that the one division at the very end is correctly rounded.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

LARGEST_VALUE: Final = 2**50
"""A single scaled value is smaller: up to here, a float times a power of ten is off by less than half a unit."""
LARGEST_TOTAL: Final = 2**53
"""A person's total is smaller: up to here, floats hold every integer."""
NEAR: Final = 1e-6
ROUNDING: Final = 2.0**-50
"""A scaled float this near an integer, or within its own rounding (relative, twice over), stands for it."""


def least_scaled(limit: Decimal, divisor: int) -> int:
    """The smallest scaled integer that is at least ``limit``: v >= limit exactly when scaled v >= this.

    >>> least_scaled(Decimal("4.05"), 10)
    41
    """
    return math.ceil(limit * divisor)


def most_scaled(limit: Decimal, divisor: int) -> int:
    """The largest scaled integer that is at most ``limit``: v <= limit exactly when scaled v <= this.

    >>> most_scaled(Decimal("4.05"), 10)
    40
    """
    return math.floor(limit * divisor)


def scaled_or_none(value: Decimal | int, divisor: int) -> int | None:
    """A value scaled, or None where it has more decimals than the divisor keeps (no record can equal it)."""
    scaled = Decimal(value) * divisor
    return int(scaled) if scaled == int(scaled) else None
