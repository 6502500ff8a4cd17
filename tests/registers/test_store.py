"""The panel's file: exact, whole or not there at all, and only for the trial that it was made by."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from lodd.errors import DataError
from lodd.protocol.model import Trial
from lodd.protocol.types import Panel
from lodd.registers import brought_panel, build_panel, is_current, read_panel, write_panel
from lodd.registers.provenance import definitions_sha256
from lodd.registers.scratch import PREFIX
from tests.registers.small import IN_WORK, JOBS, PAY, people_of, table, trial_of

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY, b=DAY)
OUTCOMES: dict[str, Any] = {
    "in_work": {"register": "jobs"} | IN_WORK,
    "hours": {"register": "jobs", "measure": {"sum": "hours"}},
    "jobs": {"register": "jobs", "measure": {"count": True}},
}
TRIAL = trial_of({"jobs": JOBS}, OUTCOMES, window=(3, 2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "registers").mkdir()
    rows = table("person_id start stop hours", ("a", DAY, None, 0.3), ("å", DAY, None, 9.0))
    rows.write_parquet(tmp_path / "registers" / "jobs.parquet")
    return tmp_path


@pytest.fixture
def panel(folder: Path) -> Panel:
    return build_panel(TRIAL, folder, PEOPLE)


@pytest.fixture
def path(folder: Path, panel: Panel) -> Path:
    path = folder / "results" / "panel.parquet"
    write_panel(panel, path)
    return path


def refused(path: Path, trial: Trial = TRIAL) -> DataError:
    with pytest.raises(DataError) as caught:
        read_panel(path, trial)
    return caught.value


def test_read_as_written(panel: Panel, path: Path) -> None:
    found = read_panel(path, TRIAL)
    assert found.frame.equals(panel.frame, null_equal=True)
    assert found.frame.schema == panel.frame.schema
    assert replace(found, frame=panel.frame) == panel
    assert [file.name for file in path.parent.iterdir()] == ["panel.parquet"]


def test_no_file(tmp_path: Path) -> None:
    error = refused(tmp_path / "panel.parquet")
    assert "ikke noe panel her" in error.render("nb")
    assert "no panel here" in error.render("en")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a panel at all"])
def test_not_parquet(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "kuttet eller ikke et panel" in refused(path).render("nb")


def test_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])
    assert "cut off or not a panel" in refused(path).render("en")


def test_damaged_inside(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[4:400] = b"\xff" * 396
    path.write_bytes(bytes(whole))
    assert "cut off or not a panel" in refused(path).render("en")


def test_another_parquet_file(path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(path)
    assert "not a panel" in refused(path).render("en")


def test_a_later_format(path: Path) -> None:
    schema = pq.read_table(path)
    pq.write_table(schema.replace_schema_metadata({b"lodd.panel": b'{"format": 99}'}), path)
    assert "not a panel" in refused(path).render("en")


def test_made_by_other_definitions(path: Path) -> None:
    other = trial_of({"jobs": JOBS | {"duplicates": "keep"}}, OUTCOMES, window=(3, 2))
    error = refused(path, other)
    assert "andre definisjoner" in error.render("nb")
    assert "lodd panel" in error.render("en")


def test_what_the_hash_of_definitions_depends_on() -> None:
    """On what decides a value; not on words, nor on the rest of the plan."""
    same = [
        trial_of({"jobs": JOBS | {"label": "Jobs"}}, OUTCOMES, window=(3, 2)),
        trial_of({"jobs": JOBS}, dict(reversed(OUTCOMES.items())), window=(3, 2)),
        trial_of({"jobs": JOBS}, OUTCOMES | {"hours": OUTCOMES["hours"] | {"label": "h", "unit": "h"}}, window=(3, 2)),
    ]
    other = [
        trial_of({"jobs": JOBS}, OUTCOMES, window=(3, 1)),
        trial_of({"jobs": JOBS}, OUTCOMES, window=(3, 2), programmes={"se": [{"code": "x"}]}),
        trial_of({"jobs": JOBS}, OUTCOMES | {"hours": OUTCOMES["hours"] | {"after_death": "zero"}}, window=(3, 2)),
    ]
    assert {definitions_sha256(trial) for trial in same} == {definitions_sha256(TRIAL)}
    assert len({definitions_sha256(trial) for trial in [TRIAL, *other]}) == 4


def test_current_until_something_it_was_made_from_changes(folder: Path, path: Path) -> None:
    assert is_current(path, TRIAL, folder, PEOPLE)
    assert not is_current(path, trial_of({"jobs": JOBS}, OUTCOMES, window=(1, 2)), folder, PEOPLE)
    assert not is_current(path, TRIAL, folder, people_of(a=DAY, b=date(2015, 3, 8)))
    register = folder / "registers" / "jobs.parquet"
    whole = register.read_bytes()
    pl.read_parquet(register)[:1].write_parquet(register)
    assert not is_current(path, TRIAL, folder, PEOPLE)
    register.write_bytes(whole)
    assert is_current(path, TRIAL, folder, PEOPLE)
    register.unlink()
    assert not is_current(path, TRIAL, folder, PEOPLE)


def change(path: Path, **columns: pl.Expr) -> None:
    """A value changed by hand, the rest of the file as it was."""
    table = pq.read_table(path)
    changed = pl.DataFrame(table).with_columns(**columns).to_arrow().cast(table.schema)
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), path)


def test_a_panel_changed_by_hand(path: Path) -> None:
    change(path, in_work=1 - pl.col("in_work"))
    error = refused(path)
    assert "gir ikke kontrollsummen" in error.render("nb")
    assert "do not give the hash" in error.render("en")


@pytest.mark.parametrize(
    ("column", "value"), [("person_id", "b"), ("event_month", 9), ("month", date(2015, 6, 2)), ("month", None)]
)
def test_a_row_that_was_given_to_another_person_or_month(column: str, value: Any, path: Path) -> None:
    """The hash takes it from each person's first row whose and when the others are."""
    fifth = pl.int_range(pl.len()) == 4
    change(path, **{column: pl.when(fifth).then(pl.lit(value)).otherwise(column)})
    assert "do not give the hash" in refused(path).render("en")


