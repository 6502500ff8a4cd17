"""The ledger in the site's database: one turn is one transaction, and nobody else's comes between."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from lodd.allocation import Event
from lodd.allocation.details import Detail, Details
from lodd.allocation.events import NotAnEventError, Payload, hash_of_line, parse_line
from lodd.errors import Problem, VerificationError
from lodd.locale import Text
from lodd.protocol.canonical import canonical_bytes
from lodd.site.models import LedgerDetail
from lodd.site.rows import add_row, put, together

_TURN: Final = 0x4C6F6464
"""PostgreSQL's name for the lock that a turn holds ("Lodd")."""
_AT_ONCE: Final = 5000
# Plain statements: a turn is what all draws of the trial wait for, and making these by the ORM costs more than running.
_NEWS: Final = "SELECT line FROM lodd_ledgerevent WHERE seq > %s ORDER BY seq LIMIT %s"
_ADD: Final = "INSERT INTO lodd_ledgerevent (seq, line, hash, kind, about) VALUES (%s, %s, %s, %s, %s)"


class DatabaseStore:
    """A :class:`lodd.allocation.LedgerStore` in the tables ``LedgerEvent`` and ``LedgerDetail``.

    On PostgreSQL a turn holds an advisory lock until its transaction ends; on SQLite the transaction itself is begun
    as the only writer's (``BEGIN IMMEDIATE``). What else is written in a turn is kept or lost with its events.
    """

    def __init__(self, lock_sha256: str) -> None:
        self._lock_sha256: Final = lock_sha256
        self.forget()

    def forget(self) -> None:
        """Give everything as news at the next turn."""
        self.count = 0
        self.head = self._lock_sha256

    @contextmanager
    def turn(self) -> Iterator[DatabaseTurn]:
        """This writer's turn, as the outermost transaction.

        Raises:
            VerificationError: the chain in the database is broken, or has become shorter.
        """
        with transaction.atomic(durable=True):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
            news = tuple(self._news())
            with together():
                yield DatabaseTurn(self, news)

    def details(self, hashes: Collection[str]) -> Details:
        """What stands outside the chain under these hashes."""
        if not hashes:
            return Details()
        kept, erased, altered = dict[str, Detail](), set[str](), set[str]()
        for row in LedgerDetail.objects.filter(pk__in=hashes):
            detail = Detail(row.salt, json.loads(row.content)) if row.salt else None
            if detail is None:
                erased.add(row.sha256)
            elif detail.sha256 == row.sha256:
                kept[row.sha256] = detail
            else:
                altered.add(row.sha256)
        return Details(kept, frozenset(erased), frozenset(altered))

    def add_detail(self, detail: Detail) -> None:
        """Keep it."""
        content = canonical_bytes(detail.content).decode()
        add_row(LedgerDetail(sha256=detail.sha256, salt=detail.salt, content=content))

    def erase_details(self, hashes: frozenset[str]) -> int:
        """Destroy salt and content of these; how many there were."""
        return LedgerDetail.objects.filter(pk__in=hashes).exclude(salt="").update(salt="", content="")

    def everything(self) -> Iterator[Event]:
        """All events from the first, checked to follow each other. For a store of its own, outside the live draw.

        Raises:
            VerificationError: the chain in the database is broken.
        """
        self.forget()
        return self._news()

    def _news(self) -> Iterator[Event]:
        more = True
        while more:
            with connection.cursor() as cursor:
                cursor.execute(_NEWS, [self.count, _AT_ONCE])
                lines = cursor.fetchall()
            for (line,) in lines:
                event = _follows(line.encode(), self.count + 1, self.head)
                self.count, self.head = event.seq, event.hash
                yield event
            more = len(lines) == _AT_ONCE


@dataclass(frozen=True, slots=True)
class DatabaseTurn:
    """One writer's turn at the database."""

    _store: DatabaseStore
    news: tuple[Event, ...]

    def candidate(self, payload: Payload, *, at: datetime, by: str) -> Event:
        """The event that would come next. Nothing is written.

        Raises:
            pydantic.ValidationError: a name or value that no event may hold.
        """
        return Event.next(payload, at=at, by=by, previous=self._store.head, seq=self._store.count + 1)

    def append(self, event: Event) -> None:
        """Write the event; it is kept when the turn ends without an error."""
        write_event(event)
        self._store.count, self._store.head = event.seq, event.hash


def write_event(event: Event) -> None:
    """The event as a row."""
    payload = event.payload
    row = [event.seq, event.line().decode(), event.hash, payload.type, _about(event, payload)]
    put(_ADD, row)


def _about(event: Event, payload: Any) -> int | None:
    if payload.type in ("draw", "outage_used"):
        return event.seq
    about = getattr(payload, "about", None)
    return about if about is not None else getattr(payload, "first", None)


def _follows(line: bytes, seq: int, head: str) -> Event:
    """The event in a line, if it is the next one."""
    try:
        event = parse_line(line)
    except NotAnEventError:
        raise VerificationError(_broken(seq)) from None
    if event.seq != seq or event.previous != head or hash_of_line(line, event.hash) != event.hash:
        raise VerificationError(_broken(seq))
    return event


def _broken(seq: int) -> Problem:
    return Problem(
        Text(
            nb=f"kjeden i databasen er brutt ved hendelse {seq}: noe er endret, fjernet eller satt inn",
            en=f"the chain in the database is broken at event {seq}: something was altered, removed or inserted",
        ),
        "LedgerEvent",
        next_step=Text(
            nb="Trekk ikke mer. Ta ut loggen og kontroller den: lodd draw verify",
            en="Draw no more. Export the ledger and verify it: lodd draw verify",
        ),
    )
