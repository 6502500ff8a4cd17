"""Registers that are tables of a server: what is asked of it, what leaves it, and what happens when it goes away.

Run with ``LODD_TEST_ENGINES=postgresql`` (``.ci/run``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from lodd.errors import DataError, UsageError
from lodd.protocol.model import Trial
from lodd.registers import build_panel, build_panel_from
from tests.engines.server import running
from tests.registers.small import COVERS, people_of, table, trial_of

pytestmark = pytest.mark.skipif(
    "postgresql" not in os.environ.get("LODD_TEST_ENGINES", ""), reason="LODD_TEST_ENGINES=postgresql"
)
DAY = date(2015, 3, 7)
JOBS: dict[str, Any] = {
    "database": "postgresql",
    "table": "hr.jobs",
    "temporality": "status",
    "covers": COVERS,
    "start": "start",
    "stop": "stop",
    "columns": {"hours": {"decimals": 1}},
}
OUTCOMES = {"hours": {"register": "jobs", "measure": {"sum": "hours"}, "counts": "any day"}}
TABLE = (
    "DROP SCHEMA IF EXISTS hr CASCADE",
    "CREATE SCHEMA hr",
    'CREATE TABLE hr.jobs (person_id text, start date, stop date, hours numeric(6,1), "By" text)',
    "INSERT INTO hr.jobs SELECT 'x' || n, '2015-01-01', NULL, 1.5, 'u' FROM generate_series(1, 998) n",
    "INSERT INTO hr.jobs VALUES ('a', '2015-01-01', NULL, 7.5, 'u'), ('b', '2015-04-02', NULL, 3.0, 'v')",
)
MANY = "INSERT INTO hr.jobs SELECT 'x', '2015-01-01', NULL, n / 10.0, repeat('u', 50) FROM generate_series(1, 60000) n"
PEOPLE = people_of(a=DAY, b=DAY)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture
def server(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection to a server with one register of 1,000 people, of whom two were drawn."""
    import psycopg

    monkeypatch.setenv("LODD_POSTGRESQL", address)
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in TABLE:
            connection.execute(statement)
        yield connection


def engine() -> Any:
    from lodd.registers.engines import engine_of

    return engine_of("postgresql")


def trial(**changes: Any) -> Trial:
    return trial_of({"jobs": JOBS | changes}, OUTCOMES, window=(1, 2))


def test_the_panel_is_that_of_the_same_rows_in_a_file(server: Any, tmp_path: Path) -> None:
    panel = build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    rows = table("person_id start stop hours", ("a", date(2015, 1, 1), None, 7.5), ("b", date(2015, 4, 2), None, 3.0))
    files = {key: value for key, value in JOBS.items() if key not in ("database", "table")} | {"file": "jobs.parquet"}
    same = build_panel_from(trial_of({"jobs": files}, OUTCOMES, window=(1, 2)), {"jobs": rows}, PEOPLE)
    assert panel.provenance["values"] == same.provenance["values"]
    assert panel.provenance["engine"].startswith("postgresql ")


