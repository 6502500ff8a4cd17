"""Findings on rival explanations: each rule where it is true, where it is not, and where nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import nan
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation import Evaluation
from lodd.evaluation.conclusions import LETTERS, Finding, Number
from lodd.evaluation.estimates import estimate_all, estimates_frame
from lodd.evaluation.further.balancing import entropy_weights
from lodd.evaluation.further.targets import Margins
from lodd.evaluation.notes import Notebook
from lodd.evaluation.participation import take_up
from lodd.evaluation.plan import Plan, plan_blocks
from lodd.evaluation.setting import setting_of
from lodd.evaluation.verdict import NUMBERS, WHYS, Conclusions, conclude
from lodd.evaluation.verdict.case import either
from lodd.evaluation.verdict.catch_up import Change, judge_change
from lodd.evaluation.verdict.chance import judge_chance
from lodd.evaluation.verdict.comparing import compare_one
from lodd.evaluation.verdict.evidence import judge_evidence
from lodd.evaluation.verdict.groups import judge_projection, judge_selection, selection
from lodd.evaluation.verdict.implementation import judge_implementation
from lodd.evaluation.verdict.instruments import judge_instruments, split_work
from lodd.evaluation.verdict.shares import share_difference, weighted_share
from lodd.progress import silent
from lodd.protocol.lock import Prespecification
from lodd.protocol.types import FidelityScores, PriorEvidence

World = Any
CATCH_UP = {"early": "1..2", "late": "3..4"}
EXPLANATIONS = {"work": "work", "catch_up": CATCH_UP, "placement_months": 1}


def finding(evaluation: Evaluation | Conclusions, rival: str, outcome: str = "") -> Finding:
    return next(f for f in evaluation.findings if f.rival == rival and outcome in ("", f.outcome))


def concluded(
    world: World, locked: Prespecification | None = None, evidence: Sequence[PriorEvidence] = (), **about: Any
) -> Conclusions:
    """Verdicts and findings from the primary estimates alone, without redraws."""
    plan = Plan(world.trial, world.panel, locked or Prespecification(), Notebook())
    setting = setting_of(world.trial, world.participants, world.panel, plan.notes)
    blocks = [block for block in plan_blocks(plan) if block.labels[0].role == "primary"]
    estimates = estimates_frame(world.trial, setting, estimate_all(setting, blocks, plan.notes, silent))
    return conclude(plan, setting, world.participants, estimates, evidence=evidence, **about)


def number(name: str, low: float, high: float) -> Number:
    return Number(name, (low + high) / 2, low, high)


def coin(rng: np.random.Generator, shares: Any) -> Any:
    return (rng.uniform(size=np.shape(shares)) < shares).astype(float)


# Every finding ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worlds(world: Any) -> list[Conclusions]:
    target = {"id": "old", "margins": [{"by": "age", "mean": 45}]}
    rich = world(
        300, explanations=EXPLANATIONS | {"target_group": "old", "work_practice": "work", "instruments": ["work"]},
        targets=[target, target | {"id": "other"}],
    )  # fmt: skip
    bare = world(primary=[])
    bare = replace(bare, trial=bare.trial.model_copy(update={"participation": None}))
    frame = bare.panel.frame.drop("participates_control", "participates_se")
    bare = replace(bare, panel=replace(bare.panel, frame=frame))
    return [concluded(w) for w in (world(), rich, bare, world(400, arms=("control", "a", "b")))]


def test_codes_are_those_that_are_documented(worlds: list[Conclusions]) -> None:
    for evaluation in worlds:
        for found in evaluation.findings:
            assert WHYS[found.rival][found.why] == found.status
            assert {n.name for n in found.numbers} <= set(NUMBERS)
            assert found.table in {"", "targets", "target_margins", *evaluation.tables}
            for n in found.numbers:
                assert not n.low > n.value
                assert not n.high < n.value


def test_findings_come_by_letter_and_none_is_left_out(worlds: list[Conclusions]) -> None:
    assert set(WHYS) == set(LETTERS)
    for evaluation in worlds:
        letters = [found.letter for found in evaluation.findings]
        assert letters == sorted(letters)
    assert {found.letter for found in worlds[0].findings} == set("abcdefgh")
    assert {found.letter for found in worlds[2].findings} == set("cdfh")  # no primary outcome
    assert [f.arm for f in worlds[3].findings if f.rival == "implementation"] == ["a", "b"]


def test_without_declarations_they_cannot_tell(worlds: list[Conclusions]) -> None:
    plain, bare = worlds[0], worlds[2]
    expected = {
        "earlier_evidence": "no_evidence", "target_group": "no_target", "cream_skimming": "no_target_group",
        "catch_up": "not_declared", "other_instruments": "not_declared", "implementation": "not_declared",
    }  # fmt: skip
    for rival, why in expected.items():
        assert (finding(plain, rival).status, finding(plain, rival).why) == ("cannot_tell", why)
    assert finding(bare, "treatment_contrast").why == "no_register"


def test_prespecified_is_what_the_lock_holds(world: Any) -> None:
    small = world(explanations=EXPLANATIONS)
    entries = {"primary:work:1..3:mean", "explanations"}

    def promised(*entries: str) -> dict[str, bool]:
        locked = Prespecification(everything=True, outcomes=frozenset({"work"}), entries=frozenset(entries))
        found = concluded(small, locked)
        return {f"{f.rival} {f.outcome}".strip(): f.prespecified for f in found.findings}

    both, only_primary = promised(*entries), promised("primary:work:1..3:mean")
    assert both["catch_up work"]
    assert both["implementation"]
    assert both["chance work"]
    assert not both["catch_up pay"]
    assert not only_primary["catch_up work"]
    assert not only_primary["implementation"]
    assert only_primary["chance work"]


# Two arms compared ------------------------------------------------------------------------------------------------


def test_the_arms_means_and_errors_against_a_plain_computation(small: World) -> None:
    """Unadjusted and weighted: each arm's weighted mean, and HC2 of it by itself; variances add up."""
    setting = setting_of(small.trial, small.participants, small.panel, Notebook())
    y = small.panel.matrix("pay")[:, 4]
    found = compare_one(setting, 1, y, adjusted=False)
    assert found is not None
    total = 0.0
    for arm, estimated in ((0, found.control), (1, found.treated)):
        mine = setting.arm == arm
        weight = 1.0 / setting.own_probability[mine]
        weight /= weight.sum()
        mean = weight @ y[mine]
        variance = (weight**2 * (y[mine] - mean) ** 2 / (1 - weight)).sum()
        total += variance
        assert estimated.value == pytest.approx(mean)
        assert estimated.std_error == pytest.approx(np.sqrt(variance))
    assert found.difference.value == pytest.approx(found.treated.value - found.control.value)
    assert found.difference.std_error == pytest.approx(np.sqrt(total))


