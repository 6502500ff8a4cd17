"""A panel's hash: of its values, not of its file's bytes, so that it is the same whichever engine computed it.

Each person has a digest, SHA-256 of the pseudonym (its length as 4 bytes, then UTF-8), the first ``month`` and the
first ``event_month`` (which the others follow), and the other columns in the order of their names. A column is one bit
a month that is 1 where the value is null (the first month highest, filled up with 0 to whole bytes), then the values,
null as zero: floats and whole numbers as 8 bytes, the lowest first, true/false and 0/1 as one. The panel's hash is
SHA-256 of a line of JSON (the names and kinds of the columns, the number of months) and all the digests, sorted. So
neither the order of people nor how they are divided into parts matters.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.types import Panel

Bytes = NDArray[np.uint8]
PERSON: Final = "person_id"
_FOLLOW: Final = ("month", "event_month")
_BLOCK: Final = 2_000
_FORMAT: Final = 1


class PanelHash:
    """Adds up a panel some people at a time, each with all their months.

    Args:
        months: the number of months of each person.
    """

    def __init__(self, months: int) -> None:
        self._months = months
        self._kinds: dict[str, str] | None = None
        self._digests: list[Bytes] = []

    def add(self, frame: pl.DataFrame) -> None:
        """The rows of more people, sorted by person and then month.

        Raises:
            ValueError: the columns are not those of the rows before, or people lack months.
        """
        kinds = {name: _kind(frame.schema[name]) for name in sorted(frame.columns) if name != PERSON}
        if frame.height % self._months or (self._kinds not in (None, kinds)):
            raise ValueError("not the rows of a panel's people")
        self._kinds = kinds
        for first in range(0, frame.height, _BLOCK * self._months):
            self._digests.append(self._of_people(frame[first : first + _BLOCK * self._months], kinds))

    def hexdigest(self) -> str:
        """The hash of all people added."""
        header = {"format": _FORMAT, "months": self._months, "columns": self._kinds or {}}
        digests = np.concatenate(self._digests) if self._digests else np.empty((0, 32), np.uint8)
        found = sha256(json.dumps(header, sort_keys=True).encode() + b"\n")
        self._digests = [digests]
        digests.view("S32").ravel().sort()  # where they are: a nation's take room
        found.update(digests.data)
        return found.hexdigest()

    def _of_people(self, frame: pl.DataFrame, kinds: dict[str, str]) -> Bytes:
        """(people, 32) digests."""
        first = frame.gather_every(self._months)
        people = first[PERSON].to_list()
        columns = [_numbers(first[name], kinds[name]) for name in _FOLLOW]
        for name, kind in kinds.items():
            if name not in _FOLLOW:
                columns += [_nulls(frame[name], self._months), _numbers(frame[name], kind)]
        rows = np.concatenate([column.view(np.uint8).reshape(len(people), -1) for column in columns], axis=1)
        digests = bytearray()
        for person, row in zip(people, rows, strict=True):
            name = person.encode()
            found = sha256(len(name).to_bytes(4, "little") + name)
            found.update(row)
            digests += found.digest()
        return np.frombuffer(bytes(digests), np.uint8).reshape(-1, 32)


def panel_sha256(panel: Panel) -> str:
    """The hash of a whole panel; empty where its rows are not each person's months, one after the other."""
    if not _follows(panel):
        return ""
    found = PanelHash(len(panel.window))
    found.add(panel.frame)
    return found.hexdigest()


def _follows(panel: Panel) -> bool:
    """Do the first row of each person and the window say who and when the others are of, as the hash takes it?"""
    frame, months = panel.frame, len(panel.window)
    if frame.height % months:
        return False
    event_months = np.arange(panel.window.first, panel.window.last + 1)
    since = pl.col("month").dt.year().cast(pl.Int32) * 12 + pl.col("month").dt.month() - pl.col("event_month")
    rows = frame.select(
        at=pl.Series(np.tile(event_months, frame.height // months)) == pl.col("event_month"),
        month=since == since.gather_every(months).repeat_by(months).explode(),
        day=pl.col("month").dt.day() == 1,
        person=pl.col(PERSON) == pl.col(PERSON).gather_every(months).repeat_by(months).explode(),
    )
    return all(rows.select(pl.all().all(ignore_nulls=False)).row(0))


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_float():
        return "float"
    if dtype in (pl.Boolean, pl.UInt8):
        return "byte"
    return "day" if dtype == pl.Date else "integer"


def _nulls(values: pl.Series, months: int) -> Bytes:
    """(people, bytes) a bit a month."""
    if not values.null_count():
        return np.zeros((len(values) // months, (months + 7) // 8), np.uint8)
    return np.packbits(values.is_null().to_numpy().reshape(-1, months), axis=1)


def _numbers(values: pl.Series, kind: str) -> NDArray[np.generic]:
    """(rows,) the values, null as zero; of minus zero and zero there is one, and of what is not a number."""
    if kind == "float":
        numbers = values.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0
        return np.where(np.isnan(numbers), np.nan, numbers).astype("<f8", copy=False)
    if kind == "byte":
        return values.cast(pl.UInt8).fill_null(0).to_numpy()
    return values.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8", copy=False)
