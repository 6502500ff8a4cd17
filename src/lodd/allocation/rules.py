"""What the protocol says of lots: who draws where and when, with which probabilities, in which stratum."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from lodd.allocation import problems
from lodd.allocation.lot import DrawRequest
from lodd.allocation.tickets import limits
from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.protocol.schedule import Period

PLACES: Final = ("office", "site", "batch")
"""Strata and factors that a request itself tells; any other is one of its ``factors``."""
EVERYBODY: Final = "all"
"""The stratum's name where there are no strata."""


class UnsupportedMethodError(UsageError):
    """The lots of this trial are not drawn by Lodd."""


@dataclass(frozen=True, slots=True)
class Place:
    """An office on a day: what lots there have in common.

    ``probability`` is exact, in the trial's order of arms, and ``limits`` the ends of their intervals of tickets; both
    are empty in a batch design without a schedule. ``stratum`` is None where it depends on the person too.
    """

    office: str
    site: str
    period: str
    probability: tuple[Fraction, ...]
    limits: tuple[int, ...]
    stratum: str | None


@dataclass(frozen=True, slots=True)
class DrawRules:
    """The protocol's rules for draws, as a value.

    ``periods`` holds each office's periods in order of their first day; empty where batches bring their own numbers.
    """

    trial: Trial = field(repr=False)
    method: str
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    periods: Mapping[str, tuple[Period, ...]] = field(repr=False)
    sites: Mapping[str, str] = field(repr=False)
    own_schedule: frozenset[str]
    """Offices whose schedule is their own and not their site's."""
    block_sizes: tuple[int, ...]
    factors: tuple[str, ...]
    biased_coin: Decimal
    revisions: Mapping[tuple[str, date], int] = field(default_factory=dict)
    """How many times the probabilities of an office's period were amended on the very day it began."""

    def refuse_external(self) -> None:
        """Raises:
        UnsupportedMethodError: the lots of this trial are not drawn by Lodd.
        """
        if self.method == "external":
            raise UnsupportedMethodError(problems.not_drawn_by_lodd())

    def period(self, office: str, day: date) -> Period | None:
        """The period of an office that contains a day; None outside the schedule or for an unknown office."""
        periods = self.periods.get(office, ())
        position = bisect_right([period.since for period in periods], day) - 1
        return periods[position] if position >= 0 and day <= periods[position].until else None

    def place(self, office: str, day: date) -> Place:
        """What lots at an office on a day have in common.

        Raises:
            DataError: the office is not in the protocol, or the day is outside enrolment or the office's schedule.
        """
        enrolment = self.trial.enrolment
        if office not in self.sites:
            raise DataError(problems.unknown_office(office))
        if not enrolment.opens <= day <= enrolment.closes:
            raise DataError(problems.outside_enrolment(day, enrolment))
        period = self.period(office, day)
        if period is None and self.method != "complete":
            raise DataError(problems.outside_schedule(office, day))
        return self._place(office, period if self.method != "complete" else None)

    def stratum(self, place: Place, request: DrawRequest) -> str:
        """The name of a person's stratum: places first, then the period, then other declared columns.

        Raises:
            DataError: a value that the strata are made of is missing.
        """
        if place.stratum is not None:
            return place.stratum
        places = [name for name in self.strata if name in PLACES]
        others = [name for name in self.strata if name not in PLACES]
        parts = values_of(places, place, request) + ([place.period] if place.period else [])
        return ":".join([*parts, *values_of(others, place, request)]) or EVERYBODY

    def _place(self, office: str, period: Period | None) -> Place:
        probability = exact(period.probability) if period else ()
        name = self._period_name(period) if period else ""
        place = Place(office, self.sites[office], name, probability, limits(probability), None)
        if any(stratum not in ("office", "site") for stratum in self.strata):
            return place
        nobody = DrawRequest("", office, self.trial.enrolment.opens)
        return Place(office, place.site, name, probability, place.limits, self.stratum(place, nobody))

    def _period_name(self, period: Period) -> str:
        """Unique within the stratum's place, so that everybody in a stratum has the same probabilities."""
        revision = self.revisions.get((period.office, period.since), 0)
        name = f"{period.id}r{revision + 1}" if revision else period.id
        if "office" in self.strata:
            return name
        if period.office in self.own_schedule:
            return f"{period.office}-{name}"
        return name if "site" in self.strata else f"{period.site}-{name}"


def exact(probability: Iterable[Decimal]) -> tuple[Fraction, ...]:
    """Decimals as fractions: "0.1" is one tenth, and 0.7 + 0.2 + 0.1 is one."""
    return tuple(Fraction(p) for p in probability)


def values_of(names: Iterable[str], place: Place, request: DrawRequest) -> list[str]:
    """A person's values of strata or factors.

    Raises:
        DataError: one is missing.
    """
    known = {"office": place.office, "site": place.site} | dict(request.factors)
    if request.batch is not None:
        known["batch"] = request.batch
    for name in names:
        if name not in known:
            raise DataError(problems.no_batch(None) if name == "batch" else problems.missing_factor(name))
    return [known[name] for name in names]
