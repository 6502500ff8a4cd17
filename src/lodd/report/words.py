"""The report's words: one catalogue a language, with the same keys and the same placeholders in both.

A text is found by its dotted key (``"draw.method.keyed"``) and filled with words or numbers that are already
formatted. Texts with forms for one and for several have ``.one`` and ``.other``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from lodd.locale import Language, number


@dataclass(frozen=True, slots=True)
class Words:
    """The catalogue of one language."""

    language: Language
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: str) -> str:
        """The text of a key, filled.

        Raises:
            KeyError: no such text, or a value that the text asks for is not given (a mistake in Lodd).
        """
        return self.texts[key].format(**values)

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def counted(self, key: str, count: int, **values: str) -> str:
        """The form for ``count`` things, with ``{count}`` filled by the number as the language writes it."""
        form = "one" if count == 1 else "other"
        return self(f"{key}.{form}", count=number(count, self.language), **values)

    def optional(self, key: str, fallback: str) -> str:
        """The text of a key if there is one (names of columns and codes that may be anything)."""
        return self.texts.get(key, fallback)


@cache
def words(language: Language) -> Words:
    """The catalogue of a language, read once: all its files."""
    folder = resources.files("lodd.report") / "catalogue"
    ending = f"{language}.toml"
    files = [file for file in folder.iterdir() if file.name.endswith(ending)]
    files.sort(key=lambda file: file.name.removesuffix(ending))
    texts = [text for file in files for text in _flat(tomllib.loads(file.read_text("utf-8")))]
    return Words(language, MappingProxyType(dict(texts)))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, str):
            yield prefix + key, value
        else:
            yield from _flat(value, f"{prefix}{key}.")
