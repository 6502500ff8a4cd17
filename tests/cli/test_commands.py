"""The commands as a user runs them: in order, out of order, in the wrong place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import lodd
import lodd.cli
from lodd.report.words import words as catalogue

SMALL = ("people = 3737", "people = 400")


@pytest.fixture(autouse=True)
def english(monkeypatch) -> None:
    monkeypatch.setattr(lodd.cli, "_LANGUAGE", "en")


def run(*arguments: object) -> int:
    """The exit code of a command, run in this process."""
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main([str(argument) for argument in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory) -> Path:
    """The NSW experiment, evaluated by commands; the cheapest whole story."""
    folder = tmp_path_factory.mktemp("nsw") / "nsw"
    assert run("new", folder, "--example", "nsw") == 0
    assert run("evaluate", folder) == 0
    return folder


def test_nsw_reproduces_the_published_effect(evaluated: Path) -> None:
    rows = pl.read_parquet(evaluated / "results/estimates.parquet").filter(
        role="primary", outcome="earnings", adjusted=False
    )
    row = rows.filter(rows["subgroup"].is_null()).to_dicts()[0]
    assert round(row["estimate"]) == 1794
    assert round(row["std_error"], 1) == 671.0
    assert (row["n_control"], row["n_treated"], row["prespecified"]) == (260, 185, False)


def test_unlocked_is_refused_with_strict(evaluated: Path, capsys) -> None:
    assert run("evaluate", evaluated, "--strict") == 5
    assert "not locked" in capsys.readouterr().err


def test_what_the_lock_does_not_contain_is_exploratory(evaluated: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "nsw"
    assert run("new", folder, "--example", "nsw") == 0
    assert run("lock", folder) == 0
    assert run("lock", folder) == 5
    assert run("evaluate", folder, "--strict", "--json") == 0
    capsys.readouterr()
    protocol = folder / "trial.toml"
    changed = protocol.read_text(encoding="utf-8").replace(
        'months = "6..17"\nsummary = "mean"', 'months = "6..11"\nsummary = "mean"'
    )
    assert changed != protocol.read_text(encoding="utf-8")
    protocol.write_text(changed, encoding="utf-8")
    assert run("evaluate", folder, "--json") == 0
    primary = {row["outcome"]: row["prespecified"] for row in json.loads(capsys.readouterr().out)["primary"]}
    assert primary == {"earnings": True, "any_earnings": False}
    assert run("evaluate", folder, "--strict") == 5
    assert "analysis.primary[1].months" in capsys.readouterr().err


def test_report_opens_in_both_languages(evaluated: Path, capsys) -> None:
    assert run("report", evaluated) == 0
    for language in ("nb", "en"):
        page = (evaluated / f"results/report.{language}.html").read_text(encoding="utf-8")
        assert f'lang="{language}"' in page
    assert "report.en.html" in capsys.readouterr().out


def test_python_users_get_the_same(evaluated: Path) -> None:
    study = lodd.open(evaluated)
    assert study.evaluate().estimates.equals(pl.read_parquet(evaluated / "results/estimates.parquet"))
    assert study.panel().people == 445
    assert not study.simulated
    assert study.truth() is None
    assert study.simulation_facts() == {}


@pytest.mark.parametrize("command", ["check", "lock", "simulate", "panel", "evaluate", "report"])
def test_a_folder_without_a_protocol(command: str, tmp_path: Path, capsys) -> None:
    assert run(command, tmp_path) == 2
    assert "there is no trial.toml" in capsys.readouterr().err


def test_new_refuses_a_folder_in_use(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").touch()
    assert run("new", tmp_path) == 2
    assert "not empty" in capsys.readouterr().err
    assert run("new", tmp_path / "a", "--example", "seklar") == 2
    assert "se, se-klar, nsw" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_new_leaves_nothing_half_made(tmp_path: Path, monkeypatch) -> None:
    def fail(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(lodd.examples._BUILDERS, "nsw", fail)
    assert run("new", tmp_path / "nsw", "--example", "nsw") == 2
    assert list(tmp_path.iterdir()) == []


def test_people_who_are_not_simulated_are_never_written_over(evaluated: Path, capsys) -> None:
    before = (evaluated / "participants.parquet").read_bytes()
    assert run("simulate", evaluated) == 4
    assert "not simulated" in capsys.readouterr().err
    assert (evaluated / "participants.parquet").read_bytes() == before


@pytest.mark.parametrize("file", ["fidelity.parquet", "registers/benefits.parquet"])
def test_extracts_and_scores_that_are_there_before_anybody_is_drawn_are_never_written_over(
    file: str, tmp_path: Path, capsys
) -> None:
    assert run("new", tmp_path / "se") == 0
    (tmp_path / "se" / file).parent.mkdir(exist_ok=True)
    (tmp_path / "se" / file).write_bytes(b"real")
    assert run("simulate", tmp_path / "se") == 4
    said = capsys.readouterr().err
    assert "not simulated" in said
    assert file in said
    assert (tmp_path / "se" / file).read_bytes() == b"real"
    assert not (tmp_path / "se" / "participants.parquet").exists()


def test_everything_that_the_record_lists_has_words(evaluated: Path) -> None:
    results = json.loads((evaluated / "results/results.json").read_text(encoding="utf-8"))
    named = {key for key in results["provenance"] if ":" not in key} - {"simulated"}
    assert named >= {"definitions", "participants", "facts", "record", "values", "engine"}
    assert results["timings"].keys() >= {"panel", "estimates", "verdict"}
    for language in ("nb", "en"):
        texts = catalogue(language)
        assert [key for key in named if f"record.of_{key}" not in texts] == []
        assert [stage for stage in results["timings"] if f"record.stage_{stage}" not in texts] == []


def test_participants_missing(tmp_path: Path, capsys) -> None:
    assert run("new", tmp_path / "se") == 0
    assert run("evaluate", tmp_path / "se") == 4
    assert "lodd simulate" in capsys.readouterr().err


def test_demo_replaces_only_a_demo(evaluated: Path, capsys) -> None:
    assert run("demo", evaluated) == 4
    assert "is not a demo" in capsys.readouterr().err
    assert run("demo", evaluated, "--example", "nsw") == 2


def small_se_klar(folder: Path) -> Path:
    """The example with few redraws, to be quick."""
    assert run("new", folder, "--example", "se-klar") == 0
    protocol = folder / "trial.toml"
    text = protocol.read_text(encoding="utf-8")
    assert "draws = 10_000" in text
    protocol.write_text(text.replace("draws = 10_000", "draws = 199"), encoding="utf-8")
    return folder


def test_simulated_trial_from_start_to_report(tmp_path: Path, capsys) -> None:
    """SE-Klar, 268 people: every command in order, and the same results again from the same seed."""
    folder = small_se_klar(tmp_path / "klar")
    assert run("check", folder, "--json") == 0
    assert run("lock", folder, "--json") == 0
    assert run("simulate", folder, "--seed", "3") == 0
    assert run("panel", folder) == 0
    assert run("evaluate", folder, "--strict") == 0
    assert run("report", folder) == 0
    capsys.readouterr()
    assert run("check", folder) == 0
    assert "Locked" in capsys.readouterr().out
    first = (folder / "results/estimates.parquet").read_bytes()
    facts = json.loads((folder / "results/results.json").read_text(encoding="utf-8"))
    assert facts["provenance"]["simulated"] == "yes"
    assert run("simulate", folder, "--seed", "3", "--json") == 0
    assert run("evaluate", folder) == 0
    assert (folder / "results/estimates.parquet").read_bytes() == first


def test_check_counts_the_people_that_a_summary_loses(evaluated: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "nsw"
    shutil.copytree(evaluated, folder)
    protocol = folder / "trial.toml"
    whole = protocol.read_text(encoding="utf-8")
    assert run("check", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["beyond_coverage"] == {"earnings, 6..17": 0, "any_earnings, 6..17": 0}
    later = (
        whole.replace("opens = 1977-07-01", "opens = 1977-06-01")
        .replace('"6..17"', '"7..18"')
        .replace("= 17 ", "= 18 ")
    )
    protocol.write_text(later.replace("after = 17", "after = 18"), encoding="utf-8")
    assert run("check", folder) == 0
    assert "445 of the people drawn cannot be followed" in capsys.readouterr().err


def test_the_protocol_is_checked_whether_or_not_its_facts_can_be_read(evaluated: Path, tmp_path: Path) -> None:
    shutil.copytree(evaluated, folder := tmp_path / "nsw")
    with (folder / "trial.toml").open("a", encoding="utf-8") as protocol:
        protocol.write('\n[registers.more]\ntable = "more"\ndatabase = "postgresql"\ntemporality = "fixed"\n')
    assert run("check", folder) == 0
    assert run("panel", folder) == 2


def test_a_bug_shows_its_traceback_and_exits_with_one(monkeypatch, tmp_path: Path, capsys) -> None:
    def broken(_: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lodd.cli, "_open", broken)
    assert run("check", tmp_path) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_interrupted(monkeypatch, tmp_path: Path) -> None:
    def stop(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lodd.cli, "_open", stop)
    assert run("check", tmp_path) == 130


def test_help_and_wrong_words_in_both_languages() -> None:
    """In a process of its own, where the language is chosen."""
    for language, words in (("nb", "Kontroller protokollen"), ("en", "Check the protocol")):
        seen = subprocess.run(
            [sys.executable, "-m", "lodd", "--help"],
            capture_output=True, text=True, check=True, env={**os.environ, "LODD_LANG": language},
        )  # fmt: skip
        assert words in seen.stdout
    wrong = subprocess.run([sys.executable, "-m", "lodd", "evalute"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
