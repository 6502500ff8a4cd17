"""One small trial, locked with test keys, and a database that every test finds as the first left it.

``LODD_TEST_POSTGRESQL`` (a URL without a database's name) runs the same tests on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.site.world import World

HERE = Path(__file__).parent
FOLDER = Path(tempfile.mkdtemp(prefix="lodd-site-"))


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
    }
    start_django()
    prepare_database(read_config())


_trial()
_django()


@pytest.fixture(scope="session")
def _template() -> Iterator[Path]:
    """The database as it is after the trial's founding: people of every role, the beacon recorded, nobody drawn."""
    from django.db import connection

    from tests.site.world import found

    found()
    connection.close()
    yield _copied(Path(connection.settings_dict["NAME"]), FOLDER / "template.sqlite3")
    shutil.rmtree(FOLDER, ignore_errors=True)


def _copied(source: Path, target: Path) -> Path:
    """A whole copy of a SQLite database, whatever its log still holds."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()
    return target


@pytest.fixture
def world(_template: Path) -> Iterator[World]:
    """The founded trial, afresh."""
    from django.db import connection

    from lodd.site.installation import use_installation
    from tests.site.world import World

    connection.close()
    _copied(_template, Path(connection.settings_dict["NAME"]))
    use_installation(None)
    yield World()
    connection.close()
