"""`fixed` registers: facts joined to the participants."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from lodd.errors import DataError
from lodd.protocol import Participants, Trial, parse_trial
from lodd.registers import with_facts

PROTOCOL = Path(__file__).parents[1] / "protocol" / "trial.toml"
FACTS = '[registers.background]\nfile = "background.{kind}"\ntemporality = "fixed"\n\n[outcomes.in_work]'


def trial(kind: str = "csv") -> Trial:
    text = PROTOCOL.read_text(encoding="utf-8").replace("[outcomes.in_work]", FACTS.format(kind=kind))
    return parse_trial(text.encode()).trial


@pytest.fixture
def people() -> Participants:
    frame = pl.DataFrame({"person_id": ["b", "a", "c"], "drawn_at": [date(2020, 1, 1)] * 3, "age": [30, 40, 50]})
    return Participants(frame, ("control", "coaching", "subsidy"))


def test_joined_in_the_participants_order(people: Participants, tmp_path: Path) -> None:
    rows = "person_id,education_years,origin\na,12,north\nb,9.5,south\nb,9.5,south\nz,1,west\n"
    (tmp_path / "background.csv").write_text(rows)
    frame = with_facts(trial(), tmp_path, people).frame
    assert frame["person_id"].to_list() == ["b", "a", "c"]
    assert frame["education_years"].to_list() == [9.5, 12.0, None]
    assert frame["origin"].to_list() == ["south", "north", None]


def test_parquet_keeps_its_types(people: Participants, tmp_path: Path) -> None:
    pl.DataFrame({"person_id": ["a"], "born": [date(1980, 2, 29)], "married": [True]}).write_parquet(
        tmp_path / "background.parquet"
    )
    frame = with_facts(trial("parquet"), tmp_path, people).frame
    assert frame["born"].to_list() == [None, date(1980, 2, 29), None]
    assert frame["married"].to_list() == [None, True, None]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("person_id,origin\na,north\na,south\n", "2 rows give different facts of one person"),
        ("person_id,age\na,30\n", "already have the column age"),
        ("person,origin\na,north\n", "person_id"),
    ],
)
def test_refused(people: Participants, tmp_path: Path, rows: str, said: str) -> None:
    (tmp_path / "background.csv").write_text(rows)
    with pytest.raises(DataError, match=said):
        with_facts(trial(), tmp_path, people)


def test_missing_file(people: Participants, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"background\.csv"):
        with_facts(trial(), tmp_path, people)


def test_trial_without_facts_changes_nothing(people: Participants, tmp_path: Path) -> None:
    plain = parse_trial(PROTOCOL.read_bytes()).trial
    assert with_facts(plain, tmp_path, people).frame.equals(people.frame)


def test_lists_are_no_facts(people: Participants, tmp_path: Path) -> None:
    pl.DataFrame({"person_id": ["a", "z"], "codes": [["F32"], ["M54"]]}).write_parquet(tmp_path / "background.parquet")
    with pytest.raises(DataError) as caught:
        with_facts(trial("parquet"), tmp_path, people)
    assert '"codes" is array<string>' in caught.value.render("en")
    assert "«codes» er array<string>" in caught.value.render("nb")


def test_decimals_are_not_cut_off(people: Participants, tmp_path: Path) -> None:
    rows = {"person_id": ["a", "b"], "years": [Decimal("9.5"), Decimal("12.7")], "at": [time(8, 30), None]}
    pl.DataFrame(rows).write_parquet(tmp_path / "background.parquet")
    frame = with_facts(trial("parquet"), tmp_path, people).frame
    assert frame["years"].to_list() == [12.7, 9.5, None]
    assert frame["at"].to_list() == [None, "08:30:00", None]


def test_codes_with_leading_zeros_are_no_numbers(people: Participants, tmp_path: Path) -> None:
    (tmp_path / "background.csv").write_text("person_id,municipality,children\na,0301,0\nb,1103,2\n")
    frame = with_facts(trial(), tmp_path, people).frame
    assert frame["municipality"].to_list() == ["1103", "0301", None]
    assert frame["children"].to_list() == [2.0, 0.0, None]


@pytest.mark.parametrize("written", ["number", "text"])
def test_pseudonyms_written_otherwise_do_not_silently_match_nobody(
    people: Participants, tmp_path: Path, written: str
) -> None:
    names = pl.Series(["0017", "0018", "0019"])
    padded = Participants(people.frame.with_columns(person_id=names), people.arms)
    lost = names.cast(pl.Int64) if written == "number" else names.str.strip_chars_start("0")
    pl.DataFrame({"person_id": lost, "years": [1, 2, 3]}).write_parquet(tmp_path / "background.parquet")
    with pytest.raises(DataError, match="leading zeros"):
        with_facts(trial("parquet"), tmp_path, padded)


def test_nobody_drawn_yet(people: Participants, tmp_path: Path) -> None:
    (tmp_path / "background.csv").write_text("person_id,origin\na,north\n")
    nobody = Participants(people.frame.clear(), people.arms)
    assert with_facts(trial(), tmp_path, nobody).frame.columns[-1] == "origin"
