"""`lodd assure` and `lodd explain` as people run them: what they see where a definition is wrong, in both languages.

The stored text is written again with LODD_UPDATE_SNAPSHOTS=1, and then read with one's own eyes in the diff.
"""

from __future__ import annotations

import json
import os
import stat
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lodd.assure_cli
import lodd.cli
import lodd.examples
from lodd.examples import EXAMPLES
from lodd.explain_study import ACCESS_LOG
from lodd.locale import LANGUAGES, Language
from lodd.protocol import load_trial
from lodd.registers.assurance import ASSURANCE_FILE, read_assurance
from lodd.registers.assuring import assure

PACKAGED = Path(lodd.examples.__file__).parent
SNAPSHOTS = Path(__file__).parent / "snapshots"
IN_WORK = 'measure = { sum = "hours_per_week", at_least = 4 }'
IN_ONE_JOB = "measure = { any = true, where = { hours_per_week = { at_least = 4 } } }"


def run(*words: Any) -> int:
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main([*map(str, words)])
    return int(exit_.value.code or 0)


def speak(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lodd.cli, "_LANGUAGE", language)
    monkeypatch.setattr(lodd.assure_cli, "_LANGUAGE", language)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_definitions_of_every_example_hold(example: str) -> None:
    trial = load_trial(PACKAGED / example).trial
    assured = read_assurance(trial, PACKAGED / example)
    tested = assure(trial, assured)
    assert [(each.case.says.en, each.expectation) for each in tested if not each.holds] == []
    assert all(case.says.nb != case.says.en for case in assured.cases)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """The trial with four hours asked for in one job instead of in all, and the cases of work alone."""
    protocol = (PACKAGED / "se/trial.toml").read_text(encoding="utf-8")
    assert protocol.count(IN_WORK) == 1
    (tmp_path / "trial.toml").write_text(protocol.replace(IN_WORK, IN_ONE_JOB), encoding="utf-8")
    cases = (PACKAGED / "se" / ASSURANCE_FILE).read_text(encoding="utf-8")
    (tmp_path / ASSURANCE_FILE).write_text(cases.split("# Work with and without")[0], encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_definition_of_in_work_is_shown(language: Language, wrong: Path, monkeypatch: Any, capsys: Any) -> None:
    speak(language, monkeypatch)
    code = run("assure", wrong)
    seen = capsys.readouterr()
    shown = f"{seen.out}{seen.err}(exit code {code})\n"
    stored = SNAPSHOTS / f"assure.{language}.txt"
    if os.environ.get("LODD_UPDATE_SNAPSHOTS"):
        stored.write_text(shown, encoding="utf-8")
    assert shown == stored.read_text(encoding="utf-8")
    assert code == 3


def test_the_same_for_scripts(wrong: Path, capsys: Any) -> None:
    assert run("assure", wrong, "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert told["cases"] == 7
    first = told["failed"][0]
    assert (first["outcome"], first["month"], first["expected"], first["value"]) == ("in_work", "2015-03", 1, 0)
    assert first["records"][1]["fate"].startswith("does not meet the condition")


def test_cases_that_hold_and_no_cases(wrong: Path, capsys: Any, monkeypatch: Any) -> None:
    speak("nb", monkeypatch)
    (wrong / "trial.toml").write_bytes((PACKAGED / "se/trial.toml").read_bytes())
    assert run("assure", wrong) == 0
    assert "forventede verdier i 7 tilfeller stemmer." in capsys.readouterr().out
    (wrong / ASSURANCE_FILE).unlink()
    assert run("assure", wrong) == 2
    assert "det er ingen assurance.toml" in capsys.readouterr().err


# Explaining -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A trial of two people with pay from two employers: one extract is CSV, the other holds exact decimals."""
    path = tmp_path / "real"
    (path / "registers").mkdir(parents=True)
    path.chmod(0o700)
    (path / "trial.toml").write_text(PROTOCOL, encoding="utf-8")
    people = {"person_id": ["a", "b"], "arm": ["control", "se"], "site": "s", "office": "o", "stratum": "all"}
    pl.DataFrame(people).with_columns(drawn_at=date(2015, 2, 3)).write_parquet(path / "participants.parquet")
    (path / "registers/jobs.csv").write_text(
        "person_id,start,stop,rank,full\nb,2015-01-01,,1,true\na,2015-03-01,2015-04-30,2,true\na,2015-03-01,,9,false\n"
    )
    pay = pl.DataFrame({"person_id": ["a", "a"], "month": [date(2015, 3, 1)] * 2, "amount": ["10.5", "7"]})
    pay.with_columns(pl.col("amount").cast(pl.Decimal(12, 2))).write_parquet(path / "registers/pay.parquet")
    return path


PROTOCOL = """
[trial]
id = "real"
title = "Real"
arms = ["control", "se"]
[arms.control]
label = "Control"
[arms.se]
label = "SE"
[enrolment]
opens = 2015-01-01
closes = 2015-12-31
[sites.s]
label = "S"
offices = [{ id = "o", label = "O" }]
[draw]
method = "external"
[registers.jobs]
file = "registers/jobs.csv"
temporality = "status"
covers = { from = 2015-01-01, until = 2016-12-31 }
start = "start"
stop = "stop"
[registers.pay]
file = "registers/pay.parquet"
temporality = "accumulated"
covers = { from = 2015-01-01, until = 2016-12-31 }
start = "month"
columns = { amount = { decimals = 2 } }
[outcomes.job]
label = "Job"
register = "jobs"
measure = { any = true, where = { rank = { below = 5 }, full = true } }
[outcomes.pay]
label = "Pay"
unit = "kr"
register = "pay"
measure = { sum = "amount" }
[analysis]
window = { before = 1, after = 6 }
"""


def explained(folder: Path, *words: str, capsys: Any) -> str:
    assert run("explain", *words, folder) == 0
    return str(capsys.readouterr().out)


def test_a_value_is_explained_from_the_extracts_and_logged(folder: Path, capsys: Any, monkeypatch: Any) -> None:
    speak("en", monkeypatch)
    seen = explained(folder, "a", "job", "2015-03", capsys=capsys)
    assert "row 2" in seen
    assert "→ does not meet the condition: rank is 9, shall be below 5" in seen
    assert "The value is 1." in seen
    seen = explained(folder, "a", "pay", "1", capsys=capsys)
    assert "10.5 + 7 = 17.5 (rows 1 and 2)." in seen
    assert "logged in" in seen
    log = [json.loads(line) for line in (folder / ACCESS_LOG).read_text().splitlines()]
    assert [(each["person"], each["outcome"], each["month"]) for each in log] == [
        ("a", "job", "2015-03"),
        ("a", "pay", "2015-03"),
    ]
    assert all(set(each) == {"at", "user", "person", "outcome", "month"} and each["user"] for each in log)
    assert stat.S_IMODE((folder / ACCESS_LOG).stat().st_mode) == 0o600


def test_months_before_the_draw_and_json(folder: Path, capsys: Any) -> None:
    assert run("explain", "b", "job", "-1", folder, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["month"], told["event_month"], told["value"]) == ("2015-01", -1, 1)
    assert [each["row"] for each in told["records"]] == [1]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("c job 1", "never an identity number"),
        ("a jobb 1", 'Did you mean "job"?'),
        ("a job March", '"March" is no month'),
        ("a job 7", "2015-01 to 2015-08"),
    ],
)
def test_mistakes_are_not_logged(folder: Path, words: str, shown: str, capsys: Any, monkeypatch: Any) -> None:
    speak("en", monkeypatch)
    assert run("explain", *words.split(), folder) == (4 if words.startswith("c") else 2)
    assert shown in capsys.readouterr().err
    assert not (folder / ACCESS_LOG).exists()


