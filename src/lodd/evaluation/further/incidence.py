"""Cumulative incidence with competing events, in whole months and weighted: Aalen and Johansen (1978).

Time is discrete. With weighted numbers at risk ``R_t`` and of events ``N_jt`` of cause ``j`` in month ``t``: hazards
``h_jt = N_jt / R_t``, survival ``S_t = prod (1 - sum_j h_jt)``, incidence ``F_jt = sum_{s<=t} S_{s-1} h_js``. Variances
come from each person's influence on the curve (the derivative by the person's weight), so weights, several months and
clusters need no formulas of their own; for one cause and equal weights they are exactly Greenwood's (1926).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodd.evaluation.design import Floats, Integers

CENSORED = 0


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """When each of n people left the state that all began in.

    - ``month`` (n,): the month of the event, or the last month observed; 0: never observed.
    - ``cause`` (n,): ``CENSORED`` or 1, 2, ...
    """

    month: Integers
    cause: Integers


@dataclass(frozen=True, slots=True)
class Incidence:
    """Of one cause in months 1 .. T: ``curve`` (T,), ``influence`` (n, T) of each person, ``at_risk`` (T,) people.

    The variance of ``curve`` is the column sums of ``influence`` squared. After a month with nobody at risk the curve
    stays where it is: read it only where ``at_risk`` is positive.
    """

    curve: Floats
    influence: Floats
    at_risk: Integers


def incidence(lives: Lifetimes, weights: Floats, cause: int, months: int) -> Incidence:
    """Cumulative incidence of a cause among people with weights (n,), through ``months``."""
    time = np.arange(1, months + 1)
    at_risk = lives.month[:, None] >= time
    now = lives.month[:, None] == time
    happened = now & (lives.cause == cause)[:, None]
    any_event = now & (lives.cause != CENSORED)[:, None]
    total = weights @ at_risk
    share = np.divide(1.0, total, out=np.zeros(months), where=total > 0)
    hazard, left = (weights @ happened) * share, (weights @ any_event) * share
    survival = np.cumprod(1.0 - left)
    before = np.concatenate([[1.0], survival[:-1]])
    curve = np.cumsum(before * hazard)
    of_cause = weights[:, None] * (happened - at_risk * hazard) * share
    of_any = weights[:, None] * (any_event - at_risk * left) * share
    staying = np.divide(1.0, 1.0 - left, out=np.zeros(months), where=left < 1.0)  # nobody stays: nothing comes after
    drift = of_any * staying
    influence = np.cumsum(before * of_cause + curve * drift, axis=1) - curve * np.cumsum(drift, axis=1)
    return Incidence(curve, influence, at_risk.sum(axis=0))


def restricted_mean(found: Incidence, months: int) -> tuple[float, Floats]:
    """Mean months until the event, at most ``months``, and each person's influence on it (n,).

    ``sum_{t=0}^{months-1} (1 - F_t)``: an event in month ``t`` counts ``t``; whoever never has it counts ``months``.
    """
    part = slice(0, months - 1)
    return months - float(found.curve[part].sum()), -found.influence[:, part].sum(axis=1)
