"""How an identity number is built: pure functions from eleven digits to what they say, without any message.

Sources, by name:

- Forskrift til folkeregisterloven § 2-2-1, and Skatteetaten, *Fødselsnummer*: order of the digits, series of individual
  numbers by year of birth, control digits.
- Skatteetaten, folkeregisteret-api-dokumentasjon, *Utvidelse av D-nummerserien* (in production from 16 November 2021):
  D-numbers have their own series of individual numbers.
- Skatteetaten, folkeregisteret-api-dokumentasjon, *Nytt fødselsnummer fra 2032*: numbers issued from 1 January 2032 may
  leave a remainder of 0, 1, 2 or 3 at the first control digit; the second is as before; the individual number no
  longer tells the century, nor the sex; old and new numbers must be read in parallel.
- Direktoratet for e-helse, *Identifikatorer for personer* (HIS 1001): H-numbers (third digit + 4, used within one
  health enterprise) and FH-numbers (first digit 8 or 9, the next eight without meaning).
- Synthetic numbers: Skatteetaten's Tenor and Test-Norge (month + 80); NAV's Dolly (month + 40; navikt/fnrvalidator,
  issue 116); Norsk helsenett's Persontjenesten (month + 65; bekkopen/NoCommons, issue 57).
- NAV's own NPID (month + 20, once called BOST) is no national number and is refused. Its synthetic kind (month + 60)
  shares months 66 to 72 with Norsk helsenett's; both are synthetic, so nothing but the label is at stake.

H-numbers and NAV's synthetic numbers *both* add 40 to the month and cannot be told apart. The setting decides: in
production it is an H-number (which can never be drawn), in test it is NAV's. With a D-number's first digit it is NAV's
in either setting, because H-numbers are not made from D-numbers. No kind of FH-number is marked as synthetic, so the
test setting refuses them all.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Final, Literal

Setting = Literal["production", "test"]
Kind = Literal["fødselsnummer", "D-number", "H-number", "FH-number"]
Synthetic = Literal["tax_administration", "nav", "health_network"]
ControlRule = Literal["current", "2032"]
Slip = Literal[
    "empty",
    "characters",
    "other_digits",
    "too_short",
    "too_long",
    "impossible_month",
    "impossible_day",
    "no_leap_day",
    "control_digit_1",
    "control_digit_2",
    "control_digits",
    "individual_number",
    "synthetic_in_production",
    "real_in_test",
    "nav_internal",
    "not_drawable",
]
"""What is wrong with a number, as a code that a page or a test can ask for."""

LENGTH: Final = 11
MONTH_ADDED: Final[Mapping[Synthetic, int]] = {"nav": 40, "health_network": 65, "tax_administration": 80}
DAY_ADDED: Final = 40
"""What a D-number adds to the day of birth (4 to the first digit)."""
NEW_NUMBERS_FROM: Final = date(2032, 1, 1)
_NPID_MONTHS: Final = range(21, 33)
_FIRST_WEIGHTS: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND_WEIGHTS: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_LEAP_YEAR: Final = 2000

Series = tuple[tuple[range, range], ...]
SERIES: Final[Series] = (
    (range(1854, 1900), range(500, 750)),
    (range(1900, 2000), range(500)),
    (range(1940, 2000), range(900, 1000)),
    (range(2000, 2040), range(500, 1000)),
)
"""Years of birth and the individual numbers given to them: fødselsnummer, and H-numbers by the same rule."""
D_SERIES: Final[Series] = (
    (range(1858, 1900), range(500, 600)),
    (range(1900, 1940), range(200)),
    (range(1940, 2000), range(500)),
    (range(1940, 2000), range(600, 1000)),
    (range(2000, 2040), range(200, 1000)),
)
"""The same for D-numbers, as the series stand since November 2021."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What eleven valid digits say. ``birth_date`` is None where they do not say the year."""

    kind: Kind
    synthetic: Synthetic | None
    control_rule: ControlRule
    birth_date: date | None


@dataclass(frozen=True, slots=True)
class _Form:
    """The first four digits: which kind of number, and day and month with nothing added (None for FH-numbers)."""

    kind: Kind
    synthetic: Synthetic | None
    day_and_month: tuple[int, int] | None


