"""Arrow's arrays by their memory: the same values, and pandas is loaded by nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.registers.arrow import array_of, numbers_of, people_table

CHAIN = """
import sys
from pathlib import Path

from lodd.examples import new_folder
from lodd.registers import build_panel_file
from lodd.study import open_study

folder = Path(sys.argv[1]) / "klar"
new_folder(folder, "se-klar")
study = open_study(folder)
study.simulate()
build_panel_file(study.trial, folder, study.participants, folder / "some.parquet", parts=3)
study.panel()
assert "pandas" not in sys.modules
open_study(folder).evaluate(draws=999)
assert "pandas" not in sys.modules
open_study(folder).report()
assert "pandas" not in sys.modules
"""


@settings(deadline=None)  # the first of Arrow's own loads pandas
@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.booleans())), st.sampled_from(["i8", "f8", "i4", "u1"]))
def test_numbers_and_nulls_are_arrows_own(rows: list[tuple[int, bool]], kind: str):
    values = np.array([value for value, _ in rows], dtype=np.int64).astype(kind)
    missing = np.array([gone for _, gone in rows], dtype=bool)
    made = array_of(values, missing)
    assert made.equals(pa.array(values, mask=missing))
    made.validate(full=True)
    assert array_of(values).equals(pa.array(values))
    assert (numbers_of(array_of(values)) == values).all()
    assert pl.Series(made).to_list() == pa.array(values, mask=missing).to_pylist()


def test_every_other_value_of_an_array_is_copied():
    assert array_of(np.arange(10)[::2]).to_pylist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_people_are_numbered_in_their_order(kind: pl.DataType):
    made = people_table(pl.Series(["b", "a", "å"], dtype=kind))
    assert made.to_pydict() == {"person_id": ["b", "a", "å"], "person": [0, 1, 2]}
    assert made.schema.field("person").type == pa.int32()


def test_a_trial_is_evaluated_without_pandas(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", CHAIN, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "klar/results/report.en.html").exists()
