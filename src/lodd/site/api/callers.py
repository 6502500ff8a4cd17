"""Who calls: a system, by its token, and where it may draw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest

from lodd.errors import Problem
from lodd.locale import Text
from lodd.site.actions.base import Actor
from lodd.site.actions.systems import TOKEN_PREFIX, system_offices, token_sha256
from lodd.site.api import signed
from lodd.site.api.problems import ApiError
from lodd.site.installation import installation
from lodd.site.models import ApiSystem

SEEN_WITHIN: Final = 30.0
"""Seconds until a revocation is seen by every process."""
_MOST: Final = 1024
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Caller:
    """An approved system. ``caseworker`` is the code in a signed token's ``sub``, if any."""

    system: ApiSystem
    offices: frozenset[str]
    caseworker: str = ""

    @property
    def actor(self) -> Actor:
        return Actor(self.system.ledger_id, system=self.system)


class Recent:
    """What was looked up in the database, for a few seconds; of one installation."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._of: Any = None
        self._kept: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, find: Callable[[], Any]) -> Any:
        """The value under a key, found again when it is old. What is not there (None) is not kept."""
        now, here = time.monotonic(), installation()
        with self._lock:
            if self._of is not here or len(self._kept) > _MOST:
                self._of, self._kept = here, {}
            until, value = self._kept.get(key, (0.0, None))
        if now < until:
            return value
        value = find()
        if value is not None:
            with self._lock:
                self._kept[key] = (now + SEEN_WITHIN, value)
        return value


recent: Final = Recent()


def caller_of(request: HttpRequest) -> Caller:
    """The system that calls.

    Raises:
        ApiError: 401; which of the many reasons, the caller is not told.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > _LONGEST:
        raise unauthorised()
    if token.startswith(TOKEN_PREFIX):
        return _known("token:" + token_sha256(token), {"token_sha256": token_sha256(token)}) or _nobody()
    return _by_signature(token)


def _by_signature(token: str) -> Caller:
    issuer = signed.issuer_of(token)
    caller = _known(f"issuer:{issuer}", {"issuer": issuer}) if issuer else None
    if caller is None:
        raise unauthorised()
    claims = signed.claims_of(token, issuer)
    if claims is None:
        raise unauthorised()
    return Caller(caller.system, caller.offices, claims.caseworker)


def _known(key: str, by: dict[str, str]) -> Caller | None:
    return recent.get(key, lambda: _found(by))


def _found(by: dict[str, str]) -> Caller | None:
    system = ApiSystem.objects.filter(**by, approved_at__isnull=False, revoked_at=None).first()
    return Caller(system, frozenset(system_offices(system))) if system else None


def _nobody() -> Caller:
    raise unauthorised()


def unauthorised() -> ApiError:
    """401, as RFC 6750 has it."""
    asked = Problem(
        Text(nb="ingen kjent avsender", en="no known sender"),
        "Authorization",
        Text(
            nb="Bearer og systemets token, eller et signert token (JWT)",
            en="Bearer and the system's token, or a signed token (JWT)",
        ),
    )
    return ApiError("token", [asked], {"WWW-Authenticate": 'Bearer realm="lodd"'})