def judge(digits: str, setting: Setting, on: date) -> Reading | Slip:
    """What eleven digits say to who reads them on the day ``on``, or the slip that makes them invalid."""
    form = _form(digits, setting)
    if isinstance(form, str):
        return form
    if setting == "test" and form.synthetic is None:
        return "real_in_test"
    wrong = _control_slip(digits, form.kind)
    if setting == "production" and form.synthetic:
        return "impossible_month" if wrong else "synthetic_in_production"
    return wrong or _dated(digits, form, on)


def remainders(digits: str) -> tuple[int, int]:
    """The weighted sums of ten and of eleven digits, control digits included, modulo 11; (0, 0) by the current rule."""
    values = [ord(digit) - 48 for digit in digits]
    return sum(map(mul, values, _FIRST_WEIGHTS)) % 11, sum(map(mul, values, _SECOND_WEIGHTS)) % 11


def control_digits(first_nine: str, remainder: int = 0) -> str | None:
    """Both control digits for nine digits, with this remainder at the first; None where one of them would be 10."""
    first = (remainder - remainders(first_nine)[0]) % 11
    if first == 10:
        return None
    second = -remainders(f"{first_nine}{first}")[1] % 11
    return None if second == 10 else f"{first}{second}"


def birth_year(kind: Kind, two_digits: int, individual: int) -> int | None:
    """The year of birth by the series in force until 2032, or None when the individual number fits no century.

    A D-number from before November 2021 with an individual number that has since moved to another century (200 to 499
    for 1900–1939, 600 to 749 for the 1800s) is read by today's series, as its issuer does.
    """
    for years, individuals in D_SERIES if kind == "D-number" else SERIES:
        if individual in individuals:
            for century in (1800, 1900, 2000):
                if century + two_digits in years:
                    return century + two_digits
    return None


def _form(digits: str, setting: Setting) -> _Form | Slip:
    if digits[0] in "89":
        return _Form("FH-number", None, None)
    day, month = int(digits[:2]), int(digits[2:4])
    kind: Kind = "D-number" if day >= DAY_ADDED else "fødselsnummer"
    day %= DAY_ADDED
    synthetic = next((name for name, added in MONTH_ADDED.items() if 1 <= month - added <= 12), None)
    if month in _NPID_MONTHS and remainders(digits) == (0, 0):
        return "nav_internal"
    if synthetic:
        month -= MONTH_ADDED[synthetic]
    if not 1 <= month <= 12:
        return "impossible_month"
    if not 1 <= day <= monthrange(_LEAP_YEAR, month)[1]:
        return "impossible_day"
    if synthetic == "nav" and setting == "production" and kind == "fødselsnummer":
        return _Form("H-number", None, (day, month))
    return _Form(kind, synthetic, (day, month))


def _control_slip(digits: str, kind: Kind) -> Slip | None:
    first, second = remainders(digits)
    first_holds = first == 0 or (first <= 3 and kind in ("fødselsnummer", "D-number"))
    if first_holds:
        return "control_digit_2" if second else None
    return "control_digits" if second else "control_digit_1"


def _dated(digits: str, form: _Form, on: date) -> Reading | Slip:
    """The last step, for a number whose control digits hold: does the date exist, and in which century?"""
    if form.day_and_month is None:
        return Reading(form.kind, form.synthetic, "current", None)
    two_digits = int(digits[4:6])
    leap_day_missing = form.day_and_month == (29, 2) and two_digits % 4 != 0
    new = remainders(digits)[0] != 0
    if leap_day_missing:
        return "no_leap_day"
    year = None if new else birth_year(form.kind, two_digits, int(digits[6:9]))
    born = _existing(year, form.day_and_month)
    issued_anew = new or (born is None and on >= NEW_NUMBERS_FROM and form.kind != "H-number")
    if issued_anew:
        return Reading(form.kind, form.synthetic, "2032", None)
    if born is None:
        return "individual_number" if year is None else "no_leap_day"
    return Reading(form.kind, form.synthetic, "current", born)


def _existing(year: int | None, day_and_month: tuple[int, int]) -> date | None:
    day, month = day_and_month
    if year is None or day > monthrange(year, month)[1]:
        return None
    return date(year, month, day)
