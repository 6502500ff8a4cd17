"""`lodd check --registers` as people run it: with registers missing, before the draw, and with errors."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import lodd.cli
from lodd.locale import Language

PROTOCOL = Path(__file__).parents[1] / "protocol" / "trial.toml"
JOBS = "person_id,start,stop,hours\na,2020-01-01,2020-06-30,37.5\na,2020-09-01,2020-08-01,20\nb,2020-01-01,,7.5\n"


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main([*map(str, words)])
    return int(exit_.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trial.toml").write_text(PROTOCOL.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "registers").mkdir()
    (tmp_path / "registers/jobs.csv").write_text(JOBS, encoding="utf-8")
    return tmp_path


def draw(folder: Path) -> None:
    from lodd.protocol import load_trial

    trial = load_trial(folder).trial
    office, site = next(iter(trial.office_site.items()))
    arms = trial.arm_ids
    frame = pl.DataFrame({"person_id": list("abc")[: len(arms)], "arm": list(arms)})
    chances = {f"marginal_{arm}": pl.lit(1 / len(arms)) for arm in arms}
    place = {"site": pl.lit(site), "office": pl.lit(office), "stratum": pl.lit("s")}
    drawn = frame.with_columns(drawn_at=pl.lit(date(2020, 3, 1)), **place, **chances)
    drawn.write_parquet(folder / "participants.parquet")


def speak(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lodd.cli, "_LANGUAGE", language)


def test_before_the_draw_extracts_may_still_be_missing(folder: Path, monkeypatch, capsys) -> None:
    speak("nb", monkeypatch)
    assert run("check", folder, "--registers") == 0
    seen = capsys.readouterr()
    assert "jobs: rader: 3, personer: 2" in seen.out
    assert "programmes: ikke lest." in seen.out
    assert "Advarsel: Filen er der ikke." in seen.out
    assert "1 rad slutter før den starter" in seen.out
    assert "Ser etter i «jobs»" in seen.err
    assert (folder / "results/quality.nb.html").exists()
    assert str(folder / "results/quality.nb.html") in seen.out


def test_after_the_draw_what_is_missing_is_an_error(folder: Path, monkeypatch, capsys) -> None:
    speak("en", monkeypatch)
    draw(folder)
    assert run("check", folder, "--registers", "--json", "--out", folder / "elsewhere") == 4
    seen = capsys.readouterr()
    told = json.loads(seen.out)
    assert told["drawn"] == 3
    assert {f["register"] for f in told["findings"] if f["kind"] == "file_missing"} == {"programmes", "deaths"}
    assert [f["example_rows"] for f in told["findings"] if f["kind"] == "start_after_stop"] == [[2]]
    assert "errors in the registers" in seen.err
    assert "Traceback" not in seen.err
    assert sorted(path.name for path in (folder / "elsewhere").iterdir()) == [
        "quality.en.html",
        "quality.json",
        "quality.nb.html",
    ]
    assert not (folder / "results").exists()


def test_facts_that_cannot_be_joined_are_an_error(folder: Path, monkeypatch, capsys) -> None:
    """Each register is sound by itself, and still the panel cannot be built."""
    speak("nb", monkeypatch)
    draw(folder)
    protocol = (folder / "trial.toml").read_text(encoding="utf-8")
    facts = '[registers.facts]\nfile = "registers/facts.csv"\ntemporality = "fixed"\n\n'
    before, jobs = protocol.split("[registers.jobs]")
    (folder / "trial.toml").write_text(f"{before}{facts}[registers.jobs]{jobs}", encoding="utf-8")
    (folder / "registers/facts.csv").write_text("person_id,site\na,north\n", encoding="utf-8")
    assert run("check", folder, "--registers") == 4
    assert "Feil: Deltakerne har alt kolonnen site. Panelet kan ikke bygges" in capsys.readouterr().out


@pytest.mark.long
def test_a_folder_that_cannot_be_written_is_said(folder: Path, monkeypatch, capsys) -> None:
    speak("en", monkeypatch)
    (folder / "results").write_text("a file", encoding="utf-8")
    assert run("check", folder, "--registers") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_folder_for_a_page_that_is_not_asked_for(folder: Path, monkeypatch, capsys) -> None:
    speak("nb", monkeypatch)
    assert run("check", folder, "--out", folder / "elsewhere") == 2
    assert "--registers" in capsys.readouterr().err
