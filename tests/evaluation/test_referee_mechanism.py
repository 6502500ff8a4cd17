"""Are lots redrawn by the mechanism that really drew them: amended schedules, people who are no longer there?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from lodd.evaluation.integrity.record import REQUEST_SCHEMA
from lodd.evaluation.integrity.withdrawn import with_withdrawn
from lodd.evaluation.randomisation import protocol_seed, reference
from lodd.protocol.lock import Prespecification
from lodd.protocol.types import Participants

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


def in_blocks(world: World, size: int) -> tuple[World, DrawRecord]:
    """The people drawn by full blocks in every stratum, in the order of their days; every fifth has withdrawn."""
    arms, rng = world.trial.arm_ids, np.random.default_rng(5)
    frame = world.participants.frame.sort("drawn_at", "person_id")
    arm = np.empty(frame.height, dtype=object)
    for stratum in frame["stratum"].unique().sort():
        rows = np.flatnonzero(frame["stratum"] == stratum)
        blocks = [rng.permutation(np.resize(arms, size)) for _ in range(0, len(rows), size)]
        arm[rows] = np.concatenate(blocks)[: len(rows)]
    order = np.arange(1, frame.height + 1)
    shares = {f"marginal_{name}": np.full(frame.height, 1 / len(arms)) for name in arms}
    drawn = frame.with_columns(arm=pl.Series(arm.tolist()), draw_order=pl.Series(order), **{
        name: pl.Series(values) for name, values in shares.items()
    })  # fmt: skip
    answers = drawn.select(pl.col("draw_order").alias("seq"), "drawn_at", "office", "arm", *shares).with_columns(
        by=pl.lit("line"),
        slip=pl.lit(value=False),
        error_noted=pl.lit(value=False),
        withdrawn=pl.Series(order % 5 == 0),
    )
    stay = drawn.filter(pl.Series(order % 5 != 0))
    left = world.participants.frame.select("person_id").join(stay, on="person_id", how="inner", maintain_order="left")
    kept = np.isin(world.participants.frame["person_id"].to_numpy(), left["person_id"].to_numpy())
    panel = replace(world.panel, frame=world.panel.frame.filter(pl.Series(np.repeat(kept, len(world.panel.window)))))
    there = Participants(left.select(drawn.columns), arms)
    record = DrawRecord(answers, pl.DataFrame(schema=REQUEST_SCHEMA), design=Design.from_trial(world.trial))
    return replace(world, participants=there, panel=panel), record


@pytest.mark.parametrize(("arms", "share"), [(("control", "se"), "0.5"), (("control", "a", "b", "c"), "0.25")])
def test_blocks_are_redrawn_with_those_who_have_withdrawn_in_their_places(
    world: Callable[..., World], arms: tuple[str, ...], share: str
) -> None:
    """The lots of those who remain are redrawn as parts of the real blocks: each full block still holds every arm."""
    schedule = [
        {"site": site, "from": "2015-01-01", "probability": dict.fromkeys(arms[1:], share)}
        for site in ("north", "south")
    ]
    draw = {"method": "blocks", "schedule": schedule, "block_sizes": [len(arms)]}
    start = world(160, arms=arms, draw=draw, covariates=(), subgroups=())
    design = Design.from_trial(start.trial)
    names = [design.place(office, AMENDED).stratum for office in start.participants.frame["office"]]
    drawn, record = in_blocks(start.with_column(stratum=names), len(arms))
    everybody = with_withdrawn(drawn.trial, drawn.participants, record)
    assert len(everybody) == 160
    assert record.design is not None
    lots = record.design.redraw(record.design.history(everybody), 20, 3)
    in_order, strata = np.argsort(everybody.frame["draw_order"].to_numpy()), everybody.stratum_index
    for stratum in np.unique(strata):
        rows = in_order[strata[in_order] == stratum]
        full = lots[:, rows[: len(rows) // len(arms) * len(arms)]].reshape(20, -1, len(arms))
        assert (np.sort(full, axis=2) == np.arange(len(arms))).all()
    found = evaluate(drawn.trial, drawn.participants, drawn.panel, Prespecification(), record=record)
    assert "not_redrawn" not in {note.kind for note in found.notes}
    assert found.estimates.filter("main", role="primary")["p_randomisation"].null_count() == 0
    assert len(with_withdrawn(drawn.trial, drawn.participants, None)) == len(drawn.participants)
    wrong = replace(record, answers=record.answers.with_columns(arm=pl.lit("se")))
    assert len(with_withdrawn(drawn.trial, drawn.participants, wrong)) == len(drawn.participants)
