"""The verdict on a primary outcome: sentences that say no more than their numbers."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Any

import pytest

from lodd.evaluation.conclusions import BayesFactor, Size, Verdict
from lodd.locale import LANGUAGES, Language
from lodd.report.bayes import times
from lodd.report.model import Details, Figure, Finding
from lodd.report.sections.summary import summary
from lodd.report.verdicts import card, headline, in_short, size_in_words
from tests.report.builders import external_world, se_world, three_arm_world

NBSP = "\N{NO-BREAK SPACE}"
VERDICT = Verdict(
    outcome="in_work", arm="se", reference="control", months="1..36", summary="mean", code="inconclusive",
    estimate=Size(0.008, points=0.8, days=8.8, relative=0.026), std_error=0.01, df=900.0, level=0.95,
    ci_low=-0.012, ci_high=0.048, ruled_out_below=Size(-0.012, -1.2, -13.1, relative=-0.04),
    ruled_out_above=Size(0.048, 4.8, 52.6, relative=0.16), mean_control=0.3, mean_treated=0.308, n_control=600,
    n_treated=300, p_value=0.43, p_kind="randomisation_family", margin=0.03, margin_locked=True,
    equivalence="not_shown", p_equivalence=0.2, equivalence_level=0.9, equivalence_low=-0.009, equivalence_high=0.045,
    bayes=BayesFactor("normal", 0.05, -0.5, locked=True), prespecified=True,
)  # fmt: skip


def said(language: Language = "en", **changes: Any) -> Finding:
    return card(se_world().context(language), replace(VERDICT, **changes), 1)


def words(found: Finding) -> str:
    return " ".join((*found.sentences, *found.notes))


def test_what_is_not_settled_is_never_called_no_effect() -> None:
    found = said()
    assert found.headline == (
        "In work: the trial does not settle whether being drawn to Supported Employment made a difference"
    )
    assert found.estimate == "+0.8 percentage points"
    assert found.interval == (
        f"95% confidence interval: −1.2 to 4.8 (p{NBSP}={NBSP}0.430, lots redrawn, corrected within the family)"
    )
    assert "does not show that there is none" in words(found)
    assert "no effect." not in found.headline
    assert "A difference of 3.0 percentage points, the plan's margin, is not ruled out" in words(found)


def test_the_same_in_norwegian() -> None:
    found = said("nb")
    assert found.headline.startswith("I arbeid: Forsøket avgjør ikke om det å bli trukket til Supported Employment")
    assert found.estimate == "+0,8 prosentpoeng"
    assert "−1,2 til 4,8" in found.interval
    assert "mer enn 1,2 prosentpoeng (13 dager i hele perioden; 4" in words(found)


@pytest.mark.parametrize(
    ("code", "direction", "headline_en"),
    [
        ("different", 1, "In work: higher among those drawn to Supported Employment than in the control group"),
        ("different", -1, "In work: lower among those drawn to Supported Employment than in the control group"),
        (
            "different_but_small",
            1,
            "In work: higher among those drawn to Supported Employment than in the control group, "
            "but by less than 3.0 percentage points",
        ),
        (
            "equivalent",
            0,
            "In work: being drawn to Supported Employment made no difference of 3.0 percentage points or more",
        ),
    ],
)
def test_every_verdict_has_its_sentence(code: Any, direction: int, headline_en: str) -> None:
    assert said(code=code, direction=direction).headline == headline_en
    nb = said("nb", code=code, direction=direction).headline
    assert nb.startswith("I arbeid: ")
    assert nb != headline_en


def test_what_is_ruled_out_is_said_in_every_unit_that_fits() -> None:
    c = se_world().context("en")
    assert size_in_words(c, VERDICT, VERDICT.ruled_out_above) == (
        "4.8 percentage points (53 days over the whole period; 16% of the level in the control group)"
    )
    kroner = replace(VERDICT, outcome="earnings")
    shown = size_in_words(c, kroner, Size(1500.0, total=54_000.0, relative=0.1))
    assert shown == "1,500 kroner (54,000 kroner over the whole period; 10% of the level in the control group)"
    assert size_in_words(c, kroner, Size(-1500.0)) == "1,500 kroner"
    one = Size(0.001, points=0.1, days=1.0)
    assert "(1 day over" in size_in_words(c, VERDICT, one)


@pytest.mark.parametrize(
    ("low", "high", "code", "start"),
    [
        (-0.01, 0.04, "inconclusive", "With 95% confidence the trial rules out that being drawn lowered it by more"),
        (0.01, 0.04, "different", "With 95% confidence being drawn raised it by at least 1.0"),
        (-0.04, -0.01, "different", "With 95% confidence being drawn lowered it by at least 1.0"),
        (0.0002, 0.04, "different", "With 95% confidence being drawn did not lower it, and raised it by no more"),
        (-0.04, -0.0002, "different", "With 95% confidence being drawn did not raise it, and lowered it by no more"),
        (0.01, 0.04, "inconclusive", "Taken by itself, the interval says that being drawn raised it by at least 1.0"),
        (-0.04, -0.0002, "inconclusive", "Taken by itself, the interval says that being drawn did not raise it"),
    ],
)
def test_directions_and_signs_follow_the_interval(low: float, high: float, code: Any, start: str) -> None:
    direction = 0 if code == "inconclusive" else (1 if low > 0 else -1)
    found = said(
        code=code, direction=direction, ci_low=low, ci_high=high,
        ruled_out_below=Size(low), ruled_out_above=Size(high),
    )  # fmt: skip
    assert found.sentences[1].startswith(start)


def test_an_interval_that_excludes_zero_is_no_difference_if_the_family_does_not() -> None:
    found = said(ci_low=0.001, ci_high=0.03, p_value=0.08)
    assert "it is therefore not counted as a difference" in words(found)


def test_a_difference_by_redraws_alone_is_said_to_be_one() -> None:
    found = said(code="different", direction=1, p_value=0.04)
    assert "although the interval holds zero" in words(found)


def test_without_a_locked_margin_equivalence_was_not_preregistered() -> None:
    without = words(said(margin=nan, margin_locked=False, equivalence="not_preregistered"))
    assert "The plan declares no margin" in without
    unlocked = words(said(margin_locked=False, equivalence="not_preregistered"))
    assert "The margin is not in the locked plan" in unlocked
    assert "not pre-registered" in without
    assert "not pre-registered" in unlocked


def test_the_test_of_equivalence_is_said_with_its_own_interval() -> None:
    found = said(code="equivalent", equivalence="equivalent", equivalence_low=-0.01, equivalence_high=0.02)
    assert "The 90% interval, −1.0 to 2.0, lies inside the plan's margin" in words(found)
    assert "does not show that there is none" not in words(found)


@pytest.mark.parametrize(
    ("power", "said_en"),
    [
        (0.5, "3.2 times as likely if there is an effect as if there is none"),
        (-1.5, "32 times as likely if there is no effect as if there is one"),
        (0.01, "about as likely with an effect as without"),
        (7.0, "more than 1,000 times as likely if there is an effect"),
        (400.0, "more than 1,000 times as likely if there is an effect"),
    ],
)
def test_bayes_factors_in_words(power: float, said_en: str) -> None:
    assert said_en in words(said(bayes=BayesFactor("normal", 0.05, power, locked=True)))
    assert "more than" in times(se_world().context("en"), 8.0)


def test_a_prior_that_was_not_locked_is_said_to_be_so() -> None:
    assert "not in the locked plan" in words(said(bayes=BayesFactor("normal", 0.05, 0.5)))
    assert "prior" not in words(said(bayes=None))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sensitivity_to_the_prior_is_folded_under_the_verdict(language: Language) -> None:
    world = se_world()
    c = world.context(language)
    made = card(c, world.evaluation.verdicts[0], 1)
    (folded,) = made.blocks
    assert isinstance(folded, Details)
    assert [block.id for block in folded.blocks if isinstance(block, Figure)] == ["fig-bayes-in_work-1-se"]


def test_what_could_not_be_estimated_or_is_about_too_few_shows_no_numbers() -> None:
    for found in (
        said(code="not_estimated", estimate=Size(nan), ci_low=nan, ci_high=nan, n_control=0, n_treated=0),
        said(n_treated=4),
    ):
        assert "could not be estimated" in found.headline
        assert found.estimate == "–"
        assert found.drawing.body == ""
        assert found.sentences == found.notes == ()
    c = se_world().context("en")
    assert in_short(c, replace(VERDICT, n_treated=4)) == headline(c, replace(VERDICT, n_treated=4))


def test_a_result_that_was_not_locked_is_exploratory() -> None:
    assert said(prespecified=False).tag == "Exploratory: not in the lock"
    assert said().tag == ""


def test_with_several_arms_each_verdict_names_its_own() -> None:
    world = three_arm_world()
    heads = [headline(world.context("en"), found) for found in world.evaluation.verdicts]
    assert any("IPS" in head for head in heads)
    assert any("Supported Employment" in head for head in heads)


def test_a_sum_is_told_as_a_total_in_its_own_unit() -> None:
    world = external_world()
    made = card(world.context("en"), world.evaluation.verdicts[0], 1)
    assert "the total was" in made.sentences[0]
    assert made.estimate.endswith(" dollars")
    assert "over the whole period" not in words(made)


def test_the_summary_says_each_verdict_with_its_number() -> None:
    world = se_world()
    (bullets,) = [block for block in summary(world.context("en")).blocks if block.kind == "bullets"]
    assert [item.split(":")[0] for item in bullets.items] == ["In work", "In work without benefits"]
    assert all("95% interval" in item for item in bullets.items)


def test_the_plain_control_group_reads_as_running_text() -> None:
    en, nb = se_world().context("en"), se_world().context("nb")
    assert (en.group("control"), en.group("se")) == ("the control group", "the Supported Employment group")
    assert (nb.group("control"), nb.group("se")) == ("kontrollgruppen", "gruppen Supported Employment")
    assert nb.drawn_to("se") == "Supported Employment"
