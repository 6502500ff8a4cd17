"""What a check finds: an error or a warning at a path of the protocol."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from lodd.locale import Text, join_words

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong (or, as a ``warning``, doubtful) at a path of `trial.toml`."""

    path: Path
    found: Text
    allowed: Text | None = None
    next_step: Text | None = None
    warning: bool = False


def listed(names: Iterable[str]) -> Text:
    """Names as both languages list them."""
    words = list(names)
    return Text(nb=join_words(words, "nb"), en=join_words(words, "en"))


def nearest(name: str, known: Iterable[str]) -> Text | None:
    """ "Did you mean ...?", if a known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return Text(nb=f"Mente du «{close[0]}»?", en=f'Did you mean "{close[0]}"?') if close else None


def unknown(path: Path, kind: Text, name: str, known: Iterable[str]) -> Finding:
    """A reference to something that the protocol does not declare."""
    names = list(known)
    allowed = listed(names) if names else Text(nb="(ingen er oppgitt)", en="(none are declared)")
    return Finding(
        path,
        Text(nb=f"{kind.nb} «{name}» finnes ikke", en=f'there is no {kind.en} "{name}"'),
        allowed,
        nearest(name, names),
    )
