"""Time from the draw to the referral, and on to the start, with those who still wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from lodd.site.monitoring.evidence import Booleans, Floats, Integers
from lodd.site.monitoring.inputs import FollowUpDates, MonitoredDraw, Records

Step = Literal["referral", "start", "referral_to_start"]
STEPS: Final[tuple[Step, ...]] = ("referral", "referral_to_start", "start")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One step for the people drawn to an arm.

    ``people`` = ``happened`` + ``waiting`` + ``withdrawn`` (before it happened). ``quartiles`` are the days by which a
    quarter, half and three quarters have got there, None where so many have not. ``by_day[d]`` is the share who have
    within d days, as far as somebody has been followed.
    """

    arm: str
    step: Step
    people: int
    happened: int
    waiting: int
    withdrawn: int
    quartiles: tuple[int | None, int | None, int | None]
    by_day: tuple[float, ...]


def waiting_times(arms: Sequence[str], records: Records, today: date) -> tuple[Waiting, ...]:
    """Every step for every arm. People with an error noted are left out; starts before the draw do not count.

    ``start`` is the first start in any programme; who started in another arm's is in the table of participation.
    """
    follow_up = {dates.seq: dates for dates in records.follow_up}
    return tuple(
        _waiting(arm, step, [d for d in records.draws if d.arm == arm], follow_up, today)
        for step in STEPS
        for arm in arms
    )


def first_start(draw: MonitoredDraw, dates: FollowUpDates) -> date | None:
    """The first start in a programme from the day of the draw on."""
    return min((day for day, _ in dates.started if day >= draw.day), default=None)


def _waiting(
    arm: str, step: Step, draws: Sequence[MonitoredDraw], follow_up: Mapping[int, FollowUpDates], today: date
) -> Waiting:
    spans = [
        span
        for draw in draws
        if (span := _span(step, draw, follow_up.get(draw.seq, FollowUpDates(draw.seq)), today)) is not None
    ]
    days = np.array([span[0] for span in spans], dtype=np.int64)
    happened = np.array([span[1] for span in spans], dtype=np.bool_)
    left = sum(span[2] for span in spans)
    by_day = share_by_day(days, happened)
    return Waiting(
        arm=arm,
        step=step,
        people=len(spans),
        happened=int(happened.sum()),
        waiting=len(spans) - int(happened.sum()) - left,
        withdrawn=left,
        quartiles=(_reached(by_day, 0.25), _reached(by_day, 0.5), _reached(by_day, 0.75)),
        by_day=tuple(by_day.tolist()),
    )


def _span(step: Step, draw: MonitoredDraw, dates: FollowUpDates, today: date) -> tuple[int, bool, bool] | None:
    """Days followed, whether it happened by then, whether the person withdrew first; None if not at risk."""
    since = dates.referred if step == "referral_to_start" else draw.day
    end = dates.referred if step == "referral" else first_start(draw, dates)
    last = min(today, dates.withdrawn or today)
    if dates.erroneous or since is None or since > last:
        return None
    if end is not None and end <= last:
        return max((end - since).days, 0), True, False
    return (last - since).days, False, dates.withdrawn is not None and dates.withdrawn <= today


def share_by_day(days: Integers, happened: Booleans) -> Floats:
    """1 - S(d) for d = 0, 1, ... to the longest time followed, shape (longest + 1,); empty without people.

    S is the product-limit estimator S(d) = prod_{t <= d} (1 - events_t / at risk_t) (Kaplan and Meier 1958); somebody
    followed until day t is at risk on day t. Right if those who have waited briefly so far are like the others.
    """
    if not days.size:
        return np.zeros(0)
    events = np.bincount(days[happened], minlength=int(days.max()) + 1)
    ended = np.bincount(days)
    at_risk = days.size - np.r_[0, np.cumsum(ended)[:-1]]
    share: Floats = 1.0 - np.cumprod(1.0 - events / at_risk)
    return share


def _reached(by_day: Floats, share: float) -> int | None:
    there = np.flatnonzero(by_day >= share - 1e-9)
    return int(there[0]) if there.size else None
