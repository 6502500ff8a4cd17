"""Time to a first job, from the panel's months to the difference between the arms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation.further.first_time import lifetimes
from lodd.evaluation.further.incidence import Lifetimes, incidence, restricted_mean
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan
from lodd.protocol.lock import Prespecification
from tests.evaluation.further.tables import further_of

World = Any


def lives_of(world: World, outcome: str = "work") -> Lifetimes:
    return lifetimes(Plan(world.trial, world.panel, Prespecification(), Notebook()), outcome)


def test_what_happens_first_counts(small: World) -> None:
    """Window -2 .. 4: five people whose months are written out; the rest never work."""
    work, dead, abroad = np.zeros((240, 7)), np.zeros((240, 7)), np.zeros((240, 7))
    work[0] = [1, 1, 1, 0, 1, 1, 0]  # in work before and at the draw, then from month 2
    work[1, 6], dead[2, 5:], abroad[3, 4], work[3, 5] = 1, 1, 1, 1
    dead[4, 4:], work[4, 3] = 1, 1
    abroad[5, 3:], dead[5, 4:] = 1, 1
    values = np.where((dead == 1) | (abroad == 1), np.nan, work)
    lives = lives_of(small.with_values(work=values).with_state(dead=dead, abroad=abroad))
    assert lives.month[:7].tolist() == [2, 4, 3, 2, 1, 1, 4]
    assert lives.cause[:7].tolist() == [1, 1, 2, 3, 1, 3, 0]


def test_months_that_the_registers_do_not_cover_censor(small: World) -> None:
    nothing = small.with_values(work=np.zeros((240, 7))).with_coverage(date(2000, 1, 1), date(2015, 12, 31))
    lives = lives_of(nothing)
    left = np.clip(12 * 2015 + 11 - small.participants.draw_month, 0, 4)
    assert lives.month.tolist() == left.tolist()
    assert not lives.cause.any()


def test_a_death_after_the_registers_end_is_not_seen(small: World) -> None:
    dead = np.zeros((240, 7))
    dead[:, 6] = 1
    world = small.with_values(work=np.zeros((240, 7))).with_state(dead=dead)
    lives = lives_of(world.with_coverage(date(2000, 1, 1), date(2015, 12, 31)))
    late = small.participants.draw_month + 4 > 12 * 2015 + 11
    assert (lives.cause == 2).tolist() == (~late).tolist()


def test_the_tables_compare_weighted_curves(small: World) -> None:
    found = further_of(small)
    lives, arm, own = lives_of(small), small.participants.arm_index, found.setting.own_probability

    def curve(k: int) -> Any:
        rows = arm == k
        return incidence(Lifetimes(lives.month[rows], lives.cause[rows]), 1 / own[rows], 1, 4)

    rows = found.tables["first_time"].filter(pl.col("population") == "all", pl.col("outcome") == "work")
    assert rows["event_month"].to_list() == [1, 2, 3, 4]
    assert rows["mean_treated"].to_numpy() == pytest.approx(curve(1).curve)
    assert rows["estimate"].to_numpy() == pytest.approx(curve(1).curve - curve(0).curve)
    variance = (curve(1).influence ** 2).sum(axis=0) + (curve(0).influence ** 2).sum(axis=0)
    assert rows["std_error"].to_numpy() == pytest.approx(np.sqrt(variance))
    assert rows["at_risk_control"][0] == (arm == 0).sum()
    means = found.tables["first_time_mean"].filter(pl.col("population") == "all", pl.col("outcome") == "work")
    assert means["months"].to_list() == [3, 4]
    assert means["everybody_followed"].all()
    assert means["mean_treated"][0] == pytest.approx(restricted_mean(curve(1), 3)[0])
    assert set(found.tables["first_time"]["outcome"]) == {"work"}  # pay is an amount


def test_those_without_a_job_before_the_draw(small: World) -> None:
    before = small.panel.matrix("work")[:, 1]
    rows = further_of(small).tables["first_time"].filter(pl.col("population") == "without_before")
    first = rows.row(0, named=True)
    assert first["at_risk_control"] + first["at_risk_treated"] == (before == 0).sum()


def test_without_months_before_the_draw_everybody_is_followed(world: Callable[..., World]) -> None:
    found = further_of(world(window=(0, 4), covariates=()))
    assert set(found.tables["first_time"]["population"]) == {"all"}
    assert (
        "first_time"
        not in further_of(world(window=(2, 0), covariates=(), primary=(), periods=(), cumulative=())).tables
    )


def test_an_arm_without_people_at_risk_gives_no_rows(small: World) -> None:
    gone = small.with_coverage(date(2000, 1, 1), date(2014, 12, 31))
    assert "first_time" not in further_of(gone).tables


def test_clusters_make_larger_errors_where_they_are_alike(world: Callable[..., World]) -> None:
    """Everybody four times over: clustered errors are those of the quarter, near enough; others half."""
    quarter = world(120)
    frame = pl.concat([quarter.participants.frame] * 4)
    panel = replace(quarter.panel, frame=pl.concat([quarter.panel.frame] * 4))
    four = replace(quarter, participants=replace(quarter.participants, frame=frame), panel=panel)
    trial = world(120, cluster="person_id").trial
    alone, plain = (further_of(w).tables["first_time"] for w in (quarter, four))
    clustered = further_of(replace(four, trial=trial)).tables["first_time"]
    assert plain["std_error"].to_numpy() * 2 == pytest.approx(alone["std_error"].to_numpy())
    assert clustered["std_error"].to_numpy() == pytest.approx(alone["std_error"].to_numpy(), rel=0.01)
    assert set(clustered["se_kind"]) == {"influence_clustered"}


def test_one_cluster_has_no_error(world: Callable[..., World]) -> None:
    one = world(cluster="all").with_column(all=["x"] * 240)
    assert further_of(one).tables["first_time"]["std_error"].is_null().all()
