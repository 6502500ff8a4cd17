"""Every word of the site in Bokmål: what pages and programs say, against what the catalogues know.

Words are taken from the templates as Django itself takes them (``templatize``), and from Python by Babel.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django import forms as django_forms
from django.utils import translation
from django.utils.translation.template import templatize

import lodd.site

SITE = Path(lodd.site.__file__).parent
CATALOGUES = sorted((SITE / "locale").glob("*/nb/LC_MESSAGES/django.po"))
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "_": None,
}
PLACEHOLDER = re.compile(r"%\((\w+)\)s|<[^>]+>")
Said = tuple[str, ...]
"""A message's words, in its forms."""


def forms(words: str | tuple[str, ...] | list[str]) -> Said:
    return (words,) if isinstance(words, str) else tuple(words)


def extracted(source: str) -> Iterator[Said]:
    for _, words, _, _ in extract("python", BytesIO(source.encode()), KEYWORDS):
        yield forms(words)


@cache
def asked_for() -> dict[Said, set[str]]:
    """Every message of the site, and the files that say it."""
    found = defaultdict(set)
    for file in sorted(SITE.rglob("*.py")):
        for words in extracted(file.read_text()):
            found[words].add(file.relative_to(SITE).as_posix())
    for file in sorted(path for path in (SITE / "templates").rglob("*") if path.is_file()):
        for words in extracted(templatize(file.read_text())):
            found[words].add(file.relative_to(SITE).as_posix())
    return dict(found)


@cache
def written(file: Path) -> Catalog:
    return read_po(file.open("rb"))


def messages(catalogue: Catalog) -> dict[Said, Said]:
    return {forms(message.id): forms(message.string) for message in catalogue if message.id}


def translated() -> dict[Said, list[Said]]:
    """What the catalogues say, all of them together."""
    found = defaultdict(list)
    for file in CATALOGUES:
        for words, said in messages(written(file)).items():
            found[words].append(said)
    return dict(found)


def named(file: Path) -> str:
    return file.relative_to(SITE / "locale").parts[0]


def test_words_are_found_in_templates_and_in_programs() -> None:
    assert asked_for()[("Skip to main content",)] == {"templates/base.html"}
    assert "context.py" in asked_for()[("Monitoring",)]
    assert any(len(words) == 2 for words in asked_for())


def test_everything_said_is_in_a_catalogue() -> None:
    assert {words: where for words, where in asked_for().items() if words not in translated()} == {}


def test_nothing_in_a_catalogue_is_said_nowhere() -> None:
    assert translated().keys() - asked_for().keys() == set()


def test_the_same_words_are_the_same_in_every_catalogue() -> None:
    """Django lets one catalogue win over another: readers of two pages would see one of them on both."""
    assert {words: said for words, said in translated().items() if len(set(said)) > 1} == {}


def test_bokmaal_is_what_its_reader_sees() -> None:
    """Through Django itself, with its own and allauth's catalogues: none of them may win over the site's."""
    with translation.override("nb"):
        seen = {words[0]: translation.gettext(words[0]) for words in asked_for() if len(words) == 1}
    assert seen == {words[0]: said[0][0] for words, said in translated().items() if len(words) == 1}


def test_english_is_what_a_reader_of_english_sees() -> None:
    """Django's own English must not stand in for the site's, nor Bokmål, the site's first language."""
    with translation.override("en"):
        changed = {words for words in asked_for() if translation.gettext(words[0]) != words[0]}
    assert changed == set()


@pytest.mark.parametrize("file", CATALOGUES, ids=named)
def test_a_catalogue_is_whole(file: Path) -> None:
    catalogue = written(file)
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []
    assert list(catalogue.obsolete) == []
    assert [words for words, said in messages(catalogue).items() if not all(part.strip() for part in said)] == []
    assert messages(read_mo(BytesIO(file.with_suffix(".mo").read_bytes()))) == messages(catalogue)


@pytest.mark.parametrize("file", CATALOGUES, ids=named)
def test_a_translation_keeps_what_is_put_in_and_how_it_ends(file: Path) -> None:
    for words, said in messages(written(file)).items():
        for part in said:
            assert sorted(PLACEHOLDER.findall(part)) == sorted(PLACEHOLDER.findall(words[-1])), words
            assert part[-1:] in ".?!:" or words[-1][-1] not in ".?!:", words
            assert part[:1].isspace() == words[-1][:1].isspace(), words


def foreign(words: str) -> list[str]:
    """Marks and words that a Norwegian would not write, or that the glossary has another word for."""
    return _FOREIGN.findall(re.sub(r"<[^>]+>", "", words))


_FOREIGN = re.compile(r"(?i)[\"“”]|\b(?:henvis|randomis|allok|vennligst|dashbo|login|bruker-?id|ei?n enkelt)\w*")


def test_foreign_words_are_found() -> None:
    assert foreign("Vennligst henvis deltakeren") == ["Vennligst", "henvis"]
    assert foreign('Søk deltakeren <span class="code">inn</span>') == []


@pytest.mark.parametrize("file", CATALOGUES, ids=named)
def test_bokmaal_is_written_as_bokmaal(file: Path) -> None:
    said = [part for parts in messages(written(file)).values() for part in parts]
    assert [part for part in said if foreign(part)] == []


def texts() -> Iterator[tuple[str, str]]:
    """The words of every ``Text(nb=..., en=...)`` in the site, what is put in left out."""
    for file in sorted(SITE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text":
                said = {word.arg: _constant(word.value) for word in node.keywords}
                if said.get("nb") and said.get("en"):
                    yield said["nb"], said["en"]


def _constant(value: ast.expr) -> str:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def test_texts_in_programs_are_written_as_bokmaal_too() -> None:
    found = list(texts())
    assert len(found) > 100
    assert [nb for nb, _ in found if foreign(nb)] == []


def what_the_frameworks_say() -> set[str]:
    """Errors of Django's and allauth's that the site's forms can show."""
    from lodd.site.adapters import AccountAdapter, MFAAdapter, SocialAccountAdapter

    ours = (AccountAdapter, MFAAdapter, SocialAccountAdapter)
    with translation.override("en"):
        said = {str(words) for adapter in ours for words in adapter().error_messages.values()}
        fields = (django_forms.CharField, django_forms.DateField, django_forms.ChoiceField, django_forms.EmailField)
        return said | {str(words) for field in fields for words in field().error_messages.values()}


def test_what_the_frameworks_say_is_in_bokmaal_too() -> None:
    with translation.override("nb"):
        assert {words for words in what_the_frameworks_say() if translation.gettext(words) == words} == set()
