"""Which engine, and what is said where it is not there."""

from __future__ import annotations

import builtins
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lodd.errors import DataError, LoddError, UsageError
from lodd.registers.engines import DuckDBEngine, engine_of
from lodd.registers.engines.problems import NoRoomError
from lodd.registers.problems import Place
from lodd.registers.sources import readable


def refused(name: str) -> LoddError:
    with pytest.raises(UsageError) as caught:
        engine_of(name)
    return caught.value


def test_duckdb_unless_another_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LODD_ENGINE", raising=False)
    with engine_of() as engine:
        assert engine.name == "duckdb"
        assert engine.version[0].isdigit()


def test_the_setting_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LODD_ENGINE", "oracle")
    with pytest.raises(UsageError, match='no engine "oracle"'):
        engine_of()
    assert engine_of("DuckDB").name == "duckdb"


@pytest.mark.parametrize(("name", "library"), [("postgresql", "psycopg"), ("spark", "pyspark")])
def test_a_library_that_is_not_installed(name: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(wanted: str, *rest: Any, **named: Any) -> Any:
        if wanted.partition(".")[0] == library:
            raise ImportError(wanted)
        return imported(wanted, *rest, **named)

    monkeypatch.delitem(sys.modules, "lodd.registers.engines.on_postgresql", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    error = refused(name)
    assert f'pip install "lodd[{name}]"' in error.render("nb")
    assert "is not installed" in error.render("en")
    assert error.exit_code == 2


def test_no_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.delenv("LODD_POSTGRESQL", raising=False)
    error = refused("postgresql")
    assert "Sett LODD_POSTGRESQL" in error.render("nb")
    assert "~/.pgpass" in error.render("en")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://kari:very-secret@127.0.0.1:1/lonn?connect_timeout=2", "Connection refused"),
        ("postgresql://kari:very@secret'lonn@nowhere.invalid/lonn", "resolve host …"),  # @ cuts the password in two
        ("host=127.0.0.1 password=very secret", "missing …"),
        ("postgresql://kari:very%secret@127.0.0.1/lonn", "percent-encoded token: …"),
    ],
)
def test_a_server_that_is_not_there_and_no_word_of_where_it_was_looked_for(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("LODD_POSTGRESQL", address)
    error = refused("postgresql")
    for language in ("nb", "en"):
        told = error.render(language)  # type: ignore[arg-type]
        assert not any(word in told for word in ("kari", "secret", "127.0.0.1", "lonn"))
    assert said in error.render("en")


def test_spark_without_java() -> None:
    """In a process of its own: a Java machine that was started once goes on."""
    pytest.importorskip("pyspark")
    code = "from lodd.registers.engines import engine_of\nengine_of('spark')"
    bare = {"PATH": "", "JAVA_HOME": "/none"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=bare)
    assert "Spark cannot be started" in done.stderr
    assert "openjdk-17-jre-headless" in done.stderr


def test_ctrl_c_in_the_middle_of_a_query_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB makes an error of it."""

    def interrupted(*_: Any) -> Any:
        raise RuntimeError("Query interrupted")

    with DuckDBEngine() as engine:
        table = engine.take(pa.table({"a": [1]}))
        monkeypatch.setattr(engine, "_sql", interrupted)
        with pytest.raises(KeyboardInterrupt):
            engine.fetch(table)


def test_no_room_to_spill_to(tmp_path: Path) -> None:
    """Sorting much text in little memory, where the disk takes next to nothing."""
    with DuckDBEngine("12MB", tmp_path, threads=1) as engine:
        engine._backend.raw_sql("SET max_temp_directory_size = '1MB'")
        many = engine.take(pa.table({"a": [f"{i * 7919 % 100_003:060d}" for i in range(150_000)]}))
        with pytest.raises(DataError) as caught:
            engine.keep(many.order_by("a"))
    assert "brukt opp" in caught.value.render("nb")
    assert "used up" in caught.value.render("en")
    assert "Nothing is written" in caught.value.render("en")


def test_what_goes_beyond_memory_is_nobody_elses_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's own place is `.tmp` in the folder that one happens to stand in, open to all."""
    monkeypatch.chdir(tmp_path)
    with DuckDBEngine(threads=1) as engine:
        engine._backend.raw_sql("SET memory_limit = '12MB'")
        engine.keep(engine.take(pa.table({"a": [f"{i * 7919 % 100_003:060d}" for i in range(200_000)]})))
        place = Path(engine._spilled)
        assert list(place.iterdir())
        assert place.stat().st_mode & 0o777 == 0o700
    assert not place.exists()
    assert not list(tmp_path.iterdir())


def test_where_nothing_may_be_put_aside_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: (_ for _ in ()).throw(FileNotFoundError("no directory")))
    with DuckDBEngine() as engine:
        assert engine.fetch(engine.take(pa.table({"a": [1]})))["a"].to_list() == [1]
        (setting,) = engine._backend.raw_sql("SELECT current_setting('temp_directory')").fetchone()
        assert not setting


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), pa.ArrowInvalid("No space left on device")])
def test_a_copy_that_the_disk_has_no_room_for_is_no_fault_of_the_extract(error: Exception) -> None:
    with pytest.raises(NoRoomError) as caught, readable(Place("jobs", "jobs.csv")):
        raise error
    assert "(No space left on device)" in caught.value.render("nb")
    assert "jobs" not in caught.value.render("en")
