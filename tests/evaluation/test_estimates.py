"""The table of estimates: what is in it, and that its numbers are the estimators'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation import ESTIMATE_SCHEMA, Evaluation, effects, strata_fixed_effects, weighted
from lodd.protocol.lock import Prespecification

World = Any


def rows(evaluation: Evaluation, **where: Any) -> pl.DataFrame:
    return evaluation.estimates.filter(*[pl.col(name).eq_missing(pl.lit(value)) for name, value in where.items()])


def test_the_columns_are_the_schema(evaluated: Evaluation) -> None:
    assert dict(evaluated.estimates.schema) == dict(ESTIMATE_SCHEMA)


def test_every_outcome_in_every_month_by_every_estimator(evaluated: Evaluation) -> None:
    curve = rows(evaluated, role="curve")
    assert curve.height == 2 * 7 * 2 * 2  # outcomes, months -2..4, estimators, with and without covariates
    assert set(curve["event_month"]) == set(range(-2, 5))
    assert curve.filter(pl.col("event_month") == 3)["months"].unique().to_list() == ["3..3"]
    assert curve["summary"].unique().to_list() == ["month"]


def test_exactly_one_row_of_each_estimate_is_the_main_one(evaluated: Evaluation) -> None:
    main = rows(evaluated, main=True)
    assert main["estimator"].unique().to_list() == ["hajek"]
    assert main["adjusted"].unique().to_list() == [True]
    key = ["outcome", "arm", "population", "subgroup", "role", "rule", "months", "summary"]
    assert main.select(key).is_duplicated().sum() == 0
    assert main.height == evaluated.estimates.select(key).unique().height


def test_the_strata_weighted_estimand_makes_fixed_effects_the_main_estimator(world: Callable[..., World]) -> None:
    evaluation = world(estimand="strata_weighted", covariates=()).evaluate()
    main = rows(evaluation, main=True)
    assert main["estimator"].unique().to_list() == ["strata_fixed_effects"]
    assert evaluation.estimates["adjusted"].any() is False


def test_a_month_is_the_hajek_estimate_of_that_month(small: World, evaluated: Evaluation) -> None:
    people, panel = small.participants, small.panel
    treated = people.arm_index == 1
    own = people.marginal[np.arange(len(people)), people.arm_index]
    found = effects(weighted(treated, np.ones(len(people), dtype=bool), weights=1 / own), panel.matrix("work"))
    shown = rows(evaluated, role="curve", outcome="work", estimator="hajek", adjusted=False)
    np.testing.assert_allclose(shown["estimate"].to_numpy(), found.estimate[0], rtol=1e-12)
    np.testing.assert_allclose(shown["std_error"].to_numpy(), found.std_error[0], rtol=1e-13)
    np.testing.assert_allclose(shown["mean_treated"] - shown["mean_control"], shown["estimate"], atol=1e-12)


def test_summaries_are_of_each_persons_months(small: World, evaluated: Evaluation) -> None:
    people, panel = small.participants, small.panel
    everybody, treated = np.ones(len(people), dtype=bool), people.arm_index == 1
    design = strata_fixed_effects(treated, everybody, people.stratum_index)
    mean = effects(design, panel.matrix("work")[:, 3:6].mean(axis=1, keepdims=True)).estimate.item()
    total = effects(design, panel.matrix("pay")[:, 3:6].sum(axis=1, keepdims=True)).estimate.item()
    which = {"estimator": "strata_fixed_effects", "adjusted": False, "subgroup": None}
    assert rows(evaluated, role="primary", outcome="work", **which)["estimate"].item() == pytest.approx(mean)
    assert rows(evaluated, role="primary", outcome="pay", **which)["estimate"].item() == pytest.approx(total)
    running = rows(evaluated, role="cumulative", event_month=3, **which)
    assert running["estimate"].item() == pytest.approx(total)
    assert running["months"].item() == "1..3"


def test_intervals_and_p_values_are_those_of_t(evaluated: Evaluation) -> None:
    from scipy import stats

    row = rows(evaluated, role="primary", outcome="work", main=True, subgroup=None).row(0, named=True)
    t = stats.t(row["df"], row["estimate"], row["std_error"])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((t.ppf(0.025), t.ppf(0.975)))
    distance = abs(row["estimate"] / row["std_error"])
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(distance, row["df"]))
    above = stats.t.sf((row["estimate"] + 0.1) / row["std_error"], row["df"])
    below = stats.t.cdf((row["estimate"] - 0.1) / row["std_error"], row["df"])
    assert row["p_equivalence"] == pytest.approx(max(above, below))


def test_equivalence_only_where_a_margin_is_declared(evaluated: Evaluation) -> None:
    tested = evaluated.estimates.filter(pl.col("p_equivalence").is_not_null())
    assert set(tested["outcome"]) == {"work"}
    assert set(tested["role"]) == {"primary", "sensitivity"}


def test_confidence_is_as_declared(world: Callable[..., World]) -> None:
    wide = rows(world(confidence="0.99").evaluate(), role="primary", outcome="work", subgroup=None)
    usual = rows(world().evaluate(), role="primary", outcome="work", subgroup=None)
    assert (wide["ci_low"] < usual["ci_low"]).all()
    assert (wide["p_value"] == usual["p_value"]).all()


def test_an_outcome_belongs_to_the_first_family_that_names_it(evaluated: Evaluation) -> None:
    assert evaluated.estimates["family"].unique().to_list() == ["labour"]


def test_several_arms_are_compared_pairwise(world: Callable[..., World]) -> None:
    three = world(600, arms=("control", "a", "b"))
    evaluation = three.evaluate()
    assert evaluation.estimates["arm"].unique(maintain_order=True).to_list() == ["a", "b"]
    assert evaluation.estimates["reference"].unique().to_list() == ["control"]
    people = three.participants
    pair = people.arm_index != 1
    weights = 1 / people.marginal[np.arange(600), people.arm_index]
    found = effects(weighted(people.arm_index == 2, pair, weights=weights), three.panel.matrix("pay"))
    shown = rows(evaluation, arm="b", role="curve", outcome="pay", estimator="hajek", adjusted=False)
    np.testing.assert_allclose(shown["estimate"].to_numpy(), found.estimate[0], rtol=1e-12)


def test_people_without_a_chance_of_an_arm_are_not_compared_with_it(world: Callable[..., World]) -> None:
    three = world(600, arms=("control", "a", "b"))
    frame = three.participants.frame
    south = (frame["site"] == "south").to_numpy()
    arm = np.where(south & (three.participants.arm_index == 2), "a", frame["arm"].to_numpy())
    changed = three.with_column(
        arm=arm,
        marginal_a=np.where(south, 0.4, frame["marginal_a"]),
        marginal_b=np.where(south, 0.0, frame["marginal_b"]),
        marginal_control=np.where(south, 0.6, frame["marginal_control"]),
    )
    shown = rows(changed.evaluate(), arm="b", role="curve", estimator="hajek", adjusted=False, outcome="work")
    expected = int((~south & (three.participants.arm_index == 0)).sum())
    assert shown["n_control"].unique().to_list() == [expected]


def test_complete_draws_are_post_stratified(world: Callable[..., World]) -> None:
    complete = world(draw={"method": "complete", "schedule": []})
    shown = rows(complete.evaluate(), role="primary", outcome="pay", subgroup=None, adjusted=False)
    assert shown["estimator"].to_list() == ["post_stratified", "strata_fixed_effects"]
    people, values = complete.participants, complete.panel.matrix("pay")[:, 3:6].sum(axis=1)
    frame = pl.DataFrame({"s": people.stratum_index, "arm": people.arm_index, "y": values})
    means = frame.group_by("s", "arm").agg(pl.col("y").mean(), pl.len()).pivot("arm", index="s", values=["y", "len"])
    size = means["len_0"] + means["len_1"]
    expected = ((means["y_1"] - means["y_0"]) * size).sum() / size.sum()
    assert shown["estimate"][0] == pytest.approx(expected)


def test_an_external_draw_without_strata_has_one_estimator(world: Callable[..., World]) -> None:
    bare = world(draw={"method": "external", "schedule": []}).without("marginal_control", "marginal_se")
    evaluation = bare.with_column(stratum=["all"] * 240).evaluate()
    assert evaluation.estimates["estimator"].unique().to_list() == ["difference_in_means"]
    people, values = bare.participants, bare.panel.matrix("work")[:, 4]
    shown = rows(evaluation, role="curve", event_month=2, outcome="work", adjusted=False)
    expected = values[people.arm_index == 1].mean() - values[people.arm_index == 0].mean()
    assert shown["estimate"].item() == pytest.approx(expected)


def test_an_external_draw_with_strata_takes_their_shares(world: Callable[..., World]) -> None:
    bare = world(draw={"method": "external", "schedule": []}).without("marginal_control", "marginal_se")
    evaluation = bare.evaluate()
    assert set(evaluation.estimates["estimator"]) == {"post_stratified", "strata_fixed_effects"}
    assert "probabilities_from_strata" in {note.kind for note in evaluation.notes}
    assert evaluation.draw_shares["declared"].is_null().all()


def test_an_external_draw_with_probabilities_is_weighted_by_them(world: Callable[..., World], small: World) -> None:
    evaluation = world(draw={"method": "external", "schedule": []}).evaluate()
    assert set(evaluation.estimates["estimator"]) == {"hajek", "strata_fixed_effects"}
    assert evaluation.draw_shares["p_value"].is_null().all()


def test_clusters_give_cr2_and_no_interaction_test(world: Callable[..., World]) -> None:
    clustered = world(cluster="team").with_column(team=[f"t{i % 20}" for i in range(240)])
    evaluation = clustered.evaluate()
    assert evaluation.estimates["se_kind"].unique().to_list() == ["CR2"]
    assert evaluation.estimates["df"].max() < 20
    assert evaluation.estimates["p_interaction"].is_null().all()
    kinds = {note.kind for note in evaluation.notes}
    assert {"interaction_not_tested", "joint_test_not_made"} <= kinds


def test_subgroups_are_estimated_alone_and_compared(small: World, evaluated: Evaluation) -> None:
    age = small.participants.frame["age"].to_numpy()
    shown = rows(evaluated, role="primary", outcome="work", estimator="hajek", adjusted=False, subgroup="age:above")
    older = age > np.median(age)
    assert shown["n_control"].item() + shown["n_treated"].item() == older.sum()
    assert not shown["main"].item()
    pair = evaluated.estimates.filter(
        pl.col("subgroup").is_not_null(), pl.col("role") == "primary", pl.col("outcome") == "work", pl.col("main")
    )
    assert pair["subgroup"].to_list() == ["age:above", "age:below"]
    difference = pair["estimate"][0] - pair["estimate"][1]
    z = difference / np.hypot(*pair["std_error"])
    assert pair["p_interaction"].n_unique() == 1
    from scipy import stats

    variances = pair["std_error"].to_numpy() ** 2
    df = variances.sum() ** 2 / (variances**2 / pair["df"].to_numpy()).sum()
    assert pair["p_interaction"][0] == pytest.approx(2 * stats.t.sf(abs(z), df))


def test_what_the_lock_covers_is_marked(small: World) -> None:
    entries = frozenset({"curve", "primary:work:1..3:mean", "period:1..2", "subgroup:age"})
    evaluation = small.evaluate(Prespecification(True, frozenset({"work"}), entries, {"status": "locked"}))
    promised = evaluation.estimates.filter(pl.col("prespecified"))
    assert set(promised["outcome"]) == {"work"}
    assert set(promised["role"]) == {"primary", "sensitivity", "period", "curve"}
    assert promised["subgroup"].is_not_null().any()
    assert evaluation.lock == {"status": "locked"}
    without = small.evaluate(Prespecification(True, frozenset({"work"}), entries - {"subgroup:age"}))
    assert without.estimates.filter(pl.col("prespecified"))["subgroup"].is_null().all()


def test_the_same_input_gives_the_same_results(small: World, evaluated: Evaluation) -> None:
    again = small.evaluate()
    assert again.estimates.equals(evaluated.estimates)
    assert again.balance.equals(evaluated.balance)
    assert again.notes == evaluated.notes


def test_progress_is_told(small: World) -> None:
    from lodd.evaluation import evaluate

    told: list[tuple[int, int]] = []
    evaluate(
        small.trial,
        small.participants,
        small.panel,
        Prespecification(),
        progress=lambda label, done, total: told.append((done, total)),
    )
    assert told[-1][0] == told[-1][1] > 0
