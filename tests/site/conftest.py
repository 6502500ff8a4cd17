"""One small trial, locked with test keys, and a database that every test finds as the first left it.

With ``LODD_TEST_POSTGRESQL=1`` the same tests run on PostgreSQL, on a server of this process's own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.site.databases import Copies, PostgreSQLCopies, SQLiteCopies

if TYPE_CHECKING:
    from tests.site.world import World

HERE = Path(__file__).parent
FOLDER = Path(tempfile.mkdtemp(prefix="lodd-site-"))
COPIES: Copies = PostgreSQLCopies(FOLDER) if os.environ.get("LODD_TEST_POSTGRESQL") == "1" else SQLiteCopies(FOLDER)


def _trial() -> None:
    from lodd.identity import generate_keys
    from lodd.study import open_study

    (FOLDER / "trial").mkdir()
    shutil.copy(HERE / "trial.toml", FOLDER / "trial" / "trial.toml")
    generate_keys(FOLDER / "keys", setting="test")
    open_study(FOLDER / "trial").lock(FOLDER / "keys")


def _django() -> None:
    from lodd.site.config import read_config
    from lodd.site.preparation import prepare_database, start_django

    os.environ |= {
        "LODD_TRIAL": str(FOLDER / "trial"),
        "LODD_KEYS": str(FOLDER / "keys"),
        "LODD_SECRET": "not-a-secret-" * 6,
        "LODD_HOSTS": "testserver,localhost",
        "LODD_DATABASE": COPIES.url,
    }
    start_django()
    _plain_static_files()
    _quick_passwords()
    prepare_database(read_config())


def _quick_passwords() -> None:
    """The real hash takes a second a time, and is Django's."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _plain_static_files() -> None:
    """Pages link to static files by their own names, so that nothing need be collected."""
    from django.conf import settings

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


_trial()
_django()


@pytest.fixture(scope="session")
def _template() -> Iterator[None]:
    """The database as it is after the trial's founding: people of every role, the beacon recorded, nobody drawn."""
    from django.db import connection

    from tests.site.world import found

    found()
    connection.close()
    COPIES.keep()
    yield
    connection.close()
    COPIES.stop()
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture
def world(_template: None) -> Iterator[World]:
    """The founded trial, afresh."""
    from django.db import connection

    from lodd.site.installation import use_installation
    from tests.site.world import World

    connection.close()
    COPIES.restore()
    (FOLDER / "trial" / "site" / "erasures.ndjson").unlink(missing_ok=True)
    use_installation(None)
    yield World()
    connection.close()
