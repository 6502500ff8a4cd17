"""Every measure of the definition language gives the same on each engine: the slow truth.

``LODD_TEST_ENGINES=postgresql,spark`` names the engines; without, nothing here is tried (DuckDB is, in properties).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from lodd.registers import build_panel_from, reference_panel
from lodd.registers.assuring import narrowed
from lodd.registers.engines import engine_of
from lodd.registers.reference_versions import RefusedError
from tests.engines.server import running
from tests.properties.test_language import World, worlds
from tests.properties.test_panel_measures import crowd

ENGINES = tuple(name for name in os.environ.get("LODD_TEST_ENGINES", "").split(",") if name)
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("_server")]


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if "postgresql" not in ENGINES or os.environ.get("LODD_POSTGRESQL"):
        yield
        return
    with running(tmp_path_factory.mktemp("server")) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LODD_POSTGRESQL", address)
        yield


CHOSEN = (
    "mean-any-day", "mean-day-16", "max-last-day", "last-any-day", "sum-2", "ranks-5", "since-last", "since-first",
    "between", "pay-mean-2", "pay-sources-4", "visits-last-4", "visits-max", "visits-count-until", "both",
)  # fmt: skip
"""One of each formulation that an engine is asked for: on Spark each takes seconds."""


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("overlap", ["latest", "sum"])
def test_every_measure(name: str, overlap: str) -> None:
    world = crowd(overlap, "month")
    trial = narrowed(world.trial, [chosen for chosen in CHOSEN if chosen in world.trial.outcomes])
    panel = build_panel_from(trial, world.tables, world.people, engine=engine_of(name)).frame
    expected = reference_panel(trial, {n: table.to_dicts() for n, table in world.tables.items()}, world.people)
    assert [column for column in expected.columns if not panel[column].equals(expected[column])] == []


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds())
def test_odd_corners(name: str, world: World) -> None:
    try:
        rows = {register: table.to_dicts() for register, table in world.tables.items()}
        expected = reference_panel(world.trial, rows, world.people)
    except RefusedError:
        return
    panel = build_panel_from(world.trial, world.tables, world.people, engine=engine_of(name)).frame
    assert_frame_equal(panel, expected, check_exact=True)
