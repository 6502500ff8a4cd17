"""Each kind of thing that may be wrong with a row: what is found, how severe it is, what the panel does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.protocol.types import Participants
from lodd.registers import build_panel
from lodd.registers.needs import needs_of
from lodd.registers.quality import Finding, Quality, check_registers
from lodd.registers.quality.people import births
from lodd.registers.quality.row_findings import row_finding
from lodd.registers.quality.rows import Counted, Mark
from tests.registers.small import ABROAD, DEATHS, IN_WORK, JOBS, PAY, VISITS, people_of, table, trial_of

DRAWN = date(2015, 6, 1)
D = date
ENDLESS = D(9999, 12, 31)
COLUMNS = "person_id employer start stop hours"
MERGED: Mapping[str, Any] = JOBS | {"merge": {"by": ["employer"]}}


def checked(folder: Path, trial, participants: Participants | None, **tables: pl.DataFrame) -> Quality:
    (folder / "registers").mkdir(exist_ok=True)
    for register_id, rows in tables.items():
        file = folder / trial.registers[register_id].file
        rows.write_csv(file) if file.suffix == ".csv" else rows.write_parquet(file)
    return check_registers(trial, folder, participants)


def jobs(
    folder: Path, *rows: tuple[Any, ...], register: Mapping[str, Any] = MERGED, columns: str = COLUMNS
) -> dict[str, Finding]:
    """What is found in a register of jobs; a and b are drawn."""
    trial = trial_of({"jobs": register}, {"in_work": {"register": "jobs"} | IN_WORK})
    quality = checked(folder, trial, people_of(a=DRAWN, b=DRAWN), jobs=table(columns, *rows))
    return {f"{f.kind}:{f.column}".rstrip(":"): f for f in quality.registers[0].findings}


def told(finding: Finding) -> tuple[Any, ...]:
    return (finding.severity, finding.handling, finding.rows, finding.people, finding.left_out)


SOUND = ("a", "E1", D(2015, 1, 1), D(2015, 6, 30), 37.5)
OTHER = ("b", "E2", D(2015, 2, 1), None, 20.0)


@pytest.mark.long
def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert jobs(tmp_path, SOUND, OTHER, ("a", "E3", D(2015, 7, 1), D(2015, 9, 1), 10.0)) == {}


ODD = {
    "start_after_stop": (("E3", D(2015, 5, 1), D(2015, 4, 1), 10.0), ("warning", "left_out", 1, 1, 1)),
    "missing_start": (("E3", None, D(2015, 4, 1), 10.0), ("warning", "left_out", 1, 1, 1)),
    "before_1900": (("E3", D(1899, 12, 31), D(1900, 1, 1), 10.0), ("warning", "clipped", 1, 1, 0)),
    "before_coverage": (("E3", D(2014, 1, 1), D(2014, 12, 31), 10.0), ("note", "outside", 1, 1, 0)),
    "after_coverage": (("E3", D(2017, 1, 1), None, 10.0), ("note", "outside", 1, 1, 0)),
    "endless": (("E3", D(2015, 8, 1), ENDLESS, 10.0), ("note", "ongoing", 1, 1, 0)),
    "far_stop": (("E3", D(2015, 8, 1), D(2105, 1, 1), 10.0), ("warning", "clipped", 1, 1, 0)),
    "duplicates": (("E1", D(2015, 1, 1), D(2015, 6, 30), 37.5), ("note", "left_out", 1, 1, 1)),
    "overlap_same": (("E1", D(2015, 6, 30), D(2015, 7, 9), 10.0), ("note", "merged", 1, 1, 0)),
    "overlap_other": (("E3", D(2015, 6, 30), D(2015, 7, 9), 10.0), ("note", "kept", 1, 1, 0)),
    "missing:employer": ((None, D(2015, 7, 1), D(2015, 7, 9), 10.0), ("note", "alone", 1, 1, 0)),
    "missing:hours": (("E3", D(2015, 7, 1), D(2015, 7, 9), None), ("note", "excluded", 1, 1, 0)),
    "not_drawn": (("E3", D(2015, 8, 1), None, 10.0), ("note", "ignored", 1, 1, 1)),
}


def test_rows_that_are_odd_each_in_its_own_way(tmp_path: Path) -> None:
    """Everybody has a sound row, and one of the thirteen another one that is named after them."""
    register = MERGED | {"columns": {"hours": {"decimals": 1, "missing": "exclude"}}}
    trial = trial_of({"jobs": register}, {"in_work": {"register": "jobs"} | IN_WORK})
    rows = [(kind, *row) for kind, (row, _) in ODD.items()]
    sound = [(kind, *SOUND[1:]) for kind in ODD if kind != "not_drawn"] + [(f"s{i}", *SOUND[1:]) for i in range(9)]
    drawn = people_of(**{row[0]: DRAWN for row in sound})
    (quality,) = checked(tmp_path, trial, drawn, jobs=table(COLUMNS, *sound, *rows)).registers
    found = {f"{f.kind}:{f.column}".rstrip(":"): f for f in quality.findings}
    assert {kind: told(finding) for kind, finding in found.items()} == {kind: said for kind, (_, said) in ODD.items()}
    for place, (kind, _, since, until, _) in enumerate(rows):
        if kind != "not_drawn":
            (example,) = found[kind].examples
            assert (example.person_id, example.row) == (kind, len(sound) + place + 1)
            assert (example.since, example.until) == (since, until)
    assert (quality.rows, quality.people, quality.seen) == (len(sound) + len(rows), 22, 21)


def test_examples_are_at_most_five_and_of_people_drawn_alone(tmp_path: Path) -> None:
    backwards = [(who, f"E{i}", D(2015, 5, 1), D(2015, 4, 1), 1.0) for i, who in enumerate("cabababab")]
    finding = jobs(tmp_path, SOUND, OTHER, *backwards)["start_after_stop"]
    assert [example.row for example in finding.examples] == [4, 5, 6, 7, 8]
    assert {example.person_id for example in finding.examples} == {"a", "b"}
    assert told(finding) == ("warning", "left_out", 8, 2, 8)


def test_versions_that_were_replaced_are_as_the_panel_has_them(tmp_path: Path) -> None:
    register = MERGED | {"record": ["id"], "registered": "at"}
    columns = f"{COLUMNS} id at"
    rows = [(*SOUND, "r1", D(2015, 1, 9)), (*SOUND[:4], 30.0, "r1", D(2015, 3, 9)), (*OTHER, "r2", D(2015, 3, 9))]
    tie = (*OTHER[:4], 21.0, "r2", D(2015, 3, 9))
    found = jobs(tmp_path, *rows, tie, register=register, columns=columns)
    assert told(found["superseded"]) == ("note", "left_out", 1, 1, 1)
    assert told(found["version_ties"]) == ("warning", "left_out", 1, 1, 1)
    assert [example.row for example in found["superseded"].examples] == [1]


@pytest.mark.parametrize(
    ("missing", "expected"), [("error", ("error", "stops", "")), (7.5, ("note", "replaced", "7.5"))]
)
def test_missing_values_are_handled_as_the_protocol_says(missing: Any, expected: tuple[str, str, str]) -> None:
    finding = finding_of({"columns": {"hours": {"decimals": 1, "missing": missing}}}, Mark("", "missing", "hours"))
    assert (finding.severity, finding.handling, finding.value) == expected


def test_rows_said_to_be_errors_when_repeated() -> None:
    finding = finding_of({"duplicates": "error"}, Mark("", "duplicates"))
    assert (finding.severity, finding.handling) == ("error", "stops")


def finding_of(declared: Mapping[str, Any], mark: Mark) -> Finding:
    """The finding that one marked row in a hundred makes."""
    trial = trial_of({"jobs": MERGED | declared}, {"in_work": {"register": "jobs"} | IN_WORK})
    counted = Counted(mark, rows=1, people=1, left_out=0, examples=())
    return row_finding("jobs", trial.registers["jobs"], needs_of(trial, "jobs"), counted, 100)


def test_what_stops_the_panel_is_an_error_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    """In text, where anything can stand: the panel stops at the first of them."""
    register = MERGED | {"file": "registers/jobs.csv"}
    rows = [
        ("a", "E1", "2015-01-01", "2015-06-30", "37.5"),
        ("a", "E1", "01.02.2015", "", "10"),
        ("b", "E2", "2015-02-01", "2015-13-01", "ten"),
        ("b", "E2", "2015-03-01", "2015-02-01", "10.25"),
    ]
    found = jobs(tmp_path, *rows, register=register)
    stops = {"unreadable_date:start", "unreadable_date:stop", "not_a_number:hours", "decimals:hours"}
    assert {kind for kind, finding in found.items() if finding.severity == "error"} == stops
    assert all(finding.handling == "stops" for kind, finding in found.items() if kind in stops)
    assert told(found["start_after_stop"])[:3] == ("warning", "left_out", 1)


def test_without_merge_overlaps_are_of_what_outcomes_tell_apart(tmp_path: Path) -> None:
    aap = {"register": "benefits", "measure": {"any": True, "where": {"benefit": "AAP"}}}
    plain = {key: value for key, value in JOBS.items() if key != "columns"} | {"file": "registers/b.parquet"}
    trial = trial_of({"benefits": plain}, {"aap": aap})
    rows = [("a", "AAP", D(2015, 1, 1), D(2015, 6, 1)), ("a", "AAP", D(2015, 5, 1), D(2015, 9, 1))]
    rows += [("b", "AAP", D(2015, 1, 1), D(2015, 6, 1)), ("b", "DAGP", D(2015, 5, 1), D(2015, 9, 1))]
    quality = checked(
        tmp_path, trial, people_of(a=DRAWN, b=DRAWN), benefits=table("person_id benefit start stop", *rows)
    )
    found = {finding.kind: finding for finding in quality.registers[0].findings}
    assert [example.row for example in found["overlap_same"].examples] == [2]
    assert [example.row for example in found["overlap_other"].examples] == [4]
    assert found["overlap_same"].handling == "kept"


def test_deaths_and_stays_abroad(tmp_path: Path) -> None:
    trial = trial_of(
        {"jobs": MERGED, "pay": PAY, "deaths": DEATHS, "abroad": ABROAD},
        {"in_work": {"register": "jobs"} | IN_WORK, "pay": {"register": "pay", "measure": {"sum": "amount"}}},
        population={"deaths": "deaths", "emigrations": "abroad"},
    )
    quality = checked(
        tmp_path,
        trial,
        people_of(a=DRAWN, b=DRAWN),
        jobs=table(
            COLUMNS, ("a", "E1", D(2015, 1, 1), None, 1.0), ("a", "E2", D(2016, 4, 1), D(2016, 5, 1), 1.0), OTHER
        ),
        pay=table("person_id month amount", ("a", "2016-03", 100), ("a", "2016-04", 100), ("b", "2015-03", 100)),
        deaths=table("person_id day", ("a", D(2016, 3, 7))),
        abroad=table("person_id start stop", ("b", D(2015, 4, 1), D(2015, 4, 1))),
    )
    found = {(f.register, f.kind): f for f in quality.all_findings()}
    assert told(found["jobs", "past_death"]) == ("note", "by_rule", 1, 1, 0)
    assert told(found["jobs", "after_death"]) == ("warning", "by_rule", 1, 1, 0)
    assert told(found["pay", "after_death"]) == ("warning", "by_rule", 1, 1, 0)
    assert [example.row for example in found["pay", "after_death"].examples] == [2]
    assert told(found["jobs", "while_abroad"]) == ("warning", "by_rule", 1, 1, 0)
    assert not {("deaths", "after_death"), ("abroad", "while_abroad"), ("deaths", "never_seen")} & set(found)


@pytest.mark.parametrize(
    ("known", "born"),
    [
        ({"birth_date": D(1990, 3, 9)}, D(1990, 3, 9)),
        ({"birth_year": 1990}, D(1990, 1, 1)),
        ({"birth_year": 19}, None),
        ({"age": 24}, D(1990, 6, 1)),
        ({"age": 999}, None),
        ({"age": "18-29"}, None),
        ({}, None),
    ],
)
def test_the_earliest_birth_that_fits_what_is_known(known: dict[str, Any], born: date | None) -> None:
    """Somebody aged 24 on 1 June 2015 was born after 1 June 1990."""
    frame = people_of(a=DRAWN).frame.with_columns(pl.lit(value).alias(name) for name, value in known.items())
    assert births(frame).to_list() == [born]


def test_records_from_before_a_birth_that_is_known(tmp_path: Path) -> None:
    trial = trial_of({"visits": VISITS}, {"visited": {"register": "visits", "measure": {"any": True}}})
    drawn = people_of(a=DRAWN, b=DRAWN)
    drawn = replace(drawn, frame=drawn.frame.with_columns(age=24))
    rows = table("person_id day", ("a", D(1990, 5, 31)), ("b", D(1990, 6, 1)))
    found = {f.kind: f for f in checked(tmp_path, trial, drawn, visits=rows).registers[0].findings}
    assert [example.person_id for example in found["before_birth"].examples] == ["a"]


def test_what_is_said_of_deaths_stays_facts_and_rows_that_may_be_repeated(tmp_path: Path) -> None:
    """The panel takes people as dead and abroad whatever those registers cover, and makes no zeros of facts."""
    trial = trial_of(
        {
            "visits": VISITS | {"duplicates": "keep", "file": "registers/visits.csv"},
            "deaths": DEATHS,
            "abroad": ABROAD,
            "facts": {"file": "registers/facts.parquet", "temporality": "fixed"},
        },
        {"kinds": {"register": "visits", "measure": {"count_distinct": "kind"}}},
        population={"deaths": "deaths", "emigrations": "abroad"},
    )
    visits = [("a", "2015-06-09", "x"), ("a", "2015-06-09", "x"), ("b", "2015-06-09", None), (None, "2015-06-09", "x")]
    quality = checked(
        tmp_path,
        trial,
        people_of(a=DRAWN, b=DRAWN),
        visits=table("person_id day kind", *visits, ("b", "9.6.2015", "x"), ("b", "1850-01-01", "x")),
        deaths=table("person_id day", ("a", D(2014, 3, 7)), ("b", D(2017, 1, 2))),
        abroad=table("person_id start stop", ("a", D(2014, 1, 1), D(2014, 5, 1)), ("b", D(2016, 9, 1), ENDLESS)),
        facts=table("person_id school", ("a", 3)),
    )
    found = {(f.register, f.kind): f.handling for f in quality.all_findings() if f.kind not in {"after_death"}}
    assert found == {
        ("visits", "unreadable_date"): "stops",
        ("visits", "nameless"): "left_out",
        ("visits", "duplicates"): "kept",
        ("visits", "missing"): "uncounted",
        ("visits", "before_1900"): "clipped",
        ("deaths", "before_coverage"): "as_dead",
        ("deaths", "after_coverage"): "as_dead",
        ("abroad", "before_coverage"): "as_abroad",
        ("abroad", "endless"): "as_abroad",
        ("abroad", "past_death"): "by_rule",
        ("facts", "never_seen"): "no_facts",
    }


def test_the_check_leaves_out_what_the_panel_leaves_out(tmp_path: Path) -> None:
    register = MERGED | {"columns": {"hours": {"decimals": 1, "missing": "exclude"}}}
    trial = trial_of({"jobs": register}, {"in_work": {"register": "jobs"} | IN_WORK})
    people = people_of(a=DRAWN, b=DRAWN)
    rows = [SOUND, SOUND, OTHER, ("c", "E1", D(2015, 1, 1), None, 5.0), ("a", "E9", D(2015, 3, 1), D(2015, 2, 1), None)]
    rows += [("b", "E9", None, None, 3.0), ("b", "E7", D(2015, 9, 1), None, None)]
    quality = checked(tmp_path, trial, people, jobs=table(COLUMNS, *rows))
    notes = {note.kind: note.count for note in build_panel(trial, tmp_path, people).notes}
    found = {finding.kind: finding for finding in quality.registers[0].findings}
    for kind in ("duplicates", "start_after_stop", "missing_start", "not_drawn"):
        assert found[kind].left_out == found[kind].rows == notes[kind]
    assert found["missing"].rows == notes["missing_excluded:hours"]
    assert quality.registers[0].rows == notes["rows"]
    assert quality.registers[0].seen == notes["people_with_records"]
