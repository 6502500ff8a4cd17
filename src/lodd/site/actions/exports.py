"""What is taken out of the site, by whom: each time an audit event, with counts and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

from lodd.allocation.details import Details
from lodd.allocation.simulated import factor_columns
from lodd.errors import DataError, Problem, UsageError
from lodd.files import whole
from lodd.locale import Text
from lodd.protocol.lock import LOCK_FILE
from lodd.site.actions.base import SITE, Actor, action, audit, ledger_action
from lodd.site.actions.follow_up import counting
from lodd.site.exporting.archive import Archive
from lodd.site.exporting.ledger import checkpoint_files, ledger_lines
from lodd.site.exporting.participants import Drawn, circumstances, participants_frame
from lodd.site.exporting.programmes import Happened, Spell, programmes_file, programmes_frame, spells
from lodd.site.installation import Installation, installation
from lodd.site.models import FollowUp, LedgerEvent, Participant, StoredCheckpoint

CHECKPOINT_EVERY: Final = timedelta(hours=1)
CHECKPOINT_EVENTS: Final = 100
_ROW: Final = ("seq", "sealed", "arm", "site", "office", "day", "conditional", "marginal", "by_slip")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of the trial: how long the ledger was, who took part, what had happened to them."""

    until: int
    participants: tuple[tuple[Any, ...], ...]
    spells: tuple[Spell, ...]


@action
def take_ledger(*, actor: Actor) -> int:
    """Somebody takes the ledger out; the number of its last event."""
    until = _last()
    audit(actor, "export.ledger", events=until)
    return until


@action
def take_lock(*, actor: Actor) -> bytes:
    """Somebody takes the lock out."""
    audit(actor, "export.lock")
    return _file(LOCK_FILE)


@action
def take_checkpoints(*, actor: Actor) -> list[tuple[str, bytes]]:
    """Somebody takes the checkpoints out."""
    files = list(checkpoint_files())
    audit(actor, "export.checkpoints", count=len(files))
    return files


@ledger_action
def take_snapshot(*, actor: Actor) -> Snapshot:
    """Somebody takes the participants out, at one moment. Those who have withdrawn are left out.

    Raises:
        DataError: the keys that make the registers' pseudonyms are not here.
    """
    check_pseudonyms()
    people = Participant.objects.filter(withdrawn_at=None).order_by("seq")
    rows = tuple(people.values_list(*_ROW).iterator(chunk_size=2000))
    audit(actor, "export.participants", count=len(rows))
    return Snapshot(_last(), rows, tuple(spells(_happened())))


def due_checkpoint() -> StoredCheckpoint | None:
    """The latest checkpoint; a new one first, if the last is an hour old or a hundred events behind."""
    latest = StoredCheckpoint.objects.order_by("-count").first()
    behind = _last() - (latest.count if latest else 0)
    return make_checkpoint() if checkpoint_due(latest, behind) else latest


@ledger_action
def make_checkpoint() -> StoredCheckpoint:
    """A checkpoint of the ledger as it is now, kept to be shown; two at once make one."""
    content = asdict(installation().service.checkpoint())
    audit(SITE, "checkpoint.made", count=content["count"])
    values = {"at": installation().now(), "content": content}
    stored, _ = StoredCheckpoint.objects.get_or_create(count=content["count"], defaults=values)
    return stored


def checkpoint_due(latest: StoredCheckpoint | None, behind: int) -> bool:
    """Is it time for a new one, when the ledger has grown by so many events?"""
    if latest is None or behind >= CHECKPOINT_EVENTS:
        return behind > 0
    return behind > 0 and installation().now() - latest.at >= CHECKPOINT_EVERY


def write_export(out: Path, *, actor: Actor = SITE) -> Path:
    """Write the whole export: to ``out`` itself, or into it if it is a folder. Whole, or not there.

    Raises:
        DataError: the keys that make the registers' pseudonyms are not here.
        UsageError: it cannot be written.
    """
    file = out / export_name() if out.is_dir() else out
    try:
        with whole(file) as beside:
            beside.touch(mode=0o600)
            with beside.open("wb") as opened:
                write_archive(opened, actor=actor)
    except OSError as error:
        raise UsageError(_cannot_write(file, error)) from None
    return file


