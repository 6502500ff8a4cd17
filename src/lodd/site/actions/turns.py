"""Turns at the ledger, shared by the threads of a process: who has the turn does the work of all who wait, and one
transaction keeps it. (Group commit: the lock, the reading of news and the disk are waited for once.)

Nobody notices: each gets the answer or the error of their own work. When anything but a plain refusal happens, it is
all undone, and each does their own work alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.core.exceptions import PermissionDenied

from lodd.errors import LoddError

Found = TypeVar("Found")
_MOST: Final = 16
"""How many share a turn: the first of them waits for the last."""


@dataclass(eq=False, slots=True)
class _Asked:
    """Work that waits for a turn, and what became of it."""

    work: Callable[[], Any]
    told: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    alone: bool = False
    found: Any = None
    error: Exception | None = None


class SharedTurns:
    """``turn``: one writer's turn. ``mark``: equal before and after some work if that changed nothing."""

    def __init__(self, turn: Callable[[], AbstractContextManager[Any]], mark: Callable[[], object]) -> None:
        self._turn: Final = turn
        self._mark: Final = mark
        self._lock: Final = threading.Lock()
        self._waiting: Final[deque[_Asked]] = deque()
        self._taken = False

    def run(self, work: Callable[[], Found]) -> Found:
        """Do the work in a turn; when this returns, it is kept. Errors are the work's own."""
        asked = _Asked(work)
        with self._lock:
            asked.leads, self._taken = not self._taken, True
            if not asked.leads:
                self._waiting.append(asked)
        if not asked.leads:
            asked.told.wait()
        found: Found = self._lead(asked) if asked.leads else self._result(asked)
        return found

    def _lead(self, first: _Asked) -> Any:
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(_MOST - 1, len(self._waiting)))]
        try:
            if not others:
                return self._alone(first.work)
            self._together([first, *others])
        finally:
            self._hand_over()
            for asked in others:
                asked.told.set()
        return self._result(first)

    def _alone(self, work: Callable[[], Any]) -> Any:
        with self._turn():
            return work()

    def _result(self, asked: _Asked) -> Any:
        if asked.alone:
            return self._alone(asked.work)
        if asked.error is not None:
            raise asked.error
        return asked.found

    def _hand_over(self) -> None:
        """The next turn is led by whoever has waited longest."""
        with self._lock:
            following = self._waiting.popleft() if self._waiting else None
            self._taken = following is not None
        if following is not None:
            following.leads = True
            following.told.set()

    def _together(self, group: Sequence[_Asked]) -> None:
        try:
            with self._turn():
                for asked in group:
                    self._one_of_many(asked)
        except Exception:
            for asked in group:
                asked.alone, asked.error, asked.found = True, None, None

    def _one_of_many(self, asked: _Asked) -> None:
        before = self._mark()
        try:
            asked.found = asked.work()
        except (LoddError, PermissionDenied) as error:
            if self._mark() != before:
                raise
            asked.error = error
