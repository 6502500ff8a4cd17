"""Rows as plain statements, sent together: draws wait for each other, and the ORM's way costs several times as much.

Within a turn of the ledger (:func:`together`) rows are kept until something else is asked of the database, or the turn
ends; then all of them go in one message. Nobody can tell but by the clock: whatever is read has been written first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import AutoField, Field, Model

Kept = TypeVar("Kept", bound=Model)
Statement = tuple[str, Sequence[Any]]

_waiting: Final[ContextVar[list[Statement] | None]] = ContextVar("lodd_rows", default=None)
rows_put: Final[ContextVar[int]] = ContextVar("lodd_rows_put", default=0)
"""How many rows this thread has put, sent or waiting."""


def add_row(row: Kept) -> Kept:
    """Insert a new row. A primary key that the database would choose is not read back; no signal is sent."""
    statement, fields = _insert(type(row))
    put(statement, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields])
    row._state.adding, row._state.db = False, connection.alias
    return row


def put(statement: str, values: Sequence[Any]) -> None:
    """Insert a row by its statement: now, or within :func:`together` before anything else is asked."""
    rows_put.set(rows_put.get() + 1)
    waiting = _waiting.get()
    if waiting is None:
        _send([(statement, values)])
    else:
        waiting.append((statement, values))


@contextmanager
def together() -> Iterator[None]:
    """Rows put in the block are sent together, at the latest when it ends; none of them when it fails."""
    waiting: list[Statement] = []
    token = _waiting.set(waiting)
    try:
        with connection.execute_wrapper(_after_the_rows):
            yield
            _send_waiting(waiting)
    finally:
        _waiting.reset(token)


def _after_the_rows(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    waiting = _waiting.get()
    if waiting:
        _send_waiting(waiting)
    return execute(sql, params, many, context)


def _send_waiting(waiting: list[Statement]) -> None:
    rows = list(waiting)
    waiting.clear()
    if rows:
        _send(rows)


def _send(rows: Sequence[Statement]) -> None:
    """In one message where the database takes several statements at once (values are bound by the client there)."""
    at_once = connection.vendor == "postgresql" and len(rows) > 1
    if at_once:
        rows = [("; ".join(statement for statement, _ in rows), [value for _, values in rows for value in values])]
    with connection.cursor() as cursor:
        for statement, values in rows:
            cursor.execute(statement, values)


@cache
def _insert(model: type[Model]) -> tuple[str, tuple[Field, ...]]:
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places})', fields
