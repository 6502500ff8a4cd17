"""What every page's template is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext

from lodd.locale import Language
from lodd.site.installation import installation
from lodd.site.permissions import Task, can
from lodd.version import __version__


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A room of the site; ``current`` is its own page, ``within`` that page and those below it."""

    url: str
    label: str
    current: bool
    within: bool


@dataclass(frozen=True, slots=True)
class SiteTrial:
    id: str
    title: str


def language() -> Language:
    """The reader's language."""
    return "en" if (get_language() or "nb").startswith("en") else "nb"


def every_page(request: HttpRequest) -> dict[str, Any]:
    """``site_trial``, ``demo``, ``nav``, ``languages``, ``lodd_version``."""
    header = installation().trial.trial
    return {
        "site_trial": SiteTrial(header.id, header.title[language()]),
        "demo": installation().setting == "test",
        "nav": list(_navigation(request)),
        "languages": [(code, name, code == language()) for code, name in settings.LANGUAGES],
        "lodd_version": __version__,
    }


def _navigation(request: HttpRequest) -> Iterator[NavigationItem]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    rooms = [(reverse(name), label) for name, label, task in _rooms() if can(user, task)]
    nearest = max((url for url, _ in rooms if request.path.startswith(url)), key=len, default="")
    for url, label in rooms:
        yield NavigationItem(url, label, url == request.path, url == nearest)


def _rooms() -> tuple[tuple[str, str, Task], ...]:
    return (
        ("home", gettext("Home"), Task.SIGNED_IN),
        ("draw", gettext("Draw"), Task.DRAW),
        ("participants", gettext("Participants"), Task.SEE_PARTICIPANT),
        ("monitoring", gettext("Monitoring"), Task.MONITOR),
        ("schedule", gettext("Schedule"), Task.SEE_SCHEDULE),
        ("exports", gettext("Exports"), Task.EXPORT_LEDGER),
        ("accounts", gettext("Accounts"), Task.MANAGE_ACCOUNTS),
        ("decisions", gettext("To decide"), Task.DECIDE_ACCOUNTS),
        ("systems", gettext("Systems"), Task.MANAGE_SYSTEMS),
        ("system_decisions", gettext("Systems"), Task.DECIDE_SYSTEMS),
        ("audit", gettext("Audit log"), Task.READ_AUDIT),
    )
