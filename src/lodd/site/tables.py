"""The site's tables as plain rows, for backups: read in one view of the database, written into an empty one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Field, Model

_PASSING: Final = frozenset({"sessions", "contenttypes", "auth"})
"""Applications whose rows are not kept: whoever was signed in signs in again, the rest is made by migrating."""
_AT_ONCE: Final = 2000


def kept_models() -> list[type[Model]]:
    """Every table that a backup holds, what is referred to before what refers to it."""
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label not in _PASSING]
    ordered: list[type[Model]] = []
    while found:
        ready = [model for model in found if not _needs(model) & set(found)]
        if not ready:  # tables that refer to each other: their constraints wait for the end of the transaction
            ready = found[:1]
        ordered += ready
        found = [model for model in found if model not in ready]
    return ordered


def _needs(model: type[Model]) -> set[type[Model]]:
    referred = (field.related_model for field in model._meta.concrete_fields if field.is_relation)
    return {other for other in referred if other is not None and other is not model}


@contextmanager
def one_view() -> Iterator[None]:
    """A transaction that sees the database as it was at its beginning, whatever is written meanwhile."""
    with transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def rows_of(model: type[Model]) -> Iterator[bytes]:
    """The rows as lines of JSON, by primary key: a list of values, in the order of :func:`columns_of`."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    for values in model._default_manager.order_by("pk").values_list(*names).iterator(chunk_size=_AT_ONCE):
        plain = [_plain(field, value) for field, value in zip(fields, values, strict=True)]
        yield json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def columns_of(model: type[Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def write_rows(model: type[Model], columns: list[str], lines: Iterable[bytes]) -> int:
    """Insert rows as :func:`rows_of` gave them; how many. Numbers given later go on after the highest."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    chosen = [fields[column] for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({", ".join(["%s"] * len(columns))})'
    count = 0
    with connection.cursor() as cursor:
        for line in lines:
            values = json.loads(line)
            cursor.execute(statement, [_prepared(field, value) for field, value in zip(chosen, values, strict=True)])
            count += 1
    return count


def restart_numbers() -> None:
    """Let each table's own numbers go on after the highest that was written."""
    from django.core.management.color import no_style

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), kept_models()):
            cursor.execute(statement)


def _plain(field: Field[Any, Any], value: Any) -> Any:
    """A value as JSON can hold it."""
    if field.get_internal_type() == "JSONField" or isinstance(value, bool | int | float | str | None):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _prepared(field: Field[Any, Any], value: Any) -> Any:
    made = value if field.get_internal_type() == "JSONField" or value is None else field.to_python(value)
    return field.get_db_prep_save(made, connection)