def test_nothing_but_the_cohorts_months_leaves_the_server(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lodd.registers.engines import on_postgresql

    left: list[pl.DataFrame] = []
    frame = on_postgresql._frame
    monkeypatch.setattr(on_postgresql, "_frame", lambda *given: left.append(frame(*given)) or left[-1])
    build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    assert max(found.height for found in left) <= len(PEOPLE) * 4
    texts = [value for found in left for column in found.select(pl.col(pl.String)) for value in column]
    assert not texts


def test_nothing_stays_on_the_server(server: Any, tmp_path: Path) -> None:
    relations = "SELECT count(*) FROM pg_class"
    before = server.execute(relations).fetchone()
    build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    assert server.execute(relations).fetchone() == before


def test_a_reader_who_may_only_read_the_table(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.execute("DROP ROLE IF EXISTS reader")
    server.execute("CREATE ROLE reader LOGIN")
    monkeypatch.setenv("LODD_POSTGRESQL", os.environ["LODD_POSTGRESQL"].replace("postgres:@", "reader@"))
    with pytest.raises(DataError) as caught:
        build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    assert "permission denied" in caught.value.render("en")
    server.execute("GRANT USAGE ON SCHEMA hr TO reader")
    server.execute("GRANT SELECT ON hr.jobs TO reader")
    assert build_panel(trial(), tmp_path, PEOPLE, engine=engine()).people == 2
    server.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_server_that_goes_away_in_the_middle(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lodd.registers.engines.on_postgresql import PostgreSQLEngine

    fetch = PostgreSQLEngine.fetch

    def interrupted(self: PostgreSQLEngine, expression: Any) -> pl.DataFrame:
        server.execute("SELECT pg_terminate_backend(%s)", [self._connection.info.backend_pid])
        return fetch(self, expression)

    monkeypatch.setattr(PostgreSQLEngine, "fetch", interrupted)
    with pytest.raises(DataError) as caught:
        build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    assert "forbindelsen til PostgreSQL ble brutt" in caught.value.render("nb")
    assert "was lost" in caught.value.render("en")
    assert "run the command again" in caught.value.render("en")
    assert not list(tmp_path.iterdir())


def test_a_server_that_goes_away_says_nothing_of_the_registers(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check stops, and its pages stay what they were."""
    from lodd.registers.engines.on_postgresql import PostgreSQLEngine
    from lodd.registers.quality import check_registers

    monkeypatch.setenv("LODD_ENGINE", "postgresql")
    read = PostgreSQLEngine.table_sha256

    def interrupted(self: PostgreSQLEngine, name: str) -> str:
        server.execute("SELECT pg_terminate_backend(%s)", [self._connection.info.backend_pid])
        return read(self, name)

    monkeypatch.setattr(PostgreSQLEngine, "table_sha256", interrupted)
    with pytest.raises(DataError, match="was lost"):
        check_registers(trial(), tmp_path, PEOPLE)


def test_the_servers_disk_is_full(server: Any, tmp_path: Path) -> None:
    """As near as can be: intermediate results may take no more than so much."""
    server.execute(MANY)
    opened = engine()
    opened._connection.execute("SET temp_file_limit = '100kB'")
    opened._connection.execute("SET work_mem = '64kB'")
    with pytest.raises(DataError) as caught, opened:
        opened.keep(opened.read_table("hr.jobs").order_by("By", "hours"))
    assert "used up" in caught.value.render("en")


def test_text_is_ordered_by_its_bytes(server: Any) -> None:
    """Where Norwegians sort aa last: otherwise the last version of a record were another than in other engines."""
    words = ["aa", "z", "å", "Z", "b"]
    server.execute("CREATE TABLE hr.words AS SELECT unnest(ARRAY['aa','z','å','Z','b']) AS a")
    with engine() as opened:
        taken = opened.take(pa.table({"a": words}))
        assert opened.fetch(taken.order_by("a"))["a"].to_list() == sorted(words, key=str.encode)
        read = opened.read_table("hr.words")
        assert opened.fetch(read.order_by("a"))["a"].to_list() == sorted(words, key=str.encode)


def test_values_come_back_as_they_went(server: Any) -> None:
    given = pa.table(
        {
            "text": ["", None, 'a "quoted", line\nbreak', "æøå \\N"],
            "float": [0.1, float("nan"), None, -1e300],
            "whole": pa.array([2**62, None, -1, 0], pa.int64()),
            "day": pa.array([date(1, 1, 1), None, date(9999, 12, 31), DAY]),
            "truth": [True, False, None, True],
        }
    )
    with engine() as opened:
        found = opened.fetch(opened.take(given, numbered=True).order_by("lodd_row").drop("lodd_row"))
    assert found.equals(pl.DataFrame(given))


KINDS = {
    "numeric": "7.5",
    "hr.much": "7.5",  # a domain
    "real": "7.5",
    "text": "'7.5'",
}
OTHERS = {
    "jsonb": """'{"a": 1}'""",
    "json": "'[1]'",
    "point": "'(1, 2)'",
    "uuid": "gen_random_uuid()",
    "int[]": "'{1}'",
}


@pytest.mark.parametrize(("kind", "value"), KINDS.items())
def test_a_number_of_any_kind(kind: str, value: str, server: Any, tmp_path: Path) -> None:
    """`numeric` says neither how many digits it has nor how many decimals."""
    server.execute("CREATE DOMAIN hr.much AS numeric CHECK (VALUE > 0)")
    server.execute(f"ALTER TABLE hr.jobs ALTER COLUMN hours TYPE {kind} USING {value}")
    panel = build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    assert panel.frame["hours"].to_list()[:4] == [7.5] * 4
    if kind == "numeric":
        server.execute("UPDATE hr.jobs SET hours = 7.25 WHERE person_id = 'b'")
        with pytest.raises(DataError, match=r"«7.25»\) has more than 1 decimals"):
            build_panel(trial(), tmp_path, PEOPLE, engine=engine())


@pytest.mark.parametrize(("kind", "value"), OTHERS.items())
def test_columns_of_other_kinds_that_nobody_asks_for(kind: str, value: str, server: Any, tmp_path: Path) -> None:
    server.execute(f'ALTER TABLE hr.jobs ADD COLUMN "else" {kind} DEFAULT {value}')
    assert build_panel(trial(), tmp_path, PEOPLE, engine=engine()).frame["hours"].to_list()[:4] == [7.5] * 4


def test_an_enum_is_compared_as_text(server: Any, tmp_path: Path) -> None:
    server.execute("CREATE TYPE hr.kind AS ENUM ('z', 'a')")
    server.execute("ALTER TABLE hr.jobs ADD COLUMN kind hr.kind DEFAULT 'z'")
    kinds = {"z": {"register": "jobs", "measure": {"any": True, "where": {"kind": "z"}}}}
    panel = build_panel(trial_of({"jobs": JOBS}, kinds, window=(1, 2)), tmp_path, PEOPLE, engine=engine())
    assert panel.frame["z"].to_list()[:4] == [1] * 4


def test_lists_and_structures_of_a_file(server: Any, tmp_path: Path) -> None:
    rows = pa.table(
        {
            "person_id": ["a", "a"],
            "start": [DAY] * 2,
            "stop": pa.nulls(2, pa.date32()),
            "hours": [1.5, 1.5],
            "list": [[1], [2]],
            "structure": [{"a": 1}] * 2,
        }
    )
    files = {key: value for key, value in JOBS.items() if key not in ("database", "table")} | {"file": "jobs.parquet"}
    panel = build_panel_from(trial_of({"jobs": files}, OUTCOMES), {"jobs": rows}, people_of(a=DAY), engine=engine())
    assert panel.frame["hours"].to_list() == [0, 3, 3, 3]


def test_a_database_in_another_encoding(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pseudonyms and codes go up and are compared as the letters that they are, not as bytes of UTF-8."""
    import psycopg

    server.execute("DROP DATABASE IF EXISTS old")
    server.execute("CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    address = os.environ["LODD_POSTGRESQL"].replace("/registers?", "/old?")
    monkeypatch.setenv("LODD_POSTGRESQL", address)
    with psycopg.connect(address, autocommit=True, client_encoding="utf8") as old:
        old.execute("CREATE TABLE jobs (person_id text, start date, stop date, hours numeric(6,1), kind text)")
        old.execute(
            "INSERT INTO jobs VALUES ('Åse', '2015-01-01', NULL, 7.5, 'følge'), ('b', '2015-01-01', NULL, 1, '')"
        )
    outcomes = {"work": {"register": "jobs", "measure": {"any": True, "where": {"kind": "følge"}}}}
    declared = trial_of({"jobs": JOBS | {"table": "jobs"}}, outcomes, window=(1, 2))
    panel = build_panel(declared, tmp_path, people_of(Åse=DAY, b=DAY), engine=engine())
    assert panel.frame["work"].to_list() == [1] * 4 + [0] * 4
    with pytest.raises(DataError, match="no equivalent in encoding"):  # a pseudonym that the database cannot hold
        build_panel(declared, tmp_path, people_of(č=DAY), engine=engine())


def test_a_reader_who_may_make_no_temporary_tables(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute("REVOKE TEMPORARY ON DATABASE registers FROM PUBLIC")
    server.execute("CREATE ROLE bare LOGIN")
    monkeypatch.setenv("LODD_POSTGRESQL", os.environ["LODD_POSTGRESQL"].replace("postgres:@", "bare@"))
    try:
        with pytest.raises(UsageError) as caught:
            build_panel(trial(), tmp_path, PEOPLE, engine=engine())
    finally:
        server.execute("GRANT TEMPORARY ON DATABASE registers TO PUBLIC; DROP ROLE bare")
    assert "lar ikke brukeren lage midlertidige tabeller" in caught.value.render("nb")
    assert "GRANT TEMPORARY" in caught.value.render("en")


def test_a_server_that_gives_no_more_time(server: Any, tmp_path: Path) -> None:
    """It did not go away, and to run the command again is of no use."""
    opened = engine()
    opened._connection.execute("SET statement_timeout = '1ms'")
    server.execute(MANY)
    with pytest.raises(DataError) as caught:
        build_panel(trial(), tmp_path, PEOPLE, engine=opened)
    assert "PostgreSQL avbrøt arbeidet" in caught.value.render("nb")
    assert "stopped the work (canceling statement due to statement timeout)" in caught.value.render("en")


SETTINGS = (
    "timezone = 'Asia/Tokyo'",
    "datestyle = 'German, DMY'",
    "default_transaction_read_only = on",
    "client_encoding = 'LATIN1'",
    "extra_float_digits = -10",
)


def test_settings_of_the_role_decide_nothing(server: Any, tmp_path: Path) -> None:
    expected = build_panel(trial(), tmp_path, PEOPLE, engine=engine()).provenance
    for setting in SETTINGS:
        server.execute(f"ALTER ROLE postgres SET {setting}")
    try:
        assert build_panel(trial(), tmp_path, PEOPLE, engine=engine()).provenance == expected
    finally:
        server.execute("ALTER ROLE postgres RESET ALL")


def test_an_old_server(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lodd.registers.engines import on_postgresql

    monkeypatch.setattr(on_postgresql, "LEAST", 99)
    with pytest.raises(UsageError, match="PostgreSQL 99 or later"):
        engine()


def test_the_tables_are_seen_as_they_were_at_the_beginning(server: Any, tmp_path: Path) -> None:
    opened = engine()
    opened.take(pa.table({"a": [1]}))
    server.execute("DELETE FROM hr.jobs WHERE person_id = 'a'")
    assert build_panel(trial(), tmp_path, PEOPLE, engine=opened).frame["hours"].to_list()[:4] == [7.5] * 4


def test_no_such_table(server: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no_such"):
        build_panel(trial(table="hr.no_such"), tmp_path, PEOPLE, engine=engine())


def test_a_table_of_the_server_on_another_engine(server: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--engine postgresql"):
        build_panel(trial(), tmp_path, PEOPLE)


def facts_trial(tmp_path: Path) -> Trial:
    """Facts on the server, spells in a file."""
    background = {"database": "postgresql", "table": "hr.background", "temporality": "fixed"}
    files = {key: value for key, value in JOBS.items() if key not in ("database", "table")} | {"file": "jobs.parquet"}
    table("person_id start stop hours", ("a", date(2015, 1, 1), None, 7.5)).write_parquet(tmp_path / "jobs.parquet")
    return trial_of({"jobs": files, "background": background}, OUTCOMES)


FACTS = (
    "CREATE TABLE hr.background (person_id text, years numeric, born date, seen timestamptz, key uuid, j json)",
    "INSERT INTO hr.background SELECT 'x' || n, n, NULL, NULL, NULL, NULL FROM generate_series(1, 500) n",
    "INSERT INTO hr.background VALUES ('b', 9.5, '1980-02-29', '2015-01-01 12:00+00', repeat('0', 32)::uuid, '{}')",
)


def test_facts_on_a_server_beside_files(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lodd.registers import with_facts
    from lodd.registers.engines import on_postgresql

    for statement in FACTS:
        server.execute(statement)
    left: list[pl.DataFrame] = []
    frame = on_postgresql._frame
    monkeypatch.setattr(on_postgresql, "_frame", lambda *given: left.append(frame(*given)) or left[-1])
    found = with_facts(facts_trial(tmp_path), tmp_path, PEOPLE).frame
    assert found["years"].to_list() == [None, 9.5]
    assert found["born"].to_list() == [None, date(1980, 2, 29)]
    assert str(found["seen"][1]) == "2015-01-01 12:00:00+00:00"
    assert found["key"][1].count("0") == 32
    assert max(each.height for each in left) == 1


def test_the_check_reads_facts_on_a_server_beside_files(server: Any, tmp_path: Path) -> None:
    from lodd.registers.quality import check_registers

    for statement in FACTS:
        server.execute(statement)
    quality = check_registers(facts_trial(tmp_path), tmp_path, PEOPLE)
    jobs, background = quality.registers
    assert (jobs.readable, background.readable) == (True, True)
    assert (background.rows, background.people, background.seen) == (501, 501, 1)
    assert {each.column: each.rows for each in background.missing}["born"] == 500


def test_a_row_of_a_server_explained(server: Any, tmp_path: Path) -> None:
    from lodd.registers.person_rows import rows_of

    ((_, row),) = rows_of(trial(), tmp_path, "b", ["jobs"])["jobs"]
    assert (row["hours"], row["start"]) == (3.0, date(2015, 4, 2))