@pytest.mark.parametrize("draw", [None, {"method": "complete", "strata": ["office"], "schedule": []}])
def test_adjusted_means_differ_by_the_main_estimate(world: Any, draw: Any) -> None:
    small = world(300, draw=draw)
    setting = setting_of(small.trial, small.participants, small.panel, Notebook())
    found = compare_one(setting, 1, small.panel.matrix("pay")[:, 3:6].sum(axis=1), adjusted=True)
    row = small.evaluate().estimates.filter(pl.col("subgroup").is_null(), role="primary", main=True, outcome="pay")
    assert found is not None
    assert found.difference.value == pytest.approx(row["estimate"][0])
    assert found.difference.std_error == pytest.approx(row["std_error"][0])
    assert found.treated.value - found.control.value == pytest.approx(found.difference.value)


def test_nobody_to_compare(small: World) -> None:
    setting = setting_of(small.trial, small.participants, small.panel, Notebook())
    nobody = np.full(240, nan)
    assert compare_one(setting, 1, nobody, adjusted=False) is None
    assert weighted_share(setting, "x", nobody, nobody == 0) is None
    assert share_difference(setting, 1, "x", nobody) is None


def test_shares_have_intervals_also_at_the_ends(small: World) -> None:
    setting = setting_of(small.trial, small.participants, small.panel, Notebook())
    everybody = share_difference(setting, 1, "x", (setting.arm == 1).astype(float))
    assert everybody is not None
    assert everybody.value == pytest.approx(1.0)
    assert 0.9 < everybody.low < 1.0


