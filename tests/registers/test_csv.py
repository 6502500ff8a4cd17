"""CSV as others write it: declared, and read right; or told of by the line."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError, ProtocolError
from lodd.protocol import parse_trial
from lodd.protocol.source import Csv
from lodd.registers import build_panel
from lodd.registers.dialect import as_written
from lodd.registers.engines import DuckDBEngine
from lodd.registers.sources import open_file
from tests.registers.small import JOBS, PAY, people_of, trial_of, values

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY, b=DAY)
SEMICOLON = {"delimiter": ";"}


def trial(folder: Path, content: bytes | str, csv: dict[str, Any] | None, name: str = "jobs.csv", **register: Any):
    """The file written, and the trial that it belongs to."""
    encoded = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(gzip.compress(encoded) if name.endswith(".gz") else encoded)
    declared = JOBS | {"file": name} | ({"csv": csv} if csv is not None else {}) | register
    return trial_of({"jobs": declared}, {"hours": {"register": "jobs", "measure": {"sum": "hours"}}})


def panel(folder: Path, *arguments: Any, **register: Any):
    return build_panel(trial(folder, *arguments, **register), folder, PEOPLE)


def rows(folder: Path, *arguments: Any) -> pl.DataFrame:
    """The file's rows as the rest of the room sees them: text, with dates and numbers as usual."""
    register = trial(folder, *arguments).registers["jobs"]
    with DuckDBEngine() as engine:
        return engine.fetch(open_file(engine, "jobs", register, folder).table)


