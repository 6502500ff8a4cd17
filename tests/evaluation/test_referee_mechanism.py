"""Are lots redrawn by the mechanism that really drew them: amended schedules, people who are no longer there?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.allocation import AmendedRow, Design
from lodd.allocation.events import Amendment, Beacon
from lodd.allocation.ledger import Chain
from lodd.evaluation import DrawRecord, evaluate
from lodd.evaluation.integrity import draw_record, integrity_tables
from lodd.evaluation.randomisation import protocol_seed, reference
from lodd.protocol.lock import Prespecification

World = Any
AMENDED = date(2015, 4, 1)


def with_amendment(world: World) -> DrawRecord:
    """A ledger in which the north's probability of 0.6 became 0.2 in April, and nothing else."""
    chain = Chain("0" * 64)
    row = AmendedRow(site="north", office=None, probability={"se": "0.2"})
    amendment = Amendment(
        approved_by="a", beacon_round="1", beacon_source="x", details=None, effective_from=AMENDED, proposed_by="b",
        rows=(row,),
    )  # fmt: skip
    at = datetime(2015, 3, 1, tzinfo=UTC)
    seq = chain.add(amendment, at=at, by="a").seq
    beacon = Beacon(amendment=seq, batch=None, entered_by=("a", "b"), round="1", source="x", value="00" * 32)
    chain.add(beacon, at=at, by="a")
    return draw_record(world.trial, chain.events)


def test_minimisation_is_redrawn_by_the_schedule_as_it_was_amended(world: Callable[..., World]) -> None:
    drawn = world(90, draw={"method": "minimisation", "factors": ["region"]}, covariates=())
    record = with_amendment(drawn)
    design = record.design
    assert design is not None
    place = design.place("n1", AMENDED).probability
    assert [float(p) for p in place] == [0.8, 0.2]
    lots = design.redraw(design.history(drawn.participants), 199, protocol_seed({}))
    y, marginal = drawn.panel.matrix("work")[:, 3:6].mean(axis=1), drawn.participants.marginal
    t = [reference.hajek_t(y, d == 1, marginal) for d in [drawn.participants.arm_index, *lots]]
    found = evaluate(drawn.trial, drawn.participants, drawn.panel, Prespecification(), record=record).estimates
    row = found.filter(pl.col("subgroup").is_null(), role="primary", outcome="work", estimator="hajek")
    assert row["p_randomisation"][0] == pytest.approx(reference.p_value(t[0], t[1:]))


def test_a_fair_draw_by_an_amended_schedule_is_not_suspected(world: Callable[..., World]) -> None:
    drawn = world(240, draw={"method": "minimisation", "factors": ["region"]})
    record = with_amendment(drawn)
    design = record.design or Design.from_trial(drawn.trial)
    arms = design.redraw(design.history(drawn.participants), 1, 7)[0]
    fair = drawn.with_column(arm=np.array(drawn.trial.arm_ids)[arms].tolist())
    for known, wrong in ((record, False), (None, True)):
        table = integrity_tables(fair.trial, fair.participants, fair.panel, known, redraws=499)["integrity"]
        total = table.filter(pl.col("check") == "count_total")
        assert (total["p_value"][0] < 0.01) is wrong