def test_either() -> None:
    a, b = np.array([1.0, 0.0, nan, nan]), np.array([nan, 0.0, 0.0, 1.0])
    assert np.array_equal(either([a, b]), [1.0, 0.0, nan, 1.0], equal_nan=True)


# (a) ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("not_supported", "clear")),
        ({"low": 0.9}, ("supported", "no_effect_earlier")),
        ({"small_study_p": 0.02}, ("supported", "small_studies")),
        ({"small_study_p": 0.02, "studies": 9}, ("not_supported", "clear")),
        ({"adjusted_low": 0.8, "adjusted_high": 1.5}, ("supported", "adjusted_holds_none")),
        ({"prediction_low": 0.7}, ("supported", "next_may_find_none")),
        ({"certainty": "low"}, ("supported", "low_certainty")),
        ({"certainty": None}, ("cannot_tell", "incomplete")),
        ({"prediction_low": nan, "prediction_high": nan}, ("cannot_tell", "incomplete")),
        ({"measure": "difference"}, ("not_supported", "clear")),
    ],
)
def test_earlier_evidence(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    known = PriorEvidence(
        "work", "ratio", 12, 2000, 2.0, 1.6, 2.5, prediction_low=1.2, prediction_high=3.2, certainty="moderate"
    )
    assert judge_evidence(replace(known, **changes)) == expected


def test_earlier_evidence_is_passed_in(small: World) -> None:
    known = PriorEvidence("work", "ratio", 12, 2000, 2.0, 0.9, 2.5)
    found = concluded(small, evidence=[known])
    about_work, about_pay = finding(found, "earlier_evidence", "work"), finding(found, "earlier_evidence", "pay")
    assert about_work.why == "no_effect_earlier"
    assert about_work.number("earlier") == Number("earlier", 2.0, 0.9, 2.5, unit="ratio")
    assert about_pay.why == "no_evidence"


# (b) and (d) ----------------------------------------------------------------------------------------------------------


def test_projection_and_selection_rules() -> None:
    assert judge_projection(number("difference", 0.01, 0.02), 0.03) == ("not_supported", "effect_alike")
    assert judge_projection(number("difference", 0.01, 0.05), 0.03) == ("supported", "effect_differs")
    assert judge_projection(number("difference", -0.02, 0.02), 0.03) == ("not_supported", "effect_alike")
    assert judge_projection(number("difference", -0.02, 0.04), 0.03) == ("cannot_tell", "too_uncertain")
    assert judge_projection(number("difference", -0.02, 0.02), None) == ("cannot_tell", "too_uncertain")
    assert judge_selection(number("easier", 0.03, 0.05), 0.04) == ("supported", "easier")
    assert judge_selection(number("easier", 0.01, 0.05), 0.04) == ("cannot_tell", "unclear")
    assert judge_selection(number("easier", -0.05, 0.03), 0.04) == ("not_supported", "not_easier")


def test_an_effect_that_depends_on_age_differs_in_an_older_group(world: Any) -> None:
    targets = [
        {"id": "old", "margins": [{"by": "age", "mean": 52}]}, {"id": "same", "margins": [{"by": "age", "mean": 39.5}]}
    ]  # fmt: skip
    primary = [{"outcome": "pay", "months": "1..3", "margin": 700}]
    big = world(1200, targets=targets, primary=primary)
    rng, age = np.random.default_rng(4), big.participants.frame["age"].to_numpy()[:, None]
    effect = 100.0 * (age - 39.5) * big.participants.arm_index[:, None]
    big = big.with_values(pay=20_000 + effect + rng.normal(0, 1_000, (1200, 7)))
    entries = {"primary:pay:1..3:mean", "margin:pay:1..3:mean", "target:old", "target:same"}
    locked = Prespecification(everything=True, outcomes=frozenset({"pay"}), entries=frozenset(entries))
    found = [f for f in concluded(big, locked).findings if f.rival == "target_group"]
    assert [(f.numbers[0].of, f.why) for f in found] == [("old", "effect_differs"), ("same", "effect_alike")]
    assert all(f.prespecified for f in found)
    unlocked = [f for f in concluded(big).findings if f.rival == "target_group"]
    assert [f.status for f in unlocked] == ["supported", "supported"]  # only a locked margin says what is alike
    difference = found[0].number("difference", of="old")
    assert difference is not None
    assert difference.low < 1250 < difference.high
    row = big.evaluate().tables["targets"].filter(target="old", adjusted=False)
    effect_there = found[0].number("effect", of="old")
    assert effect_there is not None
    assert effect_there.value == pytest.approx(row["estimate"][0])


@pytest.mark.parametrize(("mean", "why"), [(52, "easier"), (40, "not_easier"), (45, "not_reachable")])
def test_selection_of_the_young(world: Any, mean: float, why: str) -> None:
    """The young earn more; those drawn are younger than the group that the programme is for."""
    regions = {"by": "region", "shares": {"a": 0.3, "b": 0.3, "c": 0.4}}
    target = {"id": "group", "margins": [{"by": "age", "mean": mean}, regions]}
    primary = [{"outcome": "pay", "months": "1..3"}]
    big = world(900, targets=[target], primary=primary, explanations={"target_group": "group"})
    if why == "not_reachable":  # the old live in a and b only, and too many are to live in c
        region = big.participants.frame["region"].to_numpy()
        big = big.with_column(age=np.where(region == "c", 20, np.where(region == "a", 50, 40)))
    rng, age = np.random.default_rng(4), big.participants.frame["age"].to_numpy()[:, None]
    big = big.with_values(pay=30_000 - 100.0 * age + rng.normal(0, 900, (900, 7)))
    found = finding(concluded(big), "cream_skimming")
    assert found.why == why
    assert WHYS["cream_skimming"][why] == found.status


def test_selection_varies_over_the_draws_as_it_says() -> None:
    """Age decides much: a reference arm that happens to be young must not pass for selection."""
    rng, n = np.random.default_rng(8), 400
    age = rng.uniform(20, 60, n)
    y = 0.05 * age + rng.normal(0, 0.3, n)
    known, everybody = np.ones(n, bool), np.ones(n, bool)
    margins = Margins((("age", None),), age[:, None], np.array([44.0]), known, known)
    drawn = [rng.uniform(size=n) < 0.5 for _ in range(300)]
    found = [selection(margins, y, everybody, reference, np.full(n, 2.0)) for reference in drawn]
    spread = np.std([each.value for each in found]) / np.mean([each.std_error for each in found])
    assert spread == pytest.approx(np.sqrt(0.5), rel=0.15)  # of a drawn half, the error is that of half the variance
    shares = entropy_weights(age[:, None], np.array([44.0]))
    assert np.mean([each.value for each in found]) == pytest.approx(y.mean() - shares @ y, abs=0.01)


# (c) ------------------------------------------------------------------------------------------------------------------


def test_the_draw_that_decided(world: Any) -> None:
    """All take part as drawn, so the arms are as much in programmes; without the controls' programme they differ."""
    small = world()
    found = finding(concluded(small), "treatment_contrast")
    assert found.why == "as_much_in_programmes"
    started = found.number("started", of="participates_se")
    assert started is not None
    assert started.value == pytest.approx(1.0)
    alone = small.with_values(participates_control=np.zeros((240, 7)))
    assert finding(concluded(alone), "treatment_contrast").why == "programmes_differ"


def test_a_draw_that_moved_few(world: Any) -> None:
    small, rng = world(600), np.random.default_rng(3)
    some = np.repeat(rng.uniform(size=600) < 0.5 + 0.05 * small.participants.arm_index, 7).reshape(600, 7)
    changed = small.with_values(participates_se=some)
    evaluation = concluded(changed)
    assert finding(evaluation, "treatment_contrast").why == "draw_moved_few"
    table = evaluation.tables["treatment_contrast"].filter(kind="participates_se", event_month=2)
    own = take_up(setting_of(small.trial, small.participants, small.panel, Notebook()), changed.panel).filter(
        programme_arm="se", event_month=2
    )
    assert table["mean_treated"][0] == pytest.approx(own.filter(arm="se")["active"][0])
    assert table["mean_control"][0] == pytest.approx(own.filter(arm="control")["active"][0])
    assert table["band_low"][0] < table["ci_low"][0] < table["difference"][0]


def test_between(world: Any) -> None:
    small, rng = world(200), np.random.default_rng(5)
    started = coin(rng, 0.3 + 0.3 * small.participants.arm_index)
    months = np.repeat(started, 7).reshape(200, 7)
    changed = small.with_values(participates_se=months, participates_control=np.zeros((200, 7)))
    assert finding(concluded(changed), "treatment_contrast").why == "between"


# (e) ------------------------------------------------------------------------------------------------------------------


def chance_of(small: World, rng: np.random.Generator, effect: float, noise: float, margin: float) -> str:
    plan = small.trial.analysis
    primary = plan.primary[1].model_copy(update={"margin": margin})
    trial = small.trial.model_copy(update={"analysis": plan.model_copy(update={"primary": (primary,)})})
    entries = frozenset({"primary:pay:1..3:sum", "margin:pay:1..3:sum"})
    locked = Prespecification(everything=True, outcomes=frozenset({"pay"}), entries=entries)
    pay = rng.normal(0, noise, (240, 7)) + effect * small.participants.arm_index[:, None]
    return finding(concluded(replace(small, trial=trial).with_values(pay=pay), locked), "chance").why


def test_chance(small: World) -> None:
    rng = np.random.default_rng(8)
    assert chance_of(small, rng, 100.0, 10.0, 900.0) == "different"
    assert chance_of(small, rng, 0.0, 10.0, 900.0) == "margin_ruled_out"
    assert chance_of(small, rng, 0.0, 100.0, 10.0) == "margin_not_ruled_out"
    evaluation = concluded(small)  # nothing is locked
    assert finding(evaluation, "chance", "pay").why in ("no_margin", "different", "not_beyond_family")
    assert finding(evaluation, "chance", "work").number("smallest_found") is not None


def test_an_interval_without_zero_is_not_enough_for_a_family(evaluated: Evaluation) -> None:
    verdict = replace(evaluated.verdicts[0], code="inconclusive", ci_low=0.01, ci_high=0.09, margin_locked=True)
    assert judge_chance(verdict) == ("cannot_tell", "not_beyond_family")
    assert judge_chance(replace(verdict, ci_low=-0.01)) == ("supported", "margin_not_ruled_out")
    assert judge_chance(replace(verdict, ci_low=-0.01, margin_locked=False)) == ("cannot_tell", "no_margin")
    assert judge_chance(replace(verdict, code="different_but_small")) == ("not_supported", "different")


# (f) ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ({"few_started": True, "slow_placement": False, "practice_instead": False}, ("supported", "slow_placement")),
        ({"few_started": None, "slow_placement": True}, ("cannot_tell", "unclear")),
        ({"few_started": True, "slow_placement": True, "low_fidelity": True}, ("not_supported", "as_intended")),
        ({"few_started": True}, ("cannot_tell", "not_declared")),
        ({}, ("cannot_tell", "not_declared")),
    ],
)
def test_implementation_rule(judged: dict[str, bool | None], expected: tuple[str, str]) -> None:
    assert judge_implementation(judged) == expected


