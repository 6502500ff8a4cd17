"""Repeated requests: who asks again for somebody who is drawn, and after which answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lodd.site.monitoring.inputs import MonitoredRequest, Records, Selection
from lodd.site.monitoring.shares import Level


@dataclass(frozen=True, slots=True)
class StreamRequests:
    """A stream's draws and the repeated requests made there; ``drawn_elsewhere``: first drawn by another office."""

    level: Level
    id: str
    draws: int
    requests: int
    people: int
    drawn_elsewhere: int


@dataclass(frozen=True, slots=True)
class ArmRequests:
    """The people whose first answer was an arm: how many of them were asked for again, and how often in all."""

    arm: str
    drawn: int
    people: int
    requests: int


def requests_by_arm(arms: Sequence[str], records: Records, selection: Selection) -> tuple[ArmRequests, ...]:
    """One row an arm; ``records`` are the whole trial's: somebody drawn in the part may be asked for anywhere."""
    asked = Counter(request.first for request in records.requests)
    drawn = Counter(draw.arm for draw in records.draws if selection.holds(draw))
    again = [(draw.arm, asked[draw.seq]) for draw in records.draws if draw.seq in asked and selection.holds(draw)]
    return tuple(
        ArmRequests(
            arm=arm,
            drawn=drawn[arm],
            people=sum(one == arm for one, _ in again),
            requests=sum(times for one, times in again if one == arm),
        )
        for arm in arms
    )


def requests_by_stream(records: Records, selection: Selection) -> tuple[StreamRequests, ...]:
    """One row a site, office and caseworker that has drawn or asked again within the part."""
    home = {draw.seq: draw.office for draw in records.draws}
    part = records.part(selection)
    return tuple(row for level in ("site", "office", "caseworker") for row in _of_level(level, part, home))


def _of_level(level: Level, part: Records, home: dict[int, str]) -> list[StreamRequests]:
    draws: Counter[str] = Counter(name for draw in part.draws if (name := getattr(draw, level)) is not None)
    made: dict[str, list[MonitoredRequest]] = {name: [] for name in draws}
    for request in part.requests:
        if getattr(request, level) is not None:
            made.setdefault(getattr(request, level), []).append(request)
    return [
        StreamRequests(
            level=level,
            id=name,
            draws=draws[name],
            requests=len(requests),
            people=len({request.first for request in requests}),
            drawn_elsewhere=sum(home.get(request.first) != request.office for request in requests),
        )
        for name, requests in sorted(made.items())
    ]
