"""The share drawn against the declared probability."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lodd.evaluation import Evaluation
from lodd.evaluation.shares import SITE_SCHEMA, STRATUM_SCHEMA, poisson_binomial, two_sided_p_value

World = Any
PROBABILITY = st.floats(0.05, 0.95)


@settings(max_examples=50, deadline=None)
@given(st.lists(PROBABILITY, min_size=1, max_size=8))
def test_the_distribution_is_that_of_all_possible_lots(probabilities: list[float]) -> None:
    mass = np.zeros(len(probabilities) + 1)
    for lots in product((0, 1), repeat=len(probabilities)):
        mass[sum(lots)] += np.prod([p if lot else 1 - p for lot, p in zip(lots, probabilities, strict=True)])
    np.testing.assert_allclose(poisson_binomial(np.array(probabilities)), mass, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), PROBABILITY, st.data())
def test_equal_probabilities_give_the_binomial_test(n: int, p: float, data: st.DataObject) -> None:
    drawn = data.draw(st.integers(0, n))
    assert two_sided_p_value(np.full(n, p), drawn) == pytest.approx(stats.binomtest(drawn, n, p).pvalue, abs=1e-9)


def test_one_row_a_stratum_and_arm(small: World, evaluated: Evaluation) -> None:
    shares = evaluated.draw_shares
    assert dict(shares.schema) == STRATUM_SCHEMA
    assert shares.height == 4 * 2
    row = shares.row(by_predicate=(pl.col("stratum") == "s1:2015-07-01") & (pl.col("arm") == "se"), named=True)
    inside = small.participants.frame.filter(pl.col("stratum") == "s1:2015-07-01")
    drawn = int((inside["arm"] == "se").sum())
    assert (row["site"], row["office"], row["period_from"]) == ("south", "s1", date(2015, 7, 1))
    assert (row["n"], row["drawn"], row["declared"]) == (inside.height, drawn, pytest.approx(0.3))
    assert row["p_value"] == pytest.approx(stats.binomtest(drawn, inside.height, 0.3).pvalue)


def test_by_site_over_all_periods_with_different_probabilities(small: World, evaluated: Evaluation) -> None:
    shares = evaluated.draw_shares_site
    assert dict(shares.schema) == SITE_SCHEMA
    assert shares["site"].unique(maintain_order=True).to_list() == ["north", "south"]
    whole = shares.row(
        by_predicate=(pl.col("site") == "south") & pl.col("period_from").is_null() & (pl.col("arm") == "se"), named=True
    )
    inside = small.participants.frame.filter(pl.col("site") == "south")
    assert whole["n"] == inside.height
    assert whole["declared"] == pytest.approx(inside["marginal_se"].mean())
    assert whole["p_value"] == two_sided_p_value(inside["marginal_se"].to_numpy(), whole["drawn"])


def test_a_stratum_that_spans_offices_has_none(small: World) -> None:
    shares = small.with_column(stratum=["everybody"] * 240).evaluate().draw_shares
    assert shares.height == 2
    assert shares.select("site", "office", "period_from").null_count().sum_horizontal().item() == 6


def test_a_manipulated_draw_is_seen(small: World) -> None:
    arm = small.participants.frame["arm"].to_list()
    arm[:60] = ["se"] * 60
    assert small.with_column(arm=arm).evaluate().draw_shares_site["p_value"].min() < 1e-3


def test_fixed_numbers_are_not_tested(world: Callable[..., World]) -> None:
    evaluation = world(draw={"method": "complete", "schedule": []}).evaluate()
    assert evaluation.draw_shares["p_value"].is_null().all()
    assert evaluation.draw_shares["declared"].is_not_null().all()
    assert evaluation.draw_shares["period_from"].is_null().all()
    assert evaluation.draw_shares_site.height == 2 * 2