def refused(*arguments: Any, **register: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        panel(*arguments, **register)
    return caught.value


def says(error: DataError, nb: str, en: str) -> None:
    assert nb in error.render("nb")
    assert en in error.render("en")


HEADER = "person_id;start;stop;hours;kind\n"


@pytest.mark.parametrize("name", ["jobs.csv", "jobs.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_dialect_in_full(tmp_path: Path, encoding: str, ends: str, name: str) -> None:
    text = HEADER + "a;01.03.2015;31.03.2015;37,5;kjøkken–kokk\na;01.04.2015;NULL; 4,0 ;'b;\nc'\nb;.;;9;x\n"
    csv = SEMICOLON | {
        "decimal": ",", "quote": "'", "encoding": encoding, "date_format": "%d.%m.%Y", "missing": ["", ".", "NULL"],
    }  # fmt: skip
    found = rows(tmp_path, text.replace("\n", ends).encode(encoding), csv, name)
    assert found["start"].to_list() == ["2015-03-01", "2015-04-01", None]
    assert found["stop"].to_list() == ["2015-03-31", None, None]
    assert found["hours"].to_list() == ["37.5", "4.0", "9"]
    assert found["kind"].to_list() == ["kjøkken–kokk", f"b;{ends}c", "x"]


def test_a_panel_of_it(tmp_path: Path) -> None:
    text = HEADER + "a;01.03.2015;31.03.2015;37,5;x\na;01.04.2015;NULL; 4,0 ;x\nb;.;;9;x\n"
    csv = SEMICOLON | {"decimal": ",", "date_format": "%d.%m.%Y", "missing": ["", ".", "NULL"]}
    found = panel(tmp_path, text, csv)
    assert values(found, "hours") == [0, 37.5, 4, 4]
    assert values(found, "hours", "b") == [0, 0, 0, 0]


def test_latin_1(tmp_path: Path) -> None:
    text = (HEADER + "a;2015-03-01;;5.5;blå\n").encode("latin-1")
    assert rows(tmp_path, text, SEMICOLON | {"encoding": "latin-1"})["kind"].to_list() == ["blå"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_without_a_header_line(tmp_path: Path, mark: str) -> None:
    names = ["person_id", "start", "stop", "hours", "kind"]
    found = rows(tmp_path, mark + "a;2015-03-01;;5;x\na;2015-04-01;;1;\n", SEMICOLON | {"names": names})
    assert found.rows() == [("a", "2015-03-01", None, "5", "x"), ("a", "2015-04-01", None, "1", None)]


def test_without_rows(tmp_path: Path) -> None:
    for csv in (SEMICOLON, SEMICOLON | {"encoding": "latin-1"}):
        assert rows(tmp_path, HEADER, csv).columns == HEADER.strip().split(";")
    empty = SEMICOLON | {"names": ["person_id", "start", "stop", "hours", "kind"]}
    assert not rows(tmp_path, "\n", empty).height


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("%d.%m.%Y", "01.03.2015"), ("%d/%m/%Y", "01/03/2015"), ("%d-%m-%Y", "01-03-2015"),
        ("%m/%d/%Y", "03/01/2015"), ("%Y%m%d", "20150301"), ("%d%m%Y", "01032015"), ("%Y-%m-%d", "2015-03-01"),
    ],
)  # fmt: skip
def test_every_form_of_a_date(tmp_path: Path, written: str, shown: str) -> None:
    csv = SEMICOLON | {"date_format": written}
    found = rows(tmp_path, HEADER + f"a;{shown};2015-03-31;5;x\nb; {shown} 12:30;;5;x\n", csv)
    assert found["stop"].to_list() == ["2015-03-31", None]  # ISO dates are always read
    assert found["start"].to_list() == ["2015-03-01", "2015-03-01 12:30"]
    register = trial_of({"jobs": JOBS | {"csv": csv}}, {}).registers["jobs"]
    assert as_written(register, "start", "2015-03-01") == shown


@pytest.mark.long
def test_versions_are_ordered_by_date_however_it_is_written(tmp_path: Path) -> None:
    text = "person_id;start;stop;hours;kind;id;seen\na;01.03.2015;;5;x;1;09.01.2015\na;01.03.2015;;7;x;1;10.02.2014\n"
    csv = SEMICOLON | {"date_format": "%d.%m.%Y"}
    assert values(panel(tmp_path, text, csv, record=["id"], registered="seen"), "hours") == [0, 5, 5, 5]


@pytest.mark.long
def test_months_of_amounts(tmp_path: Path) -> None:
    (tmp_path / "pay.csv").write_text("person_id;month;amount\na;201503;1\na;2015-04;2\na;15.05.2015;4\n")
    register = PAY | {"file": "pay.csv", "csv": SEMICOLON | {"date_format": "%d.%m.%Y"}}
    trial = trial_of({"pay": register}, {"pay": {"register": "pay", "measure": {"sum": "amount"}}})
    assert values(build_panel(trial, tmp_path, PEOPLE), "pay") == [0, 1, 2, 4]


def test_a_date_of_another_form(tmp_path: Path) -> None:
    csv = SEMICOLON | {"date_format": "%d.%m.%Y"}
    error = refused(tmp_path, HEADER + "a;01.03.2015;1/3/2015;5;x\n", csv)
    says(error, "nr. 1: «1/3/2015»", "no. 1: «1/3/2015»")
    says(error, "DD.MM.ÅÅÅÅ, ÅÅÅÅ-MM-DD", "DD.MM.YYYY, YYYY-MM-DD")
    says(refused(tmp_path, HEADER + "a;31.02.2015;;5;x\n", csv), "«31.02.2015»", "«31.02.2015»")


def test_a_point_where_the_comma_is_the_decimal_sign(tmp_path: Path) -> None:
    error = refused(tmp_path, HEADER + "a;2015-03-01;;1.234;x\n", SEMICOLON | {"decimal": ","})
    says(error, "«1.234») kan ikke leses som tall", "«1.234») cannot be read as numbers")
    says(error, "tall med komma", "a decimal comma")


def test_another_delimiter_than_declared(tmp_path: Path) -> None:
    error = refused(tmp_path, HEADER + "a;2015-03-01;;5;x\n", {"delimiter": "|"})
    says(error, "én kolonne når den deles ved «|», men inneholder «;»", 'divided at "|", but holds ";"')
    names = ["person_id", "start", "stop", "hours", "kind"]
    error = refused(tmp_path, "a;2015-03-01;;5;x\n", {"delimiter": "|", "names": names})
    says(error, "linje 1 i jobs.csv kan ikke leses: den har 1 felt", "it has 1 field, but there are 5 columns")


@pytest.mark.parametrize("csv", [None, SEMICOLON, SEMICOLON | {"encoding": "windows-1252"}])
def test_lines_of_another_length(tmp_path: Path, csv: dict[str, Any] | None) -> None:
    good = HEADER + 'a;2015-03-01;;5;"to\nlinjer"\n'
    says(refused(tmp_path, good + "a;2015-03-01;5;x\n", csv), "linje 4 i jobs.csv", "line 4 of jobs.csv")
    says(refused(tmp_path, good + "a;2015-03-01;;5;x;y\n", csv), "6 felt", "it has 6 fields")


@pytest.mark.parametrize("csv", [None, SEMICOLON])
def test_a_quote_that_is_not_closed(tmp_path: Path, csv: dict[str, Any] | None) -> None:
    error = refused(tmp_path, HEADER + 'a;2015-03-01;;5;"x\nb;2015-03-01;;5;y\n', csv)
    says(error, 'et " står åpent', 'a " is not closed')


def test_text_in_another_encoding_than_declared(tmp_path: Path) -> None:
    text = HEADER + "a;2015-03-01;;5;x\nb;2015-03-01;;5;blåbær\n"
    says(refused(tmp_path, text.encode("latin-1"), SEMICOLON), "linje 3 i jobs.csv", "cannot be read as UTF-8")
    says(refused(tmp_path, text.encode("utf-16"), SEMICOLON), "linje 1", "cannot be read as UTF-8")
    error = refused(tmp_path, text, SEMICOLON | {"encoding": "latin-1"})
    says(error, "filen er i UTF-8, men erklært som latin-1", 'write `encoding = "utf-8"`')


def test_mixed_line_ends(tmp_path: Path) -> None:
    error = refused(tmp_path, HEADER.replace("\n", "\r\n") + "a;2015-03-01;;5;x\nb;2015-03-01;;5;y\r\n", None)
    says(error, "noen linjer slutter med CR LF", "some lines end with CR LF")


@pytest.mark.parametrize(
    ("header", "nb", "en"),
    [
        ("person_id;start;start\n", "flere kolonner som heter start", "several columns called"),
        ("person_id;start;Start\n", "flere kolonner som heter Start og start", "several columns called"),
        (HEADER.replace("\n", ";\n"), "kolonne 6 av 6 har ikke noe navn", "column 6 of 6 has no name"),
        (HEADER.replace("\n", "\ra;;"), "CR alene", "CR alone"),
        ('person_id;"start;stop\n', "jobs.csv kan ikke leses fra linje 1", "cannot be read from line 1"),
    ],
)
def test_first_lines_that_no_engine_reads(tmp_path: Path, header: str, nb: str, en: str) -> None:
    says(refused(tmp_path, header, None), nb, en)


def test_fields_of_any_length(tmp_path: Path) -> None:
    """They are neither taken for a quotation mark that is not closed nor quoted in full."""
    long = "x" * 200_000
    assert values(panel(tmp_path, f"{HEADER}a;2015-03-01;;5;{long}\n", None), "hours")[1] == 5
    says(refused(tmp_path, f"{HEADER}a;2015-03-01;;5;{long};6\n", None), "6 felt", "it has 6 fields")
    error = refused(tmp_path, f"{HEADER}a;2015-03-01;;{long};x\n", None)
    says(error, "xxx…»", "xxx…»")
    assert len(error.render("nb")) < 400


@pytest.mark.parametrize("cut", [slice(None, -12), slice(None, 14)])
def test_a_compressed_file_that_is_cut_off(tmp_path: Path, cut: slice) -> None:
    declared = trial(tmp_path, HEADER + "a;2015-03-01;;5;x\n" * 20, None, "jobs.csv.gz")
    whole = tmp_path / "jobs.csv.gz"
    whole.write_bytes(whole.read_bytes()[cut])
    with pytest.raises(DataError) as caught:
        build_panel(declared, tmp_path, PEOPLE)
    says(caught.value, "kan ikke leses", "cannot be read")


def test_files_with_other_delimiters_than_the_first(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(HEADER.replace(";", ",") + "a,2015-03-01,,5,x\n")
    error = refused(tmp_path, HEADER + "a;2015-03-01;;5;x\n", None, "a.csv", file="*.csv")
    says(error, "linje 1 i b.csv", "line 1 of b.csv")


@pytest.mark.parametrize(
    ("declared", "says_en"),
    [
        ({"delimiter": "a"}, "delimiter"),
        ({"decimal": ","}, "delimiter"),
        ({"delimiter": ";", "thousands": "."}, '"thousands" is unknown'),
        ({"delimiter": ";", "encoding": "ebcdic"}, "utf-8"),
        ({"delimiter": ";", "date_format": "%d.%m.%y"}, "%d.%m.%Y"),
    ],
)
def test_what_cannot_be_declared(declared: dict[str, str], says_en: str) -> None:
    lines = "\n".join(f'{key} = "{value}"' for key, value in declared.items())
    with pytest.raises(ProtocolError) as caught:
        parse_trial(f"[registers.jobs.csv]\n{lines}\n".encode())
    assert says_en in caught.value.render("en")


def test_no_dialect_and_the_usual_one_are_the_same_text() -> None:
    assert Csv(delimiter=";").missing == ("",)
