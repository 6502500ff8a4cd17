"""A site of an earlier version, with people in it, is brought to this one."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from lodd.errors import DataError
from lodd.site.installation import installation, use_installation
from lodd.site.integrity import check_ledger
from lodd.site.models import AuditEvent, LedgerEvent, Participant
from lodd.site.preparation import check_migrated
from tests.site.world import World

EARLIER = ("lodd", "0002_append_only")


def move(state: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([state])
    connection.close()


def test_people_drawn_under_an_earlier_version_are_all_there_after_migrating(world: World) -> None:
    drawn = [world.draw(seed) for seed in range(1, 5)]
    lines = list(LedgerEvent.objects.order_by("seq").values_list("line", flat=True))
    audited = AuditEvent.objects.count()
    move(EARLIER)
    with pytest.raises(DataError):
        check_migrated()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM lodd_participant")
        assert cursor.fetchone()[0] == 4
    call_command("migrate", interactive=False, verbosity=0)
    check_migrated()
    use_installation(None)
    assert list(LedgerEvent.objects.order_by("seq").values_list("line", flat=True)) == lines
    assert AuditEvent.objects.count() == audited
    assert [p.pk for p in Participant.objects.order_by("seq")] == [p.pk for p in drawn]
    assert check_ledger(installation()).answers == 4
    assert world.draw(1) == drawn[0]
    assert world.draw(5).pk not in {p.pk for p in drawn}


@pytest.mark.parametrize("table", ["lodd_ledgerevent", "lodd_auditevent"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_what_can_only_be_added_to_stays_so_after_every_migration(world: World, table: str, statement: str) -> None:
    world.draw(1)
    column = {"lodd_ledgerevent": "kind", "lodd_auditevent": "action"}[table]
    with (
        pytest.raises(DatabaseError, match="only be added to"),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
    ):
        cursor.cursor.execute(statement.format(table, column, "'x'"))  # below the site's own guard
