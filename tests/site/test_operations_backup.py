"""A backup brings back everything but what was erased since, and nothing at all if anything does not fit."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from lodd.errors import DataError, LoddError, UsageError, VerificationError
from lodd.site.actions.follow_up import Entered, record
from lodd.site.actions.participants import show_identity, withdraw
from lodd.site.backup import MANIFEST, backup, restore
from lodd.site.installation import installation, use_installation
from lodd.site.integrity import check_ledger
from lodd.site.models import AuditEvent, FollowUp, LedgerEvent, Participant, User
from tests.site.world import World


def empty() -> None:
    """An empty database of this version in place of the one in use."""
    connection.close()
    if connection.vendor == "sqlite":
        Path(str(connection.settings_dict["NAME"])).unlink()
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    call_command("migrate", interactive=False, verbosity=0)
    use_installation(None)


def story(world: World) -> Participant:
    participants = [world.draw(seed) for seed in range(1, 6)]
    record(
        participants[0],
        Entered("referral", participants[0].day, "VEIL"),
        actor=world.actor("operator"),
        cross_over=True,
    )
    return participants[1]


def test_a_restored_site_is_as_it_was(world: World, tmp_path: Path) -> None:
    story(world)
    before = list(Participant.objects.order_by("seq").values())
    lines = list(LedgerEvent.objects.order_by("seq").values_list("line", flat=True))
    audited, people = AuditEvent.objects.count(), User.objects.count()
    saved = backup(installation(), tmp_path / "copy.zip")
    empty()
    restored = restore(installation(), tmp_path / "copy.zip")
    assert saved.rows == restored.rows
    assert (restored.checked.events, restored.checked.answers, restored.erased) == (len(lines), 5, 0)
    assert list(Participant.objects.order_by("seq").values()) == before
    assert list(LedgerEvent.objects.order_by("seq").values_list("line", flat=True)) == lines
    assert AuditEvent.objects.count() == audited + 2  # that it was restored, and what was erased again
    assert FollowUp.objects.count() == 1
    assert User.objects.count() == people
    world.draw(9)
    check_ledger(installation())


def test_who_withdrew_after_the_backup_is_erased_again(world: World, tmp_path: Path) -> None:
    leaves = story(world)
    backup(installation(), tmp_path / "copy.zip")
    withdraw(leaves, actor=world.actor("operator"))
    empty()
    assert restore(installation(), tmp_path / "copy.zip").erased == 1
    again = Participant.objects.get(pk=leaves.seq)
    assert again.sealed == ""
    assert again.withdrawn_at is not None
    assert check_ledger(installation()).withdrawn == 1
    with pytest.raises(LoddError):
        show_identity(again, actor=world.actor("operator"), why="refer")


def test_a_backup_is_its_owners_and_holds_no_number(world: World, tmp_path: Path) -> None:
    story(world)
    backup(installation(), tmp_path / "copy.zip")
    assert stat.S_IMODE((tmp_path / "copy.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for seed in range(1, 6):
        assert world.number(seed).digits().encode() not in everything
    with pytest.raises(UsageError):
        backup(installation(), tmp_path / "copy.zip")


def test_a_database_in_use_is_not_restored_over(world: World, tmp_path: Path) -> None:
    story(world)
    backup(installation(), tmp_path / "copy.zip")
    with pytest.raises(DataError):
        restore(installation(), tmp_path / "copy.zip")
    assert Participant.objects.count() == 5


def altered(source: Path, target: Path, table: str, change: Callable[[bytes], bytes], *, honest: bool) -> None:
    """A copy with one table changed; ``honest``: its hash in the manifest is made to fit."""
    import hashlib

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        manifest = json.loads(old.read(MANIFEST))
        for name in old.namelist():
            content = old.read(name)
            if name == f"tables/{table}.ndjson":
                content = change(content)
                for entry in manifest["tables"]:
                    if entry["name"] == table and honest:
                        entry["sha256"] = hashlib.sha256(content).hexdigest()
            if name != MANIFEST:
                new.writestr(name, content)
        new.writestr(MANIFEST, json.dumps(manifest))


def swapped_arm(content: bytes) -> bytes:
    first, rest = content.split(b"\n", 1)
    other = (
        first.replace(b'"coaching"', b'"x"', 1).replace(b'"control"', b'"coaching"', 1).replace(b'"x"', b'"control"')
    )
    assert other != first
    return other + b"\n" + rest


@pytest.mark.parametrize(
    ("table", "change", "honest"),
    [
        ("lodd_participant", swapped_arm, False),
        ("lodd_participant", swapped_arm, True),
        ("lodd_participant", lambda content: content.split(b"\n", 1)[1], True),
        ("lodd_ledgerevent", lambda content: content.replace(b"control", b"coaching"), True),
        ("lodd_ledgerevent", lambda content: content.rsplit(b"\n", 2)[0] + b"\n", True),
        ("lodd_user", lambda content: b"not json\n" + content, True),
    ],
)
def test_a_backup_that_does_not_fit_leaves_nothing(
    world: World, tmp_path: Path, table: str, change: Callable[[bytes], bytes], honest: bool
) -> None:
    story(world)
    backup(installation(), tmp_path / "copy.zip")
    altered(tmp_path / "copy.zip", tmp_path / "other.zip", table, change, honest=honest)
    empty()
    with pytest.raises((DataError, VerificationError)):
        restore(installation(), tmp_path / "other.zip")
    assert not LedgerEvent.objects.exists()
    assert not User.objects.exists()


def test_a_file_that_is_no_backup(world: World, tmp_path: Path) -> None:
    (tmp_path / "copy.zip").write_bytes(b"PK")
    empty()
    for file in (tmp_path / "copy.zip", tmp_path / "none.zip"):
        with pytest.raises((DataError, UsageError)):
            restore(installation(), file)
    shutil.rmtree(tmp_path)
