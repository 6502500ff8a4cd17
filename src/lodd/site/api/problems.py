"""Errors as ``application/problem+json`` (RFC 9457), in the caller's language; never what the caller had written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import HttpResponse
from pydantic import ValidationError
from pydantic_core import to_json

from lodd.errors import LoddError, Problem, UsageError
from lodd.identity import IdentityNumberError
from lodd.locale import Text
from lodd.site.actions.systems import KeyReusedError
from lodd.site.context import language

_TYPE: Final = "urn:lodd:problem:"
_TITLES: Final[Mapping[str, tuple[int, Text]]] = {
    "form": (400, Text(nb="forespørselen er ikke lesbar", en="the request cannot be read")),
    "key": (400, Text(nb="Idempotency-Key mangler eller er ugyldig", en="Idempotency-Key is missing or malformed")),
    "token": (401, Text(nb="tokenet mangler eller er ugyldig", en="the token is missing or not valid")),
    "place": (403, Text(nb="systemet har ikke adgang der", en="the system has no access there")),
    "unknown": (404, Text(nb="finnes ikke", en="not found")),
    "method": (405, Text(nb="metoden brukes ikke her", en="the method is not used here")),
    "refused": (409, Text(nb="kan ikke gjøres", en="cannot be done")),
    "size": (413, Text(nb="forespørselen er for stor", en="the request is too large")),
    "media": (415, Text(nb="innholdet må være application/json", en="the content must be application/json")),
    "values": (422, Text(nb="verdier er ikke gyldige", en="values are not valid")),
    "rate": (429, Text(nb="for mange forespørsler", en="too many requests")),
    "busy": (503, Text(nb="prøv igjen straks; ingenting er tapt", en="try again at once; nothing is lost")),
}
_FIELD: Final[Mapping[str, Text]] = {
    "missing": Text(nb="mangler", en="is missing"),
    "extra_forbidden": Text(nb="ukjent felt", en="unknown field"),
    "value_error": Text(nb="oppgi enten kode eller navn", en="give either code or name"),
}
_WRONG: Final = Text(nb="ugyldig verdi", en="not a valid value")


class ApiError(Exception):
    """The answer is this problem."""

    def __init__(self, code: str, problems: Sequence[Problem] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.problems, self.headers = code, tuple(problems), dict(headers or {})

    @property
    def status(self) -> int:
        return _TITLES[self.code][0]


def problem_answer(problem: ApiError) -> HttpResponse:
    """The response."""
    status, title = _TITLES[problem.code]
    content = {
        "type": _TYPE + problem.code,
        "title": title[language()],
        "status": status,
        "problems": [_part(part) for part in problem.problems],
    }
    return HttpResponse(
        to_json(content), content_type="application/problem+json", status=status, headers=problem.headers
    )


def from_error(error: LoddError) -> ApiError:
    """A problem of Lodd's own kinds: of the values that were sent, or of the state that the trial is in."""
    code = "values" if isinstance(error, IdentityNumberError | KeyReusedError | UsageError) else "refused"
    return ApiError(code, error.problems)


def from_validation(error: ValidationError) -> ApiError:
    """What is wrong with a body, by field; the body itself is not repeated."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if any(each["type"] == "json_invalid" for each in found):
        return ApiError("form", [Problem(Text(nb="ikke JSON", en="not JSON"))])
    return ApiError("values", [_field(each) for each in found])


def _field(error: Mapping[str, Any]) -> Problem:
    known = error["type"] not in ("extra_forbidden", "invalid_key")
    where = ".".join(str(part) for part in error["loc"]) if known and not _by_caller(error["loc"]) else ""
    return Problem(_FIELD.get(error["type"], _WRONG), where)


def _by_caller(path: Sequence[Any]) -> bool:
    """Does the path hold a name that the caller chose (a factor's)?"""
    return len(path) > 1 and path[0] == "factors"


def _part(problem: Problem) -> dict[str, str | None]:
    said = language()
    return {
        "where": problem.where,
        "found": problem.found[said],
        "allowed": problem.allowed[said] if problem.allowed else None,
        "next_step": problem.next_step[said] if problem.next_step else None,
    }
