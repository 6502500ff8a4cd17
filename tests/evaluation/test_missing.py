"""What is not observed: coverage, death, emigration; and data from which nothing can be estimated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.errors import DataError
from lodd.evaluation import Evaluation
from lodd.locale import LANGUAGES

World = Any


def notes_of(evaluation: Evaluation, kind: str) -> dict[str, tuple[int, str]]:
    return {note.subject: (note.count, note.detail) for note in evaluation.notes if note.kind == kind}


def curve(evaluation: Evaluation, outcome: str = "work", **where: Any) -> pl.DataFrame:
    usual = {"role": "curve", "estimator": "hajek", "adjusted": False, "population": "all"} | where
    return evaluation.estimates.filter(
        pl.col("outcome") == outcome, *[pl.col(name) == value for name, value in usual.items()]
    )


@pytest.fixture(scope="module")
def censored(small: World) -> World:
    """Registers end in October 2015, so that people drawn late are not followed to the end."""
    return small.with_coverage(date(2000, 1, 1), date(2015, 10, 1))


def test_a_curve_uses_those_observed_and_the_fixed_cohort_is_beside(censored: World) -> None:
    evaluation = censored.evaluate()
    everybody, fixed = curve(evaluation), curve(evaluation, population="fixed_cohort")
    drawn = censored.participants.draw_month
    whole = int((drawn + 4 <= 12 * 2015 + 9).sum())
    assert (everybody["n_control"] + everybody["n_treated"]).is_sorted(descending=True)
    assert (everybody["n_control"] + everybody["n_treated"])[0] == 240
    assert set(fixed["n_control"] + fixed["n_treated"]) == {whole}
    last = pl.col("event_month") == 4
    assert fixed.filter(last)["estimate"].item() == everybody.filter(last)["estimate"].item()


def test_summaries_use_those_covered_in_all_their_months(censored: World) -> None:
    evaluation = censored.evaluate()
    drawn = censored.participants.draw_month
    primary = evaluation.estimates.filter(
        pl.col("role") == "primary", pl.col("main"), pl.col("subgroup").is_null(), pl.col("outcome") == "work"
    )
    followed = int((drawn + 3 <= 12 * 2015 + 9).sum())
    assert primary["n_control"].item() + primary["n_treated"].item() == followed
    assert notes_of(evaluation, "beyond_coverage")["pay"][0] > 0
    assert evaluation.flow["analysed_0"].sum() == followed


def test_the_cohort_counts_who_is_observed(censored: World) -> None:
    counts = censored.evaluate().cohort
    drawn, arm = censored.participants.draw_month, censored.participants.arm_index
    found = counts.filter(pl.col("outcome") == "pay", pl.col("event_month") == 4, pl.col("arm") == "se")["n"].item()
    assert found == int(((drawn + 4 <= 12 * 2015 + 9) & (arm == 1)).sum())


def test_an_unobserved_month_has_no_rows_and_a_note(small: World) -> None:
    values = small.panel.matrix("work").copy()
    values[:, -1] = np.nan
    evaluation = small.with_values(work=values).evaluate()
    assert set(curve(evaluation)["event_month"]) == set(range(-2, 4))
    assert notes_of(evaluation, "month_unobserved") == {"work": (1, "4..4")}


def test_nobody_covered_throughout_means_no_fixed_cohort(small: World) -> None:
    evaluation = small.with_coverage(date(2015, 1, 1), date(2015, 3, 1)).evaluate()
    assert set(notes_of(evaluation, "fixed_cohort_empty")) == {"work", "pay"}
    assert "fixed_cohort" not in set(evaluation.estimates["population"])


@pytest.fixture(scope="module")
def with_deaths(small: World) -> World:
    """Ten people die in month 2; «work» is then missing and «pay» is zero, as declared. Five are abroad in month 1."""
    dead, abroad = np.zeros((240, 7), dtype=bool), np.zeros((240, 7), dtype=bool)
    dead[:10, 4:] = True
    abroad[20:25, 3] = True
    work = np.where(dead | abroad, np.nan, small.panel.matrix("work"))
    pay = np.where(abroad, np.nan, np.where(dead, 0.0, small.panel.matrix("pay")))
    return small.with_values(work=work, pay=pay).with_state(dead=dead, abroad=abroad)


def test_a_missing_month_leaves_no_summary_and_is_counted(with_deaths: World) -> None:
    evaluation = with_deaths.evaluate()
    found = {(n.subject, n.detail): n.count for n in evaluation.notes if n.kind == "undefined_after_exit"}
    assert found[("work", "1..3")] == 15
    assert found[("pay", "1..3")] == 5
    assert evaluation.flow["dead"].sum() == 10
    assert evaluation.flow["abroad"].sum() == 5


def test_whoever_has_no_record_is_not_said_to_be_dead_or_abroad(with_deaths: World) -> None:
    pay = with_deaths.panel.matrix("pay").copy()
    pay[:, 3:] = np.where(np.arange(240)[:, None] % 40 == 0, np.nan, pay[:, 3:])  # six people; one of them dead, too
    evaluation = with_deaths.with_values(pay=pay).evaluate()
    found = {(n.kind, n.subject): n.count for n in evaluation.notes if n.detail == "1..3"}
    assert found["undefined_without_value", "pay"] == 6
    assert found["undefined_after_exit", "pay"] == 5
    assert ("undefined_without_value", "work") not in found


def test_the_other_choices_are_shown_as_sensitivity(with_deaths: World) -> None:
    shown = with_deaths.evaluate().estimates.filter(pl.col("role") == "sensitivity", pl.col("main"))
    people = {(row["outcome"], row["rule"]): row["n_control"] + row["n_treated"] for row in shown.iter_rows(named=True)}
    assert people == {
        ("work", "death:zero"): 235,
        ("work", "emigration:zero"): 230,
        ("pay", "death:missing"): 225,
        ("pay", "emigration:zero"): 240,
    }


def test_running_totals_use_those_observed_in_every_month_so_far(with_deaths: World) -> None:
    shown = with_deaths.evaluate().estimates.filter(pl.col("role") == "cumulative", pl.col("main"))
    assert set(shown["n_control"] + shown["n_treated"]) == {235}


def test_a_constant_outcome_has_no_error_no_interval_and_no_p_value(small: World) -> None:
    evaluation = small.with_values(work=np.full((240, 7), 0.3)).evaluate()
    shown = evaluation.estimates.filter(pl.col("outcome") == "work")
    assert set(shown["estimate"]) == {0.0}
    assert set(shown["std_error"]) == {0.0}
    for name in ("p_value", "ci_low", "ci_high", "p_equivalence", "p_interaction"):
        assert shown[name].is_null().all()
    adjusted = int(shown["adjusted"].sum())
    assert notes_of(evaluation, "constant")["work"][0] == shown.height - adjusted
    assert notes_of(evaluation, "fitted_by_covariates")["work"][0] == adjusted
    assert set(shown["mean_control"]) == {0.3}


def test_an_outcome_that_the_covariates_fit(small: World, world: Callable[..., World]) -> None:
    months = tuple(f"pay@{month}..{month}" for month in (-2, -1))
    evaluation = world(covariates=months, subgroups=()).evaluate()
    assert notes_of(evaluation, "fitted_by_covariates") == {"pay": (4, "")}  # two months, two estimators
    assert notes_of(evaluation, "constant") == {}
    placebo = curve(evaluation, "pay", adjusted=True, event_month=-1)
    assert placebo["std_error"].item() == 0
    assert placebo["estimate"].item() == pytest.approx(0, abs=1e-9)


def test_a_stratum_of_one_and_a_stratum_with_one_arm_are_left_out_and_counted(small: World) -> None:
    strata = small.participants.frame["stratum"].to_list()
    control = np.flatnonzero(small.participants.arm_index == 0)
    strata[0] = "alone"
    for i in [i for i in control if i != 0][:4]:
        strata[int(i)] = "one arm"
    evaluation = small.with_column(stratum=strata).evaluate()
    assert notes_of(evaluation, "singletons")["strata_fixed_effects"] == (1, "se")
    assert notes_of(evaluation, "without_contrast")["strata_fixed_effects"] == (4, "se")
    shown = curve(evaluation, estimator="strata_fixed_effects")
    assert set(shown["n_control"] + shown["n_treated"]) == {235}


def test_people_left_out_within_groups_are_counted_apart(world: Callable[..., World]) -> None:
    split = world(subgroups=[{"id": "team", "by": "team", "split": "categories"}])
    strata = split.participants.frame["stratum"].to_list()
    strata[0] = strata[1] = "two"
    arm = ["control", "se", *split.participants.frame["arm"].to_list()[2:]]
    evaluation = split.with_column(stratum=strata, arm=arm, team=["a", "b"] * 120).evaluate()
    assert notes_of(evaluation, "left_out_of_subgroup") == {"team": (1, "se")}
    assert notes_of(evaluation, "singletons") == {}


def test_post_stratification_needs_two_in_each_arm(world: Callable[..., World]) -> None:
    complete = world(draw={"method": "complete", "schedule": []})
    arm = complete.participants.arm_index
    strata = complete.participants.frame["stratum"].to_list()
    for i in (*np.flatnonzero(arm == 0)[:3], np.flatnonzero(arm == 1)[0]):
        strata[int(i)] = "three and one"
    evaluation = complete.with_column(stratum=strata).evaluate()
    assert notes_of(evaluation, "leverage_one")["post_stratified"] == (1, "se")
    assert notes_of(evaluation, "without_contrast")["post_stratified"] == (3, "se")


def test_fewer_people_than_covariates(world: Callable[..., World]) -> None:
    few = world(14)
    many = {f"x{j}": np.random.default_rng(j).normal(size=14) for j in range(20)}
    narrow = world(14, covariates=tuple(many), subgroups=()).with_column(**many)
    evaluation = narrow.evaluate()
    assert few.evaluate().estimates.height > 0
    assert not evaluation.estimates["adjusted"].any()
    assert evaluation.estimates.height > 0
    assert set(notes_of(evaluation, "fewer_people_than_covariates")) == {"work", "pay"}
    assert evaluation.balance_tests == ()


def test_covariates_that_determine_the_arm(small: World, world: Callable[..., World]) -> None:
    arm = small.participants.arm_index
    evaluation = world(covariates=("leak",), subgroups=()).with_column(leak=arm).evaluate()
    assert not evaluation.estimates["adjusted"].any()
    assert set(notes_of(evaluation, "arm_collinear")) == {"work", "pay"}


def test_an_arm_with_nobody(small: World) -> None:
    evaluation = small.with_column(arm=["control"] * 240).evaluate()
    assert evaluation.estimates.is_empty()
    assert dict(evaluation.estimates.schema) == dict(small.evaluate().estimates.schema)
    assert set(notes_of(evaluation, "no_contrast")) == {"work", "pay"}
    assert evaluation.balance.is_empty()
    assert evaluation.flow["drawn"].to_list() == [240, 0]
    assert evaluation.draw_shares.filter(pl.col("arm") == "se")["drawn"].sum() == 0


def test_one_cluster(world: Callable[..., World]) -> None:
    evaluation = world(cluster="team", subgroups=()).with_column(team=["t"] * 240).evaluate()
    assert evaluation.estimates.is_empty()
    assert set(notes_of(evaluation, "too_few_clusters")) == {"work", "pay"}


def test_no_covariates_no_summaries_no_participation(world: Callable[..., World]) -> None:
    bare = world(covariates=(), primary=(), periods=(), cumulative=(), subgroups=(), families=())
    frame = bare.panel.frame.drop("participates_control", "participates_se")
    from dataclasses import replace

    evaluation = replace(bare, panel=replace(bare.panel, frame=frame)).evaluate()
    assert set(evaluation.estimates["role"]) == {"curve"}
    assert evaluation.estimates["family"].is_null().all()
    assert evaluation.take_up.is_empty()
    assert evaluation.flow["started_own"].is_null().all()
    assert len(evaluation.balance_tests) == 1


def speaks_both_languages(error: DataError, *words: str) -> None:
    for language in LANGUAGES:
        message = error.render(language)
        for word in words:
            assert word in message
    assert error.render("nb") != error.render("en")
    assert all(problem.next_step is not None for problem in error.problems)


def test_keyed_draws_need_probabilities(small: World) -> None:
    with pytest.raises(DataError) as caught:
        small.without("marginal_control", "marginal_se").evaluate()
    speaks_both_languages(caught.value, "keyed", "marginal_se")


@pytest.mark.parametrize(
    ("by", "split", "said"),
    [
        ("region", "median", "categories"),
        ("region", [3], "categories"),
        ("age", [date(2015, 7, 1)], "numbers"),
        ("drawn_at", [30], "2015-07-01"),
    ],
)
def test_a_split_that_does_not_fit_its_column(world: Callable[..., World], by: str, split: object, said: str) -> None:
    made = world(subgroups=[{"id": "odd", "by": by, "split": split}])
    with pytest.raises(DataError) as caught:
        made.evaluate()
    speaks_both_languages(caught.value, by, "odd")
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [0.0, 1.0, None])
def test_impossible_probabilities(small: World, value: float | None) -> None:
    column = small.participants.frame[f"marginal_{small.participants.frame['arm'][3]}"].to_list()
    column[3] = value
    with pytest.raises(DataError) as caught:
        small.with_column(**{f"marginal_{small.participants.frame['arm'][3]}": column}).evaluate()
    speaks_both_languages(caught.value, "4", "1")
    assert "p00003" not in str(caught.value)


def test_an_unknown_cluster(world: Callable[..., World]) -> None:
    with pytest.raises(DataError) as caught:
        world(cluster="team").evaluate()
    speaks_both_languages(caught.value, "team", "office")


@pytest.mark.parametrize("name", ["height", "height@-2..-1", "work@-9..-1"])
def test_an_unknown_covariate(world: Callable[..., World], name: str) -> None:
    with pytest.raises(DataError) as caught:
        world(covariates=(name,)).evaluate()
    speaks_both_languages(caught.value, name)


def test_a_panel_of_other_people_or_another_protocol(small: World, world: Callable[..., World]) -> None:
    from dataclasses import replace

    for other in (world(200), world(window=(1, 4), covariates=(), subgroups=())):
        with pytest.raises(DataError) as caught:
            replace(small, panel=other.panel).evaluate()
        speaks_both_languages(caught.value, "lodd panel")
    with pytest.raises(DataError, match="lacks work"):
        replace(small, panel=replace(small.panel, frame=small.panel.frame.drop("work"))).evaluate()
    shuffled = replace(small.participants, frame=small.participants.frame.reverse())
    with pytest.raises(DataError, match="240 people"):
        replace(small, participants=shuffled).evaluate()
