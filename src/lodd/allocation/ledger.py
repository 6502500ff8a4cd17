"""The ledger's file: one event a line, added to and never changed, whole also after a crash.

An event is on the disk (``fsync``) before anybody hears its answer. Writers take turns by a lock on the file itself,
and each first reads what the others have written. A last line without its end is what a crash leaves behind: nobody
was told that answer, so :func:`set_torn_aside` may take it away, but only when somebody asks for it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from lodd.allocation.events import Event, NotAnEventError, Payload, hash_of_line, parse_line
from lodd.errors import DataError, Problem, UsageError, VerificationError
from lodd.files import whole
from lodd.locale import Text

LEDGER_FILE: Final = "ledger.ndjson"
_OWNER_ONLY: Final = 0o600


class Chain:
    """Events made one after the other, in memory: for simulations, benchmarks and tests."""

    def __init__(self, lock_sha256: str) -> None:
        self._head = lock_sha256
        self.events: list[Event] = []

    def add(self, payload: Payload, *, at: datetime, by: str) -> Event:
        """The next event, with the hash of the one before."""
        event = Event.next(payload, at=at, by=by, previous=self._head, seq=len(self.events) + 1)
        self._head = event.hash
        self.events.append(event)
        return event


def write_ledger(path: Path, events: Iterable[Event]) -> None:
    """A whole ledger at once, as a simulation makes it. Never over another.

    Raises:
        UsageError: there is a file already, or it cannot be written.
    """
    try:
        with whole(path, once=True) as beside:
            beside.touch(mode=_OWNER_ONLY)
            with beside.open("wb") as file:
                file.writelines(event.line() + b"\n" for event in events)
    except OSError as error:
        raise UsageError(_cannot("write", path, error)) from None


def read_ledger(path: Path, lock_sha256: str | None = None) -> tuple[Event, ...]:
    """All events, with the chain checked: every hash, every ``previous``, every number.

    Args:
        lock_sha256: what the first event must follow; not checked if None.

    Raises:
        DataError: the file cannot be read, is torn, or a line is no event; says which, and what is still whole.
        VerificationError: the chain is broken; says where.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(_cannot("read", path, error)) from None
    return tuple(_events(content, path.name, lock_sha256, 0))


def _events(content: bytes, name: str, head: str | None, count: int) -> Iterator[Event]:
    """The events in whole lines, each one the successor of the one before."""
    *lines, rest = content.split(b"\n")
    for line in lines:
        count += 1
        try:
            event = parse_line(line)
        except NotAnEventError:
            raise DataError(_unreadable(name, count)) from None
        follows = head is None or event.previous == head
        if event.seq != count or not follows or hash_of_line(line, event.hash) != event.hash:
            raise VerificationError(_broken(name, count))
        head = event.hash
        yield event
    if rest:
        raise DataError(_torn(name, count))


