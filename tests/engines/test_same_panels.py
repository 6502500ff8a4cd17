"""The same protocol and registers give the same panel, by its hash, on every engine and however the files lie.

``LODD_TEST_ENGINES=postgresql,spark`` tries those as well (``.ci/run`` does); one readable line an engine is printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import polars as pl
import pytest

from lodd.examples import new_folder
from lodd.registers.engines import engine_of
from lodd.registers.panel import build_panel
from lodd.study import Study, open_study
from tests.engines.server import running

pytestmark = pytest.mark.long
OTHERS = tuple(name for name in os.environ.get("LODD_TEST_ENGINES", "").split(",") if name)
ENGINES = ("duckdb", *OTHERS)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The se-klar example, invented, with all its dirt."""
    folder = tmp_path_factory.mktemp("demo") / "se-klar"
    new_folder(folder, "se-klar")
    study = open_study(folder)
    study.simulate(seed=3)
    return study


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    wanted = "postgresql" in OTHERS and not os.environ.get("LODD_POSTGRESQL")
    with running(tmp_path_factory.mktemp("server")) if wanted else nullcontext() as address:
        if address:
            os.environ["LODD_POSTGRESQL"] = address
        yield
        if address:
            del os.environ["LODD_POSTGRESQL"]


@pytest.fixture(scope="session")
def first(demo: Study) -> str:
    """The hash of the panel from the extracts as they are, on DuckDB."""
    return build_panel(demo.trial, demo.folder, demo.participants, engine=engine_of("duckdb")).provenance["values"]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.usefixtures("_server")
def test_the_demos_panel(name: str, demo: Study, first: str, capsys: pytest.CaptureFixture[str]) -> None:
    panel = build_panel(demo.trial, demo.folder, demo.participants, engine=engine_of(name))
    told = f"{panel.provenance['engine']}: {panel.frame.height} person-months, SHA-256 {panel.provenance['values']}"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
    assert panel.provenance["engine"].startswith(name)
    assert panel.provenance["values"] == first


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.usefixtures("_server")
def test_rows_in_another_order_and_as_csv(name: str, demo: Study, first: str, tmp_path: Path) -> None:
    """Text is read as what the protocol says, dates and numbers alike; the order of rows decides nothing."""
    folder = tmp_path / "other"
    (folder / "registers").mkdir(parents=True)
    registers = {}
    for register_id, register in demo.trial.registers.items():
        rows = pl.read_parquet(demo.folder / str(register.file)).sample(fraction=1.0, shuffle=True, seed=1)
        rows.write_csv(folder / "registers" / f"{register_id}.csv")
        registers[register_id] = register.model_copy(update={"file": f"registers/{register_id}.csv"})
    trial = demo.trial.model_copy(update={"registers": registers})
    panel = build_panel(trial, folder, demo.participants, engine=engine_of(name))
    assert panel.provenance["values"] == first