def told_otherwise(path: Path, about: Any) -> None:
    table = pq.read_table(path)
    content = about if isinstance(about, str) else json.dumps(about)
    pq.write_table(table.replace_schema_metadata({b"lodd.panel": content.encode()}), path)


def about(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pq.read_schema(path).metadata[b"lodd.panel"])
    return found


@pytest.mark.parametrize("change", [{"coverage": {}}, {"window": "-3..3"}, {"window": "-1..2"}])
def test_other_months_than_the_protocols(change: dict[str, Any], path: Path) -> None:
    told_otherwise(path, about(path) | change)
    assert "do not give the hash" in refused(path).render("en")


@pytest.mark.parametrize("key", ["window", "coverage", "notes", "provenance", None])
def test_what_a_panel_says_of_itself_is_damaged(key: str | None, folder: Path, path: Path) -> None:
    told_otherwise(path, "{" if key is None else about(path) | {key: 5})
    assert "not a panel" in refused(path).render("en")
    assert not is_current(path, TRIAL, folder, PEOPLE) or key in {"window", "coverage", "notes"}


def test_written_again_with_other_row_groups_it_is_the_same(panel: Panel, path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table, path, row_group_size=3, compression="none")
    assert read_panel(path, TRIAL).frame.equals(panel.frame)


def test_a_panel_built_elsewhere_is_read_where_the_extracts_are_not(folder: Path, panel: Panel, path: Path) -> None:
    assert brought_panel(path, TRIAL, folder, PEOPLE) is None  # all is here: it can be built
    (folder / "registers" / "jobs.parquet").unlink()
    found = brought_panel(path, TRIAL, folder, PEOPLE)
    assert found is not None
    assert found.frame.equals(panel.frame)


def test_a_panel_built_elsewhere_of_something_else_is_refused(folder: Path, path: Path) -> None:
    (folder / "registers" / "jobs.parquet").unlink()
    with pytest.raises(DataError, match="other people than those"):
        brought_panel(path, TRIAL, folder, people_of(a=DAY, b=date(2015, 3, 8)))
    with pytest.raises(DataError, match="other definitions"):
        brought_panel(path, trial_of({"jobs": JOBS}, OUTCOMES, window=(1, 2)), folder, PEOPLE)
    change(path, hours=pl.col("hours") + 1)
    with pytest.raises(DataError, match="do not give the hash"):
        brought_panel(path, TRIAL, folder, PEOPLE)


def test_a_panel_of_other_extracts_than_those_that_are_here(tmp_path: Path) -> None:
    trial = trial_of({"jobs": JOBS, "pay": PAY}, OUTCOMES | {"paid": {"register": "pay", "measure": {"any": True}}})
    (tmp_path / "registers").mkdir()
    jobs, pay = (tmp_path / "registers" / f"{name}.parquet" for name in ("jobs", "pay"))
    table("person_id start stop hours", ("a", DAY, None, 0.3)).write_parquet(jobs)
    table("person_id month amount", ("a", DAY, 5)).write_parquet(pay)
    path = tmp_path / "panel.parquet"
    write_panel(build_panel(trial, tmp_path, PEOPLE), path)
    pay.unlink()
    assert brought_panel(path, trial, tmp_path, PEOPLE) is not None
    table("person_id start stop hours", ("a", DAY, None, 9.0)).write_parquet(jobs)
    with pytest.raises(DataError) as caught:
        brought_panel(path, trial, tmp_path, PEOPLE)
    assert "andre uttrekk enn dem som ligger her: jobs" in caught.value.render("nb")
    assert "other extracts than those that are here: jobs" in caught.value.render("en")


def test_a_damaged_panel_is_not_current(folder: Path, path: Path) -> None:
    path.write_bytes(b"x")
    assert not is_current(path, TRIAL, folder, PEOPLE)


def test_a_folder_that_cannot_be_made(panel: Panel, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(DataError) as caught:
        write_panel(panel, tmp_path / "results" / "panel.parquet")
    assert "panelet kan ikke skrives" in caught.value.render("nb")
    assert "cannot be written" in caught.value.render("en")


def test_an_interrupted_write_leaves_what_was_there(panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def half(*_: Any, **__: Any) -> None:
        (beginning,) = set(path.parent.iterdir()) - {path}  # which the next one finds if this one is killed
        assert beginning.name.startswith(PREFIX)
        assert beginning.stat().st_mode & 0o777 == 0o700
        raise KeyboardInterrupt

    monkeypatch.setattr(pq.ParquetWriter, "write_table", half)
    with pytest.raises(KeyboardInterrupt):
        write_panel(panel, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["panel.parquet"]


def test_a_full_disk_is_said(panel: Panel, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(DataError, match="No space left"):
        write_panel(panel, path)
