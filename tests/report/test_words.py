"""The catalogues: the same keys and placeholders, and every key that the code names."""

import re
import string
from pathlib import Path

import pytest

import lodd.report
from lodd.evaluation import NOTE_KINDS
from lodd.registers.cleaning import REPEATED, UNDATED
from lodd.report.words import Words, words
from tests.report.builders import external_world, se_world, three_arm_world

SOURCE = Path(lodd.report.__file__).parent
LITERAL = re.compile(r'(?:\bw|words)\(\s*"([a-z_.]+)"')
COUNTED = re.compile(r'counted\(\s*"([a-z_.]+)"')


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(words("nb").texts) == list(words("en").texts)


def test_both_languages_have_the_same_placeholders() -> None:
    nb, en = words("nb").texts, words("en").texts
    assert {key for key in en if placeholders(en[key]) != placeholders(nb[key])} == set()


def test_texts_are_translated() -> None:
    same = {key for key, text in words("nb").texts.items() if text == words("en").texts[key] and len(text) > 12}
    assert same <= {"register_note.of_column", "flow.box_primary"} | {k for k in same if text_is_a_pattern(k)}


def text_is_a_pattern(key: str) -> bool:
    """Only placeholders and marks: nothing to translate."""
    return not re.search(r"[a-zæøå]{3}", re.sub(r"\{.*?\}", "", words("en").texts[key]))


def test_every_key_that_the_code_names_exists() -> None:
    code = "\n".join(file.read_text("utf-8") for file in SOURCE.rglob("*.py"))
    named = set(LITERAL.findall(code))
    forms = {f"{key}.{form}" for key in COUNTED.findall(code) for form in ("one", "other")}
    assert (named | forms) - set(words("en").texts) - forms_of(named) == set()


def forms_of(named: set[str]) -> set[str]:
    """Keys that end where a computed part begins: there must be texts below them."""
    return {key for key in named if any(known.startswith(f"{key}.") or known == key for known in words("en").texts)}


def test_every_text_is_used_by_some_report_or_named_in_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    original = Words.__call__

    def remember(self: Words, key: str, **values: str) -> str:
        asked.add(key)
        return original(self, key, **values)

    monkeypatch.setattr(Words, "__call__", remember)
    for world in (se_world(), three_arm_world(), external_world()):
        world.report("en")
    code = "\n".join(file.read_text("utf-8") for file in SOURCE.rglob("*.py"))
    open_ended = (
        "column.", "category.", "note.", "register_note.", "measure.", "methods.", "draw.method.", "banner.", "rival.",
        "number.", "verdict.headline.", "verdict.ruled_out.", "bayes.",
    )  # fmt: skip
    unused = {
        key
        for key in set(words("en").texts) - asked
        if key not in code and not key.startswith(open_ended) and key.rpartition(".")[2] not in {"one", "other"}
    }
    assert unused <= {key for key in unused if key.rpartition(".")[0] in code or key.rpartition("_")[0] in code}


def test_every_note_of_the_evaluation_and_of_the_registers_has_its_words() -> None:
    missing = {f"note.kind.{kind}" for kind in NOTE_KINDS} - set(words("en").texts)
    assert missing == set()
    kinds = ("rows", "people_with_records", "not_drawn", "not_drawn_people", *REPEATED, *UNDATED)
    assert {f"register_note.{kind}" for kind in kinds} - set(words("en").texts) == set()


def test_counted_chooses_the_form_and_writes_the_number() -> None:
    assert words("en").counted("page.sites", 1) == "1 site"
    assert words("nb").counted("page.sites", 1200) == "1\N{NO-BREAK SPACE}200 områder"


def test_a_missing_text_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        words("en")("no.such.text")
