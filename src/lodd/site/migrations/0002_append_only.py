"""The ledger and the audit log can be added to, and nothing else: the database itself refuses."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_TABLES = ("lodd_ledgerevent", "lodd_auditevent")
_WORDS = "this table can only be added to"


def add_triggers(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse UPDATE and DELETE (and on PostgreSQL TRUNCATE)."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE FUNCTION lodd_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
        )
    for table in _TABLES:
        for statement in _statements(editor.connection.vendor, table):
            editor.execute(statement)


def remove_triggers(_: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """As it was."""
    postgresql = editor.connection.vendor == "postgresql"
    for table in _TABLES:
        for verb in ("update", "delete", *(["truncate"] if postgresql else [])):
            editor.execute(f"DROP TRIGGER {table}_{verb}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        editor.execute("DROP FUNCTION lodd_append_only()")


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        row = "FOR EACH ROW EXECUTE FUNCTION lodd_append_only()"
        statement = "FOR EACH STATEMENT EXECUTE FUNCTION lodd_append_only()"
        return [
            f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} {row}",
            f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} {row}",
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} {statement}",
        ]
    return [
        f"CREATE TRIGGER {table}_{verb} BEFORE {verb.upper()} ON {table} BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
        for verb in ("update", "delete")
    ]


class Migration(migrations.Migration):
    """Triggers on the tables that are only added to."""

    dependencies: ClassVar = [("lodd", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(add_triggers, remove_triggers)]