def test_only_the_owner_sees_what_is_known_of_one_person(folder: Path, capsys: Any, monkeypatch: Any) -> None:
    speak("en", monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 4_000_000)
    assert run("explain", "a", "job", "1", folder) == 4
    assert "belongs to" in capsys.readouterr().err
    assert not (folder / ACCESS_LOG).exists()


def test_not_from_a_folder_that_is_open_to_all(folder: Path, capsys: Any, monkeypatch: Any) -> None:
    speak("nb", monkeypatch)
    (folder / "participants.parquet").chmod(0o644)
    assert run("explain", "a", "job", "1", folder) == 0  # nobody else can come to the folder
    monkeypatch.setattr(lodd.explain_study, "_reachable", lambda _: True)
    assert run("explain", "a", "job", "1", folder) == 4
    assert "chmod -R o= MAPPE" in capsys.readouterr().err
    (folder / "simulation.json").write_text("{}")  # invented people
    assert run("explain", "a", "job", "1", folder) == 0


def test_what_cannot_be_logged_is_not_shown(folder: Path, capsys: Any, monkeypatch: Any) -> None:
    speak("en", monkeypatch)
    (folder / ACCESS_LOG).mkdir()
    assert run("explain", "a", "job", "1", folder) == 4
    seen = capsys.readouterr()
    assert "cannot be logged" in seen.err
    assert "row" not in seen.out
