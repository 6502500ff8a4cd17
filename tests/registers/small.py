"""Trials small enough to read, for tests of the panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from lodd.protocol.model import Trial
from lodd.protocol.types import Panel, Participants
from lodd.registers import build_panel_from

COVERS = {"from": date(2015, 1, 1), "until": date(2016, 12, 31)}
JOBS: Mapping[str, Any] = {
    "file": "registers/jobs.parquet",
    "temporality": "status",
    "covers": COVERS,
    "start": "start",
    "stop": "stop",
    "columns": {"hours": {"decimals": 1}},
}
PAY: Mapping[str, Any] = {
    "file": "registers/pay.parquet",
    "temporality": "accumulated",
    "covers": COVERS,
    "start": "month",
    "columns": {"amount": {"decimals": 0}},
}
VISITS: Mapping[str, Any] = {
    "file": "registers/visits.parquet",
    "temporality": "event",
    "covers": COVERS,
    "start": "day",
}
DEATHS = VISITS | {"file": "registers/deaths.parquet"}
ABROAD = {key: value for key, value in JOBS.items() if key != "columns"} | {"file": "registers/abroad.parquet"}
IN_WORK = {"measure": {"sum": "hours", "at_least": 4}}


def trial_of(
    registers: Mapping[str, Any],
    outcomes: Mapping[str, Any],
    *,
    window: tuple[int, int] = (1, 2),
    programmes: Mapping[str, list[dict[str, Any]]] | None = None,
    **parts: Any,
) -> Trial:
    """A trial with these registers and outcomes; an outcome's label and its unit need not be said."""
    arms = {arm: {"label": arm, "programmes": (programmes or {}).get(arm, [])} for arm in ("control", "se")}
    return Trial.model_validate(
        {
            "trial": {"id": "small", "title": "Small", "arms": ["control", "se"]},
            "arms": arms,
            "enrolment": {"opens": date(2015, 1, 1), "closes": date(2016, 12, 31)},
            "sites": {"north": {"label": "North", "offices": [{"id": "n1", "label": "N1"}]}},
            "draw": {"method": "external"},
            "registers": registers,
            "outcomes": {name: {"label": name} | outcome for name, outcome in outcomes.items()},
            "analysis": {"window": {"before": window[0], "after": window[1]}},
            **parts,
        }
    )


def people_of(**drawn_at: date) -> Participants:
    """Participants by pseudonym, with the days that they were drawn; every other one to the control arm."""
    people = list(drawn_at)
    frame = pl.DataFrame(
        {
            "person_id": people,
            "arm": [("control", "se")[i % 2] for i in range(len(people))],
            "site": "north",
            "office": "n1",
            "stratum": "n1",
            "drawn_at": list(drawn_at.values()),
        },
        schema_overrides={"person_id": pl.String, "drawn_at": pl.Date},
    )
    return Participants(frame, ("control", "se"))


def table(columns: str, *rows: Sequence[Any]) -> pl.DataFrame:
    """Rows as a table. Columns of nothing but None are text."""
    names = columns.split()
    values = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    series = [pl.Series(name, column, strict=False) for name, column in values.items()]
    return pl.DataFrame([s.cast(pl.String) if s.dtype == pl.Null else s for s in series])


def panel_of(trial: Trial, participants: Participants, **tables: pl.DataFrame) -> Panel:
    return build_panel_from(trial, tables, participants)


def values(panel: Panel, column: str, person: str = "a") -> list[Any]:
    """A person's values of a column, month by month."""
    return panel.frame.filter(pl.col("person_id") == person)[column].to_list()


def notes(panel: Panel, register: str) -> dict[str, int]:
    return {note.kind: note.count for note in panel.notes if note.register == register}
