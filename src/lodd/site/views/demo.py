"""The demo's door: everybody in it, to be signed in as by pressing a button. Its page exists in a demo only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from lodd.site import second_factor
from lodd.site.context import language
from lodd.site.demo.people import EVERYBODY, Someone, address
from lodd.site.demo.story import numbers_to_try
from lodd.site.installation import installation
from lodd.site.models import User
from lodd.site.pages import Page, form
from lodd.site.permissions import ROLE_LABELS, Task

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True, slots=True)
class Door:
    """Somebody, as the page shows them."""

    login: str
    name: str
    role: str
    place: str


@never_cache
def demo(request: HttpRequest) -> HttpResponse:
    """Choose who to be."""
    if installation().setting != "test":
        raise PermissionDenied("a demo is for synthetic numbers")
    if request.method == "POST":
        return _sign_in(request)
    numbers = [number.grouped() for number in numbers_to_try()]
    return render(request, "demo.html", {"doors": list(_doors()), "numbers": numbers})


def _sign_in(request: HttpRequest) -> HttpResponse:
    user = get_object_or_404(User, email=address(request.POST.get("login", "")), is_active=True)
    login(request, user, backend=_BACKEND)
    second_factor.note_proven(request, user, "demo")
    return redirect("home")


def _doors() -> Iterator[Door]:
    for someone in EVERYBODY:
        yield Door(someone.login, someone.name, ROLE_LABELS[someone.role][language()], _place(someone))


def _place(someone: Someone) -> str:
    here = installation()
    if someone.office:
        return here.office_labels[someone.office]
    return here.trial.sites[someone.site].label if someone.site else ""


PAGES = (Page("demo/", "demo", demo, form(Task.PUBLIC)),) if settings.LODD.demo else ()