def placement_world(world: Any, share: float, **explanations: Any) -> World:
    """Everybody starts in month 1; this share of the treated are in work from month 2 on, nobody before."""
    small, rng = world(400, explanations=EXPLANATIONS | explanations), np.random.default_rng(2)
    work = np.zeros((400, 7))
    work[:, 4:] = coin(rng, share * small.participants.arm_index)[:, None]
    return small.with_values(work=work)


@pytest.mark.parametrize(
    ("share", "why"), [(0.2, "slow_placement"), (0.8, "as_intended"), (0.5, "unclear"), (1.0, "as_intended")]
)
def test_placement(world: Any, share: float, why: str) -> None:
    small = placement_world(world, share)
    evaluation = concluded(small)
    found = finding(evaluation, "implementation")
    assert found.why == why
    treated = small.participants.arm_index == 1
    weights = 1 / small.participants.frame["marginal_se"].to_numpy()[treated]
    placed = found.number("placed")
    assert placed is not None
    assert placed.value == pytest.approx(weights @ small.panel.matrix("work")[treated, 4] / weights.sum())
    curve = evaluation.tables["placement"].filter(event="ordinary_work")
    assert curve["months_since_start"].to_list() == list(range(curve.height))
    assert curve["share"][0] == 0.0  # nobody in the month of the start
    assert curve["n"][0] == treated.sum()


