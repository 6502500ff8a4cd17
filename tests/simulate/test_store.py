"""A simulation written: whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import ProtocolError, UsageError
from lodd.protocol import Trial, read_participants
from lodd.simulate import Simulation, SimulationSettings, check_settings, write_simulation
from lodd.simulate.store import UNFINISHED_FILE


def test_what_is_written_is_read_back(simulation: Simulation, short: Trial, tmp_path: Path):
    write_simulation(simulation, short, tmp_path)
    assert read_participants(short, tmp_path).frame.equals(simulation.participants.frame)
    assert pl.read_parquet(tmp_path / "truth.parquet").equals(simulation.truth)
    for register, table in simulation.tables.items():
        assert pl.read_parquet(tmp_path / short.registers[register].file).equals(table)
    facts = json.loads((tmp_path / "simulation.json").read_text(encoding="utf-8"))
    assert facts["simulated"] is True
    assert (facts["seed"], facts["effect"], facts["people"]) == (11, "declared", 240)
    assert facts["settings_sha256"] == simulation.settings_sha256
    assert facts["dirt"]["employment"]["overlaps"] > 0
    assert not list(tmp_path.glob(".*")), "nothing is left beside"


def with_file(trial: Trial, register: str, file: str) -> Trial:
    changed = trial.registers[register].model_copy(update={"file": file})
    return trial.model_copy(update={"registers": {**trial.registers, register: changed}})


def test_a_register_may_be_csv(simulation: Simulation, short: Trial, tmp_path: Path):
    write_simulation(simulation, with_file(short, "deaths", "other/deaths.csv"), tmp_path)
    assert (tmp_path / "other" / "deaths.csv").read_text(encoding="utf-8").startswith("person_id,death_date\n")


@pytest.mark.parametrize("file", ["registers/*.parquet", "../out.parquet", "/out.parquet", "deaths.xlsx"])
def test_files_that_cannot_be_written(simulation: Simulation, short: Trial, tmp_path: Path, file: str):
    with pytest.raises(UsageError, match="cannot be written to"):
        write_simulation(simulation, with_file(short, "deaths", file), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("source", "nb"),
    [
        ({"table": "deaths", "database": "duckdb:x.duckdb"}, "er en tabell i en database"),
        ({"dataset": "registers/DEATHS"}, "er et datasett fra microdata.no"),
        ({"parts": ({"file": "a.csv"},)}, "er satt sammen av flere kilder"),
        ({"file": "deaths.csv", "csv": {"delimiter": ";"}}, "er CSV på en egen måte"),
    ],
)
def test_sources_that_are_no_plain_file_are_refused_before_anything_is_simulated(
    few: SimulationSettings, short: Trial, source: dict[str, Any], nb: str
):
    declared = short.registers["deaths"].model_dump(by_alias=True) | {"file": None} | source
    changed = short.registers["deaths"].model_validate(declared)
    with pytest.raises(ProtocolError) as caught:
        check_settings(short.model_copy(update={"registers": {**short.registers, "deaths": changed}}), few)
    assert nb in caught.value.render("nb")
    assert 'file = "registers/deaths.parquet"' in caught.value.render("en")


def test_a_folder_that_is_a_file(simulation: Simulation, short: Trial, tmp_path: Path):
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write in"):
        write_simulation(simulation, short, tmp_path / "taken")


def test_a_run_interrupted_while_files_are_moved_says_so(
    simulation: Simulation, short: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    move, calls = Path.replace, iter(range(100))

    def interrupted(self: Path, target: Path) -> Path:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return move(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_simulation(simulation, short, tmp_path)
    assert (tmp_path / UNFINISHED_FILE).exists()
    assert not (tmp_path / "simulation.json").exists()
    write_simulation(simulation, short, tmp_path)
    assert (tmp_path / "simulation.json").exists()
    assert not list(tmp_path.glob(".*"))


def test_an_interrupted_run_leaves_the_old_files(
    simulation: Simulation, short: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_simulation(simulation, short, tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    calls = 0
    write = pl.DataFrame.write_parquet

    def interrupted(frame: pl.DataFrame, *args: object, **kwargs: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        write(frame, *args, **kwargs)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_simulation(simulation, short, tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
