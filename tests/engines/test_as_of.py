"""The panel as known on a day is the slow truth on each engine, however versions are dated.

``LODD_TEST_ENGINES=postgresql,spark`` names the engines; without, nothing here is tried (DuckDB is, in properties).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal

from lodd.protocol.types import Participants
from lodd.registers import build_panel_from, reference_panel
from lodd.registers.engines import engine_of
from lodd.registers.moments import moment, registered_later
from lodd.registers.problems import Place
from lodd.registers.reference_versions import RefusedError, is_known
from tests.engines.server import running
from tests.properties.test_as_of import TAKEN_BACK, versions
from tests.properties.test_panel import DRAWN, jobs
from tests.registers.small import trial_of
from tests.registers.test_moments import DAYS, WAYS, series

ENGINES = tuple(name for name in os.environ.get("LODD_TEST_ENGINES", "").split(",") if name)
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("_server")]
COUNT = {"y": {"register": "jobs", "measure": {"sum": "hours"}}}


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if "postgresql" not in ENGINES or os.environ.get("LODD_POSTGRESQL"):
        yield
        return
    with running(tmp_path_factory.mktemp("server")) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LODD_POSTGRESQL", address)
        yield


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ENGINES)
def test_every_way_of_saying_a_moment(name: str, way: str) -> None:
    column = series(way)
    with engine_of(name) as engine:
        table = engine.take(column.to_frame().with_columns(i=pl.int_range(pl.len(), dtype=pl.Int64)).to_arrow())
        read, zoned = moment(table["at"], "at", Place("jobs", "jobs"))
        later = {f"d{day:%m_%d}": registered_later(read.value, zoned, day) for day in DAYS}
        found = engine.fetch(table.select(table.i, **later)).sort("i")
    for day in DAYS:
        assert found[f"d{day:%m_%d}"].to_list() == [not is_known(at, day) for at in column], day


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(register=jobs(), table=versions(), people=DRAWN, withdrawn=TAKEN_BACK)
def test_panels(
    name: str, register: dict[str, Any], table: pl.DataFrame, people: Participants, withdrawn: dict[str, Any] | None
) -> None:
    versioned = register | {"record": ["record"], "registered": "registered", "withdrawn": withdrawn}
    analysis = {"window": {"before": 2, "after": 2}, "as_of": date(2016, 3, 27)}
    trial = trial_of({"jobs": versioned}, COUNT, analysis=analysis)
    try:
        expected = reference_panel(trial, {"jobs": table.to_dicts()}, people)
    except RefusedError:
        return
    found = build_panel_from(trial, {"jobs": table}, people, engine=engine_of(name)).frame
    assert_frame_equal(found, expected, check_exact=True)
