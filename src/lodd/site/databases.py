"""The database of a configuration: SQLite with a write-ahead log and immediate transactions, or PostgreSQL."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.site.config import SiteConfig

_SQLITE_SETUP: Final = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
)
"""``FULL``: what was answered is on the disk. ``secure_delete``: what was erased is overwritten."""


def database(config: SiteConfig) -> dict[str, Any]:
    """Django's setting for the database.

    Raises:
        UsageError: not a URL of one of the two kinds.
    """
    url = urlsplit(config.database_url)
    if url.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(url.path[1:]),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": _SQLITE_SETUP},
        }
    if url.scheme not in ("postgresql", "postgres"):
        raise UsageError(_unknown(url.scheme))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path[1:]),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": url.port or "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(url.query)),
    }


def empty_log() -> None:
    """Let nothing that was erased stay readable in SQLite's log beside the database, as far as no reader is in the way.

    (PostgreSQL has no such command: what was erased is overwritten when it vacuums and reuses the pages.)
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _unknown(scheme: str) -> Problem:
    return Problem(
        Text(nb=f"ukjent database «{scheme}»", en=f'unknown database "{scheme}"'),
        "LODD_DATABASE",
        Text.same("sqlite:////path/site.sqlite3, postgresql://user:password@host/name"),
    )