def test_a_job_with_an_instrument_is_no_ordinary_job(world: Any) -> None:
    evaluation = concluded(placement_world(world, 1.0, instruments=["work"]))
    placed = finding(evaluation, "implementation").number("placed")
    assert placed is not None
    assert placed.value == 0.0


def test_practice_instead_of_work(world: Any) -> None:
    evaluation = concluded(placement_world(world, 0.9, work_practice="work"))
    assert finding(evaluation, "implementation").why == "practice_instead"
    assert evaluation.tables["placement"]["event"].unique().sort().to_list() == ["ordinary_work", "work_practice"]


def test_few_started(world: Any) -> None:
    small = placement_world(world, 0.9)
    none = small.with_values(participates_se=np.zeros((400, 7)))
    evaluation = concluded(none)
    assert finding(evaluation, "implementation").why == "few_started"
    assert "placement" not in evaluation.tables


@pytest.mark.parametrize(("threshold", "why"), [(80, "low_fidelity"), (60, "as_intended")])
def test_fidelity(world: Any, threshold: int, why: str) -> None:
    small = placement_world(world, 0.9, fidelity_at_least=threshold)
    halves = [date(2015, 1, 1), date(2015, 7, 1)]
    frame = pl.DataFrame({"site": ["north", "north"], "half_year": halves, "score": [70.0, 75.0]})
    found = finding(concluded(small, fidelity=FidelityScores(frame)), "implementation")
    assert (found.why, found.also) == (why, ())


