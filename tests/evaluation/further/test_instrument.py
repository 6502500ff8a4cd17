"""Effects of participation: what they are made of, whom they use, and what is said when there are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation.further.instrument import ever_started
from tests.evaluation.further.tables import Further, drawn_effects, further_of

World = Any
KEYS = ["outcome", "role", "months", "event_month", "arm", "estimator", "adjusted"]


@pytest.fixture(scope="module")
def half_start(small: World) -> World:
    """Two of three in the SE arm start in month 1, one in three in month 3; one in ten controls starts in month 2."""
    arm, months = small.participants.arm_index, small.panel.event_months
    turn = np.arange(len(arm))
    start = np.where(arm == 1, np.where(turn % 3 == 0, 3, 1), np.where(turn % 10 == 0, 2, 99))
    start[(arm == 1) & (turn % 7 == 0)] = 99
    return small.with_values(participates_se=(months[None, :] >= start[:, None]).astype(float))


@pytest.fixture(scope="module")
def found(half_start: World) -> Further:
    return further_of(half_start)


def table(found: Further, **wanted: object) -> pl.DataFrame:
    conditions = [pl.col(name) == value for name, value in wanted.items()]
    return found.tables["participation_effects"].filter(*conditions)


def test_the_effect_is_the_draws_effect_over_its_effect_on_participation(half_start: World, found: Further) -> None:
    started = ever_started(half_start.panel, "se")
    arm, own = half_start.participants.arm_index, found.setting.own_probability
    work = half_start.panel.matrix("work")

    def difference(values: np.ndarray) -> float:
        one, zero = arm == 1, arm == 0
        return float(np.average(values[one], weights=1 / own[one]) - np.average(values[zero], weights=1 / own[zero]))

    for month in (1, 2, 3, 4):
        row = table(found, outcome="work", role="curve", event_month=month, estimator="hajek", adjusted=False)
        d = started[:, month + 2]
        assert row["share_compliers"].item() == pytest.approx(difference(d))
        assert row["estimate"].item() == pytest.approx(difference(work[:, month + 2]) / difference(d))
        assert row["n_control_started"].item() == int(d[arm == 0].sum())
        assert row["n_treated_started"].item() == int(d[arm == 1].sum())
        assert row["share_always"].item() == pytest.approx(np.average(d[arm == 0], weights=1 / own[arm == 0]))
        untreated = -difference(work[:, month + 2] * (1 - d)) / difference(d)
        assert row["complier_mean_control"].item() == pytest.approx(untreated)
        assert row["complier_mean_treated"].item() == pytest.approx(difference(work[:, month + 2] * d) / difference(d))


def test_a_summary_counts_who_started_by_its_last_month(found: Further) -> None:
    primary = table(found, role="primary", outcome="work", estimator="hajek", adjusted=False)
    assert primary["started_by"].to_list() == [3]
    month = table(found, role="curve", outcome="work", event_month=3, estimator="hajek", adjusted=False)
    assert primary["share_compliers"].item() == month["share_compliers"].item()
    assert table(found, role="curve")["event_month"].min() == 1


def test_shares_add_up_without_covariates(found: Further) -> None:
    rows = found.tables["participation_effects"]
    total = rows["share_always"] + rows["share_never"] + rows["share_compliers"]
    assert total.to_numpy() == pytest.approx(1.0)


def test_participation_exactly_as_drawn_gives_the_draws_own_effects(small: World) -> None:
    rows = further_of(small).tables["participation_effects"].select(*KEYS, "estimate", "std_error", "ar_low", "ar_high")
    drawn = drawn_effects(small)
    both = rows.join(drawn, on=KEYS, how="inner", suffix="_drawn", nulls_equal=True)
    assert both.height == rows.height
    for name, other in (("estimate", "estimate_drawn"), ("std_error", "std_error_drawn"), ("ar_low", "ci_low")):
        assert both[name].to_numpy() == pytest.approx(both[other].to_numpy(), rel=1e-7, abs=1e-9)


def test_the_set_excludes_zero_exactly_when_the_draw_has_an_effect(found: Further, half_start: World) -> None:
    drawn = drawn_effects(half_start)
    both = found.tables["participation_effects"].join(drawn, on=KEYS, how="inner", suffix="_drawn", nulls_equal=True)
    inside = both.filter(pl.col("ar_kind") == "interval")
    zero = (inside["ar_low"] <= 0) & (inside["ar_high"] >= 0)
    assert zero.to_list() == (inside["p_value_drawn"] >= 0.05).to_list()


def test_a_draw_that_moves_nobody_is_said_to(small: World) -> None:
    n, window = 240, 7
    for everybody in (np.zeros((n, window)), np.ones((n, window))):
        found = further_of(small.with_values(participates_se=everybody))
        assert "participation_effects" not in found.tables
        notes = found.noted("instrument_moves_nobody")
        assert {note.subject for note in notes} == {"work", "pay"}
        assert {note.detail for note in notes} == {"se"}


def test_months_before_anybody_starts_have_no_estimate(half_start: World) -> None:
    late = np.zeros((240, 7))
    late[half_start.participants.arm_index == 1, 5:] = 1.0
    found = further_of(half_start.with_values(participates_se=late))
    assert table(found, role="curve")["event_month"].min() == 3
    assert sum(note.count for note in found.noted("instrument_moves_nobody")) > 0


def test_an_arm_without_programmes_is_said_to_be(small: World, world: Callable[..., World]) -> None:
    from dataclasses import replace

    panel = replace(small.panel, frame=small.panel.frame.drop("participates_se"))
    found = further_of(replace(small, panel=panel))
    assert "participation_effects" not in found.tables
    assert [note.subject for note in found.noted("participation_unknown")] == ["se"]


def test_whose_participation_is_unknown_is_left_out(half_start: World) -> None:
    last = date(2015, 9, 30)
    coverage = dict(half_start.panel.coverage)
    coverage["participates_se"] = (coverage["participates_se"][0], 12 * last.year + last.month - 1)
    from dataclasses import replace

    world = replace(half_start, panel=replace(half_start.panel, coverage=coverage))
    started = ever_started(world.panel, "se")
    known = ~np.isnan(started[:, 6])
    assert known.tolist() == (world.participants.draw_month + 4 <= coverage["participates_se"][1]).tolist()
    row = table(further_of(world), outcome="pay", role="curve", event_month=4, estimator="hajek", adjusted=False)
    assert row["n_control"].item() + row["n_treated"].item() == known.sum()


def test_several_arms_have_each_their_own_participation(world: Callable[..., World]) -> None:
    three = world(400, arms=("control", "se", "ips"))
    rows = further_of(three).tables["participation_effects"]
    assert set(rows["arm"]) == {"se", "ips"}
    assert rows["share_compliers"].to_numpy() == pytest.approx(1.0)
    assert np.isinf(rows["first_stage_f"].to_numpy()).all()


def test_clustered_errors(world: Callable[..., World]) -> None:
    clustered = world(cluster="team").with_column(team=[f"t{i % 40}" for i in range(240)])
    rows = further_of(clustered).tables["participation_effects"]
    drawn = drawn_effects(clustered)
    both = rows.join(drawn, on=KEYS, how="inner", suffix="_drawn", nulls_equal=True)
    assert both["std_error"].to_numpy() == pytest.approx(both["std_error_drawn"].to_numpy(), rel=1e-8)
