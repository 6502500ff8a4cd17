"""Systems that call the API, and how tests call it for them."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

from django.http import HttpResponse
from django.test import Client

from lodd.site.actions.systems import approve_system, issue_token, propose_system
from lodd.site.models import ApiSystem
from tests.site.world import World

_keys = count(1)
CONFIRMED = ["wants_work", "needs_help"]


def system(world: World, name: str = "journal", **where: Any) -> ApiSystem:
    """An approved system; without a place, one for the whole trial."""
    proposed = propose_system(name, actor=world.actor("administrator"), **where)
    return approve_system(proposed, actor=world.actor("manager"))


def token(world: World, of: ApiSystem) -> str:
    return issue_token(of, actor=world.actor("administrator"))


def new_key() -> str:
    return f"a-new-key-{next(_keys)}"


def draw_body(world: World, seed: int = 1, **other: Any) -> dict[str, Any]:
    body = {
        "identity_number": world.number(seed).digits(),
        "office": "n1",
        "confirmed": CONFIRMED,
        "caseworker": {"name": "Kari Veileder"},
    }
    return body | other


class Api:
    """A program with a token."""

    def __init__(self, bearer: str | None, language: str = "en") -> None:
        self._client = Client(enforce_csrf_checks=True)
        self._headers = {"Accept-Language": language}
        if bearer is not None:
            self._headers["Authorization"] = f"Bearer {bearer}"

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> HttpResponse:
        """``key`` is the idempotency key; a new one if None, none at all if empty."""
        key = new_key() if key is None else key
        sent = self._headers | ({"Idempotency-Key": key} if key else {}) | headers
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self._client.post(f"/api/v1/{path}", text, content_type="application/json", headers=sent)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self._client.get(f"/api/v1/{path}", headers=self._headers | headers)

    def other(self, method: str, path: str) -> HttpResponse:
        return self._client.generic(method, f"/api/v1/{path}", headers=self._headers)


def wrong_fields(page: HttpResponse) -> set[str]:
    """The fields that a page's error summary leads to."""
    return set(re.findall(r'<li><a href="#id_(\w+?)(?:_0)?">', page.content.decode()))
