"""The slow, obvious validator: it tries every year of birth and writes each rule as its source writes it."""

from __future__ import annotations

from datetime import date

K1 = [3, 7, 6, 1, 8, 9, 4, 5, 2]
K2 = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
# born from, born to, lowest and highest individual number: as the sources' tables print them
FODSELSNUMMER = [(1854, 1899, 500, 749), (1900, 1999, 0, 499), (1940, 1999, 900, 999), (2000, 2039, 500, 999)]
D_NUMBER = [
    (1858, 1899, 500, 599),
    (1900, 1939, 0, 199),
    (1940, 1999, 0, 499),
    (1940, 1999, 600, 999),
    (2000, 2039, 200, 999),
]
MARKS = {None: 0, "nav": 40, "health_network": 65, "tax_administration": 80}


def first_control_digits(nine: str) -> list[int]:
    """k1 by the current rule, then what else it may be from 2032: {11, 12, 13, 14} less the sum modulo 11."""
    weighted = sum(weight * int(digit) for weight, digit in zip(K1, nine, strict=True)) % 11
    candidates = [k - weighted for k in (11, 12, 13, 14)]
    return [k - 11 if k > 10 else k for k in candidates]


def second_control_digit(ten: str) -> int:
    k2 = 11 - sum(weight * int(digit) for weight, digit in zip(K2, ten, strict=True)) % 11
    return 0 if k2 == 11 else k2


def read(digits: str, setting: str) -> tuple[str, str | None, str, date | None] | None:
    """(kind, synthetic, control rule, birth date) of eleven digits read before 2032, or None."""
    allowed = first_control_digits(digits[:9])
    if second_control_digit(digits[:10]) != int(digits[10]) or int(digits[9]) not in allowed:
        return None
    by_current = int(digits[9]) == allowed[0]
    if digits[0] in "89":
        return ("FH-number", None, "current", None) if by_current and setting == "production" else None
    for mark, added in MARKS.items():
        for kind, day_added in (("fødselsnummer", 0), ("D-number", 40)):
            helping = mark == "nav" and kind == "fødselsnummer" and setting == "production"
            if (mark is None or helping) != (setting == "production"):
                continue
            day, month = int(digits[:2]) - day_added, int(digits[2:4]) - added
            for_kind, for_mark = ("H-number", None) if helping else (kind, mark)
            born = [day_of(year, month, day) for year in (1800, 1900, 2000) for year in [year + int(digits[4:6])]]
            if by_current:
                fitting = [each for each in born if each and in_series(kind, each.year, int(digits[6:9]))]
                if fitting:
                    return for_kind, for_mark, "current", fitting[0]
            elif not helping and day_of(2000 + int(digits[4:6]), month, day):
                return for_kind, for_mark, "2032", None
    return None


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def in_series(kind: str, year: int, individual: int) -> bool:
    series = D_NUMBER if kind == "D-number" else FODSELSNUMMER
    return any(first <= year <= last and low <= individual <= high for first, last, low, high in series)


def complete(nine: str, rest: int = 0) -> str | None:
    """Nine digits with both control digits, or None where one would be 10."""
    k1 = first_control_digits(nine)[rest]
    if k1 == 10:
        return None
    k2 = second_control_digit(f"{nine}{k1}")
    return None if k2 == 10 else f"{nine}{k1}{k2}"
