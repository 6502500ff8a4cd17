"""The description of the API (OpenAPI 3.1), made from the table of addresses and the models that read the bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from lodd.site.api.bodies import ProblemBody
from lodd.site.api.endpoint import Endpoint, Operation, answered
from lodd.version import __version__

_REFERENCE: Final = "#/components/schemas/{model}"
_PROBLEMS: Final = {
    400: "The request cannot be read, or lacks its Idempotency-Key",
    401: "No known token",
    403: "The system may not draw at this office",
    404: "Not found, or not among the system's own",
    409: "Cannot be done as the trial or the participant is now; nothing was written",
    413: "The body is larger than 16 KiB",
    415: "The content is not application/json",
    422: "Values are not valid, or the Idempotency-Key was used for another request",
    429: "Too many requests",
    503: "Try again at once; nothing is lost",
}
_ALWAYS: Final = (503,)
_WITH_TOKEN: Final = (401, 429)
_WITH_BODY: Final = (400, 413, 415, 422)
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new random key for every request; the same one again when no answer came. Kept for 30 days.",
    "schema": {"type": "string", "pattern": r"^[!-~]{8,200}$"},
}
_RECEIPT: Final = {
    "name": "receipt",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$"},
}


def openapi(request: HttpRequest, caller: None) -> HttpResponse:
    """The description."""
    return answered(description(), Cache_Control="public, max-age=3600")


@cache
def description() -> dict[str, Any]:
    """The description as plain JSON values."""
    from lodd.site.api.addresses import ENDPOINTS

    described = [endpoint for endpoint in ENDPOINTS if endpoint.name != "api_nothing"]
    _, schemas = models_json_schema([(model, "validation") for model in _models(described)], ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lodd",
            "version": __version__,
            "description": "Draws for case-management systems. A person is drawn once; asking again gives the first "
            "answer again, and the ledger notes it.",
        },
        "servers": [{"url": "/"}],
        "paths": {_path(endpoint.route): _operations(endpoint) for endpoint in described},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The system's token."},
                "signed": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "EdDSA, RS256 or ES256 by the key that the installation has for `iss`; `aud` is the "
                    "trial's id; `exp` at most ten minutes after `iat`; a new `jti` each time; `sub` may be the "
                    "caseworker's code.",
                },
            },
        },
    }


def _path(route: str) -> str:
    return "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route)


def _operations(endpoint: Endpoint) -> dict[str, Any]:
    parameters = [_RECEIPT] if "receipt" in endpoint.route else []
    return {
        method.lower(): _operation(endpoint, method, operation, parameters)
        for method, operation in endpoint.operations.items()
    }


def _operation(
    endpoint: Endpoint, method: str, operation: Operation, parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    content = {
        "operationId": f"{endpoint.name.removeprefix('api_')}_{method.lower()}",
        "summary": operation.summary,
        "parameters": [*parameters, *([_KEY] if operation.keyed else [])],
        "security": [] if endpoint.open else [{"token": []}, {"signed": []}],
        "responses": {str(status): answer for status, answer in sorted(_answers(endpoint, operation))},
    }
    if operation.body is not None:
        content["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}}
    return content


def _answers(endpoint: Endpoint, operation: Operation) -> Iterator[tuple[int, dict[str, Any]]]:
    for status, (words, model) in (operation.answers or {}).items():
        media = {"application/json": {"schema": _ref(model) if model else {"type": "object"}}}
        yield status, {"description": words, "content": media}
    problems = {*_ALWAYS, *operation.problems}
    problems |= set() if endpoint.open else set(_WITH_TOKEN)
    problems |= set(_WITH_BODY) if operation.body else set()
    for status in problems:
        media = {"application/problem+json": {"schema": _ref(ProblemBody)}}
        yield status, {"description": _PROBLEMS[status], "content": media} | _headers(status)


def _headers(status: int) -> Mapping[str, Any]:
    if status not in (429, 503):
        return {}
    seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return {"headers": {"Retry-After": seconds}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _models(endpoints: list[Endpoint]) -> Iterator[type[BaseModel]]:
    found = {ProblemBody: None}
    for endpoint in endpoints:
        for operation in endpoint.operations.values():
            answers = [model for _, model in (operation.answers or {}).values()]
            found |= dict.fromkeys(model for model in (operation.body, *answers) if model is not None)
    return iter(found)
