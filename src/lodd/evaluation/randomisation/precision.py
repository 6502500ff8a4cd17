"""How many redraws are enough."""

from __future__ import annotations

from math import ceil, floor
from typing import Final

from lodd.errors import Problem, ProtocolError, UsageError
from lodd.locale import Text, number, percent

RELATIVE: Final = 0.1
"""A p-value at the level should have a Monte-Carlo standard error of at most this share of the level."""


def fewest(level: float) -> int:
    """Redraws below which no p-value is under the level: the smallest is 1 / (1 + redraws), in a family too."""
    return floor(1.0 / level + 1e-9)


def enough(level: float) -> int:
    """Redraws that give a p-value at the level a Monte-Carlo standard error of :data:`RELATIVE` times the level.

    The standard error is ``sqrt(p (1 - p) / redraws)``: 1,900 redraws for the level 5 %.
    """
    return ceil((1.0 - level) / level / RELATIVE**2 - 1e-6)


def monte_carlo_error(p_value: float, draws: int) -> float:
    """Standard error of a p-value for having been computed from ``draws`` redraws."""
    return float((p_value * (1.0 - p_value) / draws) ** 0.5)


def check_draws(declared: int, asked: int | None, confidence: float) -> int:
    """The redraws to make.

    Raises:
        UsageError: those asked for are too few for any p-value to be below one minus the confidence.
        ProtocolError: those declared are.
    """
    draws, least = declared if asked is None else asked, fewest(1.0 - confidence)
    if draws < least:
        kind, where = (ProtocolError, "trial.toml analysis.draws") if asked is None else (UsageError, "--draws")
        raise kind(_too_few(draws, least, confidence, where))
    return draws


def _too_few(draws: int, least: int, confidence: float, where: str) -> Problem:
    wanted, level = enough(1.0 - confidence), round(1.0 - confidence, 10)
    decimals = 0 if round(100 * level, 6).is_integer() else 2
    return Problem(
        found=Text(
            nb=f"Med {number(draws, 'nb')} omtrekninger kan ingen p-verdi bli mindre enn "
            f"{percent(level, 'nb', decimals)}, som konfidensnivået krever",
            en=f"With {number(draws, 'en')} redraws no p-value can be below "
            f"{percent(level, 'en', decimals)}, as the confidence level needs",
        ),
        where=where,
        allowed=Text(
            nb=f"minst {number(least, 'nb')}; {number(wanted, 'nb')} gir p-verdier med god presisjon",
            en=f"at least {number(least, 'en')}; {number(wanted, 'en')} give p-values of good precision",
        ),
        next_step=Text(
            nb=f"Be om {number(wanted, 'nb')} omtrekninger eller flere",
            en=f"Ask for {number(wanted, 'en')} redraws or more",
        ),
    )