def export_name() -> str:
    """``lodd-export-<trial>-<date>.zip``"""
    here = installation()
    return f"lodd-export-{here.trial.trial.id}-{here.today.isoformat()}.zip"


def write_archive(file: IO[bytes], *, actor: Actor) -> None:
    """A trial folder in a zip file: protocol, lock, ledger, checkpoints, participants, programmes, and their hashes.

    Raises:
        DataError: the keys that make the registers' pseudonyms are not here.
    """
    here = installation()
    taken = take_snapshot(actor=actor)
    drawn = list(_pseudonymised(here, taken))
    known, design = circumstances(here.trial, here.lock_sha256, ledger_lines(taken.until), _details(here, taken.until))
    archive = Archive(file, export_name().removesuffix(".zip"))
    archive.add("trial.toml", [_file("trial.toml")])
    archive.add(LOCK_FILE, [_file(LOCK_FILE)])
    archive.add("ledger.ndjson", ledger_lines(taken.until))
    for name, content in checkpoint_files():
        archive.add(name, [content])
    archive.add_table("participants.parquet", participants_frame(here.trial, drawn, known, design))
    people = {person.seq: person.person_id for person in drawn}
    archive.add_table(programmes_file(here.trial), programmes_frame(here.trial, taken.spells, people))
    archive.close()


def check_pseudonyms() -> None:
    """Raises:
    DataError: the keys that make the registers' pseudonyms are not here.
    """
    keys = installation().keys
    missing = [kind for kind in ("person_pseudonym", "sealing") if not keys.has(kind)]
    if missing:
        raise DataError(_no_key(missing))


def _pseudonymised(here: Installation, taken: Snapshot) -> Iterator[Drawn]:
    sealer = here.sealer
    for seq, sealed, arm, site, office, day, conditional, marginal, by_slip in taken.participants:
        person_id = here.keys.person_id(sealer.unseal(sealed, f"participant:{seq}"))
        shares = tuple(marginal) if marginal is not None else None
        yield Drawn(seq, person_id, arm, site, office, day, tuple(conditional), shares, by_slip)


def _happened() -> Iterator[Happened]:
    """What counts, person by person."""
    entries = FollowUp.objects.filter(participant__withdrawn_at=None).order_by("participant_id", "pk")
    for seq, own in groupby(entries.iterator(chunk_size=2000), key=lambda entry: entry.participant_id):
        for entry in counting(own):
            yield Happened(seq, str(entry.kind), entry.programme, entry.day)


def _details(here: Installation, until: int) -> Details:
    """Factor values, where the design needs them."""
    if not factor_columns(here.service.live.replay.design):
        return Details()
    from lodd.site.models import LedgerDetail

    every = LedgerDetail.objects.exclude(salt="").values_list("pk", flat=True)
    return here.store.details(list(every))


def _last() -> int:
    return LedgerEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def _file(name: str) -> bytes:
    return (installation().config.trial / name).read_bytes()


def _no_key(missing: list[str]) -> Problem:
    kinds = ", ".join(missing)
    return Problem(
        Text(
            nb=f"tjeneren har ikke nøklene som lager registrenes løpenumre: {kinds}",
            en=f"the server does not hold the keys that make the registers' pseudonyms: {kinds}",
        ),
        next_step=Text(
            nb="Ta ut dataene på maskinen som har dem: lodd site export MAPPE UT, med LODD_KEYS satt til nøkkelmappen.",
            en="Export on the machine that has them: lodd site export FOLDER OUT, with LODD_KEYS set to their folder.",
        ),
    )


def _cannot_write(file: Path, error: OSError) -> Problem:
    reason = error.strerror or ""
    return Problem(Text(nb=f"kan ikke skrive {file}: {reason}", en=f"cannot write {file}: {reason}"))
