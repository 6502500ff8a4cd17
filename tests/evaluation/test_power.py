"""Power before the trial, by formula and by simulation; precision after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given as forall
from hypothesis import settings, strategies
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from lodd.errors import DataError, UsageError
from lodd.evaluation import ESTIMATE_SCHEMA, Evaluation
from lodd.evaluation.power import (
    POWER_SCHEMA,
    PRECISION_SCHEMA,
    Assumption,
    declared,
    equivalence_power,
    from_registers,
    given,
    planned_power,
    power,
    precision_reached,
    refuse_without,
    smallest_effect,
)
from lodd.evaluation.power.planned import expected_error, planned_setting
from lodd.evaluation.power.smallest import power_in, smallest_in
from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import Planning
from lodd.protocol.register import Coverage
from lodd.protocol.types import Participants
from lodd.simulate.planning import planned_participants

HALVES = [{"site": site, "from": "2015-01-01", "probability": {"se": "0.5"}} for site in ("north", "south")]


# The t-test -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [20, 200, 4_000])
@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_equal_shares_are_statsmodels(people: int, wanted: float) -> None:
    """Half of the people in each arm, deviation 1: Cohen's d of the ordinary two-sample t-test."""
    error, df = math.sqrt(4 / people), people - 2
    ours = smallest_effect(error, df, wanted)
    theirs = TTestIndPower().solve_power(nobs1=people / 2, power=wanted, alpha=0.05)
    assert ours == pytest.approx(theirs, rel=1e-4)  # as near as their solver stops
    for effect in (0.5 * ours, ours, 1.3 * ours):
        assert power(effect, error, df) == pytest.approx(TTestIndPower().power(effect, people / 2, 0.05), abs=1e-9)


@forall(
    error=strategies.floats(1e-4, 1e4),
    df=strategies.floats(3, 1e5),
    level=strategies.sampled_from([0.01, 0.05, 0.1]),
    wanted=strategies.floats(0.2, 0.99),
)
@settings(max_examples=40, deadline=None)
def test_the_smallest_effect_has_the_power_wanted(error: float, df: float, level: float, wanted: float) -> None:
    found = smallest_effect(error, df, wanted, level)
    assert power(found, error, df, level) == pytest.approx(wanted, abs=1e-6)
    assert power(-found, error, df, level) == pytest.approx(wanted, abs=1e-6)
    assert found < smallest_effect(error, df, min(0.995, wanted + 0.005), level)
    assert power(0.0, error, df, level) == pytest.approx(level, rel=1e-6)
    assert power(50 * error, error, 100.0, level) == pytest.approx(1.0)


def test_equivalence_is_shown_as_often_as_said() -> None:
    rng = np.random.default_rng(4)
    estimate, error = rng.normal(0, 1, 200_000), np.sqrt(rng.chisquare(30, 200_000) / 30)
    reach = 2.5 - stats.t.ppf(0.95, 30) * error
    assert equivalence_power(2.5, 1.0, 30) == pytest.approx(np.mean(np.abs(estimate) < reach), abs=0.01)
    assert equivalence_power(0.1, 1.0, 30) == 0.0


def test_the_smallest_effect_over_simulated_trials_by_hand() -> None:
    """Ten trials with standard error 1 and critical value 2: a shift of 3.5 makes eight of them exceed 2."""
    estimate = np.array([-2.0, -1.9, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 1.9])
    df = np.full(10, 1e9)
    error = np.full(10, 2 / stats.t.ppf(0.975, 1e9))
    found = smallest_in(estimate, error, df, 0.8)
    assert found == pytest.approx(3.5)
    assert power_in(found + 1e-9, estimate, error, df) == 0.8
    assert power_in(found - 1e-6, estimate, error, df) == 0.7


# The design -----------------------------------------------------------------------------------------------------------


def planned(
    world: Callable[..., Any], people: int, draw: Mapping[str, Any], **analysis: Any
) -> tuple[Any, Participants]:
    trial = world(4, draw=draw, **analysis).trial
    return trial, planned_participants(trial, people)


def both(trial: Any, participants: Participants, assumed: Assumption, simulations: int = 600) -> pl.DataFrame:
    found = planned_power(trial, participants, {("pay", "1..3"): assumed}, simulations=simulations)
    assert dict(found.schema) == dict(POWER_SCHEMA)
    return found


PAY = Assumption(mean=20_000.0, sd=9_000.0, r2=0.0, basis="given")


