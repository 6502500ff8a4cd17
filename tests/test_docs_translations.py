"""The methods say the same in Bokmål as in English: headings, tables, code and every number, section by section."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

from lodd.locale import LANGUAGES, Language

DOCS = Path(__file__).parents[1] / "docs"
NAMES: dict[Language, str] = {"nb": "methods.nb.md", "en": "methods.md"}
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
NUMBER = {
    "nb": re.compile(r"\d{1,3}(?:\u00a0\d{3})+(?!\d)|\d+(?:[.,]\d+)*"),
    "en": re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)*"),
}


@dataclass(frozen=True)
class Section:
    """What must be alike in the two languages: everything but the words."""

    level: int
    fenced: list[str]
    code: Counter[str]
    numbers: Counter[str]
    cells: list[list[list[str]]]  # of tables: the numbers in each cell of each row


def numbers(words: str, language: Language) -> list[str]:
    """The numbers of a text as they stand, written with a decimal point and without marks for thousands."""
    found = NUMBER[language].findall(words)
    if language == "en":
        return [number.replace(",", "") for number in found]
    return [number.replace("\u00a0", "").replace(",", ".") for number in found]


def section(text: str, language: Language) -> Section:
    prose = FENCED.sub("", text)
    plain = CODE.sub(" ", prose)
    rows = [line for line in plain.splitlines() if line.startswith("|") and line.endswith("|")]
    return Section(
        level=len(text) - len(text.lstrip("#")),
        fenced=FENCED.findall(text),
        code=Counter(" ".join(span.split()) for span in CODE.findall(prose)),
        numbers=Counter(numbers(plain, language)),
        cells=[[numbers(cell, language) for cell in row.split("|")] for row in rows],
    )


def sections(text: str, language: Language) -> list[Section]:
    return [section(part, language) for part in re.split(r"^(?=#+ )", text, flags=re.MULTILINE) if part.strip()]


def differences(norwegian: str, english: str) -> list[str]:
    """Each difference between the pages, by the English heading under which it is."""
    headings = re.findall(r"^#+ (.*)$", english, re.MULTILINE)
    pairs = zip_longest(sections(norwegian, "nb"), sections(english, "en"))
    return [
        f"{heading}: {field}: {getattr(nb, field, None)} != {getattr(en, field, None)}"
        for heading, (nb, en) in zip_longest(headings, pairs, fillvalue=(None, None))
        for field in Section.__dataclass_fields__
        if getattr(nb, field, None) != getattr(en, field, None)
    ]


def test_the_methods_are_the_same_in_both_languages() -> None:
    norwegian, english = ((DOCS / NAMES[language]).read_text(encoding="utf-8") for language in LANGUAGES)
    assert differences(norwegian, english) == []


PAGE = "# Methods\n\n`a b` of 1,794 (0.5; 10,000 draws)\n\n| x | y |\n|---|---|\n| SE, 1,000 | 4.3 (0.6) |\n\n## Next\n"
SIDE = (
    "# Metoder\n\n1\u00a0794 (0,5; 10\u00a0000 lodd) av `a\nb`\n\n"
    "| x | y |\n|---|---|\n| SE, 1\u00a0000 | 4,3 (0,6) |\n\n## Så\n"
)


@pytest.mark.parametrize(
    ("said", "wrongly"),
    [("4,3", "4,4"), ("0,5;", "0.55;"), ("`a\nb`", "«a b»"), ("## Så", "### Så"), ("| 4,3 (0,6)", "4,3 | (0,6)"),
     ("\n## Så\n", ""), ("1\u00a0794", "1\u00a0749"), ("(0,5;", "(0,5; 7;"), ("\n## Så", "\n```text\nx\n```\n\n## Så")],
)  # fmt: skip
def test_a_difference_is_seen(said: str, wrongly: str) -> None:
    assert said in SIDE
    assert differences(SIDE, PAGE) == []
    assert differences(SIDE.replace(said, wrongly), PAGE) != []
