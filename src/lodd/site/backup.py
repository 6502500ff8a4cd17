"""Backups: every table as it was at one moment, in one file; and a restore that proves the ledger whole.

A ZIP file of ``manifest.json`` and one ``tables/<name>.ndjson`` a table, the same from SQLite as from PostgreSQL (so it
also moves a site from one to the other). Identities stay sealed, and secrets of second factors encrypted: what opens
them, the trial's keys and the site's secret, is not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from lodd.errors import DataError, Problem, UsageError
from lodd.files import whole
from lodd.locale import Text
from lodd.site.actions.base import SITE, action, audit
from lodd.site.actions.participants import replay_erasures
from lodd.site.erasures import read_erasures
from lodd.site.installation import Installation
from lodd.site.integrity import Checked, check_ledger
from lodd.site.models import LedgerEvent, User
from lodd.site.tables import columns_of, kept_models, one_view, restart_numbers, rows_of, write_rows
from lodd.version import __version__

FORMAT: Final = "lodd-site-backup/1"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup holds."""

    rows: int
    events: int
    head: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back; ``erased`` are those who had withdrawn since the backup, erased again."""

    rows: int
    checked: Checked
    erased: int


def backup(here: Installation, out: Path) -> Saved:
    """Write everything that the site's database holds to a new file, readable by its owner only.

    Raises:
        UsageError: there is a file already, or it cannot be written.
    """
    try:
        with whole(out, once=True) as beside, _private_zip(beside) as archive, one_view():
            manifest = _manifest(here) | {"tables": [_add_table(archive, model) for model in kept_models()]}
            archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    except FileExistsError:
        raise UsageError(Problem(Text(nb=f"{out} finnes fra før", en=f"{out} exists already"))) from None
    except OSError as error:
        reason = error.strerror or ""
        raise UsageError(
            Problem(Text(nb=f"kan ikke skrive {out}: {reason}", en=f"cannot write {out}: {reason}"))
        ) from None
    return Saved(
        sum(table["rows"] for table in manifest["tables"]), manifest["ledger"]["count"], manifest["ledger"]["head"]
    )


def restore(here: Installation, file: Path) -> Restored:
    """Fill an empty, migrated database from a backup; check it; erase again whoever has withdrawn since.

    Raises:
        DataError: the database is not empty, or the file is not a whole backup of this trial, made by this version.
        VerificationError: the ledger is not whole, or a participant is not as in it; nothing is kept.
    """
    erasures = read_erasures(here.config.erasure_journal, here.lock_sha256)
    if LedgerEvent.objects.exists() or User.objects.exists():
        raise DataError(_not_empty())
    with _opened(file) as archive:
        manifest = _read_manifest(archive)
        _check_manifest(manifest, here)
        rows, checked = _load(archive, manifest, here)
    return Restored(rows, checked, replay_erasures(erasures))


@action
def _load(archive: zipfile.ZipFile, manifest: dict[str, Any], here: Installation) -> tuple[int, Checked]:
    """All of it, or nothing."""
    models = {model._meta.db_table: model for model in kept_models()}
    rows = 0
    try:
        for table in manifest["tables"]:
            rows += write_rows(models[table["name"]], table["columns"], _lines(archive, table))
        restart_numbers()
        connection.check_constraints()
    except (DatabaseError, KeyError, ValueError, TypeError):
        raise DataError(_damaged()) from None
    checked = check_ledger(here)
    if (checked.events, checked.head) != (manifest["ledger"]["count"], manifest["ledger"]["head"]):
        raise DataError(_damaged())
    audit(SITE, "backup.restored", rows=rows, events=checked.events)
    return rows, checked


def _manifest(here: Installation) -> dict[str, Any]:
    last = LedgerEvent.objects.order_by("-seq").first()
    return {
        "format": FORMAT,
        "lodd": __version__,
        "at": here.now().isoformat(timespec="seconds"),
        "trial": here.trial.trial.id,
        "lock_sha256": here.lock_sha256,
        "migrations": _migrations(),
        "ledger": {"count": last.seq if last else 0, "head": last.hash if last else here.lock_sha256},
    }


def _migrations() -> list[str]:
    return sorted(".".join(applied) for applied in MigrationRecorder(connection).applied_migrations())


def _add_table(archive: zipfile.ZipFile, model: Any) -> dict[str, Any]:
    name, digest, count = model._meta.db_table, hashlib.sha256(), 0
    with archive.open(f"tables/{name}.ndjson", "w", force_zip64=True) as member:
        for line in rows_of(model):
            digest.update(line + b"\n")
            member.write(line + b"\n")
            count += 1
    return {"name": name, "columns": columns_of(model), "rows": count, "sha256": digest.hexdigest()}


def _lines(archive: zipfile.ZipFile, table: dict[str, Any]) -> Iterator[bytes]:
    """A table's lines; the last one is given only if all of them are what the manifest says."""
    digest = hashlib.sha256()
    with archive.open(f"tables/{table['name']}.ndjson") as member:
        for line in member:
            digest.update(line)
            yield line
    if digest.hexdigest() != table["sha256"]:
        raise ValueError(table["name"])


@contextmanager
def _private_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w+b") as opened:
        with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            yield archive
        opened.flush()
        os.fsync(opened.fileno())


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except OSError as error:
        reason = error.strerror or ""
        raise UsageError(
            Problem(Text(nb=f"kan ikke lese {file}: {reason}", en=f"cannot read {file}: {reason}"))
        ) from None
    except zipfile.BadZipFile:
        raise DataError(_damaged()) from None


def _read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    except (KeyError, ValueError):
        raise DataError(_damaged()) from None
    if manifest.get("format") != FORMAT:
        raise DataError(_damaged())
    return manifest


def _check_manifest(manifest: dict[str, Any], here: Installation) -> None:
    if manifest["lock_sha256"] != here.lock_sha256:
        raise DataError(
            Problem(
                Text(nb="sikkerhetskopien er fra et annet forsøk", en="the backup is another trial's"),
                next_step=Text(
                    nb="Start med forsøkets egen mappe, med låsen i.", en="Use the trial's own folder, with its lock."
                ),
            )
        )
    if manifest["migrations"] != _migrations():
        raise DataError(_other_version(str(manifest["lodd"])))


def _damaged() -> Problem:
    return Problem(
        Text(nb="filen er ikke en hel sikkerhetskopi", en="the file is not a whole backup"),
        next_step=Text(
            nb="Ingenting er lagt inn. Hent kopien på nytt, eller ta en annen.",
            en="Nothing was loaded. Fetch the copy again, or take another one.",
        ),
    )


def _not_empty() -> Problem:
    return Problem(
        Text(nb="databasen er ikke tom", en="the database is not empty"),
        "LODD_DATABASE",
        next_step=Text(
            nb="Gjenopprett i en ny database; den gamle blir stående.",
            en="Restore into a new database; the old one is left as it is.",
        ),
    )


def _other_version(version: str) -> Problem:
    return Problem(
        Text(
            nb=f"sikkerhetskopien har tabeller fra en annen versjon av Lodd ({version})",
            en=f"the backup has the tables of another version of Lodd ({version})",
        ),
        next_step=Text(
            nb="Gjenopprett med den versjonen, og oppgrader etterpå.",
            en="Restore with that version, and upgrade afterwards.",
        ),
    )
