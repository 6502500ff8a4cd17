"""`fixed` registers: facts joined to the participants."""

from __future__ import annotations

from datetime import date
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
    assert '"codes" is List(String)' in caught.value.render("en")
    assert "«codes» er List(String)" in caught.value.render("nb")
