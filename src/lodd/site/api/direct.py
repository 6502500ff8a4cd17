"""The short way to the API: no session, no cookie, no form's token, so that none of them can ever let anybody in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers

ROOT: Final = "/api/"


class Direct:
    """A middleware: what asks for the API is answered here, and goes no further in."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROOT):
            return self.answer(request)
        request.get_host()  # one of the site's own names, or Django refuses it
        found = request.resolver_match = resolve(request.path_info)
        with translation.override(_language(request)):
            response: HttpResponse = found.func(request, *found.args, **found.kwargs)
            response.headers["Content-Language"] = translation.get_language() or ""
        patch_vary_headers(response, ("Accept-Language",))
        response.headers["Content-Length"] = str(len(response.content))
        return response


def _language(request: HttpRequest) -> str:
    """As the header asks, Bokmål without one; no cookie is looked at."""
    asked = request.headers.get("Accept-Language", "")
    for language, _weight in translation.trans_real.parse_accept_lang_header(asked.lower()):
        if language.startswith(("en", "nb", "no", "nn")):
            return "en" if language.startswith("en") else "nb"
    return "nb"
