"""Every address of the site. Each part of the site lists its own pages; all of them are in :data:`PAGES`."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from lodd.site.api.addresses import ENDPOINTS
from lodd.site.pages import Page
from lodd.site.views import home

PAGES: Final[tuple[Page, ...]] = (*home.PAGES,)

urlpatterns: list[URLPattern | URLResolver] = [
    *(page.url() for page in PAGES),
    *(endpoint.url() for endpoint in ENDPOINTS),
    path("language/", set_language, name="set_language"),
    path("account/", include("allauth.urls")),
]