def test_every_weak_aspect_is_told(world: Any) -> None:
    small = placement_world(world, 0.2, fidelity_at_least=80)
    frame = pl.DataFrame({"site": ["north"], "half_year": [date(2015, 1, 1)], "score": [70.0]})
    found = finding(concluded(small, fidelity=FidelityScores(frame)), "implementation")
    assert (found.why, found.also) == ("slow_placement", ("low_fidelity",))


# (g) ------------------------------------------------------------------------------------------------------------------

UP, DOWN, NONE = (0.02, 0.08), (-0.08, -0.02), (-0.03, 0.03)


@pytest.mark.parametrize(
    ("early", "change", "gains", "expected"),
    [
        (UP, NONE, (UP, DOWN), ("cannot_tell", "change_holds_zero")),
        (UP, DOWN, (UP, UP), ("supported", "controls_caught_up")),
        (UP, DOWN, (UP, NONE), ("supported", "controls_caught_up")),
        (UP, DOWN, (NONE, DOWN), ("not_supported", "treated_fell_back")),
        (UP, DOWN, (DOWN, DOWN), ("not_supported", "treated_fell_back")),
        (UP, DOWN, (UP, DOWN), ("supported", "both")),
        (UP, DOWN, (NONE, NONE), ("cannot_tell", "split_unclear")),
        (UP, UP, (NONE, UP), ("not_supported", "grew")),
        (NONE, UP, (NONE, UP), ("not_supported", "grew")),
        (DOWN, UP, (DOWN, NONE), ("supported", "controls_caught_up")),  # fewer on a benefit, say
        (DOWN, UP, (NONE, UP), ("not_supported", "treated_fell_back")),
    ],
)
def test_catch_up_rule(early: Any, change: Any, gains: Any, expected: tuple[str, str]) -> None:
    late = sum(early) / 2 + sum(change) / 2
    found = Change(
        number("early", *early), number("late", late - 0.03, late + 0.03), number("change", *change),
        number("control_gained", *gains[0]), number("treated_gained", *gains[1]),
    )  # fmt: skip
    assert judge_change(found) == expected


