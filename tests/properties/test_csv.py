"""CSV in any declared dialect, written by Python's own writer, is read as what was written."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.registers.engines import DuckDBEngine
from lodd.registers.sources import open_file
from tests.properties.test_panel import examples
from tests.registers.small import JOBS, trial_of

COLUMNS = ("person_id", "start", "stop", "hours", "kind")
cells = st.text(st.sampled_from("aæ0.,;|'\" \n\t–"), max_size=6)


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "delimiter": draw(st.sampled_from([",", ";", "|", "\t"])),
        "quote": draw(st.sampled_from(['"', "'"])),
        "encoding": draw(st.sampled_from(["utf-8", "windows-1252"])),
        "names": COLUMNS if draw(st.booleans()) else (),
    }


@pytest.mark.long
@examples(150)
@given(dialect=dialects(), rows=st.lists(st.tuples(*[cells] * 5), max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read(dialect: dict[str, Any], rows: list[tuple[str, ...]], end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=dialect["delimiter"], quotechar=dialect["quote"], lineterminator=end, quoting=csv.QUOTE_ALL
    )
    writer.writerows(rows if dialect["names"] else [COLUMNS, *rows])
    register = trial_of({"jobs": JOBS | {"file": "jobs.csv", "csv": dialect}}, {}).registers["jobs"]
    with TemporaryDirectory() as folder, DuckDBEngine() as engine:
        (Path(folder) / "jobs.csv").write_bytes(text.getvalue().encode(dialect["encoding"]))
        if not text.getvalue():
            return  # an empty file is refused
        found = engine.fetch(open_file(engine, "jobs", register, Path(folder)).numbered).sort("lodd_row")
    assert found.select(COLUMNS).rows() == [tuple(cell.strip() or None for cell in row) for row in rows]
