"""Results on disk and back."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError, UsageError
from lodd.evaluation import Evaluation, JointTest, read_results, write_results

World = Any


def test_what_is_read_is_what_was_written(evaluated: Evaluation, tmp_path: Path) -> None:
    evaluated = replace(evaluated, tables={"extra": evaluated.flow, "other": evaluated.take_up})
    write_results(evaluated, tmp_path)
    found = read_results(tmp_path)
    for field in fields(Evaluation):
        before, after = getattr(evaluated, field.name), getattr(found, field.name)
        if isinstance(before, pl.DataFrame):
            assert before.schema == after.schema
            assert before.equals(after)
        elif field.name == "tables":
            assert list(before) == list(after)
            assert all(before[name].equals(after[name]) for name in before)
        else:
            assert before == after
    files = sorted(path.name for path in (tmp_path / "results").rglob("*.*"))
    assert files == ["estimates.parquet", "extra.parquet", "other.parquet", "results.json"]


def test_tables_of_an_earlier_evaluation_do_not_stay(evaluated: Evaluation, tmp_path: Path) -> None:
    write_results(replace(evaluated, tables={"extra": evaluated.flow, "other": evaluated.flow}), tmp_path)
    write_results(replace(evaluated, tables={"other": evaluated.flow}), tmp_path)
    assert [path.name for path in (tmp_path / "results/tables").iterdir()] == ["other.parquet"]
    write_results(replace(evaluated, tables={}), tmp_path)
    assert not (tmp_path / "results/tables").exists()
    assert read_results(tmp_path).tables == {}


def test_a_missing_number_is_null(evaluated: Evaluation, tmp_path: Path) -> None:
    test = JointTest("se", math.nan, 3.0, math.nan, math.nan, ("age",))
    flow = evaluated.flow.with_columns(pl.lit(math.nan).alias("share"), pl.lit(date(2015, 1, 1)).alias("day"))
    write_results(replace(evaluated, balance_tests=(test,), flow=flow), tmp_path)
    assert "NaN" not in (tmp_path / "results" / "results.json").read_text()
    found = read_results(tmp_path)
    assert math.isnan(found.balance_tests[0].statistic)
    assert found.balance_tests[0].df == 3.0
    assert found.flow["share"].is_null().all()
    assert found.flow["day"][0] == date(2015, 1, 1)


def test_the_same_results_give_the_same_bytes(evaluated: Evaluation, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_results(evaluated, tmp_path / name)
    for file in ("estimates.parquet", "results.json"):
        assert (tmp_path / "a/results" / file).read_bytes() == (tmp_path / "b/results" / file).read_bytes()


def test_empty_results(small: World, tmp_path: Path) -> None:
    evaluation = small.with_column(arm=["control"] * 240).evaluate()
    write_results(evaluation, tmp_path)
    assert read_results(tmp_path).estimates.equals(evaluation.estimates)


@pytest.fixture
def stops_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The disk is full when a file of this name is written."""

    def stop(name: str) -> None:
        write_text = Path.write_text

        def full(path: Path, *args: Any, **kwargs: Any) -> int:
            if name in path.name:
                raise OSError(28, "No space left on device")
            return write_text(path, *args, **kwargs)

        monkeypatch.setattr(Path, "write_text", full)

    return stop


def test_an_interrupted_run_leaves_the_old_results(
    evaluated: Evaluation, tmp_path: Path, stops_at: Callable[[str], None]
) -> None:
    write_results(evaluated, tmp_path)
    before = (tmp_path / "results/estimates.parquet").read_bytes()
    stops_at("results.json")
    with pytest.raises(UsageError, match="No space left"):
        write_results(replace(evaluated, estimates=evaluated.estimates.head(3)), tmp_path)
    assert (tmp_path / "results/estimates.parquet").read_bytes() == before
    assert not list((tmp_path / "results").rglob(".*"))


def test_a_folder_that_cannot_be_written(evaluated: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(UsageError) as caught:
        write_results(evaluated, tmp_path)
    assert "results" in caught.value.render("nb")
    assert "kan ikke skrives" in caught.value.render("nb")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(evaluated: Evaluation, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError):
        write_results(evaluated, tmp_path)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("damage", ["missing", "truncated", "not_json", "other_format", "other_columns"])
def test_broken_results_are_said_to_be(evaluated: Evaluation, tmp_path: Path, damage: str) -> None:
    write_results(evaluated, tmp_path)
    json_file, parquet = tmp_path / "results/results.json", tmp_path / "results/estimates.parquet"
    if damage == "missing":
        json_file.unlink()
    elif damage == "truncated":
        parquet.write_bytes(parquet.read_bytes()[:100])
    elif damage == "not_json":
        json_file.write_text("{")
    elif damage == "other_format":
        json_file.write_text(json.dumps(json.loads(json_file.read_text()) | {"format": 0}))
    else:
        evaluated.estimates.drop("p_value").write_parquet(parquet)
    with pytest.raises(DataError) as caught:
        read_results(tmp_path)
    assert "lodd evaluate" in caught.value.render("nb")
