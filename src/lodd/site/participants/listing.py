"""Lists of participants: narrowed down, page by page, without counting what nobody reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from django.core.paginator import Paginator
from django.db.models import QuerySet

from lodd.site.installation import Installation
from lodd.site.models import Participant
from lodd.site.participants.tasks import without_referral, without_start

PAGE: Final = 50
SHOWN: Final = 100 * PAGE
"""A list ends here; who wants to see further narrows it down."""
WITHOUT_REFERRAL: Final = "without_referral"
WITHOUT_START: Final = "without_start"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list is limited to. ``state`` is a state of follow-up, or one of the two that wait."""

    site: str = ""
    office: str = ""
    arm: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None


def narrowed(participants: QuerySet[Participant], to: Narrowed, here: Installation) -> QuerySet[Participant]:
    """The participants that are asked for, the last drawn first."""
    given = {"site": to.site, "office": to.office, "arm": to.arm, "day__gte": to.since, "day__lte": to.until}
    found = participants.filter(**{name: value for name, value in given.items() if value})
    if to.state == WITHOUT_REFERRAL:
        found = without_referral(found, here)
    elif to.state == WITHOUT_START:
        found = without_start(found, here)
    elif to.state:
        found = found.filter(state=to.state)
    return found.order_by("-day", "-seq")


class Pages(Paginator):
    """Pages of 50 that count at most the first :data:`SHOWN` rows."""

    def __init__(self, found: QuerySet[Participant]) -> None:
        super().__init__(found, PAGE)

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by().values("pk")[:SHOWN].count()

    @property
    def there_are_more(self) -> bool:
        return self.count == SHOWN
