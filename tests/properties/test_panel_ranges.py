"""However the people are divided, the panel is that of everybody at once: values, notes, hash and refusals.

With the records and the declarations that the panel itself is tried on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from lodd.errors import DataError
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants
from lodd.registers import build_panel, build_panel_file, read_panel
from tests.properties import test_panel as dirty
from tests.registers.small import trial_of

pytestmark = pytest.mark.long
PARTS = st.integers(2, 4)


def both(trial: Trial, tables: Mapping[str, pl.DataFrame], participants: Participants, parts: int) -> None:
    named = {
        name: register.model_copy(update={"file": f"{name}.parquet"}) for name, register in trial.registers.items()
    }
    trial = trial.model_copy(update={"registers": named})
    with tempfile.TemporaryDirectory() as scratch:
        folder, path = Path(scratch), Path(scratch) / "results/panel.parquet"
        for name, table in tables.items():
            table.write_parquet(folder / f"{name}.parquet")
        refused, expected = None, None
        try:
            expected = build_panel(trial, folder, participants)
        except DataError as error:
            refused = error
        if refused is not None:
            event("refused")
            with pytest.raises(DataError) as caught:
                build_panel_file(trial, folder, participants, path, parts=parts)
            assert caught.value.render("en") == refused.render("en")
            return
        build_panel_file(trial, folder, participants, path, parts=parts)
        found = read_panel(path, trial)
    assert expected is not None
    assert found.frame.equals(expected.frame)
    assert (found.notes, found.provenance) == (expected.notes, expected.provenance)


@dirty.examples(6)
@given(
    dirty.jobs(),
    st.tuples(
        *(dirty.outcomes("jobs", a, number="hours", columns=dirty.DISTINCT, status=True) for a in dirty.AGGREGATES)
    ),
    dirty.tables(dirty.JOBS_HOLD),
    dirty.DRAWN,
    PARTS,
)
def test_spells(
    register: dict[str, Any],
    declared: tuple[dict[str, Any], ...],
    table: pl.DataFrame,
    participants: Participants,
    parts: int,
) -> None:
    trial = trial_of({"jobs": register}, {f"y{i}": y for i, y in enumerate(declared)}, window=(2, 2))
    both(trial, {"jobs": table}, participants, parts)


@dirty.examples(4)
@given(dirty.trials_with_population(), dirty.DRAWN, PARTS)
def test_several_registers(
    trial: tuple[Trial, dict[str, pl.DataFrame]], participants: Participants, parts: int
) -> None:
    both(*trial, participants, parts)
