"""Time from the draw to the referral, and on to the start, with those who still wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from lodd.site.monitoring.evidence import Booleans, Floats, Integers
from lodd.site.monitoring.inputs import FollowUpDates, MonitoredDraw, Records

Step = Literal["referral", "start", "referral_to_start"]
_Times = tuple[int, int, int, int, int]
_NEVER: Final = date.max.toordinal()
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
    of_arm: dict[str, list[_Times]] = {arm: [] for arm in arms}
    for draw in records.draws:
        dates = follow_up.get(draw.seq)
        if dates is None:
            of_arm[draw.arm].append((draw.day.toordinal(), _NEVER, _NEVER, today.toordinal(), 0))
        elif not dates.erroneous:
            of_arm[draw.arm].append(_times(draw, dates, today))
    times = {arm: np.array(rows, dtype=np.int64).reshape(-1, 5) for arm, rows in of_arm.items()}
    return tuple(_waiting(arm, step, times[arm]) for step in STEPS for arm in arms)


def _times(draw: MonitoredDraw, dates: FollowUpDates, today: date) -> _Times:
    started = min((day.toordinal() for day, _ in dates.started if day >= draw.day), default=_NEVER)
    referred = dates.referred.toordinal() if dates.referred else _NEVER
    left = dates.withdrawn is not None and dates.withdrawn <= today
    last = dates.withdrawn if dates.withdrawn is not None and left else today
    return draw.day.toordinal(), referred, started, last.toordinal(), int(left)


def _waiting(arm: str, step: Step, times: Integers) -> Waiting:
    """``times`` has a row a person: the days drawn, referred, started and last followed, and whether they left then."""
    since = times[:, 1] if step == "referral_to_start" else times[:, 0]
    at_risk = since <= times[:, 3]
    since, end = since[at_risk], times[at_risk, 1 if step == "referral" else 2]
    last, left = times[at_risk, 3], times[at_risk, 4] == 1
    happened = end <= last
    by_day = share_by_day(np.maximum(np.where(happened, end, last) - since, 0), happened)
    return Waiting(
        arm=arm,
        step=step,
        people=len(since),
        happened=int(happened.sum()),
        waiting=int((~happened & ~left).sum()),
        withdrawn=int((~happened & left).sum()),
        quartiles=(_reached(by_day, 0.25), _reached(by_day, 0.5), _reached(by_day, 0.75)),
        by_day=tuple(by_day.tolist()),
    )


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
