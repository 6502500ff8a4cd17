"""Findings on rival explanations: every code has its sentence, every number its unit, small counts are hidden."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from lodd.evaluation.conclusions import LETTERS, Finding, Number, Rival
from lodd.evaluation.verdict import NUMBERS, WHYS
from lodd.locale import LANGUAGES, Language
from lodd.report.context import Context
from lodd.report.model import Answers, Details, Figure, Part, Table
from lodd.report.rival_pictures import pictures
from lodd.report.rival_words import interval_of, label_of, sentence, value_of
from lodd.report.sections.rivals import rivals
from lodd.report.words import words
from tests.report.builders import World, external_world, se_world, three_arm_world

CASES = [(rival, why, status) for rival, whys in WHYS.items() for why, status in whys.items()]
ALL = tuple(
    Number(name, 0.061, -0.012, 0.134, unit="outcome" if rival in {"chance", "catch_up"} else "share")
    for rival in ("chance",)
    for name in NUMBERS
)


def finding(rival: Rival, why: str, numbers: tuple[Number, ...] = ALL, **more: object) -> Finding:
    status = WHYS[rival][why]
    made = Finding(
        rival, status, why, "se", "control", outcome="in_work", months="1..36", summary="mean", numbers=numbers
    )
    months = "6..15 25..36" if rival == "catch_up" else "1..36"
    return replace(made, months=months, **more)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("rival", "why", "status"), CASES)
def test_every_rule_has_its_sentence(rival: Rival, why: str, status: str, language: Language) -> None:
    said = sentence(se_world().context(language), finding(rival, why))
    assert said[0].isupper()
    assert said.endswith(".")
    assert "{" not in said
    assert "nan" not in said.lower().split()
    assert ". the " not in said
    assert ". kontroll" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_and_no_number_is_without_words_or_left_over(language: Language) -> None:
    texts = words(language).texts
    rules = {f"rival.{rival}.{why}" for rival, whys in WHYS.items() for why in whys}
    around = {f"rival.{rival}.{key}" for rival in WHYS for key in ("question", "folded", "picture")}
    known = {key for key in texts if key.startswith("rival.")}
    assert known == rules | around | {"rival.implementation.beside", "rival.implementation.quality"}
    assert {f"number.{name}" for name in NUMBERS} <= set(texts)


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [("en", "Placement was slow", "Quality was low"), ("nb", "Det gikk sent", "Kvaliteten var lav")],
)
def test_every_weak_aspect_of_the_delivery_is_told(language: Language, first: str, second: str) -> None:
    c = se_world().context(language)
    told = sentence(c, finding("implementation", "slow_placement", also=("low_fidelity",)))
    assert told.startswith(first)
    assert told.count(second) == 1
    assert told.index(first) < told.index(second)
    one = sentence(c, finding("implementation", "slow_placement"))
    assert second not in one
    assert words(language).texts["rival.implementation.quality"].split("{faithful}")[1].format(score=100) in one


def test_differences_have_signs_and_points_and_levels_are_per_cent() -> None:
    c = se_world().context("en")
    found = finding("implementation", "slow_placement")
    assert value_of(c, found, Number("practice", 0.05, 0.01, 0.09)) == "+5.0 percentage points"
    assert value_of(c, found, Number("practice_treated", 0.25)) == "25.0%"
    assert interval_of(c, found, Number("practice_treated", 0.25, 0.2, 0.3)) == "20.0 to 30.0"
    chance = finding("chance", "different")
    assert value_of(c, chance, Number("margin", 0.03, unit="outcome")) == "3.0 percentage points"
    assert value_of(c, chance, Number("p", 0.0004, unit="p")).startswith("p\N{NO-BREAK SPACE}<")
    assert value_of(c, chance, Number("effect", nan)) == "–"
    earlier = finding("earlier_evidence", "clear")
    assert value_of(c, earlier, Number("earlier", 1.5, 1.2, 1.9, unit="ratio")) == "1.50"
    assert interval_of(c, earlier, Number("earlier", 1.5, 1.2, 1.9, unit="ratio")) == "1.20 to 1.90"
    assert value_of(c, earlier, Number("people", 1234.0, unit="people")) == "1,234"
    assert value_of(c, earlier, Number("studies", 9.0, unit="studies")) == "9"


def test_numbers_about_one_to_four_people_are_not_shown() -> None:
    c = se_world().context("en")
    few = finding("implementation", "slow_placement", (Number("started_by", 3 / c.drawn["se"], 0.0, 0.1),))
    assert value_of(c, few, few.numbers[0]) == "fewer than five"
    assert interval_of(c, few, few.numbers[0]) == "–"
    followed = finding("catch_up", "grew", (Number("change", 0.2, 0.1, 0.3), Number("people", 4, unit="people")))
    assert value_of(c, followed, followed.numbers[0]) == "–"
    assert value_of(c, followed, followed.numbers[1]) == "<5"


def test_what_a_number_is_about_is_named() -> None:
    c = se_world().context("en")
    assert label_of(c, "participates_se") == "The programme of the Supported Employment group"
    assert label_of(c, "any") == "Any programme"
    assert label_of(c, "in_work") == "In work"
    assert label_of(c, "mental_health") == "People with mental health problems"
    assert label_of(c, "no_such_thing") == "no_such_thing"


# The section ----------------------------------------------------------------------------------------------------------


def section(world: World, language: Language = "en") -> dict[str, Part]:
    found = rivals(world.context(language))
    return {block.id: block for block in found.blocks if isinstance(block, Part)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_explanation_is_answered_with_its_numbers_and_its_picture(language: Language) -> None:
    world = se_world()
    parts = section(world, language)
    assert list(parts) == [f"why-{letter}" for letter in LETTERS.values()]
    for letter in "bcdefgh":
        answers, folded = parts[f"why-{letter}"].blocks
        assert isinstance(answers, Answers)
        assert isinstance(folded, Details)
        kinds = {type(block) for block in folded.blocks}
        assert kinds == {Figure, Table}, letter


def test_an_explanation_that_nothing_is_known_of_says_so_and_shows_nothing() -> None:
    parts = section(external_world())
    (answers,) = parts["why-g"].blocks
    assert isinstance(answers, Answers)
    assert [item.label for item in answers.items] == ["Cannot tell"]
    assert not any(item.tag for item in answers.items)


def test_findings_that_say_the_same_are_said_once() -> None:
    (answers,) = section(se_world())["why-a"].blocks
    assert isinstance(answers, Answers)
    assert len(answers.items) == 1
    assert answers.items[0].about == ""


def test_the_overview_says_which_is_for_what() -> None:
    world = three_arm_world()
    found = rivals(world.context("en"))
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert [row.cells[0].href for row in table.rows] == [f"#why-{letter}" for letter in LETTERS.values()]
    findings = [f for f in world.evaluation.findings if f.rival == "treatment_contrast"]
    changed = tuple(
        replace(f, status="supported", why="as_much_in_programmes") if f is findings[0] else f
        for f in world.evaluation.findings
    )
    found = rivals(world.changed(findings=changed).context("en"))
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert table.rows[2].cells[1].text == "Supported: Supported Employment; Cannot tell: IPS"


def test_where_all_was_found_the_question_is_another() -> None:
    world = se_world()
    found = tuple(replace(v, code="different", direction=1) for v in world.evaluation.verdicts)
    assert rivals(world.changed(verdicts=found).context("en")).heading == "What else may lie behind the result?"


def test_without_findings_the_section_says_so() -> None:
    said = rivals(se_world().changed(findings=()).context("nb"))
    assert "ingen funn om andre forklaringer" in str(said)


def test_earlier_evidence_is_drawn_on_its_own_scale() -> None:
    c: Context = se_world().context("en")
    ratio = tuple(
        Number(name, value, value / 1.4, value * 1.4, unit="ratio")
        for name, value in (("earlier", 2.0), ("adjusted", 1.3), ("next_study", 2.0))
    )
    (figure,) = pictures(c, "earlier_evidence", [finding("earlier_evidence", "adjusted_holds_none", ratio)])
    assert "Ratio (1: no effect)" in figure.wide.body
    difference = (Number("earlier", 0.1, 0.05, 0.15, unit="outcome"),)
    (figure,) = pictures(c, "earlier_evidence", [finding("earlier_evidence", "clear", difference)])
    assert "Percentage points" in figure.wide.body
    assert pictures(c, "earlier_evidence", [finding("earlier_evidence", "no_evidence", ())]) == ()
    negative = (Number("earlier", -1.0, -2.0, 1.0, unit="ratio"),)
    assert pictures(c, "earlier_evidence", [finding("earlier_evidence", "incomplete", negative)]) == ()
