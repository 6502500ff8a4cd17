"""Words and options that a command does not take, in both languages: the command line's library has one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from lodd.errors import Problem
from lodd.locale import Language, Text
from lodd.terminal import mistake

if TYPE_CHECKING:
    from cyclopts import CycloptsError

_KINDS: Final[dict[Any, Text]] = {
    date: Text(nb="en dag, for eksempel 2021-03-01", en="a day, such as 2021-03-01"),
    int: Text(nb="et helt tall", en="a whole number"),
    float: Text(nb="et tall", en="a number"),
    Path: Text(nb="en fil eller mappe", en="a file or folder"),
}
_MEANT: Final = re.compile(r'Did you mean "?([\w.-]+)')


def mistyped(error: CycloptsError, *, language: Language) -> object:
    """What is printed, as it stands whatever the width of the terminal."""
    from rich.text import Text as Shown

    return Shown(mistake(problem_of(error), language), no_wrap=True, overflow="ignore")


def problem_of(error: CycloptsError) -> Problem:
    """What the library found, as any other mistake of a user's; its own words where it is something rare."""
    from cyclopts import exceptions as found

    plain = re.sub(r"\s+", " ", str(error)).strip()
    if isinstance(error, found.UnknownOptionError):
        word = error.token.keyword or error.token.value
        return Problem(Text(nb=f"ukjent valg: {word}", en=f"unknown option: {word}"), next_step=_meant(plain))
    if isinstance(error, found.UnknownCommandError) and error.unused_tokens:
        word = error.unused_tokens[0]
        return Problem(Text(nb=f"ukjent kommando: {word}", en=f"unknown command: {word}"), next_step=_meant(plain))
    if isinstance(error, found.MissingArgumentError) and error.argument is not None:
        given, name = error.keyword, error.argument.name
        without_value = Text(nb=f"mangler en verdi: {given}", en=f"a value is missing: {given}")
        not_there = Text(nb=f"mangler: {name}", en=f"missing: {name}")
        return Problem(without_value if given else not_there, next_step=_meant(plain))
    if isinstance(error, found.UnusedCliTokensError):
        words = " ".join(error.unused_tokens or ())
        return Problem(Text(nb=f"for mange ord: {words}", en=f"too many words: {words}"))
    if isinstance(error, found.CoercionError) and error.token is not None:
        return _value(error.token.keyword or "", error.token.value, error.target_type, plain)
    return Problem(Text.same(plain))


def _value(option: str, value: str, kind: Any, plain: str) -> Problem:
    found = Text(nb=f"«{value}» passer ikke", en=f'"{value}" does not fit')
    if get_origin(kind) is Literal:
        allowed = Text.same(", ".join(str(choice) for choice in get_args(kind)))
    else:
        allowed = _KINDS.get(kind, Text.same(str(getattr(kind, "__name__", kind))))
    return Problem(found, option, allowed, _meant(plain))


def _meant(plain: str) -> Text | None:
    meant = _MEANT.search(plain)
    return Text(nb=f"Mente du «{meant[1]}»?", en=f'Did you mean "{meant[1]}"?') if meant else None
