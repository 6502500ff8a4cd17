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
    about: str
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
    rooms = [(reverse(name), label, about) for name, task, label, about in _rooms() if can(user, task)]
    nearest = max((url for url, *_ in rooms if request.path.startswith(url)), key=len, default="")
    for url, label, about in rooms:
        yield NavigationItem(url, label, about, url == request.path, url == nearest)


def _rooms() -> tuple[tuple[str, Task, str, str], ...]:
    """Each room's page, who may be there, what it is called, and what it is for."""
    _ = gettext
    systems = _("Case-management systems that draw through the API.")
    return (
        ("home", Task.SIGNED_IN, _("Home"), ""),
        ("draw", Task.DRAW, _("Draw"), _("Enter a person, read it back, and draw. The answer comes at once.")),
        ("participants", Task.SEE_PARTICIPANT, _("Participants"), _("Who was drawn, and what has happened since.")),
        ("monitoring", Task.MONITOR, _("Monitoring"), _("Draws against plan, shares, waiting times, participation.")),
        ("schedule", Task.SEE_SCHEDULE, _("Schedule"), _("Which probabilities hold where, and from when.")),
        ("exports", Task.EXPORT_LEDGER, _("Exports"), _("The ledger and files for those who check and evaluate.")),
        ("accounts", Task.MANAGE_ACCOUNTS, _("Accounts"), _("Who may sign in, and with which role.")),
        ("decisions", Task.DECIDE_ACCOUNTS, _("To decide"), _("Roles and resets that need a second person.")),
        ("systems", Task.MANAGE_SYSTEMS, _("Systems"), systems),
        ("system_decisions", Task.DECIDE_SYSTEMS, _("Systems"), systems),
        ("audit", Task.READ_AUDIT, _("Audit log"), _("Who has done or seen what.")),
    )
