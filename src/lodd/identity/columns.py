"""Whole columns of identity numbers at once, for extracts of many million rows.

Nothing here decides what a number is: :func:`judge` does. Numbers that are plainly good (by the rule in force, with a
date and a series that exist) are seen to be so by a few array operations; each of the others is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hmac import HMAC
from numpy.typing import NDArray

from lodd.identity.numbers import parse_identity_number
from lodd.identity.pseudonyms import LENGTH as PSEUDONYM_LENGTH
from lodd.identity.pseudonyms import PERSON_LABEL
from lodd.identity.rules import (
    D_SERIES,
    DAY_ADDED,
    LENGTH,
    MONTH_ADDED,
    SERIES,
    Reading,
    Setting,
    Slip,
    judge,
    remainders,
)
from lodd.identity.slips import IdentityNumberError

Digits = NDArray[np.uint8]
_ZERO: Final = ord("0")
_ALPHABET: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_LAST_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int16)
"""The last day of each month that every year has; a leap day is judged by itself."""
_WEIGHTS: Final = np.array([remainders(f"{10**place:0{LENGTH}}") for place in reversed(range(LENGTH))], dtype=np.int16)
"""(11, 2) the weight of each digit in the two weighted sums: what each digit alone leaves."""


@dataclass(frozen=True, slots=True)
class NumbersRead:
    """A column as read: ``digits`` (n, 11) with zeros where there is no valid number, and the ``slips`` of those rows.

    Never shown: ``repr`` says how many.
    """

    digits: Digits
    slips: dict[int, Slip]

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(n,) is there a valid number of the setting?"""
        valid = np.ones(len(self.digits), dtype=np.bool_)
        valid[list(self.slips)] = False
        return valid

    def __repr__(self) -> str:
        return f"<NumbersRead: {len(self.digits)}, of them {len(self.slips)} not valid>"


def read_numbers(column: pa.Array, setting: Setting, *, on: date | None = None) -> NumbersRead:
    """Read a column of text or whole numbers as :func:`parse_identity_number` reads each.

    Whole numbers stand for eleven digits: they cannot keep a zero in front. A number of the other setting has the slip
    ``synthetic_in_production`` or ``real_in_test``; in a test the latter only where it would be valid in production.

    Raises:
        TypeError: the column is of another type.
    """
    day = on or date.today()
    if pa.types.is_integer(column.type):
        digits, slips = _digits_of_integers(column)
    elif pa.types.is_string(column.type):
        digits, slips = _digits_of_text(column, setting, day)
    else:
        raise TypeError(f"identity numbers are text or whole numbers, not {column.type}")
    # a row with a slip already has only zeros, which are no number: what is known of how it was written goes first
    slips = judged(digits, setting, on=day) | slips
    digits[list(slips)] = 0
    return NumbersRead(digits, slips)


def plainly_good(digits: Digits, setting: Setting) -> NDArray[np.bool_]:
    """(n,) is a number of eleven digits valid by the rule in force? False also where that is not plain to see."""
    d = digits.astype(np.int16)
    day, month = 10 * d[:, 0] + d[:, 1], 10 * d[:, 2] + d[:, 3]
    d_number = day > DAY_ADDED
    day = day - DAY_ADDED * d_number
    month = month - _added(month, setting)
    dated = (month >= 1) & (month <= 12) & (day >= 1)
    dated &= day <= _LAST_DAYS[np.where(dated, month, 0)]
    two_digits, individual = 10 * d[:, 4] + d[:, 5], 100 * d[:, 6] + 10 * d[:, 7] + d[:, 8]
    known = _series()[d_number.astype(np.int8), two_digits, individual]
    good: NDArray[np.bool_] = dated & known & (d[:, 0] < 8) & _controlled(d)
    return good


def _controlled(d: NDArray[np.int16]) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = (d @ _WEIGHTS % 11 == 0).all(axis=1)
    return held


def _added(month: NDArray[np.int16], setting: Setting) -> NDArray[np.int16]:
    """What was added to the month; enough to leave no month where the setting knows no such number."""
    if setting == "production":
        return np.zeros_like(month)
    added = np.full_like(month, 100)
    for extra in MONTH_ADDED.values():
        added[(month > extra) & (month <= extra + 12)] = extra
    return added


