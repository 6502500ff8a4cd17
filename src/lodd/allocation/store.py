"""Where a live ledger is kept: a file and its details beside it, or a database (the site's).

:class:`LedgerStore` is what :class:`lodd.allocation.live.LiveLedger` asks of either. What every store promises: one
writer at a time; a turn begins with all that others wrote; what :meth:`StoreTurn.append` took is kept for good when the
turn ends without an error; and nothing is ever changed but what erasure destroys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from lodd.allocation.details import DETAILS_FILE, Detail, Details, add_detail, erase_details, read_details
from lodd.allocation.events import Event, Payload
from lodd.allocation.ledger import LEDGER_FILE, LedgerFile, Turn


class StoreTurn(Protocol):
    """One writer's turn. ``news`` are the events that others wrote since this writer's last turn."""

    @property
    def news(self) -> tuple[Event, ...]: ...

    def candidate(self, payload: Payload, *, at: datetime, by: str) -> Event:
        """The event that would come next. Nothing is written."""

    def append(self, event: Event) -> None:
        """Write the event."""


class LedgerStore(Protocol):
    """A place for events and for what stands outside their chain."""

    def turn(self) -> AbstractContextManager[StoreTurn]:
        """This writer's turn, alone."""

    def forget(self) -> None:
        """Give everything as news at the next turn."""

    def details(self, hashes: Collection[str]) -> Details:
        """What stands outside the chain under these hashes (more may come along)."""

    def add_detail(self, detail: Detail) -> None:
        """Keep it, before the event that holds its hash is written."""

    def erase_details(self, hashes: frozenset[str]) -> int:
        """Destroy salt and content of these; how many there were."""


class FolderStore:
    """``ledger.ndjson`` and ``ledger.details.ndjson`` in a folder."""

    def __init__(self, folder: Path, lock_sha256: str) -> None:
        self._file: Final = LedgerFile(folder / LEDGER_FILE, lock_sha256)
        self._details: Final = folder / DETAILS_FILE

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """As :meth:`LedgerFile.turn`."""
        with self._file.turn() as turn:
            yield turn

    def forget(self) -> None:
        """Read the file again from its beginning at the next turn."""
        self._file.forget()

    def details(self, hashes: Collection[str]) -> Details:
        """The whole file, as :func:`read_details`; not read when nothing is asked for."""
        return read_details(self._details) if hashes else Details()

    def add_detail(self, detail: Detail) -> None:
        """As :func:`add_detail`."""
        add_detail(self._details, detail)

    def erase_details(self, hashes: frozenset[str]) -> int:
        """As :func:`erase_details`."""
        return erase_details(self._details, hashes)
