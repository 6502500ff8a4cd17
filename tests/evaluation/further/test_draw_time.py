"""Early and late draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation import inference
from lodd.evaluation.further.draw_time import first_half
from lodd.evaluation.setting import design_for
from tests.evaluation.further.tables import further_of

World = Any


def test_halves_are_of_each_site_by_order_of_draws(small: World) -> None:
    rng = np.random.default_rng(3)
    order = rng.permutation(240)
    early, split = first_half(small.with_column(draw_order=order).participants)
    site = small.participants.frame["site"].to_numpy()
    assert split == "draw_order"
    for name in ("north", "south"):
        inside = site == name
        assert early[inside].sum() == (inside.sum() + 1) // 2
        assert order[inside & early].max() < order[inside & ~early].min()


def test_without_an_order_people_of_one_day_are_together(small: World) -> None:
    early, split = first_half(small.participants)
    frame = small.participants.frame.with_columns(pl.Series("early", early))
    assert split == "date"
    assert frame.group_by("site", "drawn_at").agg(pl.col("early").n_unique())["early"].max() == 1
    assert abs(frame["early"].mean() - 0.5) < 0.05
    some = [None, *range(239)]
    assert first_half(small.with_column(draw_order=some).participants)[1] == "date"


def test_each_half_is_estimated_alone_and_the_two_compared(small: World) -> None:
    found = further_of(small)
    table = found.tables["early_and_late"]
    early, _ = first_half(small.participants)
    work = small.panel.matrix("work")[:, 3:6].mean(axis=1)
    rows = table.filter(
        pl.col("outcome") == "work", pl.col("role") == "primary", pl.col("estimator") == "hajek", ~pl.col("adjusted")
    )
    assert rows["half"].to_list() == ["early", "late"]
    for half, members in (("early", early), ("late", ~early)):
        design = design_for(found.setting, "hajek", 1, members, adjusted=False)
        row = rows.filter(pl.col("half") == half)
        assert row["estimate"].item() == pytest.approx(float(design.functional[:, 0] @ work[design.rows]))
        assert row["n_control"].item() + row["n_treated"].item() == members.sum()
    p = inference.equal_effects(*(rows[name].to_numpy() for name in ("estimate", "std_error", "df")))
    assert rows["p_interaction"].to_list() == pytest.approx([p, p])
    assert table.height == 2 * 4 * 4  # two primaries and two outcomes' period, four estimators


def test_an_effect_in_one_half_only_is_found(world: Callable[..., World]) -> None:
    big = world(1_200)
    early, _ = first_half(big.participants)
    pay = np.random.default_rng(4).normal(size=(1_200, 7)) + (early & (big.participants.arm_index == 1))[:, None]
    table = further_of(big.with_values(pay=pay)).tables["early_and_late"].filter(pl.col("outcome") == "pay")
    assert (table["p_interaction"] < 0.01).all()


def test_halves_that_share_clusters_are_not_compared(world: Callable[..., World]) -> None:
    found = further_of(world(cluster="team").with_column(team=[f"t{i % 40}" for i in range(240)]))
    assert found.tables["early_and_late"]["p_interaction"].is_null().all()
    assert "draw_time" in {note.subject for note in found.noted("interaction_not_tested")}


def test_a_half_without_an_arm_has_no_row_and_no_comparison(small: World) -> None:
    early, _ = first_half(small.participants)
    arm = np.where(early, "control", small.participants.frame["arm"].to_numpy()).tolist()
    own = small.with_column(arm=arm)
    found = further_of(own)
    table = found.tables["early_and_late"]
    assert {(note.subject, note.detail) for note in found.noted("not_estimated_in_group")} == {
        ("draw_time", "no_contrast")
    }
    assert set(table["half"]) == {"late"}
    assert table["p_interaction"].is_null().all()
