"""What has happened in the demo before anybody looks: draws over some months, and what came after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from lodd.identity import IdentityNumber, synthetic_number
from lodd.identity.generate import COUNT
from lodd.site.actions.base import Actor
from lodd.site.actions.draw import draw_person
from lodd.site.actions.follow_up import Entered, record
from lodd.site.actions.participants import note_error, withdraw
from lodd.site.actions.schedule import propose_schedule
from lodd.site.config import SiteConfig
from lodd.site.demo.folder import opening_day
from lodd.site.demo.people import found, person
from lodd.site.installation import installation, load_installation, use_installation
from lodd.site.models import Caseworker, FollowUp, Participant

DRAWS: Final = 150
TO_TRY: Final = 12
"""How many numbers that nobody has drawn yet the demo's page shows."""
_OFFICES: Final = ("ak01", "ro01", "ak02", "ro02", "ak03", "ak01", "ro01")
_STRIDE: Final = 104_729
"""Between the synthetic numbers used: far apart, so that they look like anybody's."""
_END_REASONS: Final = ("work", "health", "completed")


def number_of(index: int) -> IdentityNumber:
    """The demo's synthetic numbers in order: the first :data:`DRAWS` have been drawn."""
    return synthetic_number(_STRIDE * (index + 1) % COUNT)


def numbers_to_try() -> list[IdentityNumber]:
    """Numbers of people who have not been drawn (when the demo is new)."""
    return [number_of(DRAWS + index) for index in range(TO_TRY)]


def tell(config: SiteConfig) -> None:
    """Fill an empty, prepared database."""
    today = datetime.now(UTC).date()
    opens = opening_day(today)
    clock = _Clock(datetime.combine(opens - timedelta(days=20), time(8), UTC))
    use_installation(replace(load_installation(config), clock=clock))
    found()
    for index, moment in enumerate(_moments(opens, today)):
        clock.now = moment
        _draw(index)
    clock.now = datetime.now(UTC)
    for participant in Participant.objects.order_by("seq"):
        _follow(participant, today)
    _exceptions()
    _waiting_proposal(today)
    use_installation(None)


class _Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def _moments(opens: date, today: date) -> list[datetime]:
    """When each was drawn: working days in working hours, from the opening until yesterday; in order."""
    days = [opens + timedelta(days=n) for n in range((today - opens).days)]
    working = [day for day in days if day.weekday() < 5]
    on = (working[index * len(working) // DRAWS] for index in range(DRAWS))
    return sorted(datetime.combine(day, time(7 + n % 6, 7 * n % 60), UTC) for n, day in enumerate(on))


def _draw(index: int) -> None:
    here = installation()
    office = _OFFICES[index % len(_OFFICES)]
    callers = list(Caseworker.objects.filter(office=office).order_by("pk"))
    caseworker = callers[index % len(callers)]
    by = caseworker.user or person(f"operator-{here.trial.office_site[office]}")
    draw_person(
        number_of(index),
        office,
        actor=Actor.of(by),
        confirmed=[condition.id for condition in here.trial.enrolment.eligibility],
        factors={},
        caseworker=caseworker,
    )


def _follow(participant: Participant, today: date) -> None:
    """Most are referred within a fortnight and start; a few never, a few elsewhere than drawn."""
    n = participant.seq
    if n % 11 == 0:
        return
    actor = Actor.of(person(f"lead-{participant.site}"))
    programme = {"se": "SE", "control": "OPPF"}[participant.arm]
    if n % 37 == 0:
        programme = {"SE": "OPPF", "OPPF": "SE"}[programme]
    for kind, after, reason in _course(n):
        day = participant.day + timedelta(days=after)
        if day > today:
            return
        record(participant, Entered(kind, day, programme, reason), actor=actor, cross_over=True)


def _course(n: int) -> Iterator[tuple[str, int, str]]:
    yield FollowUp.Kind.REFERRAL, 1 + n % 13, ""
    if n % 7:
        yield FollowUp.Kind.START, 12 + n % 19, ""
        if n % 5 == 0:
            yield FollowUp.Kind.END, 45 + n % 40, _END_REASONS[n % len(_END_REASONS)]


def _exceptions() -> None:
    """A person asked for twice, a mistake noted, somebody who withdrew."""
    drawn = list(Participant.objects.filter(site="akershus").order_by("-seq")[:30])
    operator = Actor.of(person("operator-akershus"))
    conditions = [condition.id for condition in installation().trial.enrolment.eligibility]
    last = DRAWS - 1
    office = _OFFICES[last % len(_OFFICES)]
    if installation().trial.office_site[office] != "akershus":
        last, office = 0, _OFFICES[0]
    draw_person(number_of(last), office, actor=operator, confirmed=conditions, factors={}, caseworker=None)
    note_error(drawn[5], "wrong_office", actor=operator, note="Personen har flyttet til et annet kontor.")
    withdraw(drawn[12], actor=operator)


def _waiting_proposal(today: date) -> None:
    """Another share in one county from next month, which a second manager must decide."""
    propose_schedule(
        {"rogaland": {"se": "0.35"}},
        today + timedelta(days=30),
        actor=Actor.of(person("manager")),
        beacon_source="Lotto",
        beacon_round=str(today + timedelta(days=20)),
        note="Flere plasser hos tiltaksarrangøren.",
    )
