"""Every address of the site. Each part of the site lists its own pages; all of them are in :data:`PAGES`."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern

from lodd.site.api.addresses import ENDPOINTS
from lodd.site.pages import Page
from lodd.site.views import (
    accounts,
    agencies,
    audit,
    decisions,
    demo,
    draw,
    exports,
    follow_up,
    health,
    home,
    invitations,
    monitoring,
    participants,
    public,
    schedule,
    security,
    systems,
)

PAGES: Final[tuple[Page, ...]] = (
    *public.PAGES,
    *home.PAGES,
    *health.PAGES,
    *demo.PAGES,
    *security.PAGES,
    *agencies.PAGES,
    *invitations.PAGES,
    *accounts.PAGES,
    *decisions.PAGES,
    *audit.PAGES,
    *draw.PAGES,
    *participants.PAGES,
    *follow_up.PAGES,
    *monitoring.PAGES,
    *schedule.PAGES,
    *exports.PAGES,
    *systems.PAGES,
)

urlpatterns: list[URLPattern] = [
    *(endpoint.url() for endpoint in ENDPOINTS),
    *(page.url() for page in PAGES),
]
handler429 = "lodd.site.middleware.too_many"