@pytest.mark.parametrize(
    ("draw", "analysis", "estimator"),
    [
        ({}, {}, "hajek"),
        ({}, {"estimand": "strata_weighted"}, "strata_fixed_effects"),
        ({"method": "blocks", "block_sizes": [10], "schedule": HALVES}, {}, "post_stratified"),
        ({"method": "minimisation", "factors": ["office"], "schedule": HALVES}, {}, "hajek"),
    ],
)
def test_simulated_trials_find_what_the_formula_says(
    world: Callable[..., Any], draw: dict[str, Any], analysis: dict[str, Any], estimator: str
) -> None:
    """The share of simulated trials that find the formula's smallest effect is 80 %, within four Monte-Carlo errors."""
    trial, participants = planned(world, 300, draw, **analysis)
    for row in both(trial, participants, PAY).iter_rows(named=True):
        assert row["estimator"] == estimator
        assert abs(row["power_simulated"] - row["power"]) < 4 * row["mc_error"] + 0.005
        assert row["smallest_simulated"] == pytest.approx(row["smallest"], rel=0.12)
        assert (row["people"], row["used"], row["simulations"]) == (300, 300, 600)


def test_equal_shares_in_one_office_are_the_textbook_formula(world: Callable[..., Any]) -> None:
    trial, participants = planned(world, 400, {"schedule": HALVES})
    row = planned_power(trial, participants, {("pay", "1..3"): PAY}).row(0, named=True)
    assert row["std_error"] == pytest.approx(9_000 * math.sqrt(4 / 400))
    theirs = TTestIndPower().solve_power(nobs1=200, power=0.8, alpha=0.05)
    assert row["smallest"] == pytest.approx(9_000 * theirs, rel=1e-4)
    assert row["smallest_simulated"] is None
    assert row["mean"] == 20_000


def test_covariates_shorten_the_smallest_effect(world: Callable[..., Any]) -> None:
    trial, participants = planned(world, 200, {})
    plain, adjusted = (
        planned_power(trial, participants, {("pay", "1..3"): Assumption(1.0, 2.0, r2, "given")})["smallest"][0]
        for r2 in (0.0, 0.75)
    )
    assert adjusted == pytest.approx(plain / 2, rel=1e-9)


def test_errors_of_the_estimators_by_hand(world: Callable[..., Any]) -> None:
    """Two people with probabilities 1/5 and two with 1/2."""
    trial, participants = planned(world, 20, {})
    setting = planned_setting(trial, participants)
    everybody = np.ones(20, dtype=bool)
    p = participants.marginal[:, 1]
    error, df = expected_error(setting, 1, everybody, 3.0)
    assert error == pytest.approx(3.0 * math.sqrt((1 / p + 1 / (1 - p)).sum()) / 20)
    assert df == 18


def test_three_arms_are_each_against_the_reference(world: Callable[..., Any]) -> None:
    trial = world(4, arms=("control", "se", "ips")).trial
    found = both(trial, planned_participants(trial, 240), PAY, simulations=300)
    assert found["arm"].to_list() == ["se", "se", "ips", "ips"]
    assert found["used"].max() < 240
    for row in found.iter_rows(named=True):
        assert abs(row["power_simulated"] - row["power"]) < 4 * row["mc_error"] + 0.01


def test_shares_are_simulated_as_zeros_and_ones(world: Callable[..., Any]) -> None:
    trial, participants = planned(world, 300, {})
    assumed = given(trial, ["work:mean=0.1"])["work"]
    assert assumed.sd == pytest.approx(0.3)
    found = planned_power(trial, participants, {("work", "1..3"): assumed}, simulations=400)
    assert found["power_simulated"].to_list() == pytest.approx(found["power"].to_list(), abs=0.09)
    assert found["margin"].to_list() == [0.1, 0.1]
    assert 0 < found["power_equivalence"][0] < 1


def test_people_beyond_the_registers_are_not_counted(world: Callable[..., Any]) -> None:
    trial = world(4).trial
    covers = Coverage.model_validate({"from": date(2010, 1, 1), "until": date(2015, 12, 31)})
    facts = trial.registers["facts"].model_copy(update={"covers": covers})
    dated = trial.model_copy(update={"registers": {"facts": facts}})
    participants = planned_participants(trial, 200)
    row = planned_power(dated, participants, {("pay", "1..3"): PAY}).row(0, named=True)
    followed = int((participants.frame["drawn_at"] < date(2015, 10, 1)).sum())
    assert row["people"] == 200
    assert row["used"] == followed < 200


# What outcomes vary by ------------------------------------------------------------------------------------------------


def test_registers_before_the_draw_tell_the_spread(world: Callable[..., Any]) -> None:
    """Sample variance of the mean over the months before the draw; R2 adjusted as in statsmodels."""
    import statsmodels.api as sm

    small = world(400, covariates=["age"])
    primary = small.trial.analysis.primary[0].model_copy(update={"months": MonthRange(1, 2)})
    found = from_registers(small.trial, small.participants, small.panel, primary)
    assert found is not None
    before = small.panel.matrix("work")[:, :2].mean(axis=1)
    assert found.mean == pytest.approx(before.mean())
    assert found.sd == pytest.approx(before.std(ddof=1))
    age = sm.add_constant(small.participants.frame["age"].to_numpy().astype(float))
    assert found.r2 == pytest.approx(max(0.0, sm.OLS(before, age).fit().rsquared_adj), abs=1e-9)
    assert found.values is not None
    assert found.values.mean() == pytest.approx(before.mean())
    assert found.values.std() == pytest.approx(found.residual_sd, rel=0.01)


