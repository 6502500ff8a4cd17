"""What is asked of the mechanism, and what it answers: the values that the draw, its ledger and its verifier share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

Mac = Callable[[bytes], bytes]
"""HMAC-SHA-256 of a message under the draw key. Only ``identity.keys`` holds the key; everybody else holds this."""


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """One person to be drawn.

    ``lot_id`` is the pseudonym that the lot is drawn from. ``day`` is the day of the draw in the trial's time zone.
    ``factors`` are values of the declared factors and strata beyond site and office; ``batch`` names a nominated batch.
    """

    lot_id: str
    office: str
    day: date
    factors: Mapping[str, str] = field(default_factory=dict)
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """What was drawn: the index of the arm, and two exact probability vectors in the trial's order of arms.

    ``conditional`` is what the mechanism used at that moment (in a block of four it is often 0 or 1); ``marginal`` is
    before any lot, and None where only redraws tell it (minimisation).
    """

    arm: int
    stratum: str
    conditional: tuple[Fraction, ...]
    marginal: tuple[Fraction, ...] | None
