"""A page: its address, and the task that each of its methods asks for. Nothing answers that is not in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from lodd.site import second_factor
from lodd.site.actions.base import Actor
from lodd.site.permissions import Place, Task, check

View = Callable[..., HttpResponse]
OPEN: Final = frozenset({Task.PUBLIC})


@dataclass(frozen=True)
class Page:
    """``place`` finds where the thing that the address names belongs (or raises Http404); None: asked of no place.

    A view of a page without a place must itself keep to what :func:`permissions.offices_for` gives.
    ``stage``: a page that also answers somebody who must first prove or set up a second factor.
    """

    route: str
    name: str
    view: View
    tasks: Mapping[str, Task]
    place: Callable[..., Place] | None = field(default=None)
    stage: second_factor.Stage = ""

    def url(self) -> URLPattern:
        answer = self.answer if OPEN.issuperset(self.tasks.values()) else never_cache(self.answer)
        return path(self.route, answer, name=self.name)

    def answer(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """The view's answer, if the method is known and whoever asks may."""
        method = "GET" if request.method == "HEAD" else request.method
        task = self.tasks.get(method or "")
        if task is None:
            return HttpResponseNotAllowed(sorted(self.tasks))
        if task is not Task.PUBLIC:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            check(request.user, task)
            if second_factor.lacking(request) and not second_factor.admits(request, self.stage):
                return redirect(second_factor.way(request))
            if self.place is not None:
                check(request.user, task, self.place(**named))
            request.actor = Actor.of(request.user)
        return self.view(request, **named)


def reads(task: Task) -> dict[str, Task]:
    """A page that is only looked at."""
    return {"GET": task}


def form(task: Task) -> dict[str, Task]:
    """A page with a form that does what the page is for."""
    return {"GET": task, "POST": task}


def does(task: Task) -> dict[str, Task]:
    """A button without a page of its own."""
    return {"POST": task}
