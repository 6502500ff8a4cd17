"""Files that are not what they must be: what is said, in both languages, and never a traceback."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError
from lodd.registers import build_panel, build_panel_from
from tests.registers.small import IN_WORK, JOBS, PAY, people_of, table, trial_of, values

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY, b=DAY)
GOOD = table("person_id start stop hours", ("a", date(2015, 3, 1), None, 30.0), ("z", DAY, None, 9.0))


def trial(**register: Any):
    return trial_of({"jobs": JOBS | register}, {"in_work": {"register": "jobs"} | IN_WORK})


def refused(folder: Path, **register: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        build_panel(trial(**register), folder, PEOPLE)
    return caught.value


def refused_table(rows: pl.DataFrame, **register: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        build_panel_from(trial(**register), {"jobs": rows}, PEOPLE)
    return caught.value


def says(error: DataError, nb: str, en: str) -> None:
    assert nb in error.render("nb")
    assert en in error.render("en")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "registers" / "jobs.parquet"
    path.parent.mkdir()
    GOOD.write_parquet(path)
    return path


def test_missing_file(tmp_path: Path) -> None:
    error = refused(tmp_path)
    says(error, "fant ikke registerfilen", "is not there")
    assert "registers.jobs (registers/jobs.parquet)" in str(error)
    assert error.exit_code == 4


def test_empty_file(file: Path) -> None:
    file.write_bytes(b"")
    says(refused(file.parent.parent), "filen er tom", "is empty")


@pytest.mark.parametrize("text", ["\n\n", "\na,2015-03-01,,30\n"])
def test_csv_without_column_names(tmp_path: Path, text: str) -> None:
    (tmp_path / "jobs.csv").write_text(text)
    says(refused(tmp_path, file="jobs.csv"), "første linje er tom", "the first line is empty")


def test_truncated_parquet(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])
    says(refused(file.parent.parent), "slutten mangler", "its end is missing")


def test_text_called_parquet(file: Path) -> None:
    file.write_text("person_id,start,stop,hours\na,2015-03-01,,30\n")
    says(refused(file.parent.parent), "ikke en Parquet-fil", "not a Parquet file")


def test_damaged_parquet(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[-60:-8] = b"\xff" * 52
    file.write_bytes(bytes(whole))
    says(refused(file.parent.parent), "kan ikke leses", "cannot be read")


def test_damaged_data_pages(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[4:120] = b"\xff" * 116
    file.write_bytes(bytes(whole))
    says(refused(file.parent.parent), "kan ikke leses", "cannot be read")


def test_unknown_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "jobs.xlsx").write_bytes(b"x")
    says(refused(tmp_path, file="jobs.xlsx"), "filtypen er ukjent", "kind of file is unknown")


def test_a_pattern_of_both_kinds(tmp_path: Path) -> None:
    GOOD.write_parquet(tmp_path / "jobs1.parquet")
    GOOD.write_csv(tmp_path / "jobs2.csv")
    says(refused(tmp_path, file="jobs*.*"), "filtypen er ukjent", "kind of file is unknown")


def test_files_of_a_pattern_with_different_columns(tmp_path: Path) -> None:
    for kind in ("parquet", "csv"):
        for name, rows in {"jobs1": GOOD, "jobs2": GOOD.select("start", "person_id", "stop", "hours")}.items():
            getattr(rows, f"write_{kind}")(tmp_path / f"{name}.{kind}")
        error = refused(tmp_path, file=f"jobs*.{kind}")
        says(error, f"jobs2.{kind} har andre kolonner", f"jobs2.{kind} has other columns than jobs1.{kind}")


@pytest.mark.parametrize("line", ["a,2015-03-01,,30,1", "a,2015-03-01", 'a,2015-03-01,,"30'])
def test_a_csv_line_that_does_not_fit_its_header(tmp_path: Path, line: str) -> None:
    (tmp_path / "jobs.csv").write_text(f"person_id,start,stop,hours\na,2015-03-01,,30\n{line}\n")
    says(refused(tmp_path, file="jobs.csv"), "kan ikke leses", "cannot be read")


def test_csv_in_another_encoding(tmp_path: Path) -> None:
    for text in ("person_id,start,stop,hours,å\n", "person_id,start,stop,hours,x\na,2015-03-01,,30,å\n"):
        (tmp_path / "jobs.csv").write_bytes(text.encode("latin-1"))
        says(refused(tmp_path, file="jobs.csv"), "CSV i UTF-8", "CSV in UTF-8")


def test_csv_that_is_not_compressed_as_said(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv.gz").write_text("person_id,start,stop,hours\n")
    says(refused(tmp_path, file="jobs.csv.gz"), "kan ikke leses", "cannot be read")


def test_missing_column_with_the_nearest_one(file: Path) -> None:
    GOOD.rename({"hours": "hour", "stop": "until"}).write_parquet(file)
    error = refused(file.parent.parent)
    assert len(error.problems) == 2
    says(error, "kolonnen «hours» er ikke i filen", 'the column "hours" is not in the file')
    says(error, "mente du «hour»?", 'did you mean "hour"?')
    says(error, "person_id, start, until og hour", "person_id, start, until and hour")


def test_table_not_given() -> None:
    with pytest.raises(DataError) as caught:
        build_panel_from(trial(), {"pay": GOOD}, PEOPLE)
    says(caught.value, "registeret er ikke gitt", "the register is not given")


def test_nobody_drawn() -> None:
    with pytest.raises(DataError) as caught:
        build_panel_from(trial(), {"jobs": GOOD}, people_of())
    says(caught.value, "ingen er trukket", "nobody was drawn")


def test_dates_that_are_not_dates() -> None:
    rows = table("person_id start stop hours", ("a", "2015-03-01", "", 30.0), ("b", "2015-02-30", None, 9.0),
                 ("z", "nonsense of somebody else", None, 9.0))  # fmt: skip
    error = refused_table(rows)
    says(error, "1 rad (nr. 2: «2015-02-30») kan ikke leses som dato", "1 row (no. 2: «2015-02-30») cannot be read")
    assert "jobs" in str(error)
    assert "start" in error.problems[0].where


def test_many_unreadable_dates_show_a_few() -> None:
    rows = table("person_id start stop hours", *(("a", DAY, f"{i}.3.2015", 30.0) for i in range(1, 6)))
    error = refused_table(rows)
    says(error, "5 rader (bl.a. nr. 1, 2 og 3:", "5 rows (among them no. 1, 2 and 3:")


@pytest.mark.parametrize(
    ("column", "value", "nb", "en"),
    [
        ("start", 20150301, "av typen int32", "of type int32"),
        ("hours", DAY, "av typen date", "of type date"),
        ("person_id", 1.5, "av typen float64", "of type float64"),
    ],
)
def test_wrong_type(column: str, value: Any, nb: str, en: str) -> None:
    says(refused_table(GOOD.with_columns(pl.lit(value).alias(column))), nb, en)


def test_text_that_is_not_a_number() -> None:
    rows = table("person_id start stop hours", ("a", DAY, None, "3,5"), ("b", DAY, None, "7.0"))
    error = refused_table(rows)
    says(error, "1 rad (nr. 1: «3,5») kan ikke leses som tall", "1 row (no. 1: «3,5») cannot be read as numbers")


@pytest.mark.parametrize("hours", [7.25, "7.25", 7.2501])
def test_more_decimals_than_declared(hours: Any) -> None:
    error = refused_table(table("person_id start stop hours", ("a", DAY, None, hours)))
    says(error, "har flere enn 1 desimaler", "has more than 1 decimals")
    assert "columns.hours.decimals" in str(error)


def test_more_decimals_than_declared_in_an_exact_column() -> None:
    rows = GOOD.with_columns(pl.Series("hours", ["7.25", "1.00"]).str.to_decimal(scale=2))
    says(refused_table(rows), "flere enn 1 desimaler", "more than 1 decimals")


@pytest.mark.parametrize("hours", [2.0**50, float("inf"), "9" * 30])
def test_a_number_too_large(hours: Any) -> None:
    error = refused_table(table("person_id start stop hours", ("a", DAY, None, hours)))
    says(error, "for store tall", "too large")


def test_a_total_too_large_is_said_not_wrapped() -> None:
    most = float(2**46)  # 2^46 tenfold is below 2^50; 17 of them are above 2^53
    rows = table("person_id start stop hours", *(("a", DAY, None, most - i) for i in range(17)))
    says(refused_table(rows), "til sammen for store", "add up to more than can be counted")


def test_the_totals_of_different_people_do_not_add_up() -> None:
    most = float(2**46)
    rows = table("person_id start stop hours", *((p, DAY, None, most - i) for i in range(8) for p in "ab"))
    panel = build_panel_from(trial(), {"jobs": rows}, PEOPLE)
    assert values(panel, "in_work")[-1] == 1


def test_missing_values_that_are_errors() -> None:
    rows = table("person_id start stop hours", ("z", DAY, None, None), ("a", DAY, None, None), ("b", DAY, None, 9.0))
    error = refused_table(rows)
    says(error, "1 rad (nr. 2) mangler verdi", "1 row (no. 2) lacks a value")
    says(error, 'columns.hours.missing = "exclude"', 'columns.hours.missing = "exclude"')


def test_a_declared_value_finer_than_its_column() -> None:
    error = refused_table(GOOD, columns={"hours": {"decimals": 1, "missing": "2.25"}})
    says(error, "har flere enn 1 desimaler", "has more than 1 decimals")


def test_duplicates_that_are_errors() -> None:
    rows = pl.concat([GOOD, GOOD])
    error = refused_table(rows, duplicates="error")
    says(error, "1 rad (nr. 3) er lik en tidligere rad", "1 row (no. 3) equals an earlier row")


@pytest.mark.parametrize(
    ("where", "nb", "en"),
    [
        ({"kind": 4}, "kolonnen er tekst, men `where` sammenligner den med et tall", "is text, but `where` compares"),
        ({"hours": "x"}, "kolonnen er et tall, men `where` sammenligner den med tekst", "compares it with text"),
        ({"start": "2015-03-01"}, "kolonnen er en dato", "the column is a date"),
        ({"kind": ["x", 4]}, "med et tall og tekst", "with a number and text"),
        ({"kind": True}, "med sann/usann", "with true/false"),
        ({"list": "x"}, "kolonnen er array<string>", "the column is array<string>"),
    ],
)
def test_comparisons_of_unlike_things(where: dict[str, Any], nb: str, en: str) -> None:
    rows = GOOD.with_columns(kind=pl.lit("x"), list=pl.lit(["x"]))
    declared = trial_of({"jobs": JOBS}, {"y": {"register": "jobs", "measure": {"any": True, "where": where}}})
    with pytest.raises(DataError) as caught:
        build_panel_from(declared, {"jobs": rows}, PEOPLE)
    says(caught.value, nb, en)


def test_months_that_are_not_months() -> None:
    declared = trial_of({"pay": PAY}, {"y": {"register": "pay", "measure": {"any": True}}})
    with pytest.raises(DataError) as caught:
        build_panel_from(declared, {"pay": table("person_id month amount", ("a", 201513, 1))}, PEOPLE)
    says(caught.value, "nr. 1: «201513»", "YYYY-MM-DD, YYYY-MM")
    with pytest.raises(DataError) as caught:
        build_panel_from(declared, {"pay": table("person_id month amount", ("a", True, 1))}, PEOPLE)
    says(caught.value, "heltall ÅÅÅÅMM", "whole numbers YYYYMM")


def test_messages_name_rows_never_people() -> None:
    rows = table("person_id start stop hours", ("a", DAY, None, None))
    assert "«a»" not in refused_table(rows).render("nb")


def test_a_file_that_cannot_be_hashed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    (tmp_path / "registers").mkdir()
    GOOD.write_parquet(tmp_path / "registers/jobs.parquet")
    monkeypatch.setattr("hashlib.file_digest", broken)
    says(refused(tmp_path), "Input/output error", "Input/output error")
