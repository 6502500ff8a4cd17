"""Whether the site works, for whatever watches it. Outsiders learn that it does, and nothing else."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from lodd.errors import LoddError
from lodd.site.installation import installation
from lodd.site.pages import Page, reads
from lodd.site.permissions import Task

_ready: set[str] = set()
"""Databases that were seen to be of this version; that does not change while the process runs."""


def health(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, is of this version, and has the ledger's head; 503 otherwise."""
    try:
        answer = "ok" if _migrated() and _has_ledger() else "not ready"
    except (DatabaseError, LoddError):
        answer = "not ready"
    status = 200 if answer == "ok" else 503
    return JsonResponse({"status": answer}, status=status, headers={"Cache-Control": "no-store"})


def _migrated() -> bool:
    name = str(connection.settings_dict["NAME"])
    if name not in _ready:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _ready.add(name)
    return True


def _has_ledger() -> bool:
    """As many events as the last one's number says, under the keys that the lock commits to."""
    assert installation().service
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(seq), 0), COUNT(*) FROM lodd_ledgerevent")
        last, count = cursor.fetchone()
    return bool(last == count)


PAGES = (Page("health/", "health", health, reads(Task.PUBLIC)),)
