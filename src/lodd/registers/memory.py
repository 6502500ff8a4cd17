"""How much memory a panel may take, and into how many ranges of people it is therefore divided."""

from __future__ import annotations

import os
import re
from ctypes import CDLL
from dataclasses import dataclass
from math import ceil
from typing import Final

from lodd.errors import Problem, UsageError
from lodd.locale import Text

SETTING: Final = "LODD_MEMORY"
DEFAULT: Final = "512MB"
LEAST: Final = 400
"""Megabytes: Python and its libraries alone take about half of this."""
_ITSELF: Final = 200
"""Megabytes that are taken whatever the size of the panel."""
_CELL: Final = 55
"""Bytes of a person-month while a range of people is computed, and for each column besides."""
_CELL_COLUMN: Final = 5
_PERSON: Final = 90
"""Bytes of each person whatever the ranges: who they are, the engine's list of them, their part of the hash."""
_LEAST_SHARE: Final = 0.15
"""Of what is free, what a range of people may take however many people there are."""
_LOOKING_UP: Final = 60
_LOOKED_UP: Final = 100
"""Megabytes, and bytes for each of the people, with which the engine finds the rows of all of them in one reading."""
_JUDGED: Final = 600
"""Bytes for each of the people where their registers are judged as a whole."""
_ROW: Final = 150
"""Bytes of a register's row while it is judged."""
_UNITS: Final = {"MB": 1, "GB": 1000, "MIB": 1.048576, "GIB": 1073.741824}


@dataclass(frozen=True, slots=True)
class Memory:
    """A limit in megabytes, and how it is shared."""

    megabytes: float

    @classmethod
    def of(cls, text: str | None = None) -> Memory:
        """The limit as written (``512MB``, ``2GB``), else that of ``LODD_MEMORY``, else 512 MB.

        Raises:
            UsageError: not an amount of memory, or less than is needed whatever the size.
        """
        given = text or os.environ.get(SETTING) or DEFAULT
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", given)
        if found is None or found[2].upper() not in _UNITS:
            raise _not_memory(given)
        megabytes = float(found[1]) * _UNITS[found[2].upper()]
        if megabytes < LEAST:
            raise _not_memory(given)
        return cls(megabytes)

    def engine(self, people: int) -> str:
        """What the engine may use, as DuckDB writes it: a share, and never less than it takes to look up everybody."""
        needed = _LOOKING_UP + people * _LOOKED_UP / 1e6
        return f"{round(max((self.megabytes - _ITSELF) * 0.4, needed))}MB"

    def of_the_whole(self, people: int) -> str:
        """What the engine may use where nothing else is computed: the quality of registers, not divided by people."""
        needed = _LOOKING_UP + people * _JUDGED / 1e6
        return f"{round(max(self.megabytes - _ITSELF, needed))}MB"

    def parts(self, people: int, months: int, columns: int, rows: int) -> int:
        """Into how many ranges to divide so many people with their registers' rows; 1 where it fits as a whole."""
        whole = people * months * (_CELL + _CELL_COLUMN * columns) + rows * _ROW
        free = (self.megabytes - _ITSELF) * 1e6
        return max(1, min(people, ceil(whole / max(free * 0.6 - people * _PERSON, free * _LEAST_SHARE))))


def give_back() -> None:
    """Return to the machine what was freed: the C library keeps it for the next use, where it cannot be shared.

    Does nothing where the library is not GNU's.
    """
    trim = getattr(CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def _not_memory(given: str) -> UsageError:
    return UsageError(
        Problem(
            Text(nb=f"«{given}» er ikke nok minne å regne med", en=f'"{given}" is not enough memory to compute with'),
            f"--memory, {SETTING}",
            Text(nb=f"minst {LEAST}MB, for eksempel 512MB eller 2GB", en=f"at least {LEAST}MB, such as 512MB or 2GB"),
        )
    )
