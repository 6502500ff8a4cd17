"""Folders of files, and folders whose names are columns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError
from lodd.registers import build_panel
from lodd.registers.engines import DuckDBEngine
from lodd.registers.files import find_files, partition_types
from lodd.registers.sources import file_sha256, open_file
from tests.registers.small import JOBS, people_of, table, trial_of, values

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY, b=DAY)
ROWS = table(
    "person_id start stop hours year office",
    ("a", date(2014, 12, 1), date(2015, 3, 1), 5.0, 2014, "0219"),
    ("b", date(2015, 3, 1), None, 30.0, 2015, "0219"),
    ("a", date(2015, 4, 1), None, 1.5, 2015, "0301"),
)


def written(folder: Path, kind: str = "parquet") -> Path:
    """The rows below ``jobs/year=…/office=…``, with the marks that other programs leave."""
    for (year, office), part in ROWS.group_by("year", "office", maintain_order=True):
        place = folder / "jobs" / f"year={year}" / f"office={office}"
        place.mkdir(parents=True)
        getattr(part.drop("year", "office"), f"write_{kind}")(place / f"part-0.{kind}")
    (folder / "jobs" / "_SUCCESS").touch()
    (folder / "jobs" / ".part-0.parquet.crc").touch()
    return folder / "jobs"


def trial(file: str, **register: Any):
    counted = {
        name: {"register": "jobs", "measure": {"count": True, "where": where}}
        for name, where in {"after": {"year": {"at_least": 2015}}, "there": {"office": "0219"}}.items()
    }
    return trial_of({"jobs": JOBS | {"file": file} | register}, counted)


def refused(folder: Path, file: str) -> DataError:
    with pytest.raises(DataError) as caught:
        build_panel(trial(file), folder, PEOPLE)
    return caught.value


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("file", ["jobs", "jobs/", "jobs/*/*/*.{kind}"])
def test_folders_called_after_columns(tmp_path: Path, kind: str, file: str) -> None:
    written(tmp_path, kind)
    with DuckDBEngine() as engine:
        source = open_file(engine, "jobs", trial(file.format(kind=kind)).registers["jobs"], tmp_path)
        found = engine.fetch(source.numbered).sort("lodd_row")
    typed = ROWS if kind == "parquet" else pl.read_csv(ROWS.write_csv().encode(), infer_schema=False)
    assert found.select(ROWS.columns).equals(typed.with_columns(ROWS["year"]))


def test_a_panel_of_folders(tmp_path: Path) -> None:
    written(tmp_path)
    found = build_panel(trial("jobs"), tmp_path, PEOPLE)
    assert values(found, "there") == [1, 1, 0, 0]
    assert values(found, "after") == [0, 0, 1, 1]


def test_the_fixed_part_of_a_pattern_names_no_column(tmp_path: Path) -> None:
    written(tmp_path)
    error = refused(tmp_path, "jobs/year=2015/*/*.parquet")
    assert "kolonnen «year» er ikke i filen" in error.render("nb")


def test_rows_are_numbered_through_all_files_in_the_order_of_their_paths(tmp_path: Path) -> None:
    written(tmp_path)
    with DuckDBEngine() as engine:
        source = open_file(engine, "jobs", trial("jobs").registers["jobs"], tmp_path)
        rows = engine.fetch(source.numbered).sort("lodd_row")
    assert rows["lodd_row"].to_list() == [1, 2, 3]
    assert rows["hours"].to_list() == [5, 30, 1.5]
    assert rows["year"].to_list() == [2014, 2015, 2015]


def test_the_hash_is_of_names_and_bytes(tmp_path: Path) -> None:
    folder, register = written(tmp_path), trial("jobs").registers["jobs"]
    before = file_sha256("jobs", register, tmp_path)
    (folder / "_SUCCESS").write_text("again")
    assert file_sha256("jobs", register, tmp_path) == before
    (folder / "year=2014").rename(folder / "year=2013")
    assert file_sha256("jobs", register, tmp_path) != before


def test_a_folder_of_files_without_columns_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    for i in range(3):
        ROWS[i : i + 1].write_parquet(tmp_path / "jobs" / f"part-{i}.parquet")
    with DuckDBEngine() as engine:
        source = open_file(engine, "jobs", trial("jobs").registers["jobs"], tmp_path)
        assert engine.fetch(source.numbered).sort("lodd_row")["hours"].to_list() == [5, 30, 1.5]


@pytest.mark.parametrize("name", ["year", "Year"])
def test_a_column_that_is_in_both_places(name: str, tmp_path: Path) -> None:
    """Capitals or not: the engine would take the folder's value for the column's."""
    folder = written(tmp_path)
    for path in folder.rglob("*.parquet"):
        pl.read_parquet(path, hive_partitioning=False).with_columns(pl.lit(2014).alias(name)).write_parquet(path)
    error = refused(tmp_path, "jobs")
    assert "year står både i mappenavn og som kolonne" in error.render("nb")
    assert "year stands both in the folders' names" in error.render("en")


def test_folders_of_different_names(tmp_path: Path) -> None:
    folder = written(tmp_path)
    ROWS.drop("year", "office").write_parquet(folder / "year=2014" / "part-1.parquet")
    assert "ligger ikke i mapper med de samme navnene" in refused(tmp_path, "jobs").render("nb")


@pytest.mark.parametrize("inner", ["year=2015", "Year=2015"])
def test_a_name_twice_in_a_path(inner: str, tmp_path: Path) -> None:
    """The inner one would win, and no one would know."""
    place = tmp_path / "jobs" / "year=2014" / inner
    place.mkdir(parents=True)
    ROWS.drop("year", "office").write_parquet(place / "part-0.parquet")
    error = refused(tmp_path, "jobs")
    assert f"to av mappene i stien year=2014/{inner}/part-0.parquet gir kolonnen" in error.render("nb")
    assert "give the column" in error.render("en")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "_SUCCESS").touch()
    assert "fant ikke registerfilen" in refused(tmp_path, "jobs").render("nb")


def test_what_a_folder_s_name_may_say(tmp_path: Path) -> None:
    place = tmp_path / "day=2015-03-01" / "code=0219" / "n=-3" / "a%20b=x%2Fy" / "none=__HIVE_DEFAULT_PARTITION__"
    place.mkdir(parents=True)
    (place / "x.csv").touch()
    files = find_files(tmp_path, ".")
    found = files.partition(files.paths[0])
    assert found == {"day": "2015-03-01", "code": "0219", "n": "-3", "a b": "x/y", "none": None}
    types = partition_types([found])
    assert types == {"day": "date", "code": "string", "n": "int64", "a b": "string", "none": "string"}
    assert partition_types([{"k": "1"}, {"k": None}, {"k": "0"}]) == {"k": "int64"}
    assert partition_types([{"k": "1"}, {"k": "x"}]) == {"k": "string"}
