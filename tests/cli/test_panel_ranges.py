"""`lodd panel --memory`: the same panel, built some of the people at a time."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import lodd
import lodd.panel_file_cli
from lodd.locale import Language
from tests.cli.test_versions import JOBS, PROTOCOL, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trial.toml").write_text(PROTOCOL)
    (tmp_path / "jobs.csv").write_text(JOBS)
    (tmp_path / "schools.csv").write_text("person_id,day\nb,2015-04-10\n")
    people = {"person_id": list("abcd"), "arm": ["control", "se"] * 2, "site": "north", "office": "n1", "stratum": "n1"}
    pl.DataFrame(people).with_columns(drawn_at=date(2015, 3, 7)).write_parquet(tmp_path / "participants.parquet")
    return tmp_path


@pytest.mark.parametrize(("language", "told"), [
    ("nb", "Panelet har 4 personer og 20 personmåneder, bygd i 1 del"),
    ("en", "The panel has 4 people and 20 person-months, built in 1 range of people"),
])  # fmt: skip
def test_the_same_panel(
    language: Language,
    told: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lodd.panel_file_cli, "_LANGUAGE", language)
    assert run("panel", folder, "--memory", "1GB") == 0
    seen = capsys.readouterr().out
    values = pl.read_parquet(folder / "results/panel.parquet")
    assert told in seen
    study = lodd.open(folder)
    assert study.panel().frame.equals(values)  # it is the trial's panel, and is read
    assert study.panel(rebuild=True).frame.equals(values)
    assert study.panel().provenance["values"] in seen


def test_a_large_panel_is_built_so_without_being_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lodd.panel_file_cli, "LARGE", 19)
    assert run("panel", folder, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["people"], told["rows"], told["ranges"]) == (4, 20, 1)
    assert told["outcomes"] == ["in_work", "hours", "at_school"]
    assert told["always_zero"] == told["never_observed"] == []


def test_memory_that_is_not_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder, "--memory", "3MB") == 2
    assert "LODD_MEMORY" in capsys.readouterr().err


def test_other_engines_have_their_own_memory(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LODD_ENGINE", "spark")
    assert run("panel", folder, "--memory", "1GB") == 2
    assert "--engine" in capsys.readouterr().err
    assert not (folder / "results").exists()


@pytest.mark.parametrize("built_by", [["--memory", "1GB"], ["--as-of", "2015-12-31"]])
def test_a_misspelt_code_is_told_of_however_the_panel_is_built(
    built_by: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = 'measure = { any = true, where = { id = "no such job" } }'
    with (folder / "trial.toml").open("a") as protocol:
        protocol.write(f'[outcomes.misspelt]\nlabel = "M"\nregister = "jobs"\n{where}\n')
    assert run("panel", folder, *built_by) == 0
    seen = capsys.readouterr()
    assert "misspelt" in seen.err
    assert "SHA-256" in seen.out
