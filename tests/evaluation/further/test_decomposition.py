"""Effects split by what went with them add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation.further.decomposition import Split, splits
from lodd.protocol.lock import Prespecification
from lodd.protocol.outcome import Outcome
from tests.evaluation.further.tables import further_of

World = Any
SAME = ["role", "event_month", "months", "arm", "estimator", "adjusted", "by"]


def outcome(**parts: Any) -> Outcome:
    return Outcome.model_validate({"label": "x", **parts})


@pytest.fixture(scope="module")
def split_world(small: World) -> World:
    made = {
        "programme": outcome(register="facts", measure={"any": True}),
        "work_with": outcome(all_of=["programme", "work"]),
        "work_without": outcome(all_of=["work"], none_of=["programme"]),
    }
    outcomes = {**small.trial.outcomes, **made}
    work, rng = small.panel.matrix("work").copy(), np.random.default_rng(9)
    programme = (rng.uniform(size=work.shape) < 0.3 + 0.3 * (small.participants.arm_index == 1)[:, None]).astype(float)
    work[::17, 4] = np.nan
    programme[::19, 5] = np.nan
    values = {
        "work": work,
        "programme": programme,
        "work_with": work * programme,
        "work_without": work * (1 - programme),
    }
    panel = replace(
        small.panel,
        outcomes=outcomes,
        coverage={**small.panel.coverage, **dict.fromkeys(made, small.panel.coverage["work"])},
    )
    trial = small.trial.model_copy(update={"outcomes": outcomes})
    return replace(small, trial=trial, panel=panel).with_values(**values)


def test_splits_are_read_from_the_definitions(split_world: World, small: World) -> None:
    assert splits(split_world.trial) == [Split("work", "programme", "work_with", "work_without")]
    assert splits(small.trial) == []


def test_what_only_looks_like_a_split_is_none(split_world: World) -> None:
    for changed in (
        outcome(all_of=["work"], none_of=["programme", "pay"]),
        outcome(all_of=["work", "pay"], none_of=["programme"]),
        outcome(any_of=["work"], none_of=["programme"]),
    ):
        outcomes = {**split_world.trial.outcomes, "work_without": changed}
        assert splits(split_world.trial.model_copy(update={"outcomes": outcomes})) == []


def test_the_parts_add_up_to_the_whole_for_the_same_people(split_world: World) -> None:
    table = further_of(split_world).tables["decomposition"]
    parts = {part: table.filter(pl.col("part") == part) for part in ("whole", "with", "without")}
    assert {name: set(rows["outcome"]) for name, rows in parts.items()} == {
        "whole": {"work"}, "with": {"work_with"}, "without": {"work_without"}
    }  # fmt: skip
    joined = parts["whole"]
    for name in ("with", "without"):
        joined = joined.join(parts[name], on=SAME, suffix=f"_{name}", nulls_equal=True)
    assert joined.height == (1 + 1 + 4) * 4  # primary, period and four months, by four estimators
    for number in ("estimate", "mean_control", "mean_treated"):
        total = joined[f"{number}_with"] + joined[f"{number}_without"]
        assert total.to_numpy() == pytest.approx(joined[number].to_numpy(), abs=1e-12)
    for count in ("n_control", "n_treated"):
        assert joined[count].equals(joined[f"{count}_with"], null_equal=True)


def test_people_are_those_observed_in_all_three(split_world: World) -> None:
    table = further_of(split_world).tables["decomposition"]
    rows = table.filter(pl.col("event_month") == 3, pl.col("part") == "whole", pl.col("estimator") == "hajek")
    observed = ~np.isnan(split_world.panel.matrix("work_with")[:, 5])
    assert (rows["n_control"] + rows["n_treated"]).to_list() == [observed.sum()] * 2


def test_parts_that_are_not_the_whole_are_left_out_and_counted(split_world: World) -> None:
    broken = split_world.panel.matrix("work_with").copy()
    broken[0, 3:] = 5.0
    found = further_of(split_world.with_values(work_with=broken))
    notes = {note.detail: note.count for note in found.noted("parts_do_not_add_up")}
    assert notes["1..1"] == 1
    assert "1..3" not in notes  # the first person's work in month 2 is missing


def test_what_was_promised(split_world: World) -> None:
    promised = Prespecification(True, frozenset({"work", "work_with"}), frozenset({"curve", "primary:work:1..3:mean"}))
    table = further_of(split_world, promised).tables["decomposition"]
    yes = table.filter(pl.col("prespecified"))
    assert set(yes.filter(pl.col("role") == "primary")["part"]) == {"whole"}
    assert set(yes.filter(pl.col("role") == "curve")["part"]) == {"whole", "with"}
    assert yes.filter(pl.col("role") == "period").is_empty()
