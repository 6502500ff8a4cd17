"""The check finds the same on PostgreSQL, where ``LODD_TEST_ENGINES`` names it (``.ci/run`` does)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from lodd.examples import new_folder
from lodd.registers.engines import SETTING
from lodd.registers.quality import Quality, check_registers
from lodd.study import Study, open_study
from tests.engines.server import running

pytestmark = pytest.mark.long
OTHERS = tuple(name for name in os.environ.get("LODD_TEST_ENGINES", "").split(",") if name == "postgresql")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("demo") / "se-klar"
    new_folder(folder, "se-klar")
    study = open_study(folder)
    study.simulate(seed=3)
    return study


@pytest.fixture
def server(tmp_path: Path) -> Iterator[None]:
    wanted = "postgresql" in OTHERS and not os.environ.get("LODD_POSTGRESQL")
    with pytest.MonkeyPatch.context() as patch, running(tmp_path) if wanted else nullcontext() as address:
        if address:
            patch.setenv("LODD_POSTGRESQL", address)
        yield


def checked(study: Study, engine: str, monkeypatch: pytest.MonkeyPatch) -> Quality:
    monkeypatch.setenv(SETTING, engine)
    return check_registers(study.trial, study.folder, study.participants)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("engine", OTHERS or [pytest.param("", marks=pytest.mark.skip(reason="LODD_TEST_ENGINES"))])
def test_the_same_is_found(engine: str, demo: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = checked(demo, "duckdb", monkeypatch), checked(demo, engine, monkeypatch)
    assert other.registers == first.registers
    assert other.findings == first.findings
