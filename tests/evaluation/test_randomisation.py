"""Randomisation inference in an evaluation: which estimates have it, and that it is what redraws of the lots say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.allocation import Design
from lodd.errors import ProtocolError, UsageError
from lodd.evaluation import Evaluation, evaluate
from lodd.evaluation.estimators import weighted
from lodd.evaluation.linear import effects
from lodd.evaluation.randomisation import enough, fewest, monte_carlo_error, protocol_seed, reference
from lodd.locale import Text
from lodd.protocol.lock import Prespecification

World = Any


def row(evaluation: Evaluation, **where: Any) -> dict[str, Any]:
    """The one estimate with these values."""
    usual = {"role": "primary", "outcome": "work", "subgroup": None, "population": "all"} | where
    found = evaluation.estimates.filter(*[pl.col(name).eq_missing(pl.lit(value)) for name, value in usual.items()])
    assert found.height == 1
    return found.row(0, named=True)


def redraws(world: World, draws: int = 199, pair: tuple[int, int] | None = None) -> Any:
    """(1 + draws, n) arms: the actual draw and its redraws."""
    design = Design.from_trial(world.trial)
    lots = design.redraw(design.history(world.participants), draws, protocol_seed({}), pair=pair)
    return np.vstack([world.participants.arm_index, lots])


def primary_work(world: World) -> Any:
    return world.panel.matrix("work")[:, 3:6].mean(axis=1)


def test_every_main_estimate_has_a_p_value_and_of_the_others_the_summaries(evaluated: Evaluation) -> None:
    tested = pl.col("p_randomisation").is_not_null()
    main, others = (evaluated.estimates.filter(pl.col("main") == value) for value in (True, False))
    assert main.filter(tested).height == main.height
    assert set(others.filter(tested)["role"]) == {"primary", "sensitivity", "period"}
    assert others.filter(tested)["subgroup"].null_count() == others.filter(tested).height
    assert (evaluated.estimates["statistic"].is_null() == evaluated.estimates["p_randomisation"].is_null()).all()
    names = evaluated.estimates.filter(tested).group_by("estimator", "adjusted").agg(pl.col("statistic").unique())
    assert {(e, a): s for e, a, s in names.iter_rows()} == {
        ("hajek", False): ["hajek_hc2"],
        ("hajek", True): ["hajek_residualised_hc2"],
        ("strata_fixed_effects", False): ["strata_fixed_effects_hc2"],
        ("strata_fixed_effects", True): ["strata_fixed_effects_hc2"],
    }


def test_p_values_are_those_of_full_refits_of_the_actual_draws(small: World, evaluated: Evaluation) -> None:
    y, people = primary_work(small), small.participants
    none = np.empty((len(people), 0))
    probability, strata = people.marginal, people.stratum_index
    lots = redraws(small)
    hajek = [reference.hajek_t(y, d == 1, probability) for d in lots]
    within = [reference.fixed_effects_t(y, (d == 1).astype(float), strata, none) for d in lots]
    for estimator, t in (("hajek", hajek), ("strata_fixed_effects", within)):
        found = row(evaluated, estimator=estimator, adjusted=False)
        assert found["p_randomisation"] == pytest.approx(reference.p_value(t[0], t[1:]))
        assert abs(found["estimate"] / found["std_error"]) == pytest.approx(t[0], rel=1e-9)


def fixed_numbers(world: World, method: str) -> World:
    """The same trial as blocks of two and four in every stratum, or as one batch a stratum."""
    strata = world.participants.frame["stratum"].to_list()
    arm, shares = np.empty(len(strata), dtype=object), np.full(len(strata), 0.5)
    for name in set(strata):
        rows = np.flatnonzero(np.array(strata) == name)
        arm[rows] = np.resize(["control", "se"], len(rows))
    return world.with_column(arm=arm.tolist(), marginal_control=shares, marginal_se=shares, batch=strata)


@pytest.mark.parametrize("method", ["blocks", "complete"])
def test_designs_with_fixed_numbers_are_redrawn_as_they_are(world: Callable[..., World], method: str) -> None:
    schedule = [{"site": site, "from": "2015-01-01", "probability": {"se": "0.5"}} for site in ("north", "south")]
    sizes = {"block_sizes": [2, 4]} if method == "blocks" else {}
    drawn = fixed_numbers(world(120, draw={"method": method, "schedule": schedule, **sizes}), method)
    found = row(drawn.evaluate(), estimator="post_stratified", adjusted=False)
    y, strata = primary_work(drawn), drawn.participants.stratum_index
    sizes_of = dict(enumerate(np.bincount(strata).tolist()))
    t = [reference.post_stratified_t(y, (d == 1).astype(float), strata, sizes_of) for d in redraws(drawn)]
    assert found["statistic"] == "post_stratified_hc2"
    assert found["p_randomisation"] == pytest.approx(reference.p_value(t[0], t[1:]))


def test_minimisation_is_redrawn_in_its_order(world: Callable[..., World]) -> None:
    drawn = world(90, draw={"method": "minimisation", "factors": ["region"]})
    found = row(drawn.evaluate(), estimator="hajek", adjusted=False)
    t = [reference.hajek_t(primary_work(drawn), d == 1, drawn.participants.marginal) for d in redraws(drawn)]
    assert found["p_randomisation"] == pytest.approx(reference.p_value(t[0], t[1:]))


def test_with_several_arms_only_the_two_are_redrawn(world: Callable[..., World]) -> None:
    three = world(300, arms=("control", "a", "b"))
    evaluation, y, people = three.evaluate(), primary_work(three), three.participants
    for k, arm in ((1, "a"), (2, "b")):
        pair = np.isin(people.arm_index, (0, k))
        lots = redraws(three, pair=(0, k))[:, pair]
        t = [reference.hajek_t(y[pair], d == k, people.marginal[pair][:, [0, k]]) for d in lots]
        found = row(evaluation, arm=arm, estimator="hajek", adjusted=False)
        assert found["p_randomisation"] == pytest.approx(reference.p_value(t[0], t[1:]))


def test_months_with_other_people_have_their_own_statistics(world: Callable[..., World]) -> None:
    """Registers that end before everybody is followed: the statistic is of those observed, in every redraw."""
    late = world().with_coverage(date(2000, 1, 1), date(2015, 12, 31))
    evaluation = late.evaluate()
    y = late.panel.matrix("pay")[:, 5]
    seen = ~np.isnan(y)
    assert 0 < seen.sum() < len(seen)
    covariates = evaluation.estimates.filter(pl.col("main"), pl.col("event_month") == 3, pl.col("outcome") == "pay")
    assert covariates["n_control"][0] + covariates["n_treated"][0] == seen.sum()
    assert covariates["p_randomisation"].null_count() == 0
    plain = world(covariates=()).with_coverage(date(2000, 1, 1), date(2015, 12, 31)).evaluate()
    probability = late.participants.marginal
    t = [reference.hajek_t(y[seen], d[seen] == 1, probability[seen]) for d in redraws(late)]
    found = row(plain, role="curve", outcome="pay", event_month=3, estimator="hajek")
    assert found["p_randomisation"] == pytest.approx(reference.p_value(t[0], t[1:]))


def test_families_share_chance_and_a_family_of_one_does_not(world: Callable[..., World]) -> None:
    families = [{"id": "work", "outcomes": ["work"]}, {"id": "pay", "outcomes": ["pay"]}]
    alone, together = world(families=families).evaluate(), world().evaluate()
    one = alone.estimates.filter(pl.col("role") == "primary", pl.col("subgroup").is_null())
    assert (one["p_family"] == one["p_randomisation"]).all()
    both = together.estimates.filter(pl.col("p_randomisation").is_not_null())
    assert (both["p_family"] >= both["p_randomisation"] - 1e-12).all()
    curve = both.filter(pl.col("role") == "curve")
    assert (curve["p_family"] > curve["p_randomisation"]).any()


def test_months_before_the_draw_are_judged_apart(world: Callable[..., World]) -> None:
    """An effect after the draw makes no month before it less or more remarkable, and the bands are apart."""
    evaluation = world().evaluate()
    bands = evaluation.tables["bands"].filter(pl.col("role") == "curve", pl.col("outcome") == "work")
    assert bands.select("first", "last").sort("first").rows() == [(-2, -1), (0, 4)]
    for first, last, critical in bands.select("first", "last", "critical").sort("first").iter_rows():
        months = evaluation.estimates.filter(
            pl.col("main"), pl.col("role") == "curve", pl.col("outcome") == "work", pl.col("event_month") >= first
        ).filter(pl.col("event_month") <= last)
        wide = (months["band_high"] - months["band_low"]) / 2
        np.testing.assert_allclose(wide, critical * months["std_error"], rtol=1e-12)
    assert (months["band_low"] < months["ci_low"]).all()


def test_the_critical_value_is_the_quantile_of_the_largest_t(world: Callable[..., World]) -> None:
    plain = world(covariates=())
    y, probability = plain.panel.matrix("work")[:, 2:], plain.participants.marginal
    largest = sorted(
        max(reference.hajek_t(y[:, month], d == 1, probability) for month in range(y.shape[1]))
        for d in redraws(plain)[1:]
    )
    bands = (
        plain.evaluate()
        .tables["bands"]
        .filter(pl.col("role") == "curve", pl.col("outcome") == "work", pl.col("first") == 0)
    )
    assert bands["critical"].item() == pytest.approx(largest[189], rel=1e-5)  # of 199: the 190th, 95 % of 200


def test_the_same_trial_gives_the_same_p_values_and_another_protocol_other_redraws(small: World) -> None:
    first, again = small.evaluate(), small.evaluate()
    assert first.estimates.equals(again.estimates)
    other = small.evaluate(Prespecification(status={"protocol_sha256": "ab" * 32}))
    assert other.tables["redraws"]["seed"].item() == "ab" * 8
    assert (first.estimates["p_randomisation"] != other.estimates["p_randomisation"]).any()


def test_other_redraws_than_the_plans_are_recorded(small: World) -> None:
    evaluation = evaluate(small.trial, small.participants, small.panel, Prespecification(), draws=99)
    assert evaluation.tables["redraws"].select("arm", "draws", "declared").row(0) == ("se", 99, 199)
    counts = evaluation.estimates["p_randomisation"].drop_nulls() * 100
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)


def test_too_few_redraws_are_refused_and_few_are_noted(small: World, world: Callable[..., World]) -> None:
    with pytest.raises(UsageError, match="--draws: With 19 redraws no p-value can be below 5%"):
        evaluate(small.trial, small.participants, small.panel, Prespecification(), draws=19)
    strict = world(draws=99, confidence="0.995")
    with pytest.raises(ProtocolError, match=r"analysis.draws: With 99 redraws .* 0.50%") as raised:
        strict.evaluate()
    assert "19\N{NO-BREAK SPACE}900" in raised.value.problems[0].render("nb")
    note = next(note for note in small.evaluate().notes if note.kind == "few_redraws")
    assert note.count == 1_900
    assert not any(n.kind == "few_redraws" for n in world(60, draws=1_900, covariates=()).evaluate().notes)


def test_how_many_redraws_are_needed() -> None:
    assert fewest(0.05) == 20  # 1 / 21 is below 5 %, 1 / 20 is not
    assert fewest(0.01) == 100
    assert enough(0.05) == 1_900
    assert monte_carlo_error(0.05, 10_000) == pytest.approx(0.00218, abs=1e-5)


def test_a_draw_that_cannot_be_redrawn_leaves_a_note(world: Callable[..., World]) -> None:
    evaluation = world(80, draw={"method": "complete"}).evaluate()
    assert [(n.subject, n.count) for n in evaluation.notes if n.kind == "not_redrawn"] == [("complete", 80)]
    for name in ("statistic", "p_randomisation", "p_family", "band_low"):
        assert evaluation.estimates[name].null_count() == evaluation.estimates.height
    assert "bands" not in evaluation.tables


def test_what_is_the_same_for_everybody_has_p_one(small: World) -> None:
    flat = small.with_values(work=np.ones((240, 7))).evaluate()
    assert row(flat, main=True)["p_randomisation"] == 1.0


def test_intervals_by_inversion_hold_the_estimate_and_end_where_redraws_reject(
    small: World, evaluated: Evaluation
) -> None:
    table = evaluated.tables["inverted_intervals"]
    assert table.select("outcome", "estimator", "adjusted").n_unique() == table.height == 8
    for interval in table.iter_rows(named=True):
        found = row(evaluated, **{name: interval[name] for name in ("outcome", "estimator", "adjusted")})
        assert interval["low"] < found["estimate"] < interval["high"]
        assert interval["low"] == pytest.approx(found["ci_low"], abs=found["std_error"])
        assert interval["level"] == pytest.approx(0.95)
        assert 0 <= interval["low_error"] < found["std_error"]
    hajek = table.filter(pl.col("outcome") == "work", pl.col("estimator") == "hajek", ~pl.col("adjusted"))
    y, probability, lots = primary_work(small), small.participants.marginal, redraws(small)

    def p_value(shift: float) -> float:
        t = [reference.hajek_t(y - shift * (lots[0] == 1), d == 1, probability) for d in lots]
        return reference.p_value(t[0], t[1:])

    for end, outwards in ((hajek["low"].item(), -1e-4), (hajek["high"].item(), 1e-4)):
        assert p_value(end - outwards) > 0.05
        assert p_value(end + outwards) <= 0.05


def test_a_constant_effect_moves_the_interval_along(world: Callable[..., World]) -> None:
    plain = world(covariates=())
    moved = plain.with_values(work=plain.panel.matrix("work") + 0.25 * plain.participants.arm_index[:, None])
    ends = [w.evaluate().tables["inverted_intervals"].filter(pl.col("outcome") == "work") for w in (plain, moved)]
    for end in ("low", "high"):
        np.testing.assert_allclose(ends[1][end], ends[0][end] + 0.25, atol=1e-6)


def test_groups_with_other_effects_are_told_apart_and_equal_ones_are_not(world: Callable[..., World]) -> None:
    equal = world(400, covariates=())
    old = (equal.participants.frame["age"] > equal.participants.frame["age"].median()).to_numpy()
    more = 0.6 * (equal.participants.arm_index * old)[:, None] * np.ones(7)
    unequal = equal.with_values(work=equal.panel.matrix("work") + more)
    found = [w.evaluate().tables["interactions"].filter(pl.col("outcome") == "work") for w in (equal, unequal)]
    assert found[1]["p_randomisation"].max() == pytest.approx(1 / 200)
    assert found[0]["p_randomisation"].min() > 0.05
    assert found[0].select("subgroup", "groups", "role").row(0) == ("age", 2, "primary")


def test_interactions_are_corrected_over_the_declared_subgroups(world: Callable[..., World]) -> None:
    subgroups = [{"id": "age", "by": "age", "split": "median"}, {"id": "region", "by": "region", "split": "categories"}]
    table = world(300, subgroups=subgroups).evaluate().tables["interactions"]
    assert set(table["groups"]) == {2, 3}
    assert (table["p_family"] >= table["p_randomisation"]).all()
    assert (table["p_family"] > table["p_randomisation"]).any()
    single = world(300).evaluate().tables["interactions"]
    assert (single["p_family"] == single["p_randomisation"]).all()


def test_clusters_leave_groups_uncompared(world: Callable[..., World]) -> None:
    clustered = world(200, cluster="office_day", covariates=())
    days = [f"{i % 25}" for i in range(200)]
    evaluation = clustered.with_column(office_day=days).evaluate()
    assert "interactions" not in evaluation.tables
    assert row(evaluation, estimator="hajek")["p_randomisation"] is not None


def test_redrawing_says_how_far_it_has_come(small: World) -> None:
    told: list[tuple[str, int, int]] = []

    def progress(label: Text, done: int, total: int) -> None:
        told.append((label.en, done, total))

    evaluate(small.trial, small.participants, small.panel, Prespecification(), draws=2_500, progress=progress)
    assert [(done, total) for label, done, total in told if label == "Redrawing the lots"] == [
        (0, 3),
        (1, 3),
        (2, 3),
        (3, 3),
    ]


def test_an_error_in_a_redraw_is_not_swallowed(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Design.redraw

    def broken(self: Design, history: Any, count: int, seed: int, **more: Any) -> Any:
        if count > 1:
            raise MemoryError
        return original(self, history, count, seed, **more)

    monkeypatch.setattr(Design, "redraw", broken)
    with pytest.raises(MemoryError):
        replace(small).evaluate()


def test_the_observed_t_is_the_estimates_own(world: Callable[..., World]) -> None:
    """Without covariates the statistic of the actual draw is the estimate over its standard error."""
    plain = world(covariates=())
    people, y = plain.participants, primary_work(plain)[:, None]
    own = people.marginal[np.arange(len(people)), people.arm_index]
    found = effects(weighted(people.arm_index == 1, np.ones(len(people), dtype=bool), weights=1 / own), y)
    t = reference.hajek_t(y[:, 0], people.arm_index == 1, people.marginal)
    assert abs(found.estimate.item() / found.std_error.item()) == pytest.approx(t, rel=1e-10)
