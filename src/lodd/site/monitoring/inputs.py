"""What monitoring is made of: the draws, the repeated requests and the dates of follow-up. No identities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

Share = Fraction | float


@dataclass(frozen=True, slots=True)
class MonitoredDraw:
    """One lot. ``seq`` is its place in the ledger; ``caseworker`` a pseudonymous id, None where none is recorded.

    ``conditional`` are the mechanism's probabilities at that moment, one an arm in the trial's order; ``marginal`` the
    schedule's, None where only redraws tell them (minimisation).
    """

    seq: int
    day: date
    at: datetime
    site: str
    office: str
    caseworker: str | None
    arm: str
    conditional: tuple[Share, ...]
    marginal: tuple[Share, ...] | None


@dataclass(frozen=True, slots=True)
class MonitoredRequest:
    """Somebody drawn already was asked for again; ``first`` is the ``seq`` of the draw that answered."""

    seq: int
    first: int
    day: date
    site: str
    office: str
    caseworker: str | None


@dataclass(frozen=True, slots=True)
class FollowUpDates:
    """What is recorded after the draw ``seq``; a draw without one has nothing recorded.

    ``started`` has the first day in a programme and the arm that the programme belongs to. ``withdrawn`` is the day of
    withdrawal. ``erroneous``: an error is noted (wrong person, not in the target group ...), so nobody is waited for.
    """

    seq: int
    referred: date | None = None
    referred_to: str | None = None
    started: tuple[tuple[date, str], ...] = ()
    withdrawn: date | None = None
    erroneous: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the trial is looked at; None is all."""

    site: str | None = None
    office: str | None = None
    caseworker: str | None = None

    @property
    def whole_trial(self) -> bool:
        return self.site is None and self.office is None and self.caseworker is None

    def holds(self, record: MonitoredDraw | MonitoredRequest) -> bool:
        """Whether a draw or a request is in the part."""
        return (
            (self.site is None or self.site == record.site)
            and (self.office is None or self.office == record.office)
            and (self.caseworker is None or self.caseworker == record.caseworker)
        )


@dataclass(frozen=True, slots=True)
class Records:
    """Everything recorded in the whole trial, in the ledger's order.

    The alarm counts over the whole trial whatever is looked at, so it is never given a part of the draws.
    """

    draws: Sequence[MonitoredDraw]
    requests: Sequence[MonitoredRequest] = ()
    follow_up: Sequence[FollowUpDates] = field(default=())

    def part(self, selection: Selection) -> Records:
        """The records of a part: requests by where they were made, follow-up by its draw."""
        if selection.whole_trial:
            return self
        draws = tuple(draw for draw in self.draws if selection.holds(draw))
        drawn = {draw.seq for draw in draws}
        return Records(
            draws=draws,
            requests=tuple(request for request in self.requests if selection.holds(request)),
            follow_up=tuple(dates for dates in self.follow_up if dates.seq in drawn),
        )