def test_nothing_after_the_draw_is_looked_at(world: Callable[..., Any]) -> None:
    small = world(200)
    changed = small.with_values(pay=np.where(small.panel.event_months >= 0, 1e9, small.panel.matrix("pay")))
    for primary in small.trial.analysis.primary:
        one, other = (from_registers(w.trial, w.participants, w.panel, primary) for w in (small, changed))
        assert one is not None
        assert other is not None
        assert (one.mean, one.sd, one.r2) == (other.mean, other.sd, other.r2)


def test_a_sum_is_of_as_many_months_as_planned(world: Callable[..., Any]) -> None:
    small = world(200, covariates=[])
    mean = small.trial.analysis.primary[1].model_copy(update={"summary": "mean"})
    total = small.trial.analysis.primary[1]
    one, other = (from_registers(small.trial, small.participants, small.panel, p) for p in (mean, total))
    assert one is not None
    assert other is not None
    assert other.sd == pytest.approx(3 * one.sd)


def test_too_few_people_or_months_tell_nothing(world: Callable[..., Any]) -> None:
    few = world(20)
    assert from_registers(few.trial, few.participants, few.panel, few.trial.analysis.primary[0]) is None
    late = world(60, window=(0, 4), covariates=[])
    assert from_registers(late.trial, late.participants, late.panel, late.trial.analysis.primary[0]) is None
    same = world(60, covariates=[])
    same = same.with_values(work=np.ones_like(same.panel.matrix("work")))
    assert from_registers(same.trial, same.participants, same.panel, same.trial.analysis.primary[0]) is None


def test_what_the_protocol_declares(world: Callable[..., Any]) -> None:
    trial = world(4).trial
    assert declared(trial, trial.analysis.primary[0]) is None
    planning = Planning.model_validate({"mean": "0.2", "r2": "0.5"})
    work = trial.outcomes["work"].model_copy(update={"planning": planning})
    with_it = trial.model_copy(update={"outcomes": {**trial.outcomes, "work": work}})
    found = declared(with_it, trial.analysis.primary[0])
    assert found is not None
    assert (found.mean, found.sd, found.r2, found.basis) == (0.2, pytest.approx(0.4), 0.5, "declared")


@pytest.mark.parametrize("text", ["work", "work:", "work:mean=much", "nobody:sd=1", "work:spread=1"])
def test_assumptions_that_cannot_be_read(world: Callable[..., Any], text: str) -> None:
    with pytest.raises(UsageError) as error:
        given(world(4).trial, [text])
    assert "work, pay" in str(error.value.problems[0].allowed)


@pytest.mark.parametrize(
    "text", ["pay:mean=100", "work:mean=2", "work:sd=0", "pay:sd=-1", "pay:sd=1,r2=1", "pay:sd=nan"]
)
def test_assumptions_that_cannot_be(world: Callable[..., Any], text: str) -> None:
    with pytest.raises(UsageError):
        given(world(4).trial, [text])


def test_unknown_spread_says_how_to_declare_it(world: Callable[..., Any]) -> None:
    refuse_without(world(4).trial, [])
    for outcome in ("work", "pay"):
        with pytest.raises(DataError) as error:
            refuse_without(world(4).trial, [outcome])
        for language in ("nb", "en"):
            said = error.value.problems[0].render(language)
            assert f"[outcomes.{outcome}]" in said
            assert "planning = {" in said


# After the trial ------------------------------------------------------------------------------------------------------


def test_precision_follows_from_the_standard_error_alone(small: Any, evaluated: Evaluation) -> None:
    found = precision_reached(small.trial, evaluated)
    assert dict(found.schema) == dict(PRECISION_SCHEMA)
    assert found["outcome"].to_list() == ["work", "pay"]
    main = evaluated.estimates.filter(role="primary", main=True, population="all", rule="declared")
    main = main.filter(pl.col("subgroup").is_null())
    half = ((main["ci_high"] - main["ci_low"]) / 2).to_list()
    assert found["half_width"].to_list() == pytest.approx(half)
    row = found.row(0, named=True)
    assert row["smallest_80"] == pytest.approx(smallest_effect(row["std_error"], row["df"], 0.8))
    assert row["smallest_90"] > row["smallest_80"] > row["half_width"]
    assert row["margin"] == 0.1
    moved = main.with_columns(pl.col("estimate") + 100)
    other = Evaluation(**{**_fields(evaluated), "estimates": moved.select(list(ESTIMATE_SCHEMA))})
    assert precision_reached(small.trial, other).equals(found)


def _fields(evaluation: Evaluation) -> dict[str, Any]:
    return {name: getattr(evaluation, name) for name in evaluation.__dataclass_fields__}
