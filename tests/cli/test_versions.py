"""`lodd panel` as of a day and compared with another version, as people run it, in a trial small enough to read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lodd
import lodd.cli
import lodd.panel_cli
import lodd.versions_cli
from lodd.locale import Language

PROTOCOL = """
[trial]
id = "tiny"
title = "Tiny"
arms = ["control", "se"]
[arms.control]
label = { nb = "Kontroll", en = "Control" }
[arms.se]
label = { nb = "SE", en = "SE" }
[enrolment]
opens = 2015-01-01
closes = 2015-12-31
[sites.north]
label = "North"
offices = [{ id = "n1", label = "N1" }]
[draw]
method = "external"
[registers.jobs]
file = "jobs.csv"
temporality = "status"
covers = { from = 2014-01-01, until = 2016-12-31 }
start = "start"
stop = "stop"
record = ["id"]
registered = "seen"
columns = { hours = { decimals = 1 } }
[registers.schools]
file = "schools.csv"
temporality = "event"
covers = { from = 2014-01-01, until = 2016-12-31 }
start = "day"
[outcomes.in_work]
label = { nb = "I arbeid", en = "In work" }
register = "jobs"
measure = { sum = "hours", at_least = 4 }
[outcomes.hours]
label = { nb = "Timer", en = "Hours" }
register = "jobs"
measure = { sum = "hours" }
unit = { nb = "timer", en = "hours" }
[outcomes.at_school]
label = { nb = "På skole", en = "At school" }
register = "schools"
measure = { any = true }
[analysis]
window = { before = 1, after = 3 }
"""
JOBS = """person_id,start,stop,hours,id,seen
a,2015-01-01,,30,1,2015-01-10
a,2015-01-01,2015-03-31,30,1,2015-07-01T12:00:00
b,2015-01-01,,20,2,2015-01-10
c,2015-05-01,,7.5,3,2015-07-02
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    speak("en", monkeypatch)
    (tmp_path / "trial.toml").write_text(PROTOCOL)
    (tmp_path / "jobs.csv").write_text(JOBS)
    (tmp_path / "schools.csv").write_text("person_id,day\nb,2015-04-10\n")
    people = {"person_id": list("abcd"), "arm": ["control", "se"] * 2, "site": "north", "office": "n1", "stratum": "n1"}
    pl.DataFrame(people).with_columns(drawn_at=date(2015, 3, 7)).write_parquet(tmp_path / "participants.parquet")
    return tmp_path


def speak(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lodd.cli, lodd.panel_cli, lodd.versions_cli):
        monkeypatch.setattr(module, "_LANGUAGE", language)


def run(*words: Any) -> int:
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main([*map(str, words)])
    return int(exit_.value.code or 0)


def hours(folder: Path, file: str, person: str = "a") -> list[float | None]:
    return pl.read_parquet(folder / file).filter(person_id=person)["hours"].to_list()


def test_a_panel_as_of_a_day_has_a_file_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder) == 0
    assert run("panel", folder, "--as-of", "2015-06-30") == 0
    seen = capsys.readouterr()
    assert "The panel as known on 30 June 2015 has 4 people and 20 person-months" in seen.out
    assert 'without "registered" these are used as they are now, not as they were: schools' in seen.err
    assert hours(folder, "results/panel.parquet") == [30, 30, 0, 0, 0]
    assert hours(folder, "results/panel-as-of-2015-06-30.parquet") == [30, 30, 30, 30, 30]
    assert lodd.open(folder).panel().provenance.get("as_of") is None


def test_the_day_may_be_in_the_protocol(folder: Path) -> None:
    (folder / "trial.toml").write_text(PROTOCOL + "as_of = 2015-06-30\n")
    assert run("panel", folder, "--as-of", "2015-06-30") == 0
    assert hours(folder, "results/panel.parquet") == [30, 30, 30, 30, 30]
    assert not list((folder / "results").glob("panel-as-of*"))


def test_two_days_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder, "--compare-as-of", "2015-06-30") == 0
    out = capsys.readouterr().out
    assert out.startswith("From: known on 30 June 2015\nTo:   the registers as they are\n")
    rows = [line.split() for line in out.splitlines()]
    assert ["everybody", "20", "5", "25.00%", "2", "2", "3", "0", "0", "−5.00", "pp"] in rows
    assert ["Control", "10", "5", "50.00%", "2", "2", "3", "0", "0", "−10.00", "pp"] in rows
    assert ["SE", "10", "0", "0.00%", "0", "0", "0", "0", "0", "0.00", "pp"] in rows
    assert "Unchanged: At school." in out
    assert 'between the arms: "In work", of which 0.00% changed for SE and 50.00% for Control (−50.00' in out
    assert "ask why" in out


def test_the_same_in_norwegian(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    speak("nb", monkeypatch)
    assert run("panel", folder, "--as-of", "2015-07-02", "--compare-as-of", "2015-06-30") == 0
    out = capsys.readouterr().out
    assert out.startswith("Fra: kjent 30. juni 2015\nTil: kjent 2. juli 2015\n")
    assert "25,00 %" in out.replace("\N{NO-BREAK SPACE}", " ")
    assert "Uendret: På skole." in out
    assert "bør det forklares" in out


def test_months_that_were_not_over_are_not_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder, "--compare-as-of", "2015-04-30", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    work = [row for row in found["changes"] if row["outcome"] == "in_work" and row["arm"] is None]
    assert (work[0]["person_months"], work[0]["changed"], work[0]["not_compared"]) == (12, 1, 8)
    assert found["from"]["as_of"] == "2015-04-30"
    assert found["to"] == {"name": "the registers as they are", "as_of": None}
    assert found["not_rebuilt"] == ["schools"]
    april = [row for row in found["months"] if (row["outcome"], row["arm"], row["event_month"]) == ("hours", None, 1)]
    assert april[0]["mean_difference"] == -7.5


def test_a_panel_of_other_extracts_or_definitions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder) == 0
    (folder / "results/panel.parquet").rename(folder / "old.parquet")
    (folder / "jobs.csv").write_text(JOBS.replace("b,2015-01-01,,20", "b,2015-01-01,,3"))
    capsys.readouterr()
    assert run("panel", folder, "--compare", folder / "old.parquet") == 0
    seen = capsys.readouterr()
    assert "old.parquet (the registers as they are)" in seen.out.splitlines()[0]
    assert "The extracts are not the same: jobs." in seen.out
    assert "other definitions" not in seen.err
    (folder / "trial.toml").write_text(PROTOCOL.replace("at_least = 4", "at_least = 2"))
    assert run("panel", folder, "--compare", folder / "old.parquet") == 0
    seen = capsys.readouterr()
    assert "one of the versions was made by other definitions than the protocol's" in seen.err
    assert "Unchanged: In work and At school." in seen.out


def test_nothing_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder, "--compare-as-of", "2016-06-30") == 0
    assert "No person-months changed." in capsys.readouterr().out


def test_what_cannot_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", folder, "--compare", "x.parquet", "--compare-as-of", "2015-06-30") == 2
    assert "--compare and --compare-as-of at once" in capsys.readouterr().err
    assert run("panel", folder, "--compare", folder / "none.parquet") == 4
    assert run("panel", folder, "--as-of", "2014-12-31") == 4
    assert "the first was registered on 10 January 2015" in capsys.readouterr().err
    assert not (folder / "results").exists()
