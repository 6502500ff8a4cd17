"""An address of the API: its methods, what each reads and answers, and who may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from lodd.errors import LoddError
from lodd.site.api import limits
from lodd.site.api.callers import Caller, caller_of
from lodd.site.api.problems import ApiError, from_error, from_validation, problem_answer

View = Callable[..., HttpResponse]
Read = TypeVar("Read", bound=BaseModel)
LARGEST: Final = 16 * 1024
"""Bytes of a request's body."""


@dataclass(frozen=True)
class Operation:
    """What a method does. ``view(request, caller, **named)`` answers; ``caller`` is None where anybody may ask."""

    view: View
    summary: str
    body: type[BaseModel] | None = None
    answers: Mapping[int, tuple[str, type[BaseModel] | None]] | None = None
    problems: tuple[int, ...] = ()
    keyed: bool = False
    """Takes an Idempotency-Key."""


@dataclass(frozen=True)
class Endpoint:
    """``open``: without a token."""

    route: str
    name: str
    operations: Mapping[str, Operation]
    open: bool = False

    def url(self) -> URLPattern:
        return path(self.route, csrf_exempt(self.answer), name=self.name)

    def answer(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """The view's answer, or the problem, never to be kept by a cache on the way."""
        try:
            response = self._answer(request, named)
        except ApiError as problem:
            response = problem_answer(problem)
        except LoddError as error:
            response = problem_answer(from_error(error))
        except (OperationalError, InterfaceError):
            response = problem_answer(ApiError("busy", headers={"Retry-After": "1"}))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _answer(self, request: HttpRequest, named: Mapping[str, Any]) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else str(request.method)
        operation = self.operations.get(method)
        if operation is None:
            raise ApiError("method", headers={"Allow": ", ".join(sorted(self.operations))})
        if self.open:
            return operation.view(request, None, **named)
        caller = caller_of(request)
        limits.take(caller.system)
        return operation.view(request, caller, **named)


def read_body(request: HttpRequest, model: type[Read]) -> Read:
    """The request's body.

    Raises:
        ApiError: 413, 415, 400 or 422.
    """
    if request.content_type != "application/json":
        raise ApiError("media")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        raise ApiError("size")
    try:
        return model.model_validate_json(request.body)
    except ValidationError as error:
        raise from_validation(error) from None


def answered(content: Mapping[str, Any] | BaseModel, status: int = 200, **headers: str) -> HttpResponse:
    """JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(to_json(content), content_type="application/json", status=status, headers=named)


def within(caller: Caller, office: str) -> None:
    """Raises:
    ApiError: 403; the system may not draw at this office (or there is none).
    """
    if office not in caller.offices:
        raise ApiError("place")
