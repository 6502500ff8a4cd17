"""Take-up, cross-over and flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation import Evaluation
from lodd.evaluation.participation import COHORT_SCHEMA, TAKE_UP_SCHEMA

World = Any


@pytest.fixture(scope="module")
def crossed(small: World) -> World:
    """Half the SE arm starts SE in month 1 and leaves after month 2; ten controls cross over in month 3."""
    arm = small.participants.arm_index
    se, control = np.zeros((240, 7)), np.zeros((240, 7))
    treated, untreated = np.flatnonzero(arm == 1), np.flatnonzero(arm == 0)
    se[treated[: len(treated) // 2], 3:5] = 1
    se[untreated[:10], 5:] = 1
    control[untreated[5:], 3:] = 1
    se[treated[0], 0] = 1  # before the draw
    return small.with_values(participates_se=se, participates_control=control)


def share(small: World, members: np.ndarray, inside: np.ndarray) -> float:
    weight = 1 / small.participants.marginal[np.arange(240), small.participants.arm_index]
    return float(weight[members & inside].sum() / weight[inside].sum())


def test_shares_active_and_ever_are_weighted(crossed: World) -> None:
    table = crossed.evaluate().take_up
    assert dict(table.schema) == TAKE_UP_SCHEMA
    arm, se = crossed.participants.arm_index, crossed.panel.matrix("participates_se")
    for k, name in enumerate(("control", "se")):
        rows = table.filter(pl.col("arm") == name, pl.col("programme_arm") == "se")
        assert rows["event_month"].to_list() == list(range(-2, 5))
        for position, row in enumerate(rows.iter_rows(named=True)):
            assert row["active"] == pytest.approx(share(crossed, se[:, position] > 0, arm == k))
            if position < 2:
                assert row["ever"] is None
            else:
                ever = se[:, 2 : position + 1].any(axis=1)
                assert row["ever"] == pytest.approx(share(crossed, ever, arm == k))
            assert row["n"] == (arm == k).sum()


def test_unobserved_months_are_left_out(crossed: World) -> None:
    se = crossed.panel.matrix("participates_se").copy()
    se[:50, 6] = np.nan
    se[:, 5] = np.nan
    table = crossed.with_values(participates_se=se).evaluate().take_up.filter(pl.col("programme_arm") == "se")
    assert 3 not in set(table["event_month"])
    assert table.filter(pl.col("event_month") == 4)["n"].sum() == 190


def test_the_flow_tells_who_started_what(crossed: World) -> None:
    flow = crossed.evaluate().flow
    arm = crossed.participants.arm_index
    control, treated = flow.row(0, named=True), flow.row(1, named=True)
    n_control, n_treated = int((arm == 0).sum()), int((arm == 1).sum())
    started = ("started_own", "started_other", "started_both", "started_none")
    assert [control[name] for name in started] == [n_control - 10, 5, 5, 0]
    assert [treated[name] for name in started] == [n_treated // 2, 0, 0, n_treated - n_treated // 2]
    assert (control["drawn"], treated["drawn"]) == (n_control, n_treated)


def test_the_cohort_has_every_outcome_month_and_arm(evaluated: Evaluation) -> None:
    assert dict(evaluated.cohort.schema) == COHORT_SCHEMA
    assert evaluated.cohort.height == 2 * 7 * 2
