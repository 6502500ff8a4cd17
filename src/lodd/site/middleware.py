"""What every answer passes through."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext

from lodd.errors import LoddError
from lodd.site import limits
from lodd.site.actions.sign_in import BEGAN

Next = Callable[[HttpRequest], HttpResponse]
_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "img-src 'self'"  # no trusted types: htmx puts parsed answers into the page, and nothing inline can run there
)
LONGEST_SESSION: Final = timedelta(hours=12)
_log = logging.getLogger("lodd.requests")


class Headers:
    """Nothing inline, nothing from elsewhere, nothing kept by the browser's neighbours."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class RequestLog:
    """One line a request: when, which page (by name, not by address), how it went, how long. Nothing personal."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request.id = uuid.uuid4().hex[:12]
        response = self.answer(request)
        match = request.resolver_match
        _log.info(
            "request",
            extra={
                "page": match.view_name if match else "",
                "method": request.method,
                "status": response.status_code,
                "milliseconds": round(1000 * (time.perf_counter() - began), 1),
                "request": request.id,
            },
        )
        return response


class Session:
    """A session ends after a working day, however busy it was.

    (Idle ones end by themselves, and a closed account's at once: see ``User.session_epoch``.)
    """

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = request.session.get(BEGAN) if request.COOKIES.get(settings.SESSION_COOKIE_NAME) else None
        if began is not None and time.time() - began > LONGEST_SESSION.total_seconds():
            logout(request)
            messages.info(request, gettext("You were signed out, because you signed in more than 12 hours ago."))
        return self.answer(request)


class Limits:
    """How often somebody may do some things (:mod:`lodd.site.limits`)."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        match = request.resolver_match
        rate = limits.exceeded(request, match.view_name) if match else None
        return too_many(request, rate.wait) if rate else None


def too_many(request: HttpRequest, wait: int = 300, **_: object) -> HttpResponse:
    """The answer to what was asked too often; also django-allauth's."""
    answer = render(request, "429.html", status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer


class SaidErrors:
    """An error of Lodd's own kinds is shown as what it says, in the reader's language."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, LoddError):
            return None
        language = "nb" if (get_language() or "nb").startswith("nb") else "en"
        problems = [
            {"found": p.found[language], "next_step": p.next_step[language] if p.next_step else ""}
            for p in exception.problems
        ]
        return render(request, "problem.html", {"problems": problems}, status=409)
