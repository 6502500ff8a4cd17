"""Monitoring of a part of the trial, kept in this process for as long as it is true, or a while longer if it is dear.

With a hundred thousand draws it takes seconds to make, and every draw makes it a little old. What took t seconds to
make is therefore shown for a hundred times t seconds, so that at most a hundredth of a processor goes into it; what
was quick to make is made anew as soon as anything is recorded. The page says when its numbers were read.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from lodd.site import monitoring_records
from lodd.site.installation import installation
from lodd.site.monitoring import Monitoring, Records, Selection, monitor
from lodd.site.participants.tasks import referral_days

Value = TypeVar("Value")
_QUICK: Final = 0.25
"""Seconds: what is made faster than this is never shown when it is old."""
_PATIENCE: Final = 100
_LONGEST: Final = 600
"""Seconds: the oldest that is shown."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Value]):
    value: Value
    version: Hashable
    made: float
    took: float


class Shelf(Generic[Value]):
    """Values by key, the ``most`` last used; each has the version of what it was made of."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._kept: OrderedDict[Hashable, _Kept[Value]] = OrderedDict()
        self._making = threading.Lock()

    def get(self, key: Hashable, version: Hashable, make: Callable[[], Value]) -> Value:
        """The value under a key, if it is still good; else it is made, by one thread at a time."""
        kept = self._good(key, version)
        if kept is None:
            with self._making:
                kept = self._good(key, version) or self._made(key, version, make)
        return kept.value

    def clear(self) -> None:
        with self._making:
            self._kept.clear()

    def _good(self, key: Hashable, version: Hashable) -> _Kept[Value] | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        good_for = min(_PATIENCE * kept.took, _LONGEST) if kept.took > _QUICK else 0.0
        return kept if kept.version == version or self._clock() - kept.made < good_for else None

    def _made(self, key: Hashable, version: Hashable, make: Callable[[], Value]) -> _Kept[Value]:
        began = self._clock()
        value = make()
        ended = self._clock()
        kept = _Kept(value, version, ended, ended - began)
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept


@dataclass(frozen=True, slots=True)
class Read:
    """The trial's records, and when they were read."""

    records: Records
    at: datetime


@dataclass(frozen=True, slots=True)
class Monitored:
    """A part of the trial as it was at a moment."""

    monitoring: Monitoring
    at: datetime


_records: Final[Shelf[Read]] = Shelf(1)
_parts: Final[Shelf[Monitored]] = Shelf(48)
_pages: Final[Shelf[str]] = Shelf(48)


def monitored(selection: Selection) -> Monitored:
    """Monitoring of a part, as it is now or was a while ago."""
    version = monitoring_records.version()
    return _parts.get(selection, version, lambda: _monitored(selection, version))


def page(key: Hashable, part: Monitored, make: Callable[[], str]) -> str:
    """What was written of a part, written once."""
    return _pages.get(key, part.at, make)


def forget() -> None:
    """Read everything anew at the next request."""
    for shelf in (_records, _parts, _pages):
        shelf.clear()


def _monitored(selection: Selection, version: Hashable) -> Monitored:
    here = installation()
    read = _records.get("all", version, lambda: Read(monitoring_records.read_records(), here.now()))
    made = monitor(here.trial, read.records, today=here.today, referral_days=referral_days(here), selection=selection)
    return Monitored(made, read.at)
