"""`lodd panel` as of a day and compared with another version, as people run it, in a trial small enough to read."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lodd
import lodd.cli
import lodd.panel_cli
import lodd.versions_cli
from lodd.locale import Language
from lodd.versions_study import panel_as_of

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


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    speak("en", monkeypatch)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial with its panel, and its panel as known at the end of May."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "trial.toml").write_text(PROTOCOL)
    (folder / "jobs.csv").write_text(JOBS)
    (folder / "schools.csv").write_text("person_id,day\nb,2015-04-10\n")
    people = {"person_id": list("abcd"), "arm": ["control", "se"] * 2, "site": "north", "office": "n1", "stratum": "n1"}
    pl.DataFrame(people).with_columns(drawn_at=date(2015, 3, 7)).write_parquet(folder / "participants.parquet")
    assert run("panel", folder, "--compare-as-of", "2015-05-31") == 0
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def speak(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lodd.cli, lodd.panel_cli, lodd.versions_cli):
        monkeypatch.setattr(module, "_LANGUAGE", language)


def run(*words: Any) -> int:
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main([*map(str, words)])
    return int(exit_.value.code or 0)


def hours(folder: Path, file: str, person: str = "a") -> list[float | None]:
    return pl.read_parquet(folder / file).filter(person_id=person)["hours"].to_list()


def test_a_panel_as_of_a_day_has_a_file_of_its_own(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", built, "--as-of", "2015-05-31") == 0
    seen = capsys.readouterr()
    assert "The panel as known on 31 May 2015 has 4 people and 20 person-months" in seen.out
    assert 'without "registered" these are used as they are now, not as they were: schools' in seen.err
    assert hours(built, "results/panel.parquet") == [30, 30, 0, 0, 0]
    assert hours(built, "results/panel-as-of-2015-05-31.parquet") == [30, 30, 30, 30, None]
    assert lodd.open(built).panel().provenance.get("as_of") is None
    assert run("panel", built, "--as-of", "2015-05-31", "--json") == 0
    assert json.loads(capsys.readouterr().out)["as_of"] == "2015-05-31"


def test_the_day_may_be_in_the_protocol(folder: Path) -> None:
    """Then the panel of that day is the trial's own."""
    (folder / "trial.toml").write_text(PROTOCOL + "as_of = 2015-05-31\n")
    (folder / "results/panel-as-of-2015-05-31.parquet").rename(folder / "results/panel.parquet")
    _, file = panel_as_of(lodd.open(folder), date(2015, 5, 31))
    assert file == folder / "results/panel.parquet"
    assert lodd.open(folder).panel().provenance["as_of"] == "2015-05-31"
    assert [path.name for path in (folder / "results").iterdir()] == ["panel.parquet"]


def test_two_versions_compared(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", built, "--compare-as-of", "2015-05-31") == 0
    seen = capsys.readouterr()
    assert seen.out.startswith("From: known on 31 May 2015\nTo:   the registers as they are\n")
    rows = [line.split() for line in seen.out.splitlines()]
    assert ["everybody", "16", "3", "18.75%", "2", "1", "2", "0", "0", "−6.25", "pp"] in rows
    assert ["Control", "8", "3", "37.50%", "2", "1", "2", "0", "0", "−12.50", "pp"] in rows
    assert ["SE", "8", "0", "0.00%", "0", "0", "0", "0", "0", "0.00", "pp"] in rows
    assert "Unchanged: At school." in seen.out
    assert "are not compared (up to 4 person-months of an outcome)" in seen.out
    assert 'between the arms: "In work", of which 0.00% changed for SE and 37.50% for Control (−37.50' in seen.out
    assert "ask why" in seen.out
    assert "other definitions" not in seen.err


def test_the_same_in_norwegian(
    built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    speak("nb", monkeypatch)
    assert run("panel", built, "--as-of", "2015-05-31", "--compare", built / "results/panel.parquet") == 0
    out = capsys.readouterr().out
    assert out.startswith("Fra: kjent 31. mai 2015\nTil: ")  # what was known first comes first
    assert "18,75 %" in out.replace("\N{NO-BREAK SPACE}", " ")
    assert "Uendret: På skole." in out
    assert "bør det forklares" in out


def test_as_json(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", built, "--compare-as-of", "2015-05-31", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    work = [row for row in found["changes"] if row["outcome"] == "in_work" and row["arm"] is None]
    assert (work[0]["person_months"], work[0]["changed"], work[0]["not_compared"]) == (16, 3, 4)
    assert found["from"]["as_of"] == "2015-05-31"
    assert found["to"] == {"name": "the registers as they are", "as_of": None}
    assert found["not_rebuilt"] == ["schools"]
    april = [row for row in found["months"] if (row["outcome"], row["arm"], row["event_month"]) == ("hours", None, 1)]
    assert april[0]["mean_difference"] == -7.5


def test_a_panel_of_other_extracts_and_definitions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "results/panel.parquet").rename(folder / "old.parquet")
    (folder / "jobs.csv").write_text(JOBS.replace("b,2015-01-01,,20", "b,2015-01-01,,3"))
    (folder / "trial.toml").write_text(PROTOCOL.replace("at_least = 4", "at_least = 2"))
    assert run("panel", folder, "--compare", folder / "old.parquet") == 0
    seen = capsys.readouterr()
    assert "old.parquet (the registers as they are)" in seen.out.splitlines()[0]
    assert "The extracts are not the same: jobs." in seen.out
    assert "one of the versions was made by other definitions than the protocol's" in seen.err
    assert "Unchanged: In work and At school." in seen.out


def test_a_panel_that_was_changed_by_hand_is_not_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "results/panel.parquet"
    table = pq.read_table(file)
    one = table.set_column(table.schema.get_field_index("in_work"), "in_work", pa.array([1] * 20, pa.uint8()))
    pq.write_table(one, folder / "changed.parquet")
    assert run("panel", folder, "--compare", folder / "changed.parquet") == 4
    assert "changed.parquet" in capsys.readouterr().err


def test_nothing_changed(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", built, "--compare", built / "results/panel.parquet") == 0
    assert "No person-months changed." in capsys.readouterr().out


def test_a_panel_of_nothing_but_zeros_is_remarked_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt code, and a window that no register covers."""
    misspelt = 'measure = { any = true, where = { id = "l" } }'
    later = 'covers = { from = 2015-07-01, until = 2016-12-31 }\nstart = "day"'
    text = PROTOCOL.replace('measure = { sum = "hours", at_least = 4 }', misspelt)
    (folder / "trial.toml").write_text(
        text.replace('covers = { from = 2014-01-01, until = 2016-12-31 }\nstart = "day"', later)
    )
    assert run("panel", folder) == 0
    seen = capsys.readouterr()
    assert "0 for everybody in every month: in_work" in seen.err
    assert "observed for nobody in any month: at_school" in seen.err


def test_what_cannot_be(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("panel", built, "--compare", "x.parquet", "--compare-as-of", "2015-06-30") == 2
    assert "--compare and --compare-as-of at once" in capsys.readouterr().err
    assert run("panel", built, "--as-of", "2015-05-31", "--memory", "2GB") == 2
    assert "--memory together with --as-of" in capsys.readouterr().err
    assert run("panel", built, "--compare", built / "none.parquet") == 4
    assert run("panel", built, "--as-of", "2014-12-31") == 4
    assert "the first was registered on 10 January 2015" in capsys.readouterr().err
    assert not (built / "results/panel-as-of-2014-12-31.parquet").exists()
