"""Balance before the draw, and the joint test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from lodd.evaluation import Evaluation
from lodd.evaluation.balance import BALANCE_SCHEMA, BEFORE, characteristics_of, joint_tests
from lodd.evaluation.notes import Notebook
from lodd.evaluation.setting import setting_of
from lodd.registers import build_panel_from
from tests.registers.small import PAY, people_of, table, trial_of

World = Any


def test_the_table_shows_facts_and_histories(evaluated: Evaluation) -> None:
    assert dict(evaluated.balance.schema) == BALANCE_SCHEMA
    assert evaluated.balance["covariate"].to_list() == [
        "age", "region=a", "region=b", "region=c", "work@-2..-1", "pay@-2..-1",
    ]  # fmt: skip
    assert evaluated.balance["group"].to_list() == ["baseline"] * 4 + ["before the draw"] * 2


def test_a_difference_is_estimated_like_the_effect(small: World, evaluated: Evaluation) -> None:
    people = small.participants
    treated, age = people.arm_index == 1, people.frame["age"].to_numpy()
    weight = 1 / people.marginal[np.arange(240), people.arm_index]
    row = evaluated.balance.row(by_predicate=pl.col("covariate") == "age", named=True)
    difference = np.average(age[treated], weights=weight[treated]) - np.average(age[~treated], weights=weight[~treated])
    assert row["difference"] == pytest.approx(difference)
    pooled = np.sqrt((age[treated].var(ddof=1) + age[~treated].var(ddof=1)) / 2)
    assert row["std_difference"] == pytest.approx(difference / pooled)
    assert (row["n_control"], row["n_treated"], row["n_missing"]) == ((~treated).sum(), treated.sum(), 0)


def test_missing_facts_are_left_out_of_their_row_and_flagged_as_covariates(small: World) -> None:
    age = small.participants.frame["age"].cast(pl.Float64).to_list()
    age[:7] = [None] * 7
    evaluation = small.with_column(age=age).evaluate()
    row = evaluation.balance.row(by_predicate=pl.col("covariate") == "age", named=True)
    assert row["n_missing"] == 7
    assert row["n_control"] + row["n_treated"] == 233
    notes = {(note.kind, note.subject): note.count for note in evaluation.notes}
    assert notes[("covariate_missing", "age")] == 7
    assert notes[("subgroup_missing", "age")] == 7
    assert "age (missing)" in evaluation.balance_tests[0].covariates
    adjusted = evaluation.estimates.filter(pl.col("adjusted"), pl.col("role") == "curve")
    assert set(adjusted["n_control"] + adjusted["n_treated"]) == {240}


def test_the_joint_test_is_walds_of_a_regression_of_the_arm(small: World, evaluated: Evaluation) -> None:
    people = small.participants
    columns = np.column_stack(
        [
            people.frame["age"].to_numpy(),
            (people.frame["region"] == "b").to_numpy(),
            (people.frame["region"] == "c").to_numpy(),
            small.panel.matrix("work")[:, :2].mean(axis=1),
        ]
    ).astype(float)
    weights = 1 / people.marginal[np.arange(240), people.arm_index]
    fit = sm.WLS((people.arm_index == 1).astype(float), sm.add_constant(columns), weights=weights).fit(cov_type="HC2")
    wald = fit.wald_test(np.eye(5)[1:], use_f=True, scalar=True)
    found = evaluated.balance_tests[0]
    assert found.statistic == pytest.approx(wald.statistic, rel=1e-8)
    assert (found.df, found.df_residual) == (4, 235)
    assert found.p_value == pytest.approx(wald.pvalue, rel=1e-6)
    assert found.covariates == ("age", "region=b", "region=c", "work@-2..-1")


def test_the_joint_test_is_within_strata_where_the_estimator_is(world: Callable[..., World]) -> None:
    complete = world(draw={"method": "complete", "schedule": []}, covariates=("age",))
    people = complete.participants
    dummies = (people.stratum_index[:, None] == np.unique(people.stratum_index)).astype(float)
    columns = np.column_stack([people.frame["age"].to_numpy(), dummies])
    fit = sm.OLS((people.arm_index == 1).astype(float), columns).fit(cov_type="HC2")
    found = complete.evaluate().balance_tests[0]
    assert found.statistic == pytest.approx((fit.params[0] / fit.bse[0]) ** 2, rel=1e-8)


def test_without_declared_covariates_the_joint_test_uses_what_is_shown(world: Callable[..., World]) -> None:
    found = world(covariates=()).evaluate().balance_tests[0]
    assert found.covariates == ("age", "region=b", "region=c")


def test_the_joint_test_holds_its_level(world: Callable[..., World]) -> None:
    p_values = []
    for seed in range(40):
        made = world(300, seed=seed)
        setting = setting_of(made.trial, made.participants, made.panel, Notebook())
        tests = joint_tests(made.trial, made.participants, made.panel, setting, Notebook())
        p_values.append(tests[0].p_value)
    assert 0.25 < np.mean(p_values) < 0.75
    assert min(p_values) > 1e-4


def test_an_unbalanced_draw_is_seen(small: World) -> None:
    shifted = small.participants.frame["age"] + 8 * small.participants.arm_index
    assert small.with_column(age=shifted).evaluate().balance_tests[0].p_value < 1e-6


def test_what_determines_the_arm_cannot_be_tested(small: World, world: Callable[..., World]) -> None:
    leak = world(covariates=("leak",), subgroups=()).with_column(leak=small.participants.arm_index)
    evaluation = leak.evaluate()
    assert evaluation.balance_tests == ()
    assert [n.detail for n in evaluation.notes if n.kind == "joint_test_not_made"] == ["arm_collinear"]


def test_columns_that_fit_no_table_are_noted(small: World) -> None:
    codes, days = [f"code {i}" for i in range(240)], small.participants.frame["drawn_at"]
    evaluation = small.with_column(code=codes, registered=days, empty=[None] * 240).evaluate()
    assert not evaluation.balance["covariate"].str.contains("code|registered|empty").any()
    assert {n.subject for n in evaluation.notes if n.kind == "not_shown"} == {"code", "registered", "empty"}


def test_constant_columns_have_no_standardised_difference(small: World) -> None:
    row = (
        small.with_column(same=[1] * 240).evaluate().balance.row(by_predicate=pl.col("covariate") == "same", named=True)
    )
    assert row["difference"] == 0
    assert row["std_difference"] is None
    assert row["p_value"] is None
    evaluation = small.with_column(age=[40] * 240).evaluate()
    assert [n.subject for n in evaluation.notes if n.kind == "covariate_dropped"] == ["age"]


def test_dates_can_be_covariates(world: Callable[..., World]) -> None:
    evaluation = world(covariates=("drawn_at",)).evaluate()
    assert evaluation.balance_tests[0].covariates == ("drawn_at",)


def test_without_months_before_the_draw_there_are_no_histories(world: Callable[..., World]) -> None:
    evaluation = world(window=(0, 4), covariates=("age",), subgroups=()).evaluate()
    assert set(evaluation.balance["group"]) == {"baseline"}


@pytest.mark.parametrize(
    ("closes", "before", "shown"),
    [
        (date(2015, 12, 31), 24, ["pay@-12..-1", "year@-23..-12"]),
        (date(2015, 12, 31), 8, ["pay@-8..-1"]),
        (date(2015, 1, 31), 12, ["pay@-12..-1", "year@-12..-1"]),  # all are drawn in January
    ],
)
def test_a_year_that_the_draw_is_in_was_not_known_before_it(closes: date, before: int, shown: list[str]) -> None:
    """In a year's amount is what the draw did in that year: no test of the draw may use it."""
    covers = {"from": date(2012, 1, 1), "until": date(2019, 12, 31)}
    registers = {"months": PAY | {"covers": covers}, "years": PAY | {"covers": covers, "period": "year"}}
    measure = {"unit": "kroner", "measure": {"sum": "amount"}}
    outcomes = {"pay": {"register": "months"} | measure, "year": {"register": "years"} | measure}
    enrolment = {"opens": date(2015, 1, 1), "closes": closes}
    trial = trial_of(registers, outcomes, window=(before, 2), enrolment=enrolment)
    people = people_of(a=date(2015, 1, 5), b=date(2015, 1, 7))
    rows = table("person_id month amount", ("a", "2015-06", 900))
    panel = build_panel_from(trial, {"months": rows, "years": rows}, people)
    found = characteristics_of(trial, people, panel, Notebook())
    assert [each.name for each in found if each.group == BEFORE] == shown