def test_a_change_without_an_early_effect_is_not_catching_up() -> None:
    early, change = number("early", -0.01, 0.05), number("change", -0.09, -0.03)
    late = number("late", 0.0 - 0.02, 0.04)
    gained = number("control_gained", *UP), number("treated_gained", *NONE)
    assert judge_change(Change(early, late, change, *gained)) == ("cannot_tell", "no_early_effect")


@pytest.mark.parametrize(
    ("control", "treated", "why"),
    [
        ((0.2, 0.6), (0.6, 0.6), "controls_caught_up"),
        ((0.2, 0.2), (0.6, 0.2), "treated_fell_back"),
        ((0.2, 0.4), (0.6, 0.4), "both"),
        ((0.2, 0.2), (0.6, 0.6), "change_holds_zero"),
        ((0.2, 0.2), (0.2, 0.6), "grew"),
    ],
)
def test_who_moved(world: Any, control: tuple[float, float], treated: tuple[float, float], why: str) -> None:
    small, rng = world(800, explanations=EXPLANATIONS), np.random.default_rng(1)
    arm = small.participants.arm_index[:, None]
    shares = np.where(arm == 1, np.repeat([treated], 800, axis=0), np.repeat([control], 800, axis=0))
    work = np.zeros((800, 7))
    work[:, 3:5], work[:, 5:] = (coin(rng, shares[:, [part, part]]) for part in (0, 1))
    evaluation = concluded(small.with_values(work=work))
    found = finding(evaluation, "catch_up", "work")
    assert found.why == why
    assert found.months == "1..2 3..4"
    numbers = {n.name: n.value for n in found.numbers}
    assert numbers["change"] == pytest.approx(numbers["late"] - numbers["early"])
    assert numbers["change"] == pytest.approx(numbers["treated_gained"] - numbers["control_gained"])
    assert numbers["people"] == 800
    assert evaluation.tables["catch_up"].filter(outcome="work")["stretch"].to_list() == [
        "early", "early", "late", "late"
    ]  # fmt: skip


def test_the_same_people_at_both_dates(world: Any) -> None:
    small = world(300, explanations=EXPLANATIONS)
    work = small.panel.matrix("work").copy()
    work[:100, 6] = nan
    found = finding(concluded(small.with_values(work=work)), "catch_up", "work")
    people = found.number("people")
    assert people is not None
    assert people.value == 200
    nobody = finding(concluded(small.with_values(work=np.full((300, 7), nan))), "catch_up", "work")
    assert nobody.why == "not_estimated"