class LedgerFile:
    """The ledger of a live draw. One object serves one thread; other processes may write between its turns."""

    def __init__(self, path: Path, lock_sha256: str) -> None:
        self.path: Final = path
        self._lock_sha256: Final = lock_sha256
        self.forget()

    def forget(self) -> None:
        """Read everything again at the next turn: after an error, what is in memory is not to be trusted."""
        self._offset = 0
        self._count = 0
        self._head = self._lock_sha256

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """The file, locked for this writer alone, with the events that are new since the last turn.

        Raises:
            DataError, VerificationError: as :func:`read_ledger`; the file has become shorter than it was.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as error:
            raise DataError(_cannot("write", self.path, error)) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Turn(self, descriptor, self._news(descriptor))
        finally:
            os.close(descriptor)

    def _news(self, descriptor: int) -> tuple[Event, ...]:
        size = os.fstat(descriptor).st_size
        if size < self._offset:
            raise VerificationError(_shorter(self.path.name, self._count))
        content = _read_from(descriptor, self._offset, size)
        news = tuple(_events(content, self.path.name, self._head, self._count))
        self._moved(news, size)
        return news

    def _moved(self, news: tuple[Event, ...], offset: int) -> None:
        self._offset = offset
        self._count += len(news)
        self._head = news[-1].hash if news else self._head

    def _append(self, descriptor: int, event: Event) -> None:
        written = event.line() + b"\n"
        try:
            _write_at(descriptor, self._offset, written)
            os.fsync(descriptor)
            if self._offset == 0:
                _sync_folder(self.path.parent)
        except OSError as error:
            os.ftruncate(descriptor, self._offset)
            raise DataError(_cannot("write", self.path, error)) from None
        self._moved((event,), self._offset + len(written))


@dataclass(frozen=True, slots=True)
class Turn:
    """One writer's turn at the file: ``news`` are the events that others wrote since this writer's last turn."""

    _ledger: LedgerFile
    _descriptor: int
    news: tuple[Event, ...]

    def candidate(self, payload: Payload, *, at: datetime, by: str) -> Event:
        """The event that would come next. Nothing is written.

        Raises:
            pydantic.ValidationError: a name or value that no event may hold.
        """
        ledger = self._ledger
        return Event.next(payload, at=at, by=by, previous=ledger._head, seq=ledger._count + 1)

    def append(self, event: Event) -> None:
        """Write the event; when this returns, it is on the disk.

        Raises:
            DataError: the disk is full or out of order; the file is then as it was.
        """
        self._ledger._append(self._descriptor, event)


def set_torn_aside(path: Path) -> Path | None:
    """Move a torn last line to a file of its own, whose path is returned; None if the last line is whole.

    Raises:
        DataError: the file cannot be read or written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError as error:
        raise DataError(_cannot("read", path, error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        content = _read_from(descriptor, 0, os.fstat(descriptor).st_size)
        whole = content.rfind(b"\n") + 1
        if whole == len(content):
            return None
        line = content.count(b"\n") + 1
        aside = path.with_name(f"{path.name}.torn-{line}")
        aside.write_bytes(content[whole:])
        aside.chmod(_OWNER_ONLY)
        os.ftruncate(descriptor, whole)
        os.fsync(descriptor)
        return aside
    finally:
        os.close(descriptor)


def _read_from(descriptor: int, offset: int, size: int) -> bytes:
    pieces = []
    while offset < size and (piece := os.pread(descriptor, size - offset, offset)):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def _write_at(descriptor: int, offset: int, content: bytes) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot(verb: str, path: Path, error: OSError) -> Problem:
    nb = {"read": "lese", "write": "skrive"}[verb]
    return Problem(Text(nb=f"kan ikke {nb} {path}: {error.strerror}", en=f"cannot {verb} {path}: {error.strerror}"))


def whole_until(count: int) -> Text:
    """What is still provable when line ``count + 1`` is not."""
    if count == 0:
        return Text(nb="Ingen hendelse før den er hel.", en="No event before it is whole.")
    return Text(
        nb=f"Hendelse 1 til {count} er hele og kan fortsatt kontrolleres.",
        en=f"Events 1 to {count} are whole and can still be verified.",
    )


def _unreadable(name: str, count: int) -> Problem:
    still = whole_until(count - 1)
    return Problem(
        Text(nb=f"hendelse {count} kan ikke leses. {still.nb}", en=f"event {count} cannot be read. {still.en}"),
        f"{name}:{count}",
        next_step=Text(
            nb="Hent filen fra en kopi, og sammenlign med det siste sjekkpunktet.",
            en="Restore the file from a copy, and compare it with the last checkpoint.",
        ),
    )


def _broken(name: str, count: int) -> Problem:
    still = whole_until(count - 1)
    return Problem(
        Text(
            nb=f"kjeden er brutt ved hendelse {count}: noe er endret, fjernet eller satt inn. {still.nb}",
            en=f"the chain is broken at event {count}: something was altered, removed or inserted. {still.en}",
        ),
        f"{name}:{count}",
        next_step=Text(
            nb="Trekk ikke mer. Kontroller filen: lodd draw verify",
            en="Draw no more. Verify the file: lodd draw verify",
        ),
    )


def _torn(name: str, count: int) -> Problem:
    still = whole_until(count)
    return Problem(
        Text(
            nb=f"hendelse {count + 1} er ikke skrevet ferdig, og er ikke svart på. {still.nb}",
            en=f"event {count + 1} was not written to its end, and was not answered. {still.en}",
        ),
        f"{name}:{count + 1}",
        next_step=Text(
            nb="Legg den ødelagte linjen til side: lodd draw repair. Be så om trekningen én gang til.",
            en="Set the torn line aside: lodd draw repair. Then ask for the draw once more.",
        ),
    )


def _shorter(name: str, count: int) -> Problem:
    return Problem(
        Text(
            nb=f"loggen er blitt kortere: den hadde {count} hendelser",
            en=f"the ledger has become shorter: it had {count} events",
        ),
        name,
        next_step=Text(
            nb="Trekk ikke mer. Sammenlign med det siste sjekkpunktet.",
            en="Draw no more. Compare it with the last checkpoint.",
        ),
    )
