"""A folder's panel: built where the extracts are, read where they are not, and never half of one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from lodd.errors import DataError, UsageError
from lodd.panel_study import panel_of
from tests.registers.small import IN_WORK, JOBS, people_of, table, trial_of

DAY = date(2015, 3, 7)


@pytest.fixture
def study(tmp_path: Path) -> Any:
    (tmp_path / "registers").mkdir()
    table("person_id start stop hours", ("a", DAY, None, 9.0)).write_parquet(tmp_path / "registers/jobs.parquet")
    trial = trial_of({"jobs": JOBS}, {"in_work": {"register": "jobs"} | IN_WORK})
    return SimpleNamespace(folder=tmp_path, trial=trial, participants=people_of(a=DAY, b=DAY))


def test_built_once_and_again_when_an_extract_changes(study: Any) -> None:
    first = panel_of(study)
    file = study.folder / "results/panel.parquet"
    written = file.stat().st_mtime_ns
    assert panel_of(study).frame.equals(first.frame)
    assert file.stat().st_mtime_ns == written
    register = study.folder / "registers/jobs.parquet"
    table("person_id start stop hours", ("b", DAY, None, 9.0)).write_parquet(register)
    assert panel_of(study).provenance["values"] != first.provenance["values"]


def test_where_the_extracts_are_not_the_panel_that_was_brought_is_used(study: Any) -> None:
    built = panel_of(study)
    (study.folder / "registers/jobs.parquet").unlink()
    assert panel_of(study).provenance == built.provenance
    with pytest.raises(DataError):
        panel_of(study, rebuild=True)
    assert panel_of(study).provenance == built.provenance  # it was not touched


def test_a_panel_that_was_changed_on_the_way_is_refused(study: Any) -> None:
    panel_of(study)
    (study.folder / "registers/jobs.parquet").unlink()
    file = study.folder / "results/panel.parquet"
    content = pq.read_table(file)
    changed = pl.DataFrame(content).with_columns(in_work=1 - pl.col("in_work")).to_arrow().cast(content.schema)
    pq.write_table(changed.replace_schema_metadata(content.schema.metadata), file)
    with pytest.raises(DataError, match="do not give the hash"):
        panel_of(study)


def test_a_panel_of_other_definitions_is_refused(study: Any) -> None:
    panel_of(study)
    (study.folder / "registers/jobs.parquet").unlink()
    study.trial = trial_of({"jobs": JOBS}, {"in_work": {"register": "jobs", "measure": {"any": True}}})
    with pytest.raises(DataError, match="other definitions"):
        panel_of(study)


def test_no_such_engine(study: Any) -> None:
    with pytest.raises(UsageError, match="duckdb, postgresql, spark"):
        panel_of(study, engine="oracle")
    assert not (study.folder / "results").exists()


def test_what_made_it_stands_in_the_file(study: Any) -> None:
    panel_of(study)
    about = json.loads(pq.read_schema(study.folder / "results/panel.parquet").metadata[b"lodd.panel"])
    assert about["provenance"]["engine"].startswith("duckdb ")
    assert len(about["provenance"]["values"]) == 64


def test_what_goes_beyond_memory_lies_beside_the_panel_for_as_long(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lodd.registers import engines

    used: list[Path] = []
    plain = engines.engine_of

    def spied(name: str | None = None, *, temp_folder: Path) -> Any:
        assert temp_folder.stat().st_mode & 0o777 == 0o700
        used.append(temp_folder)
        return plain(name, temp_folder=temp_folder)

    monkeypatch.setattr(engines, "engine_of", spied)
    panel_of(study)
    assert [each.parent for each in used] == [study.folder / "results"]
    assert [each.name for each in (study.folder / "results").iterdir()] == ["panel.parquet"]


def test_a_folder_that_cannot_be_written_to(study: Any) -> None:
    (study.folder / "results").write_text("a file")
    with pytest.raises(DataError, match="the panel cannot be written"):
        panel_of(study)


def test_built_again_when_the_days_that_it_counts_from_change(study: Any) -> None:
    """They decide values as the registers do, and may stand among the participants or in a `fixed` register."""
    measure = {"measure": {"any": True, "since": "sick_on"}, "register": "jobs"}
    study.trial = trial_of({"jobs": JOBS}, {"in_work": measure}, facts={"sick_on": {"label": "Sick"}})
    drawn = study.participants

    def values(day: date) -> list[int]:
        study.participants = replace(drawn, frame=drawn.frame.with_columns(sick_on=pl.lit(day)))
        return panel_of(study).frame.filter(pl.col("person_id") == "a")["in_work"].to_list()

    assert values(date(2015, 3, 1)) == [0, 1, 1, 1]
    assert values(date(2015, 3, 8)) == [0, 0, 0, 0]
    built = (study.folder / "results/panel.parquet").stat().st_mtime_ns
    study.participants = replace(study.participants, frame=study.participants.frame.with_columns(age=pl.lit(40)))
    panel_of(study)
    assert (study.folder / "results/panel.parquet").stat().st_mtime_ns == built
