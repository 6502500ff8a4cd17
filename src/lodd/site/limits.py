"""How often one person may do some things: brakes on an account that somebody else has got hold of, and on loops.

Counted in the shared cache, so it holds across processes. Guessing of passwords and codes is braked by django-allauth
(``ACCOUNT_RATE_LIMITS``), the API by its own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from allauth.core.internal.ratelimit import consume
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times in ``wait`` seconds, for a person (or, with nobody signed in, an address)."""

    times: int
    wait: int
    anybody: bool = False

    def __str__(self) -> str:
        return f"{self.times}/{self.wait}s/{'ip' if self.anybody else 'user'}"


MINUTE: Final = 60
HOUR: Final = 3600
LIMITS: Final[Mapping[str, Rate]] = {
    "draw": Rate(12, MINUTE),
    "draw_check": Rate(120, MINUTE),
    "draw_read_back": Rate(12, MINUTE),
    "participant_find": Rate(20, MINUTE),
    "participant_identity": Rate(40, HOUR),
    "receipt": Rate(30, MINUTE, anybody=True),
    "invitation": Rate(30, MINUTE, anybody=True),
    "invitation_accept": Rate(30, MINUTE, anybody=True),
    "openid_connect_login": Rate(30, MINUTE, anybody=True),
    "audit_export": Rate(10, HOUR),
}
"""By the page's name. Only what is sent (POST) counts, but for the pages in :data:`LOOKING_COUNTS`."""
LOOKING_COUNTS: Final = frozenset({"invitation", "audit_export"})


def exceeded(request: HttpRequest, page: str) -> Rate | None:
    """The limit that this request goes over, if any; counts it otherwise."""
    rate = LIMITS.get(page)
    if rate is None or (request.method != "POST" and page not in LOOKING_COUNTS):
        return None
    if not rate.anybody and not request.user.is_authenticated:
        return None
    used = consume(request, app="lodd", action=page, config={page: str(rate)}, limit_get=True)
    return rate if used is None else None
