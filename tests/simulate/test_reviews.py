"""Reviews of the programme: scores of every site and half-year, which the evaluation reads back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import ProtocolError, UsageError
from lodd.protocol import Trial, read_fidelity
from lodd.simulate import Simulation, SimulationSettings, check_settings, simulate, write_simulation
from lodd.simulate.processes import Streams
from lodd.simulate.reviews import fidelity_reviews


def with_reviews(settings: SimulationSettings, **update: Any) -> SimulationSettings:
    assert settings.fidelity is not None
    return settings.model_copy(update={"fidelity": settings.fidelity.model_copy(update=update)})


def test_every_site_is_scored_in_every_half_year_that_people_are_drawn_in(simulation: Simulation, short: Trial):
    assert simulation.fidelity is not None
    frame = simulation.fidelity.frame
    half = pl.date(
        pl.col("drawn_at").dt.year(), pl.when(pl.col("drawn_at").dt.month() <= 6).then(1).otherwise(7), 1
    ).alias("half_year")
    drawn = simulation.participants.frame.select("site", half).unique()
    assert drawn.join(frame, on=["site", "half_year"], how="anti").is_empty()
    assert frame.height == len(short.sites) * 8
    assert frame["half_year"].min() == date(2014, 1, 1)
    assert frame["half_year"].max() == date(2017, 7, 1)
    assert frame["score"].is_between(25, 125).all()
    assert (frame["score"] % 1 == 0).all()


def test_without_spread_the_scores_are_the_path(short: Trial, few: SimulationSettings):
    settings = with_reviews(few, by_site=0, by_review=0, points=((0, 60), (4, 100)))
    assert settings.fidelity is not None
    scores = fidelity_reviews(short, settings.fidelity, Streams(1)).frame.filter(site="akershus")
    assert scores["score"].to_list() == [60, 70, 80, 90, 100, 100, 100, 100]


def test_scores_stay_on_the_scale(short: Trial, few: SimulationSettings):
    settings = with_reviews(few, by_site=200)
    assert settings.fidelity is not None
    scores = fidelity_reviews(short, settings.fidelity, Streams(1)).frame["score"]
    assert {scores.min(), scores.max()} == {25, 125}


def test_reviews_move_nobody_else(simulation: Simulation, short: Trial, few: SimulationSettings):
    """What is invented of people, lots and lives does not depend on whether there are reviews."""
    without = simulate(short, few.model_copy(update={"fidelity": None}), seed=11)
    assert without.fidelity is None
    assert without.participants.frame.equals(simulation.participants.frame)
    assert all(table.equals(without.tables[register]) for register, table in simulation.tables.items())


def test_written_scores_are_read_back_and_old_ones_do_not_stay(
    simulation: Simulation, short: Trial, few: SimulationSettings, tmp_path: Path
):
    assert read_fidelity(short, tmp_path) is None
    write_simulation(simulation, short, tmp_path)
    found = read_fidelity(short, tmp_path)
    assert found is not None
    assert simulation.fidelity is not None
    assert found.frame.equals(simulation.fidelity.frame)
    write_simulation(simulate(short, few.model_copy(update={"fidelity": None}), seed=11), short, tmp_path)
    assert read_fidelity(short, tmp_path) is None


def test_scores_that_somebody_put_there_stay(
    simulation: Simulation, short: Trial, few: SimulationSettings, tmp_path: Path
):
    without = simulate(short, few.model_copy(update={"fidelity": None}), seed=11)
    write_simulation(without, short, tmp_path)
    (tmp_path / "fidelity.parquet").write_bytes(b"somebody's")
    write_simulation(without, short, tmp_path)
    assert (tmp_path / "fidelity.parquet").read_bytes() == b"somebody's"
    with pytest.raises(UsageError, match="holds scores that were not simulated"):
        write_simulation(simulation, short, tmp_path)
    assert (tmp_path / "fidelity.parquet").read_bytes() == b"somebody's"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ({"limits": (125, 25)}, "fidelity.limits: the scale's lowest score is not below its highest"),
        ({"points": ((0, 130),)}, "fidelity.points: a mean score is outside the scale"),
        ({"points": ((2, 90), (1, 95))}, "fidelity.points: the half-years are not in increasing order"),
    ],
)
def test_settings_that_make_no_sense(trial: Trial, settings: SimulationSettings, update: dict[str, Any], said: str):
    with pytest.raises(ProtocolError) as caught:
        check_settings(trial, with_reviews(settings, **update))
    assert said in caught.value.render("en")
