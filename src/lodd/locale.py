"""Every number, date and label that a person reads, in Bokmål and English.

Numbers in files are plain; numbers shown to people go through this module (CLDR rules by Babel), so that 1234.5 is
«1 234,5» to a Norwegian reader and "1,234.5" to an English one, everywhere and by the same code.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

Language = Literal["nb", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("nb", "en")
_CLDR: Final[Mapping[Language, str]] = {"nb": "nb_NO", "en": "en_GB"}
_MINUS: Final = "\N{MINUS SIGN}"
_EN_DASH: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Text:
    """One thing said in both languages.

    >>> Text(nb="I arbeid", en="In work")["nb"]
    'I arbeid'
    """

    nb: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return self.nb if language == "nb" else self.en

    @classmethod
    def same(cls, words: str) -> Text:
        """A name or number that is the same in both languages."""
        return cls(nb=words, en=words)


def preferred_language(environment: Mapping[str, str] | None = None) -> Language:
    """The language for a terminal: ``LODD_LANG`` if set, else the locale (Norwegian of any kind gives Bokmål)."""
    env = os.environ if environment is None else environment
    chosen = env.get("LODD_LANG") or env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "nb" if chosen.lower().startswith(("nb", "nn", "no")) else "en"


def number(value: float | int, language: Language, decimals: int = 0) -> str:
    """A number with ``decimals`` decimals, grouped in thousands; an en dash for a missing one.

    >>> number(1234.5, "en", 1)
    '1,234.5'
    """
    if not math.isfinite(value):
        return _infinite(value)
    from babel.numbers import format_decimal  # slow to import

    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    rounded = round(float(value), decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return format_decimal(rounded, format=pattern, locale=_CLDR[language]).replace("-", _MINUS)


def signed(value: float, language: Language, decimals: int = 0) -> str:
    """Like :func:`number`, with a plus sign before positive numbers: for differences."""
    shown = number(value, language, decimals)
    return f"+{shown}" if math.isfinite(value) and round(value, decimals) > 0 else shown


def percent(share: float, language: Language, decimals: int = 0) -> str:
    """A share in [0, 1] as per cent: ``percent(0.348, "nb", 1)`` is «34,8 %»."""
    if not math.isfinite(share):
        return _infinite(share)
    shown = number(share * 100, language, decimals)
    return f"{shown}\N{NO-BREAK SPACE}%" if language == "nb" else f"{shown}%"


def p_value(p: float, language: Language) -> str:
    """A p-value with three decimals, and "< 0.001" below that; never 0."""
    if math.isnan(p):
        return _EN_DASH
    if p < 0.001:
        return f"<\N{NO-BREAK SPACE}{number(0.001, language, 3)}"
    return number(p, language, 3)


def interval(low: float, high: float, language: Language, decimals: int = 0) -> str:
    """An interval as "low to high" / «low til high»; words, because dashes are read as minus signs."""
    joiner = "til" if language == "nb" else "to"
    return f"{number(low, language, decimals)} {joiner} {number(high, language, decimals)}"


def long_date(day: date, language: Language) -> str:
    """A date in words: «1. mai 2014», "1 May 2014"."""
    from babel.dates import format_date

    return format_date(day, format="long", locale=_CLDR[language])


def long_moment(local: datetime, language: Language) -> str:
    """A date and the time of day, as it stands on the reader's clock.

    >>> long_moment(datetime(2014, 5, 1, 9, 12), "nb")
    '1. mai 2014 kl. 09.12'
    """
    day = long_date(local.date(), language)
    return f"{day} kl. {local:%H.%M}" if language == "nb" else f"{day}, {local:%H:%M}"


def month_year(day: date, language: Language) -> str:
    """A month in words: «mai 2014», "May 2014"."""
    from babel.dates import format_date

    return format_date(day, format="LLLL y", locale=_CLDR[language])


def join_words(words: list[str], language: Language) -> str:
    """A list as a sentence has it: "a, b and c", «a, b og c»."""
    from babel.lists import format_list

    return format_list(words, locale=_CLDR[language]) if words else ""


def _infinite(value: float) -> str:
    if math.isnan(value):
        return _EN_DASH
    return "\N{INFINITY}" if value > 0 else f"{_MINUS}\N{INFINITY}"
