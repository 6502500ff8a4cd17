"""`participants.parquet`: what is refused, and in what words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lodd.errors import DataError, UsageError
from lodd.protocol import parse_trial, participants_from, read_participants, write_participants


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": ["p1", "p2", "p3"],
            "arm": ["control", "coaching", "subsidy"],
            "site": ["north", "north", "south"],
            "office": ["n1", "n2", "s1"],
            "stratum": ["n1", "n2", "s1"],
            "drawn_at": [date(2020, 3, 2), date(2020, 1, 2), date(2020, 5, 2)],
            "marginal_control": [0.5, 0.5, 0.5],
            "marginal_coaching": [0.3, 0.3, 0.4],
            "marginal_subsidy": [0.2, 0.2, 0.1],
            "age": [30, 40, 50],
        }
    )


def test_sound_participants_are_sorted_by_draw(trial, frame) -> None:
    people = participants_from(trial, frame)
    assert people.frame["person_id"].to_list() == ["p2", "p1", "p3"]
    assert people.baseline_columns == ("age",)


def test_round_trip(trial, frame, tmp_path: Path) -> None:
    people = participants_from(trial, frame)
    write_participants(people, tmp_path)
    assert read_participants(trial, tmp_path).frame.equals(people.frame)
    assert len(list(tmp_path.iterdir())) == 1


CASES = {
    "twice": ({"person_id": ["p1", "p1", "p3"]}, "a person is drawn twice (2 rows: 1, 2)"),
    "arm": ({"arm": ["control", "coaching", "other"]}, 'unknown value in "arm" (1 rows: 3)'),
    "office": ({"office": ["n1", "n2", "s9"]}, 'unknown value in "office"'),
    "outside": ({"drawn_at": [date(2019, 3, 2), date(2020, 1, 2), date(2020, 5, 2)]}, "outside enrolment"),
    "empty": ({"stratum": ["a", None, "b"]}, '"stratum" is empty (1 rows: 2)'),
    "no one in an arm": ({"arm": ["control", "control", "subsidy"]}, 'nobody is drawn to "coaching"'),
    "probability": ({"marginal_control": [0.0, 0.5, 0.5]}, "not between 0 and 1"),
    "missing probability": ({"marginal_control": [None, 0.5, 0.5]}, "not between 0 and 1 (1 rows: 1)"),
    "sum": ({"marginal_control": [0.6, 0.5, 0.5]}, "do not sum to 1"),
    "sum beyond rounding": ({"marginal_control": [0.50001, 0.5, 0.5]}, "do not sum to 1"),
    "an empty text": ({"person_id": ["p1", " ", "p3"]}, '"person_id" is empty (1 rows: 2)'),
    "people as decimals": ({"person_id": [1.0, 2.0, 3.0]}, '"person_id" is Float64'),
    "people as lists": ({"person_id": [["p1"], ["p2"], ["p3"]]}, '"person_id" is List(String)'),
    "a list as a fact": ({"age": [[1], [2], [3]]}, '"age" is List(Int64)'),
    "bytes as a fact": ({"age": [b"1", b"2", b"3"]}, '"age" is Binary'),
    "probability as text": ({"marginal_control": ["0.5", "0.5", "0.5"]}, '"marginal_control" is String'),
    "dates as text": ({"drawn_at": ["2020-01-01"] * 3}, '"drawn_at" is String'),
}


@pytest.mark.parametrize(("change", "said"), CASES.values(), ids=CASES.keys())
def test_refused(trial, frame, change, said: str) -> None:
    with pytest.raises(DataError) as caught:
        participants_from(trial, frame.with_columns(pl.Series(name, values) for name, values in change.items()))
    assert said in str(caught.value)
    assert "p1" not in str(caught.value).replace("participants", "")


def test_probabilities_may_be_rounded(trial, frame) -> None:
    rounded = frame.with_columns(pl.col("^marginal_.*$").cast(pl.Float32))
    assert participants_from(trial, rounded).marginal is not None
    six_decimals = frame.with_columns(marginal_control=pl.Series([0.4999997, 0.5000003, 0.5]))
    assert participants_from(trial, six_decimals).marginal is not None


def test_people_may_be_whole_numbers(trial, frame) -> None:
    people = participants_from(trial, frame.with_columns(person_id=pl.Series([3, 1, 2])))
    assert people.frame["person_id"].to_list() == ["1", "3", "2"]


def test_missing_columns(trial, frame) -> None:
    with pytest.raises(DataError) as caught:
        participants_from(trial, frame.rename({"drawn_at": "drawn_on"}))
    assert 'Did you mean "drawn_on"' in str(caught.value)
    with pytest.raises(DataError, match="lacks marginal_subsidy"):
        participants_from(trial, frame.drop("marginal_subsidy"))


def test_external_designs_need_no_probabilities(edited, frame) -> None:
    trial = parse_trial(edited(('"keyed"', '"external"')).encode()).trial
    assert (
        participants_from(trial, frame.drop("marginal_control", "marginal_coaching", "marginal_subsidy")).marginal
        is None
    )


def test_nobody(trial, frame) -> None:
    with pytest.raises(DataError, match="nobody has been drawn"):
        participants_from(trial, frame.head(0))


def test_missing_and_broken_file(trial, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no participants\.parquet"):
        read_participants(trial, tmp_path)
    (tmp_path / "participants.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(DataError, match="not readable Parquet"):
        read_participants(trial, tmp_path)


def test_unwritable_folder(trial, frame, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_participants(participants_from(trial, frame), tmp_path / "nowhere")
