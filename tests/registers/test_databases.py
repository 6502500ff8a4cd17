"""Registers that are tables of a DuckDB file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lodd.errors import DataError, UsageError
from lodd.protocol.checks import check_trial
from lodd.registers import build_panel
from lodd.registers.databases import read
from lodd.registers.engines import DuckDBEngine
from lodd.registers.problems import Place
from lodd.registers.sources import file_sha256, open_file
from tests.registers.small import JOBS, VISITS, people_of, trial_of, values

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY, b=DAY)
NO_FILE = {key: value for key, value in JOBS.items() if key != "file"}
ROWS = [("a", date(2015, 3, 1), None, 30.5), ("b", date(2015, 4, 1), date(2015, 4, 30), 5.0)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    change(
        tmp_path,
        'CREATE SCHEMA "it\'s"',
        'CREATE TABLE "it\'s"."job""s" (person_id VARCHAR, start DATE, stop DATE, hours DECIMAL(5, 2))',
        "CREATE TABLE visits AS SELECT 'a' AS person_id, DATE '2015-03-02' AS day",
    )
    with duckdb.connect(tmp_path / "registers.duckdb") as connection:
        connection.executemany('INSERT INTO "it\'s"."job""s" VALUES (?, ?, ?, ?)', ROWS)
    return tmp_path


def change(folder: Path, *statements: str) -> None:
    with duckdb.connect(folder / "registers.duckdb") as connection:
        for statement in statements:
            connection.execute(statement)


def trial(table: str = "it's.job\"s", database: str = "duckdb:registers.duckdb"):
    visits = {key: value for key, value in VISITS.items() if key != "file"}
    return trial_of(
        {
            "jobs": NO_FILE | {"table": table, "database": database},
            "visits": visits | {"table": "visits", "database": "duckdb:registers.duckdb"},
        },
        {
            "hours": {"register": "jobs", "measure": {"sum": "hours"}},
            "visits": {"register": "visits", "measure": {"count": True}},
        },
    )


def refused(folder: Path, **table: str) -> DataError:
    with pytest.raises(DataError) as caught:
        build_panel(trial(**table), folder, PEOPLE)
    return caught.value


def test_tables_of_one_file_are_read(folder: Path) -> None:
    panel = build_panel(trial(), folder, PEOPLE)
    assert values(panel, "hours") == [0, 30.5, 30.5, 30.5]
    assert values(panel, "hours", "b") == [0, 0, 5, 0]
    assert values(panel, "visits") == [0, 1, 0, 0]
    register = trial().registers["jobs"]
    assert panel.provenance["extract:jobs"] == file_sha256("jobs", register, folder)


def test_the_file_is_left_as_it_was(folder: Path) -> None:
    before = (folder / "registers.duckdb").read_bytes()
    (folder / "registers.duckdb").chmod(0o400)
    with DuckDBEngine() as engine:
        assert engine.fetch(open_file(engine, "jobs", trial().registers["jobs"], folder).table).height == 2
    assert (folder / "registers.duckdb").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["registers.duckdb"]


def test_the_hash_is_of_the_content(folder: Path) -> None:
    register = trial().registers["jobs"]

    def now() -> str:
        return file_sha256("jobs", register, folder)

    first = now()
    change(folder, "INSERT INTO visits VALUES ('b', DATE '2015-03-02')")
    assert now() == first
    jobs = '"it\'s"."job""s"'
    change(folder, f"CREATE TABLE copy AS FROM {jobs} ORDER BY person_id DESC", f"DELETE FROM {jobs}")
    assert now() != first
    change(folder, f"INSERT INTO {jobs} FROM copy")
    assert now() == first
    change(folder, f"UPDATE {jobs} SET hours = 30.6 WHERE person_id = 'a'")
    changed = now()
    change(folder, f"ALTER TABLE {jobs} ADD COLUMN kind VARCHAR")
    assert len({first, changed, now()}) == 3


def test_for_engines_that_do_not_read_the_file_the_table_is_copied(folder: Path) -> None:
    class Other:
        name = "other"

        def read_parquet(self, paths: Any) -> Any:
            return engine.read_parquet(paths)

    with DuckDBEngine() as engine:
        other: Any = Other()
        table, sha256 = read(other, trial().registers["jobs"], folder, Place("jobs", "t"))
        found = engine.fetch(table).sort("lodd_row")
    assert found["person_id"].to_list() == ["a", "b"]
    assert sha256 == file_sha256("jobs", trial().registers["jobs"], folder)


def test_no_such_table(folder: Path) -> None:
    error = refused(folder, table="vists")
    assert "tabellen «vists» er ikke i databasen" in error.render("nb")
    assert "it's.job\"s and visits" in error.render("en")
    assert 'Did you mean "visits"?' in error.render("en")
    with pytest.raises(DataError, match="is not in the database"):
        file_sha256("jobs", trial("vists").registers["jobs"], folder)


def test_no_such_file_and_no_database(folder: Path) -> None:
    assert "fant ikke databasen none.duckdb" in refused(folder, database="duckdb:none.duckdb").render("nb")
    (folder / "text.duckdb").write_text("person_id,start\n" * 1000)
    assert "the table cannot be read" in refused(folder, database="duckdb:text.duckdb").render("en")


def test_a_missing_column_is_said_as_of_any_source(folder: Path) -> None:
    change(folder, 'ALTER TABLE "it\'s"."job""s" RENAME COLUMN hours TO hour')
    assert 'did you mean "hour"?' in refused(folder).render("en")


def test_a_table_on_a_server_needs_its_engine(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_panel(trial(database="postgresql"), folder, PEOPLE)
    assert "--engine postgresql" in caught.value.render("nb")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, '"file" is missing'),
        ({"file": "a.csv", "table": "b", "database": "postgresql"}, "the register has file and table"),
        ({"table": "b"}, '"table" and "database" go together'),
        ({"file": "a.parquet", "csv": {"delimiter": ";"}}, '"csv" is for CSV files only'),
    ],
)
def test_exactly_one_source(source: dict[str, Any], said: str) -> None:
    findings = check_trial(trial_of({"jobs": NO_FILE | source}, {}))
    assert said in {finding.found.en for finding in findings}
