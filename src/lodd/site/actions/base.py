"""The one door that every write goes through."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from lodd.site.actions.turns import SharedTurns
from lodd.site.installation import installation
from lodd.site.models import ApiSystem, User
from lodd.site.rows import put, rows_put

Given = ParamSpec("Given")
Found = TypeVar("Found")

_OWN_TABLES: Final = re.compile(r"\blodd_(?!site_cache)")
_ACCOUNTS: Final = re.compile(r"\blodd_user\b")
"""django-allauth changes passwords and notes sign-ins itself; its signals are audited."""
_AUDIT: Final = (
    "INSERT INTO lodd_auditevent (at, actor, action, subject, site, office, facts) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_WRITES: Final = ("INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE")


class OutsideAnActionError(RuntimeError):
    """Our own mistake: a write that left no trace in the audit log was about to happen."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: somebody signed in, a system with a token, or the site itself."""

    ledger_id: str
    user: User | None = None
    system: ApiSystem | None = None

    @classmethod
    def of(cls, user: User) -> Actor:
        return cls(user.ledger_id, user=user)


SITE: Final = Actor("site")


@dataclass(slots=True)
class _Doing:
    audited: int = 0
    after: list[Callable[[], None]] = field(default_factory=list)


_doing: ContextVar[_Doing | None] = ContextVar("lodd_action", default=None)
_written: ContextVar[int] = ContextVar("lodd_written", default=0)
"""How many statements of this thread have written."""


def action(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """An action in a transaction of its own; within another action, in that one's."""
    return _through(function, _in_transaction)


def ledger_action(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """An action in a turn of the ledger: alone among all processes until it is committed.

    Threads that wait for a turn share the next one (:mod:`lodd.site.actions.turns`); none sees the others' errors.
    """
    return _through(function, _turns.run)


def _in_transaction(work: Callable[[], Found]) -> Found:
    with transaction.atomic():
        return work()


@contextmanager
def _turn() -> Iterator[None]:
    """A turn, which may itself have something to erase that others have withdrawn."""
    token = _doing.set(_Doing())
    try:
        with installation().service.live.turn():
            yield
    finally:
        _doing.reset(token)


def _mark() -> object:
    """Changes with every write on this thread's connection, and when the ledger in memory was given up."""
    live = installation().service.live
    return _written.get(), rows_put.get(), live.state, live.state.count, connection.needs_rollback


_turns: Final = SharedTurns(_turn, _mark)


def _through(function: Callable[Given, Found], scope: Callable[[Callable[[], Found]], Found]) -> Callable[Given, Found]:
    @wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        if _doing.get() is not None:
            return function(*args, **kwargs)

        def work() -> Found:
            doing = _Doing()
            token = _doing.set(doing)
            try:
                found = function(*args, **kwargs)
                if not doing.audited:
                    raise OutsideAnActionError(f"{function.__name__} left no audit event")
                return found
            finally:
                _doing.reset(token)

        return scope(work)

    run.is_action = True  # for the test that looks for what goes round
    return run


def audit(actor: Actor, action: str, subject: str = "", *, site: str = "", office: str = "", **facts: Any) -> None:
    """Note what was done or seen. ``facts`` are codes and numbers, never names, identity numbers or free text."""
    doing = _doing.get()
    if doing is None:
        raise OutsideAnActionError(f"audit event {action} outside an action")
    doing.audited += 1
    now = connection.ops.adapt_datetimefield_value(datetime.now(UTC))
    row = [now, actor.ledger_id, action, subject, site, office, json.dumps(facts)]
    put(_AUDIT, row)


def guard(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Refuse writes to the site's own tables outside an action, on this connection."""
    if _refuse not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse)


def _refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if sql.startswith(_WRITES):
        _written.set(_written.get() + 1)
        ours = _OWN_TABLES.search(sql, 0, 60) and not _ACCOUNTS.search(sql, 0, 60)
        if ours and _doing.get() is None:
            raise OutsideAnActionError(sql.split(" ", 3)[2])
    return execute(sql, params, many, context)