@cache
def _series() -> NDArray[np.bool_]:
    """(2, 100, 1000) is an individual number in use for a year of two digits: fødselsnummer, then D-numbers."""
    used = np.zeros((2, 100, 1000), dtype=np.bool_)
    for kind, series in enumerate((SERIES, D_SERIES)):
        for years, individuals in series:
            used[kind, np.unique([year % 100 for year in years]), individuals.start : individuals.stop] = True
    return used


def judged(digits: Digits, setting: Setting, *, on: date | None = None) -> dict[int, Slip]:
    """The slips of those rows of (n, 11) digits that are no valid number of the setting."""
    day = on or date.today()
    doubtful = np.flatnonzero(~plainly_good(digits, setting)).tolist()
    found = {row: _slip("".join(map(str, digits[row].tolist())), setting, day) for row in doubtful}
    return {row: slip for row, slip in found.items() if slip is not None}


def _slip(number: str, setting: Setting, on: date) -> Slip | None:
    outcome = judge(number, setting, on)
    if outcome == "real_in_test":
        real = judge(number, "production", on)
        return outcome if isinstance(real, Reading) else real
    return None if isinstance(outcome, Reading) else outcome


def _digits_of_integers(column: pa.Array) -> tuple[Digits, dict[int, Slip]]:
    empty = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False)).tolist()
    values = column.cast(pa.int64(), safe=False).fill_null(0).to_numpy()
    slips: dict[int, Slip] = dict.fromkeys(np.flatnonzero(values < 0).tolist(), "too_short")
    slips |= dict.fromkeys(np.flatnonzero(values >= 10**LENGTH).tolist(), "too_long")
    slips |= dict.fromkeys(empty, "empty")
    digits = np.empty((len(values), LENGTH), dtype=np.uint8)
    for place in reversed(range(LENGTH)):
        values, digits[:, place] = np.divmod(values, 10)
    return digits, slips


def _digits_of_text(column: pa.Array, setting: Setting, on: date) -> tuple[Digits, dict[int, Slip]]:
    digits = np.zeros((len(column), LENGTH), dtype=np.uint8)
    plain = pc.equal(pc.binary_length(column), LENGTH).fill_null(False).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(plain)
    if len(rows):
        digits[rows] = _bytes(column.filter(pa.array(plain))) - np.uint8(_ZERO)
    others = (digits > 9).any(axis=1) | ~plain
    digits[others] = 0
    slips: dict[int, Slip] = {}
    for row in np.flatnonzero(others).tolist():
        try:
            number = parse_identity_number(column[row].as_py() or "", setting, on=on).digits()
        except IdentityNumberError as error:
            slips[row] = error.slip
        else:
            digits[row] = [int(digit) for digit in number]
    return digits, slips


def _bytes(column: pa.Array) -> Digits:
    """(n, 11) the bytes of texts that all have eleven."""
    _, ends, content = column.buffers()
    first = int(np.frombuffer(ends, dtype=np.int32, count=1, offset=4 * column.offset)[0])
    return np.frombuffer(content, dtype=np.uint8, count=len(column) * LENGTH, offset=first).reshape(-1, LENGTH)


def person_ids_of(digits: Digits, started: HMAC) -> NDArray[np.bytes_]:
    """(n,) the pseudonyms, 26 bytes each, of (n, 11) digits; ``started`` is an HMAC that has seen the key alone.

    The same codes as :func:`lodd.identity.pseudonyms.person_pseudonym`, without an object for each number.
    """
    started.update(b"\0".join((PERSON_LABEL, b"no", b"")))
    numbers = np.ascontiguousarray(digits + np.uint8(_ZERO)).view(f"S{LENGTH}").ravel().tolist()
    codes = b"".join(_codes(started, numbers))
    bits = np.unpackbits(np.frombuffer(codes, dtype=np.uint8).reshape(-1, 32)[:, :17], axis=1)
    fives = bits[:, : 5 * PSEUDONYM_LENGTH].reshape(-1, PSEUDONYM_LENGTH, 5)
    position = np.zeros(fives.shape[:2], dtype=np.uint8)
    for place in range(5):
        position = position << np.uint8(1) | fives[:, :, place]
    return np.ascontiguousarray(_ALPHABET[position]).view(f"S{PSEUDONYM_LENGTH}").ravel()


def _codes(started: HMAC, numbers: Iterable[bytes]) -> Iterator[bytes]:
    for number in numbers:
        mac = started.copy()
        mac.update(number)
        yield mac.finalize()
