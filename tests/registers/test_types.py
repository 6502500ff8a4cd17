"""What registers' columns hold that they should not: nothing is rounded, moved or forgotten without a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import polars as pl
import pytest

from lodd.errors import DataError
from lodd.protocol.model import Trial
from lodd.protocol.register import Column
from lodd.protocol.types import Participants
from lodd.registers import build_panel, reference_panel, sources, typed
from lodd.registers.engines import DuckDBEngine
from lodd.registers.files import Files, digest
from lodd.registers.panel_file import build_panel_file
from lodd.registers.problems import Place
from lodd.registers.typed import Typed
from tests.registers.small import JOBS, notes, panel_of, people_of, table, trial_of, values

DAY = date(2015, 3, 7)
PLACE = Place("jobs", "jobs.csv")
HOURS = {"hours": {"register": "jobs", "measure": {"sum": "hours"}}}
ONE = table("person_id start stop hours", ("a", DAY, None, 5))
TRIAL = trial_of({"jobs": JOBS}, HOURS)


@pytest.mark.parametrize(
    ("column", "first", "other", "said"),
    [
        ("hours", 5, 7.5, "int64 in jobs-1.parquet, but double in jobs-2.parquet"),  # 7.5 would be 8
        ("hours", 7.5, 5, "double in jobs-1.parquet, but int64"),
        ("hours", None, 7.5, "null in jobs-1.parquet, but double"),  # would be nothing at all
        ("hours", Decimal("7.5"), Decimal("7.25"), "decimal128"),  # 7.25 would be 7.3
        ("start", DAY, datetime(2015, 3, 7, 23), "date32[day] in jobs-1.parquet, but timestamp"),
        ("start", datetime(2015, 3, 7), datetime(2015, 3, 7, tzinfo=UTC), "but timestamp[us, tz=UTC]"),
        ("start", "2015-03-07", DAY, "string in jobs-1.parquet, but date32[day]"),
    ],
)
def test_files_of_other_types_are_refused(column: str, first: Any, other: Any, said: str, tmp_path: Path) -> None:
    for number, value in ((1, first), (2, other)):
        ONE.with_columns(pl.Series(column, [value])).write_parquet(tmp_path / f"jobs-{number}.parquet")
    trial = trial_of({"jobs": JOBS | {"file": "jobs-*.parquet"}}, HOURS)
    with pytest.raises(DataError) as caught:
        build_panel(trial, tmp_path, people_of(a=DAY))
    text = str(caught.value)
    assert said in text.replace("large_string", "string")
    assert f"registers.jobs (jobs-*.parquet), {column}" in text


def test_files_of_types_that_hold_the_same_are_read(tmp_path: Path) -> None:
    hours = pl.Series("hours", [5])
    pieces = {"hours": [hours.cast(pl.Int32), hours.cast(pl.UInt8), pl.Series("hours", [None])],
              "start": [pl.Series("start", [None], dtype=pl.Date)] * 3}  # fmt: skip
    for number in range(3):
        changed = ONE.with_columns(pieces["hours"][number], start=DAY)
        changed.write_parquet(tmp_path / f"jobs-{number}.parquet")
    register = JOBS | {"file": "jobs-*.parquet", "duplicates": "keep"}
    missing = register | {"columns": {"hours": {"decimals": 1, "missing": "exclude"}}}
    panel = build_panel(trial_of({"jobs": missing}, HOURS), tmp_path, people_of(a=DAY))
    assert values(panel, "hours") == [0, 10, 10, 10]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("start", pl.Series([time(8, 30)]), "time"),  # nanoseconds, which the engine has no name for
        ("start", pl.Series([datetime(2015, 3, 6, 23, tzinfo=UTC)]), "timestamp"),  # the 7th in Norway
        ("start", pl.Series([20150307]), "int64"),
        ("hours", pl.Series([True]), "boolean"),
        ("hours", pl.Series([[5]]), "array"),
        ("person_id", pl.Series([17.0]), "float64"),
        ("person_id", pl.Series([b"a"]), "binary"),
    ],
)
def test_a_column_of_a_type_that_says_something_else_is_refused(column: str, value: pl.Series, said: str) -> None:
    with pytest.raises(DataError, match=rf"(?i)registers.jobs \(jobs\), {column}: the column is of type .*{said}"):
        panel_of(TRIAL, people_of(a=DAY), jobs=ONE.with_columns(value.alias(column)))


def test_records_from_before_1900_count_and_are_told_of() -> None:
    """0202 for 2022, or a code for «unknown»: the panel cannot know which."""
    rows = table("person_id start stop hours", ("a", date(202, 3, 7), None, 5), ("a", date(1900, 1, 1), None, 1))
    panel = panel_of(TRIAL, people_of(a=DAY), jobs=rows)
    assert values(panel, "hours") == [6, 6, 6, 6]
    assert notes(panel, "jobs")["before_1900"] == 1
    assert "before_1900" not in notes(panel_of(TRIAL, people_of(a=DAY), jobs=rows[1:]), "jobs")


def test_stops_that_are_far_away_are_ongoing() -> None:
    stops = [date(2105, 1, 1), date(9999, 12, 31), date(9999, 1, 1), None]
    rows = table(
        "person_id start stop hours", *((person, DAY, stop, 5) for person, stop in zip("abcd", stops, strict=True))
    )
    panel = panel_of(TRIAL, people_of(**dict.fromkeys("abcd", DAY)), jobs=rows)
    assert [values(panel, "hours", person) for person in "abcd"] == [[0, 5, 5, 5]] * 4


def to_file(trial: Trial, folder: Path, participants: Participants) -> None:
    build_panel_file(trial, folder, participants, folder / "panel.parquet")


def flagged(read: Callable[[ir.Value], Typed], written: Sequence[str]) -> list[bool]:
    """Which texts are flagged as not what the column holds."""
    with DuckDBEngine() as engine:
        texts = engine.take(pl.DataFrame({"x": written}).with_row_index("i").to_arrow())
        wrong = {kind: flag.fill_null(False) for kind, flag in read(texts["x"]).flags.items()}
        frame = engine.fetch(texts.select("i", **wrong)).sort("i").drop("i")
    return frame.select(pl.any_horizontal(pl.all())).to_series().to_list()


def test_dates_written_otherwise_are_flagged() -> None:
    wrong = ["2015-3-7", "07.03.2015", "20150307", "2015-02-30", "2015-03-07 00:00:00", "12345-03-07", "0", "-"]
    right = ["2015-03-07", " 2015-03-07 ", "", "2016-02-29"]
    assert flagged(lambda x: typed.day(x, "x", PLACE), wrong + right) == [True] * len(wrong) + [False] * len(right)


def test_numbers_written_otherwise_are_flagged() -> None:
    wrong = ["1e1", "NaN", "inf", "7,5", "1 000", "\N{MINUS SIGN}5", ".", "0x10", "7.25", "1" * 20]
    right = ["7.5", "-5", "+5", " 5. ", "7.500", "", "007"]
    declared = Column(decimals=1)
    assert flagged(lambda x: typed.scaled(x, "x", PLACE, declared), wrong + right) == [True] * len(wrong) + [
        False
    ] * len(right)


def test_a_pseudonym_with_spaces_around_it_in_a_csv_file_is_the_same_person(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text("person_id,start,stop,hours\n a ,2015-03-07,,5\n")
    panel = build_panel(trial_of({"jobs": JOBS | {"file": "jobs.csv"}}, HOURS), tmp_path, people_of(a=DAY))
    assert values(panel, "hours") == [0, 5, 5, 5]


def test_pseudonyms_that_lost_their_zeros_are_not_looked_for_in_vain() -> None:
    numbers = ONE.with_columns(person_id=pl.Series([7]))
    with pytest.raises(DataError) as caught:
        panel_of(TRIAL, people_of(**{"007": DAY, "8": DAY, "x": DAY}), jobs=numbers)
    assert "whole numbers, but the pseudonyms of 2 of the participants are not" in str(caught.value)
    assert "registers.jobs (jobs), person_id" in str(caught.value)
    assert values(panel_of(TRIAL, people_of(**{"7": DAY}), jobs=numbers), "hours", "7") == [0, 5, 5, 5]


@pytest.mark.parametrize("build", [build_panel, to_file])
def test_a_file_that_changes_while_it_is_read(build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = trial_of({"jobs": JOBS | {"file": "jobs.parquet"}}, HOURS)
    ONE.write_parquet(tmp_path / "jobs.parquet")

    def written_to(files: Files) -> str:
        pl.concat([ONE, ONE]).write_parquet(tmp_path / "jobs.parquet")
        return digest(files)

    monkeypatch.setattr(sources, "digesting", lambda files: lambda: written_to(files))
    with pytest.raises(DataError, match=r"jobs.parquet changed while the register was read"):
        build(trial, tmp_path, people_of(a=DAY))
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.parquet"]


def test_spaces_around_the_text_of_a_csv_file_do_not_count(tmp_path: Path) -> None:
    """They would make a code another code, and nothing at all a code of its own."""
    outcomes = {
        "aap": {"register": "jobs", "measure": {"any": True, "where": {"kind": "AAP"}}},
        "other": {"register": "jobs", "measure": {"any": True, "where": {"kind": {"not_in": ["AAP"]}}}},
        "kinds": {"register": "jobs", "measure": {"count_distinct": "kind"}},
    }
    lines = ["person_id,start,stop,hours,kind", "a,2015-03-07,,5, AAP ", "a,2015-03-07,,5,AAP", "b,2015-03-07,,5,  "]
    (tmp_path / "jobs.csv").write_text("\n".join(lines))
    panel = build_panel(trial_of({"jobs": JOBS | {"file": "jobs.csv"}}, outcomes), tmp_path, people_of(a=DAY, b=DAY))
    assert [values(panel, name)[2] for name in outcomes] == [1, 0, 1]
    assert [values(panel, name, "b")[2] for name in outcomes] == [0, 0, 0]


@pytest.mark.parametrize("register", [{"merge": {"by": ["name"]}}, {"record": ["name"], "registered": "seen"}])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_empty_text_names_nothing(register: dict[str, Any], kind: str, tmp_path: Path) -> None:
    """Records without a name are not one relationship, nor versions of one record, in whatever kind of file."""
    jobs = table(
        "person_id start stop name hours seen",
        ("a", "2015-01-01", "2015-05-31", "", 10, "2015-01-01"),
        ("a", "2015-02-01", "", "", 20, "2015-02-01"),
    )
    getattr(jobs, f"write_{kind}")(tmp_path / f"jobs.{kind}")
    outcomes = {
        "hours": {"register": "jobs", "measure": {"sum": "hours"}},
        "names": {"register": "jobs", "measure": {"count_distinct": "name"}},
        "others": {"register": "jobs", "measure": {"any": True, "where": {"name": {"not_in": ["x"]}}}},
    }
    trial = trial_of({"jobs": JOBS | register | {"file": f"jobs.{kind}"}}, outcomes)
    people = people_of(a=date(2015, 3, 7))
    panel = build_panel(trial, tmp_path, people)
    assert values(panel, "hours")[1:3] == [30, 30]
    assert {*values(panel, "names"), *values(panel, "others")} == {0}
    slowly = reference_panel(trial, {"jobs": jobs.to_dicts()}, people)
    assert [slowly[name].to_list() for name in outcomes] == [values(panel, name) for name in outcomes]
