"""One register of two sources: spells until a break, monthly records after it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lodd.errors import DataError
from lodd.protocol.checks import check_trial
from lodd.protocol.months import month_index
from lodd.registers import build_panel
from lodd.registers.engines import DuckDBEngine
from lodd.registers.explained import lines_of
from lodd.registers.explaining import Subject, explain
from lodd.registers.person_rows import rows_of
from lodd.registers.sources import file_sha256, open_file
from tests.properties.test_panel_crowd import HOURS, SPELL, tables
from tests.properties.test_panel_crowd import PEOPLE as PERSONS
from tests.registers.small import PAY, VISITS, notes, people_of, table, trial_of, values

PEOPLE = people_of(a=date(2015, 1, 7), b=date(2015, 1, 7))
OLD = {
    "file": "old.csv", "until": date(2014, 12, 31), "person": "lopenr", "columns": {"hours": "timer"},
    "csv": {"delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y"},
}  # fmt: skip
NEW = {"file": "new.parquet", "from": date(2015, 1, 1), "temporality": "accumulated", "start": "month"}
JOBS: dict[str, Any] = {
    "temporality": "status",
    "covers": {"from": date(2014, 1, 1), "until": date(2016, 12, 31)},
    "start": "start",
    "stop": "stop",
    "columns": {"hours": {"decimals": 1}},
    "merge": {"by": ["employer"]},
    "breaks": [{"from": date(2015, 1, 1), "label": "x"}],
    "parts": [OLD, NEW],
}
MONTHLY = table(
    "person_id month employer hours note",
    ("a", "2014-12", "1", 99.0, "x"),  # of the old source's days
    ("a", "2015-01", "1", 20.0, "x"),
    ("a", "201502", "1", 10.5, "x"),
    ("b", "2015-03", "1", 7.0, "x"),
)


def trial(**register: Any):
    outcomes = {"hours": {"register": "jobs", "measure": {"sum": "hours"}}}
    return trial_of({"jobs": JOBS | register}, outcomes, window=(3, 3))  # October 2014 to April 2015


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [
        "lopenr;start;stop;employer;timer;dropped",
        "a;01.11.2014;;1;37,5;",  # ongoing when the other source takes over
        "b;01.10.2014;30.11.2014;2;5;",
        "b;01.02.2015;;3;40;",  # after its days
    ]
    (tmp_path / "old.csv").write_text("\n".join(lines), encoding="utf-8")
    MONTHLY.write_parquet(tmp_path / "new.parquet")
    return tmp_path


def test_spells_and_then_months(folder: Path) -> None:
    panel = build_panel(trial(), folder, PEOPLE)
    assert values(panel, "hours") == [0, 37.5, 37.5, 20, 10.5, 0, 0]
    assert values(panel, "hours", "b") == [5, 5, 0, 0, 0, 7, 0]
    assert notes(panel, "jobs")["break:2015-01-01"] == 2
    assert notes(panel, "jobs")["rows"] == 5


@pytest.mark.long
def test_rows_keep_their_numbers_through_the_parts(folder: Path) -> None:
    MONTHLY.with_columns(pl.lit(None, pl.Float64).alias("hours")).write_parquet(folder / "new.parquet")
    with pytest.raises(DataError) as caught:
        build_panel(trial(), folder, PEOPLE)
    assert "3 rows (no. 5, 6 and 7) lack a value" in str(caught.value)  # three lines are before them
    assert "old.csv + new.parquet" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("01.11.2014", "1.11.2014"),
        pytest.param("30.11.2014", "31.11.2014", marks=pytest.mark.long),
        pytest.param("30.11.2014", "x", marks=pytest.mark.long),
    ],
)
def test_dates_that_cannot_be_read_are_not_cut_away(folder: Path, old: str, new: str) -> None:
    path = folder / "old.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match="cannot be read as dates"):
        build_panel(trial(), folder, PEOPLE)


def test_a_column_that_one_part_lacks(folder: Path) -> None:
    MONTHLY.drop("employer").write_parquet(folder / "new.parquet")
    with pytest.raises(DataError, match='"employer" is not in the file'):
        build_panel(trial(), folder, PEOPLE)


def test_the_hash_is_of_all_parts(folder: Path) -> None:
    register = trial().registers["jobs"]
    before = file_sha256("jobs", register, folder)
    with DuckDBEngine() as engine:
        assert open_file(engine, "jobs", register, folder).sha256 == before
    (folder / "old.csv").write_text((folder / "old.csv").read_text() + "\n")
    assert file_sha256("jobs", register, folder) != before


@pytest.mark.long
@pytest.mark.parametrize("like", [PAY | {"start": "day"}, VISITS])
def test_amounts_and_events_are_cut_to_their_days(tmp_path: Path, like: Any) -> None:
    parts = [{"file": "1.parquet", "until": date(2014, 12, 31)}, {"file": "2.parquet", "from": date(2015, 1, 1)}]
    rows = table("person_id day amount", *(("a", date(2014 + m // 12, m % 12 + 1, 1), 1) for m in range(9, 16)))
    for name in ("1", "2"):
        rows.write_parquet(tmp_path / f"{name}.parquet")
    register = {key: value for key, value in like.items() if key != "file"} | {
        "parts": parts, "covers": JOBS["covers"], "breaks": JOBS["breaks"],
    }  # fmt: skip
    outcomes = {"count": {"register": "r", "measure": {"count": True}}}
    panel = build_panel(trial_of({"r": register}, outcomes, window=(3, 3)), tmp_path, PEOPLE)
    assert values(panel, "count") == [1] * 7


@pytest.mark.parametrize(
    ("register", "said"),
    [
        ({"parts": [OLD | {"until": None}, NEW]}, 'the part lacks "until"'),
        ({"parts": [OLD, NEW | {"from": None}]}, 'the part lacks "from"'),
        ({"parts": [OLD | {"until": date(2015, 1, 1)}, NEW]}, "begins before the last one ends"),
        ({"breaks": []}, "begins where no break is declared"),
        ({"file": "a.csv"}, "the register has file and parts"),
        ({"temporality": "event", "stop": None, "merge": None}, "of another kind than the register"),
    ],
)
def test_parts_that_cannot_be(register: dict[str, Any], said: str) -> None:
    findings = check_trial(trial_of({"jobs": JOBS | register}, {}))
    assert any(said in finding.found.en for finding in findings)


DAYS = [(date(2014, 1, 1), date(2014, 12, 31)), (date(2015, 1, 1), date(2016, 12, 31))]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([DAYS[0], (date(2015, 1, 2), None)], "1 January 2015 – 1 January 2015"),
        ([(date(2014, 1, 2), DAYS[0][1]), DAYS[1]], "1 January 2014 – 1 January 2014"),
        ([DAYS[0], (DAYS[1][0], date(2016, 10, 31))], "1 November 2016 – 31 December 2016"),
        (DAYS, None),
        ([(None, DAYS[0][1]), (DAYS[1][0], None)], None),
    ],
)
def test_every_day_covered_is_of_a_part(days: list[tuple[date | None, date | None]], said: str | None) -> None:
    parts = [{"file": f"{since}.csv", "from": since, "until": until} for since, until in days]
    breaks = [{"from": since, "label": "x"} for since, _ in days[1:]]
    findings = check_trial(trial_of({"jobs": JOBS | {"parts": parts, "breaks": breaks}}, {}))
    found = [finding.found.en for finding in findings if "no part" in finding.found.en]
    assert found == ([] if said is None else [f"no part counts for {said}"])


TWO = {
    "parts": [{"file": "1.parquet", "until": date(2014, 12, 31)}, {"file": "2.parquet", "from": date(2015, 1, 1)}],
    "merge": None,
}
SPELLS = "person_id start stop hours kind case day"
CODED = {"kind": {"list": "kinds", "group": "old"}}
OLD_ONES = {"kinds": {"codes": [{"code": "K", "until": date(2014, 12, 31), "group": "old"}], "unknown": "excluded"}}


def of_spells(folder: Path, *rows: Any, outcome: dict[str, Any], **register: Any) -> list[Any]:
    """The values from October 2014 to April 2015 where both parts hold the same spells; a was drawn in January."""
    spells = table(SPELLS, *rows)
    for name in ("1", "2"):
        spells.write_parquet(folder / f"{name}.parquet")
    small = trial_of(
        {"jobs": JOBS | TWO | register}, {"x": {"register": "jobs", "unit": "x"} | outcome}, window=(3, 3),
        code_lists=OLD_ONES,
    )  # fmt: skip
    return values(build_panel(small, folder, PEOPLE), "x")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        # two jobs of twenty hours that differ in days of the other part are two jobs
        ({"measure": {"sum": "hours"}}, [0, 40, 40, 40, 40, 20, 0]),
        # neither began after the draw, nor with the part
        ({"measure": {"any": True, "since": "draw"}}, [0] * 7),
        ({"measure": {"any": True, "where": {"start": {"at_least": date(2014, 12, 1)}}}}, [0] * 7),
        ({"measure": {"any": True, "where": {"stop": {"at_least": date(2015, 3, 1)}}}}, [0, 1, 1, 1, 1, 1, 0]),
        # a code is read as of the day on which the spell began
        ({"measure": {"any": True, "where": CODED}}, [0, 1, 1, 1, 1, 1, 0]),
        ({"measure": {"last": "hours", "empty": "zero"}}, [0, 20, 20, 20, 20, 20, 0]),
    ],
)
def test_a_spell_that_is_cut_is_still_itself(tmp_path: Path, outcome: dict[str, Any], expected: list[int]) -> None:
    rows = [("a", date(2014, 11, 1), date(2015, month, 28), 20.0, "K", "1", date(2014, 11, 1)) for month in (2, 3)]
    assert of_spells(tmp_path, *rows, outcome=outcome) == expected


VERSIONS = {"record": ["case"], "registered": "day"}
LASTING = ("a", date(2014, 11, 1), date(2015, 2, 28), 20.0, "K", "1", date(2014, 11, 1))


def test_a_record_that_lasts_through_the_break_counts_in_both_parts(tmp_path: Path) -> None:
    assert of_spells(tmp_path, LASTING, outcome={"measure": {"any": True}}, **VERSIONS) == [0, 1, 1, 1, 1, 0, 0]


def test_a_correction_may_take_a_record_out_of_a_part(tmp_path: Path) -> None:
    corrected = ("a", date(2014, 11, 1), date(2014, 11, 30), 20.0, "K", "1", date(2015, 6, 1))
    found = of_spells(tmp_path, LASTING, corrected, outcome={"measure": {"any": True}}, **VERSIONS)
    assert found == [0, 1, 0, 0, 0, 0, 0]


def test_a_cut_record_is_explained_with_its_own_days(tmp_path: Path) -> None:
    corrected = ("a", date(2014, 11, 1), date(2014, 11, 30), 20.0, "K", "1", date(2015, 6, 1))
    small = trial_of({"jobs": JOBS | TWO | VERSIONS}, {"x": {"register": "jobs", "measure": {"any": True}}})
    table(SPELLS, LASTING).write_parquet(tmp_path / "1.parquet")
    table(SPELLS, LASTING, corrected).write_parquet(tmp_path / "2.parquet")
    subject = Subject("a", date(2015, 1, 7), rows_of(small, tmp_path, "a", ["jobs"]))
    explanation = explain(small, subject, "x", month_index(date(2015, 1, 1)), 0)
    text = "\n".join(lines_of(explanation, "en"))
    assert text.count("2014-11-01 – 2015-02-28") == 2
    assert "left out: corrected by row 3" in text
    assert "left out: outside the days that its part counts for" in text


@pytest.mark.parametrize(
    "overlap", ["latest", pytest.param(None, marks=pytest.mark.long), pytest.param("sum", marks=pytest.mark.long)]
)
def test_a_register_in_two_parts_of_the_same_records_is_that_register(tmp_path: Path, overlap: str | None) -> None:
    """What the break does to a crowd's spells: nothing, wherever in a month it is."""
    versions = {"record": ["record"], "registered": "registered"}
    merge = {"by": ["employer"], "overlap": overlap} if overlap else None
    whole = SPELL | versions | {"merge": merge, "columns": HOURS, "file": "jobs.parquet"}
    halves = [{"file": "jobs.parquet", "until": date(2016, 3, 16)}, {"file": "jobs.parquet", "from": date(2016, 3, 17)}]
    broken = {"parts": halves, "breaks": [{"from": date(2016, 3, 17), "label": "x"}]}
    measures: list[dict[str, Any]] = [
        {"count": True}, {"sum": "hours"}, {"mean": "hours", "empty": "missing"}, {"any": True, "since": "draw"},
        {"months_since": "last", "empty": "missing"}, {"max": "hours", "within": 3, "empty": "zero"},
    ]  # fmt: skip
    if overlap != "sum":
        measures.append({"last": "hours", "empty": "missing"})
    outcomes = {f"m{i}": {"register": "jobs", "unit": "x", "measure": measure} for i, measure in enumerate(measures)}
    tables(3, "month")["jobs"].write_parquet(tmp_path / "jobs.parquet")
    crowd = people_of(**{person: date(2016, 3, 10) for person in PERSONS})
    known = whole | broken | {"file": None}
    one, two = (
        build_panel(trial_of({"jobs": each}, outcomes, window=(2, 3)), tmp_path, crowd) for each in (whole, known)
    )
    assert_frame_equal(one.frame, two.frame)


@pytest.mark.parametrize(("parts", "doubtful"), [([OLD, NEW], True), (TWO["parts"], False)])
def test_rows_of_a_month_that_count_from_a_day_are_warned_of(parts: list[dict[str, Any]], doubtful: bool) -> None:
    outcomes = {"new": {"register": "jobs", "measure": {"any": True, "since": "draw"}}}
    findings = check_trial(trial_of({"jobs": JOBS | {"parts": parts}}, outcomes, window=(3, 3)))
    assert any("counts as new" in finding.found.en for finding in findings) is doubtful
    assert all(finding.warning for finding in findings)
