"""Datasets of microdata.no, made here, validated by its own tools, and read."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError, UsageError
from lodd.protocol.code_files import with_code_lists
from lodd.registers import build_panel, with_facts
from lodd.registers.microdata import _errors
from lodd.registers.sources import file_sha256
from tests.registers.small import COVERS, people_of, trial_of, values

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY, b=DAY)


def no(text: str) -> list[dict[str, str]]:
    return [{"languageCode": "no", "value": text}]


def code(value: str | int, title: str, since: str, until: str | None = None) -> dict[str, Any]:
    return {"code": value, "categoryTitle": no(title), "validFrom": since, "validUntil": until}


def made(folder: Path, name: str, kind: str, rows: list[str], domain: Any = None) -> str:
    """A dataset below ``registers/``; returns what the protocol calls it. ``kind``: temporality and data type."""
    temporality, data_type = kind.split()
    place = folder / "registers" / name
    place.mkdir(parents=True, exist_ok=True)
    described = {
        "temporalityType": temporality,
        "sensitivityLevel": "PERSON_GENERAL",
        "populationDescription": no("Alle"),
        "subjectFields": [no("Arbeid")],
        "dataRevision": {"description": no("Første")},
        "identifierVariables": [{"unitType": "PERSON"}],
        "measureVariables": [
            {
                "name": no(name),
                "description": no(name),
                "dataType": data_type,
                "valueDomain": domain or {"description": no("Tall")},
            }
        ],
    }
    (place / f"{name}.json").write_text(json.dumps(described), encoding="utf-8")
    (place / f"{name}.csv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return f"registers/{name}"


def trial(dataset: str, temporality: str, measure: Any, **register: Any):
    declared = {"dataset": dataset, "temporality": temporality, "covers": COVERS} | register
    return trial_of({"r": declared}, {"y": {"register": "r", "measure": measure}})


HOURS = {"columns": {"value": {"decimals": 1}}}


def test_spells_with_a_number(tmp_path: Path) -> None:
    rows = ["a;7.5;2015-03-01;2015-03-31;", "a;30;2015-04-01;;", "b;1;2015-01-01;2015-01-31;"]
    hours = made(tmp_path, "TIMER", "EVENT DOUBLE", rows)
    found = build_panel(trial(hours, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)
    assert values(found, "y") == [0, 7.5, 30, 30]
    assert values(found, "y", "b") == [0, 0, 0, 0]


@pytest.mark.long
def test_amounts_by_month(tmp_path: Path) -> None:
    rows = ["a;100;2015-03-01;2015-03-31;", "a;200;2015-04-01;2015-04-30;"]
    pay = made(tmp_path, "LONN", "ACCUMULATED LONG", rows)
    declared = trial(pay, "accumulated", {"sum": "value"}, columns={"value": {}})
    assert values(build_panel(declared, tmp_path, PEOPLE), "y") == [0, 100, 200, 0]


def test_amounts_of_a_year_declared_as_monthly(tmp_path: Path) -> None:
    rows = ["b;1;2015-01-01;2015-01-31;", "a;1200;2015-01-01;2015-12-31;"]
    pay = made(tmp_path, "LONN", "ACCUMULATED LONG", rows)
    with pytest.raises(DataError) as caught:
        build_panel(trial(pay, "accumulated", {"sum": "value"}, columns={"value": {}}), tmp_path, PEOPLE)
    assert "1 rad (nr. 2) gjelder mer enn én måned" in caught.value.render("nb")
    assert "1 row (no. 2) is for more than one month" in caught.value.render("en")
    yearly = trial(pay, "accumulated", {"sum": "value"}, columns={"value": {}}, period="year")
    assert values(build_panel(yearly, tmp_path, PEOPLE), "y") == [100, 100, 100, 100]


def test_a_state_on_a_day_with_codes_of_which_one_means_missing(tmp_path: Path) -> None:
    domain = {
        "codeList": [code("01", "Gift", "2000-01-01"), code("02", "Skilt", "2000-01-01")],
        "sentinelAndMissingValues": [{"code": "99", "categoryTitle": no("Uoppgitt")}],
    }
    rows = ["a;01;2015-03-16;2015-03-16;", "a;02;2015-04-16;2015-04-16;", "a;99;2015-05-16;2015-05-16;"]
    status = made(tmp_path, "SIVSTAND", "STATUS STRING", rows, domain)
    distinct = trial(status, "event", {"count_distinct": "value"})
    assert values(build_panel(distinct, tmp_path, PEOPLE), "y") == [0, 1, 1, 0]
    married = trial(status, "event", {"any": True, "where": {"value": "01"}})
    assert values(build_panel(married, tmp_path, PEOPLE), "y") == [0, 1, 0, 0]


@pytest.mark.long
def test_the_dataset_s_own_codes_are_a_code_list(tmp_path: Path) -> None:
    domain = {"codeList": [code("1", "Gift", "2000-01-01", "2015-03-31"), code("1", "Samboer", "2015-04-01")]}
    rows = ["a;1;2015-03-16;2015-03-16;", "a;1;2015-04-16;2015-04-16;"]
    status = made(tmp_path, "SIVSTAND", "STATUS STRING", rows, domain)
    where = {"value": {"list": "own", "group": "Gift", "by": "label"}}
    declared = trial_of(
        {"r": {"dataset": status, "temporality": "event", "covers": COVERS}},
        {"y": {"register": "r", "measure": {"any": True, "where": where}}},
        code_lists={"own": {"dataset": status}},
    )
    read, findings = with_code_lists(declared, tmp_path)
    assert not findings
    assert read.code_lists["own"].codes[0].until == date(2015, 3, 31)
    assert values(build_panel(read, tmp_path, PEOPLE), "y") == [0, 1, 0, 0]


def test_a_fact_is_called_as_the_register(tmp_path: Path) -> None:
    sex = made(tmp_path, "KJONN", "FIXED STRING", ["a;01;;;", "b;02;;;", "z;02;;;"])
    born = made(tmp_path, "FODT", "FIXED LONG", ["b;1990;;;"])
    declared = trial_of(
        {name: {"dataset": d, "temporality": "fixed"} for name, d in {"sex": sex, "born": born}.items()}, {}
    )
    frame = with_facts(declared, tmp_path, PEOPLE).frame
    assert frame["sex"].to_list() == ["01", "02"]  # text stays text
    assert frame["born"].to_list() == [None, 1990]
    assert frame.schema["born"] == pl.Float64


def test_another_temporality_than_the_dataset_s(tmp_path: Path) -> None:
    pay = made(tmp_path, "LONN", "ACCUMULATED LONG", ["a;1;2015-01-01;2015-01-31;"])
    with pytest.raises(DataError) as caught:
        build_panel(trial(pay, "status", {"any": True}), tmp_path, PEOPLE)
    assert "temporalityType ACCUMULATED" in caught.value.render("nb")
    assert "allowed: accumulated" in caught.value.render("en")


def test_text_that_is_to_be_summed(tmp_path: Path) -> None:
    text = made(tmp_path, "KODE", "EVENT STRING", ["a;x;2015-01-01;;"])
    with pytest.raises(DataError, match="of type STRING"):
        build_panel(trial(text, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)


@pytest.mark.parametrize(
    "rows",
    [
        ["secret;7.5;2015-03-31;2015-03-01;"],  # stops before it starts
        ["secret;7.5;2015-03-01;2015-03-31;", "secret;1;2015-03-31;;"],  # overlapping
        pytest.param(["secret;;2015-03-01;2015-03-31;"], marks=pytest.mark.long),
        pytest.param(["secret;7,5;2015-03-01;2015-03-31;"], marks=pytest.mark.long),
        ["secret;7.5;2015-03-01;2015-03-31"],  # a field is missing
    ],
)
def test_what_is_not_valid_is_said_but_never_of_whom(tmp_path: Path, rows: list[str]) -> None:
    hours = made(tmp_path, "TIMER", "EVENT DOUBLE", rows)
    with pytest.raises(DataError) as caught:
        build_panel(trial(hours, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)
    assert "the dataset is not valid" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "No such file" not in str(caught.value)
    assert not [path for path in Path().iterdir() if path.name.endswith(".sqlite3.db")]


def test_a_name_that_microdata_does_not_allow(tmp_path: Path) -> None:
    hours = made(tmp_path, "timer", "EVENT DOUBLE", ["a;7.5;2015-03-01;;"])
    with pytest.raises(DataError, match="A-Z"):
        build_panel(trial(hours, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)


@pytest.mark.parametrize("gone", ["TIMER.csv", "TIMER.json"])
def test_a_file_of_the_two_is_missing(tmp_path: Path, gone: str) -> None:
    hours = made(tmp_path, "TIMER", "EVENT DOUBLE", ["a;7.5;2015-03-01;;"])
    (tmp_path / hours / gone).unlink()
    with pytest.raises(DataError, match="is not there"):
        build_panel(trial(hours, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)


def test_a_description_that_is_none(tmp_path: Path) -> None:
    hours = made(tmp_path, "TIMER", "EVENT DOUBLE", ["a;7.5;2015-03-01;;"])
    for text in ("{", "{}", "[]", "[" * 100_000):
        (tmp_path / hours / "TIMER.json").write_text(text)
        with pytest.raises(DataError, match="cannot be read"):
            build_panel(trial(hours, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)


def test_the_hash_is_of_both_files(tmp_path: Path) -> None:
    hours = made(tmp_path, "TIMER", "EVENT DOUBLE", ["a;7.5;2015-03-01;;"])
    register = trial(hours, "status", {"sum": "value"}, **HOURS).registers["r"]
    hashes = {file_sha256("r", register, tmp_path)}
    for gone in ("TIMER.csv", "TIMER.json"):
        path = tmp_path / hours / gone
        path.write_text(path.read_text() + "\n")
        hashes.add(file_sha256("r", register, tmp_path))
    assert len(hashes) == 3


def test_without_the_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = made(tmp_path, "TIMER", "EVENT DOUBLE", ["a;7.5;2015-03-01;;"])
    _errors.cache_clear()
    monkeypatch.setitem(sys.modules, "microdata_tools", None)
    with pytest.raises(UsageError) as caught:
        build_panel(trial(hours, "status", {"sum": "value"}, **HOURS), tmp_path, PEOPLE)
    assert "pip install 'lodd[microdata]'" in caught.value.render("nb")


def test_a_dataset_s_codes_are_read_with_their_days(tmp_path: Path) -> None:
    domain = {"codeList": [code("1", "Gift", "2000-01-01", "2015-03-31"), code(2, "Samboer", "2015-04-01")]}
    status = made(tmp_path, "SIVSTAND", "STATUS STRING", [], domain)
    none = made(tmp_path, "TIMER", "EVENT DOUBLE", [])
    declared = trial_of({}, {}, code_lists={"own": {"dataset": status}})
    read, findings = with_code_lists(declared, tmp_path)
    first, second = read.code_lists["own"].codes
    assert not findings
    assert (first.code, first.until, second.code, second.since) == ("1", date(2015, 3, 31), "2", date(2015, 4, 1))
    assert read.code_lists["own"].groups("label") == ["Gift", "Samboer"]
    for dataset, said in ((none, "has no codes"), ("registers/NONE", "cannot be read")):
        _, findings = with_code_lists(trial_of({}, {}, code_lists={"own": {"dataset": dataset}}), tmp_path)
        assert said in findings[0].found.en