# (h) ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "effects", "expected"),
    [
        ((-0.02, 0.02), (NONE, NONE, NONE), ("not_supported", "used_alike")),
        ((-0.09, -0.01), (NONE, NONE, NONE), ("supported", "controls_used_more")),
        ((-0.09, 0.01), (UP, NONE, UP), ("cannot_tell", "use_unclear")),
        ((0.01, 0.09), (UP, NONE, UP), ("not_supported", "effect_without")),
        ((0.01, 0.09), (UP, UP, NONE), ("cannot_tell", "effect_only_with")),
        ((0.01, 0.09), (UP, UP, DOWN), ("cannot_tell", "treated_used_more")),
        ((0.01, 0.09), (NONE, NONE, NONE), ("cannot_tell", "treated_used_more")),
    ],
)
def test_instruments_rule(use: Any, effects: Any, expected: tuple[str, str]) -> None:
    named = dict(zip(("work", "work_with", "work_without"), effects, strict=True))
    assert judge_instruments(number("use", *use), {k: number(k, *v) for k, v in named.items()}) == expected


def test_work_is_split_by_what_was_used_in_the_month() -> None:
    work, used = np.array([1.0, 1.0, 0.0, nan, 1.0]), np.array([1.0, 0.0, 1.0, 0.0, nan])
    parts = split_work(work, used)
    assert np.array_equal(parts["work_with"], [1.0, 0.0, 0.0, nan, nan], equal_nan=True)
    assert np.array_equal(parts["work_without"], [0.0, 1.0, 0.0, nan, nan], equal_nan=True)
    assert np.array_equal(parts["work"], [1.0, 1.0, 0.0, nan, nan], equal_nan=True)


def test_effects_with_and_without_add_up(worlds: list[Conclusions]) -> None:
    found = finding(worlds[1], "other_instruments")
    numbers = {n.name: n.value for n in found.numbers if not n.of}
    assert numbers["work"] == pytest.approx(numbers["work_with"] + numbers["work_without"])
    assert numbers["use"] == pytest.approx(numbers["use_treated"] - numbers["use_control"])
    parts = worlds[1].tables["work_by_instruments"]
    assert parts["part"].unique(maintain_order=True).to_list() == ["use", "work", "work_with", "work_without"]


def test_where_nobody_is_observed_they_cannot_tell(world: Any) -> None:
    target = {"id": "old", "margins": [{"by": "age", "mean": 45}]}
    about = {"target_group": "old", "instruments": ["work"]}
    small = world(explanations=EXPLANATIONS | about, targets=[target, target | {"id": "other"}])
    found = concluded(small.with_values(work=np.full((240, 7), nan)))
    for rival in ("target_group", "cream_skimming", "chance", "catch_up", "other_instruments"):
        assert (finding(found, rival, "work" if rival != "other_instruments" else "").why) == "not_estimated"


def test_a_group_that_weights_cannot_make_is_not_reached(world: Any) -> None:
    margins = [{"by": "age", "mean": 45}, {"by": "region", "shares": {"a": 0.2, "b": 0.2, "c": 0.6}}]
    small = world(300, targets=[{"id": "g", "margins": margins}])
    region = small.participants.frame["region"].to_numpy()
    small = small.with_column(age=np.where(region == "c", 20, np.where(region == "a", 50, 52)))
    assert finding(concluded(small), "target_group").why == "not_reachable"


def test_without_work_there_is_no_placement(world: Any) -> None:
    primary = [{"outcome": "pay", "months": "1..3"}]
    found = concluded(world(primary=primary, explanations={"placement_months": 2, "instruments": ["work"]}))
    assert finding(found, "implementation").why == "not_declared"
    assert finding(found, "other_instruments").why == "not_declared"
    assert finding(found, "chance").status in ("cannot_tell", "not_supported")
