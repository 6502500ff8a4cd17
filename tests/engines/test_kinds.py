"""Columns of kinds that engines take differently, from files: the values expected are said, not only that all agree.

``LODD_TEST_ENGINES=postgresql,spark`` tries those as well (``.ci/run`` does).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lodd.errors import DataError
from lodd.protocol.types import Panel
from lodd.registers import build_panel
from lodd.registers.engines import engine_of
from tests.engines.server import running
from tests.registers.small import JOBS, VISITS, notes, people_of, trial_of, values

OTHERS = tuple(name for name in os.environ.get("LODD_TEST_ENGINES", "").split(",") if name)
ENGINES = ("duckdb", *OTHERS)
DAY = date(2015, 3, 7)
EARLY, LATE = datetime(2015, 4, 1, 12, 0, 0, 999_998), datetime(2015, 4, 1, 12, 0, 0, 999_999)
pytestmark = pytest.mark.usefixtures("_server")


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if "postgresql" not in OTHERS or os.environ.get("LODD_POSTGRESQL"):
        yield
        return
    with running(tmp_path_factory.mktemp("server")) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LODD_POSTGRESQL", address)
        yield


def built(name: str, register: dict[str, Any], outcomes: dict[str, Any], rows: dict[str, Any], folder: Path) -> Panel:
    count = len(next(iter(rows.values())))
    pq.write_table(pa.table({"person_id": ["a"] * count} | rows), folder / "rows.parquet")
    declared = trial_of(
        {"r": register | {"file": "rows.parquet"}}, {k: v | {"register": "r"} for k, v in outcomes.items()}
    )
    return build_panel(declared, folder, people_of(a=DAY), engine=engine_of(name))


def counted(where: dict[str, Any]) -> dict[str, Any]:
    return {"measure": {"count": True, "where": where}}


def distinct(column: str) -> dict[str, Any]:
    return {"measure": {"count_distinct": column}}


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_not_a_number_is_below_and_above_nothing(name: str, tmp_path: Path) -> None:
    """A file's statistics do not tell of it, and DuckDB took every value for at most the largest that they tell of."""
    outcomes = {
        "below": counted({"x": {"below": 100}}),
        "above": counted({"x": {"above": -100}}),
        "other": counted({"x": {"not_in": [5]}}),
        "kinds": distinct("x"),
    }
    rows = {"day": [DAY] * 4, "x": [1.0, 2.0, float("nan"), 5.0]}
    panel = built(name, dict(VISITS), outcomes, rows, tmp_path)
    assert [values(panel, outcome)[1] for outcome in outcomes] == [3, 3, 2, 3]


@pytest.mark.parametrize("name", ENGINES)
def test_a_missing_number_in_a_file_is_what_the_protocol_says(name: str, tmp_path: Path) -> None:
    register = JOBS | {"columns": {"hours": {"decimals": 1, "missing": Decimal("2.5")}}}
    rows = {"start": [DAY] * 2, "stop": pa.nulls(2, pa.date32()), "hours": [float("nan"), 1.0]}
    panel = built(name, register, {"hours": {"measure": {"sum": "hours"}}}, rows, tmp_path)
    assert values(panel, "hours") == [0, 3.5, 3.5, 3.5]
    assert notes(panel, "r")["missing_replaced:hours"] == 1


@pytest.mark.parametrize("name", ENGINES)
def test_large_numbers_are_told_apart_and_parts_of_a_microsecond_are_not(name: str, tmp_path: Path) -> None:
    rows = {
        "day": [DAY] * 4,
        "whole": pa.array([2**63 + 1, 2**63 + 2, 2**63 + 3, 2**63 + 3], pa.uint64()),
        "decimal": pa.array([Decimal(10**30), Decimal(10**30 + 1), None, Decimal(1)], pa.decimal128(38, 0)),
        "moment": pa.array([1_000, 1_001, 2_000, 2_999], pa.timestamp("ns")),
    }
    outcomes = {column: distinct(column) for column in ("whole", "decimal", "moment")}
    panel = built(name, dict(VISITS), outcomes, rows, tmp_path)
    assert [values(panel, outcome)[1] for outcome in outcomes] == [3, 3, 2]


@pytest.mark.parametrize("name", ENGINES)
def test_decimals_beyond_those_declared_are_found(name: str, tmp_path: Path) -> None:
    """Of as many digits as there can be: Spark cut some off to compare them."""
    hours = pa.array([Decimal("0.1"), Decimal("0.1000000001")], pa.decimal128(38, 10))
    rows = {"start": [DAY] * 2, "stop": pa.nulls(2, pa.date32()), "hours": hours}
    with pytest.raises(DataError, match="more than 1 decimals"):
        built(name, dict(JOBS), {"hours": {"measure": {"sum": "hours"}}}, rows, tmp_path)


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("us", "Europe/Oslo")], ids=str)
@pytest.mark.parametrize("name", ENGINES)
def test_the_version_registered_a_microsecond_later(name: str, kind: pa.DataType, tmp_path: Path) -> None:
    register = VISITS | {"record": ["k"], "registered": "at", "columns": {"v": {}}}
    before = datetime(1969, 12, 31, 23, 59, 59, 400_000), datetime(1969, 12, 31, 23, 59, 59, 500_000)
    rows = {"day": [DAY] * 4, "k": [1, 1, 2, 2], "v": [1, 10, 100, 1000], "at": pa.array([LATE, EARLY, *before], kind)}
    panel = built(name, register, {"sum": {"measure": {"sum": "v"}}}, rows, tmp_path)
    assert values(panel, "sum")[1] == 1001


@pytest.mark.parametrize("name", ENGINES)
def test_the_end_of_a_day_is_not_the_next_day(name: str, tmp_path: Path) -> None:
    """As Pandas writes it, in billionths of a second, before 1970 too; DuckDB rounded them up."""
    end = [f"{day}T23:59:59.999999999" for day in ("2015-04-30", "1969-12-31")]
    stop = pa.array(end).cast(pa.timestamp("ns"))
    rows = {"start": [date(1960, 1, 1)] * 2, "stop": stop, "hours": [1.0, 2.0]}
    panel = built(name, dict(JOBS), {"any": {"measure": {"any": True}}}, rows, tmp_path)
    assert values(panel, "any") == [1, 1, 1, 0]


@pytest.mark.skipif("spark" not in OTHERS, reason="LODD_TEST_ENGINES=spark")
def test_no_room_for_what_spark_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with engine_of("spark") as engine, pytest.raises(DataError, match="used up"):
        engine.take(pa.table({"a": [1]}))


@pytest.mark.parametrize("name", ENGINES)
def test_a_file_without_rows_or_types(name: str, tmp_path: Path) -> None:
    rows = {"start": pa.nulls(0), "stop": pa.nulls(0), "hours": pa.nulls(0)}
    pq.write_table(pa.table({"person_id": pa.nulls(0)} | rows), tmp_path / "rows.parquet")
    declared = trial_of({"r": JOBS | {"file": "rows.parquet"}}, {"h": {"register": "r", "measure": {"sum": "hours"}}})
    panel = build_panel(declared, tmp_path, people_of(a=DAY), engine=engine_of(name))
    assert values(panel, "h") == [0] * 4
