"""Anderson-Rubin sets: every effect that the data do not reject, also where the instrument is weak.

An effect ``b`` is rejected if ``Y - b D`` differs between the arms. With estimates ``y`` (of the draw on the outcome)
and ``d`` (of the draw on participation), their variances and covariance, it stays in the set if
``(y - b d)^2 <= c (vy - 2 b vyd + b^2 vd)``, ``c`` the squared critical value: a quadratic in ``b``, so the set is an
interval, the whole line or the line without an interval. Anderson and Rubin (1949); Dufour and Taamouti (2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Final, Literal

Kind = Literal["interval", "two_pieces", "unbounded", "empty"]
FLAT: Final = 1e-12
"""A leading coefficient this small a share of its two terms counts as zero."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Effects of the draw on the outcome and on participation, their variances and their covariance."""

    outcome: float
    participation: float
    outcome_variance: float
    participation_variance: float
    covariance: float


@dataclass(frozen=True, slots=True)
class AcceptedSet:
    """``interval``: from ``low`` to ``high`` (either may be infinite). ``two_pieces``: up to ``low`` and from ``high``.

    ``unbounded``: every number. ``empty``: none (with one instrument only where all variances are 0).
    """

    kind: Kind
    low: float
    high: float

    def holds(self, effect: float) -> bool:
        if self.kind == "two_pieces":
            return effect <= self.low or effect >= self.high
        return self.kind == "unbounded" or (self.kind == "interval" and self.low <= effect <= self.high)


def accepted_set(m: Moments, critical: float) -> AcceptedSet:
    """The effects that are not rejected at a critical value of t (two-sided)."""
    c = critical**2
    a = m.participation**2 - c * m.participation_variance
    b = m.outcome * m.participation - c * m.covariance
    e = m.outcome**2 - c * m.outcome_variance
    if abs(a) <= FLAT * (m.participation**2 + c * m.participation_variance):
        return _flat(b, e)
    within = b**2 - a * e
    if within < 0:
        return AcceptedSet("unbounded", -inf, inf) if a < 0 else AcceptedSet("empty", inf, -inf)
    low, high = sorted(((b - sqrt(within)) / a, (b + sqrt(within)) / a))
    if a > 0:
        return AcceptedSet("interval", low, high)
    return AcceptedSet("two_pieces", low, high)


def _flat(b: float, e: float) -> AcceptedSet:
    """``-2 b x + e <= 0``: a half-line, or everything or nothing."""
    if b == 0:
        return AcceptedSet("unbounded", -inf, inf) if e <= 0 else AcceptedSet("empty", inf, -inf)
    edge = e / (2 * b)
    return AcceptedSet("interval", edge, inf) if b > 0 else AcceptedSet("interval", -inf, edge)
