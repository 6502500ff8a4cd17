"""Participation against allocation, and the referrals that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lodd.site.monitoring.inputs import FollowUpDates, MonitoredDraw, Records


@dataclass(frozen=True, slots=True)
class ArmParticipation:
    """The people drawn to an arm, and where they have started since the draw.

    ``drawn`` = ``own`` + ``other`` + ``both`` + ``none``: only the own arm's programmes, only another arm's, both, none
    of the trial's. ``started_in`` has, for each arm, everybody who has ever started in its programmes;
    ``referred_elsewhere`` those referred to another arm's than the drawn one's. Everybody drawn counts, also those who
    withdrew later or with an error noted: the allocation stands.
    """

    arm: str
    drawn: int
    own: int
    other: int
    both: int
    none: int
    started_in: tuple[int, ...]
    referred_elsewhere: int
    withdrawn: int
    erroneous: int


@dataclass(frozen=True, slots=True)
class MissingReferral:
    """Somebody drawn ``days`` days ago whom nobody has referred (or who has not started, without one)."""

    seq: int
    day: date
    site: str
    office: str
    caseworker: str | None
    arm: str
    days: int


def participation(arms: Sequence[str], records: Records) -> tuple[ArmParticipation, ...]:
    """One row an arm drawn to. A start before the draw, or in a programme of no arm, does not count."""
    drawn = Counter(draw.arm for draw in records.draws)
    draws = {draw.seq: draw for draw in records.draws}
    followed: dict[str, list[tuple[MonitoredDraw, FollowUpDates]]] = {arm: [] for arm in arms}
    for dates in records.follow_up:
        if dates.seq in draws:
            followed[draws[dates.seq].arm].append((draws[dates.seq], dates))
    return tuple(_of_arm(arm, arms, drawn[arm], followed[arm]) for arm in arms)


def _of_arm(
    arm: str, arms: Sequence[str], drawn: int, people: Sequence[tuple[MonitoredDraw, FollowUpDates]]
) -> ArmParticipation:
    places = [there for draw, dates in people if (there := _places(draw, dates, arms))]
    return ArmParticipation(
        arm=arm,
        drawn=drawn,
        own=sum(there == {arm} for there in places),
        other=sum(arm not in there for there in places),
        both=sum(arm in there and len(there) > 1 for there in places),
        none=drawn - len(places),
        started_in=tuple(sum(other in there for there in places) for other in arms),
        referred_elsewhere=sum(dates.referred_to not in {None, "", arm} for _, dates in people),
        withdrawn=sum(dates.withdrawn is not None for _, dates in people),
        erroneous=sum(dates.erroneous for _, dates in people),
    )


def _places(draw: MonitoredDraw, dates: FollowUpDates, arms: Sequence[str]) -> set[str]:
    return {arm for day, arm in dates.started if day >= draw.day and arm in arms}


def missing_referrals(
    arms: Sequence[str], records: Records, today: date, referral_days: int
) -> tuple[MissingReferral, ...]:
    """Those drawn more than ``referral_days`` days ago without a referral or a start, the longest wait first.

    ``arms`` are those that have somewhere to be referred to. Nobody is waited for who has withdrawn or for whom an
    error is noted.
    """
    follow_up = {dates.seq: dates for dates in records.follow_up}
    since = today - timedelta(days=referral_days)
    late = [
        MissingReferral(
            seq=draw.seq,
            day=draw.day,
            site=draw.site,
            office=draw.office,
            caseworker=draw.caseworker,
            arm=draw.arm,
            days=(today - draw.day).days,
        )
        for draw in records.draws
        if draw.day < since and draw.arm in arms and _waited_for(draw, follow_up.get(draw.seq))
    ]
    return tuple(sorted(late, key=lambda one: (-one.days, one.seq)))


def _waited_for(draw: MonitoredDraw, dates: FollowUpDates | None) -> bool:
    if dates is None:
        return True
    started = any(day >= draw.day for day, _ in dates.started)
    return not (dates.referred or started or dates.withdrawn or dates.erroneous)
