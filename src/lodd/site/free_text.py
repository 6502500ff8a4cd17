"""What people write in their own words, and what must not be in it: it is not sealed, and others read it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from lodd.identity import IdentityNumberError, parse_identity_number

_WRITTEN_AS_ONE: Final = re.compile(r"(?:\d[\s.\-\u2010-\u2015\u2212]*){11}")
"""Eleven digits with nothing between them but what people group numbers with."""
_APART: Final = re.compile(r"(?=((?:\d[\W_]{0,3}){10}\d))")
"""Eleven digits with anything but letters between them, wherever they begin."""
_WHOLE: Final = re.compile(r"\s*\d{6}[\s.\-]?\d{5}\s*\Z")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def holds_identity_number(written: str) -> bool:
    """Does it have eleven digits written as a number; or, with other signs between, any that are somebody's number?"""
    return _WRITTEN_AS_ONE.search(written) is not None or any(map(_is_number, _APART.findall(written)))


def is_identity_number(written: str) -> bool:
    """Is it an identity number, and nothing else? For texts that may well hold eleven digits, such as a lottery's."""
    return _WHOLE.match(written) is not None and _is_number(written)


def has_unseen(written: str) -> bool:
    """Characters that nobody sees, such as those that turn the direction of what follows."""
    return any(unicodedata.category(character) in _UNSEEN for character in written)


def _is_number(written: str) -> bool:
    digits = "".join(str(int(character)) for character in written if character.isdecimal())
    return any(_reads(digits, setting) for setting in ("production", "test"))


def _reads(digits: str, setting: str) -> bool:
    try:
        parse_identity_number(digits, "test" if setting == "test" else "production")
    except IdentityNumberError:
        return False
    return True
