"""Getting an installation ready: its state folder, its secret, the tables, the cache's table, the static files."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from lodd.errors import DataError, Problem, UsageError
from lodd.files import whole
from lodd.locale import Text
from lodd.site.config import SiteConfig

SECRET: Final = "secret"


def start_django() -> None:
    """Make Django ready in this process; the configuration is in the environment."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lodd.site.settings")
    django.setup()


def prepare_database(config: SiteConfig) -> None:
    """Bring the database to this version. Safe to repeat."""
    from django.core.management import call_command

    make_state(config)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def check_migrated() -> None:
    """Raises:
    DataError: the database has the tables of another version.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise DataError(
            Problem(
                Text(nb="databasen har tabeller fra en annen versjon", en="the database has another version's tables"),
                "LODD_DATABASE",
                next_step=Text(
                    nb="Bruk versjonen som laget dem, eller oppgrader: lodd site migrate",
                    en="Use the version that made them, or upgrade: lodd site migrate",
                ),
            )
        )


def collect_static(config: SiteConfig) -> None:
    """Style, scripts and pictures, under names that change with their content, where they are served from."""
    from django.core.management import call_command

    make_state(config)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)


def make_state(config: SiteConfig) -> None:
    """The folder where the site keeps its own files, for its owner only.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        config.state.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        found = Text(
            nb=f"kan ikke lage {config.state}: {error.strerror}", en=f"cannot make {config.state}: {error.strerror}"
        )
        raise UsageError(Problem(found)) from None


def own_secret(config: SiteConfig) -> str:
    """A secret for an installation that was given none (never in production): made once, kept in its state folder.

    Raises:
        UsageError: the folder cannot be written.
    """
    make_state(config)
    file = config.state / SECRET
    if not file.exists():
        _write_secret(file, secrets.token_urlsafe(48))
    return file.read_text(encoding="ascii").strip()


def _write_secret(file: Path, secret: str) -> None:
    with whole(file) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secret)
