"""What waits to be done after a draw: referrals that are missing, referrals that led to no start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from lodd.site.installation import Installation, installation
from lodd.site.models import Participant, User
from lodd.site.participants.reach import within_reach
from lodd.site.permissions import Task

_COUNTED: int = 1000
"""More than this many is said as that many or more."""


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many participants wait, in somebody's reach."""

    without_referral: int
    without_start: int

    @property
    def any(self) -> bool:
        return bool(self.without_referral or self.without_start)


def open_tasks(user: User) -> OpenTasks:
    """What waits for somebody who follows participants up: for the home page."""
    here = installation()
    mine = within_reach(user, Task.FOLLOW_UP)
    return OpenTasks(_count(without_referral(mine, here)), _count(without_start(mine, here)))


def referral_days(here: Installation) -> int:
    """Days within which somebody drawn is to be referred: the protocol's, else the installation's."""
    return here.trial.enrolment.referral_days or here.config.referral_days


def last_day(here: Installation) -> date:
    """Whoever was drawn (or referred) before this day has waited too long."""
    return here.today - timedelta(days=referral_days(here))


def without_referral(participants: QuerySet[Participant], here: Installation) -> QuerySet[Participant]:
    """Drawn too long ago, to an arm with programmes, and not referred."""
    arms = [arm for arm in here.trial.arm_ids if here.trial.arms[arm].programmes]
    return participants.filter(
        state=Participant.State.DRAWN, day__lt=last_day(here), arm__in=arms, not_waited_for=False
    )


def without_start(participants: QuerySet[Participant], here: Installation) -> QuerySet[Participant]:
    """Referred too long ago, and not started."""
    return participants.filter(state=Participant.State.REFERRED, state_since__lt=last_day(here), not_waited_for=False)


def waits(participant: Participant, here: Installation) -> bool:
    """Has this participant waited too long?"""
    if participant.not_waited_for:
        return False
    if participant.state == Participant.State.DRAWN:
        return bool(here.trial.arms[participant.arm].programmes) and participant.day < last_day(here)
    since = participant.state_since
    return participant.state == Participant.State.REFERRED and since is not None and since < last_day(here)


def _count(participants: QuerySet[Participant]) -> int:
    return participants.order_by().values("pk")[:_COUNTED].count()
