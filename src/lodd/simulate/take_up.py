"""What people do with the arm that they are drawn to: which programme they start, when, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from lodd.protocol.model import Trial
from lodd.simulate.calendar import OPEN, Days
from lodd.simulate.people import People
from lodd.simulate.settings import SimulationSettings

_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Attendance:
    """(n,) index of the arm whose programme is started (-1: none) and day numbers of referral, start and stop."""

    arm: NDArray[np.int64]
    referred: Days
    start: Days
    stop: Days


def attend(
    settings: SimulationSettings, trial: Trial, people: People, arm: str, rng: np.random.Generator
) -> Attendance:
    """What everybody would do if drawn to ``arm``; the random numbers are the same for every arm."""
    drawn = people.participants.frame["drawn_at"].to_physical().cast(int).to_numpy()
    choice, referral, waiting, length = (rng.random(len(drawn)) for _ in range(4))
    take_up = settings.take_up.get(arm)
    if take_up is None:
        nobody = np.full(len(drawn), OPEN, dtype=np.int64)
        return Attendance(np.full(len(drawn), -1, dtype=np.int64), nobody, nobody, nobody)
    referred = drawn + np.floor(-np.log1p(-referral) * take_up.referral_days).astype(np.int64)
    start = referred + np.floor(-np.log1p(-waiting) * take_up.waiting_days).astype(np.int64)
    months = take_up.months * np.exp(take_up.spread * ndtri(np.clip(length, 1e-9, 1 - 1e-9)))
    stop = start + np.maximum(1, np.rint(months * _MONTH)).astype(np.int64)
    started = _started(choice, {trial.arm_ids.index(k): share for k, share in take_up.starts.items()})
    never = started < 0
    return Attendance(started, referred, np.where(never, OPEN, start), np.where(never, OPEN, stop))


def _started(choice: NDArray[np.float64], shares: dict[int, float]) -> NDArray[np.int64]:
    limits = np.cumsum(list(shares.values()))
    arms = np.array([*shares, -1])
    return np.asarray(arms[np.searchsorted(limits, choice, side="right")], dtype=np.int64)
