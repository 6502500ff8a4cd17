"""One person's records, as the extracts have them, for an explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lodd.protocol import Trial
from lodd.registers.databases import engine_where
from lodd.registers.engines import ROW, Engine
from lodd.registers.explaining import Numbered
from lodd.registers.needs import Needs, needs_of
from lodd.registers.sources import check_columns, open_file, readable

_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def rows_of(trial: Trial, folder: Path, person_id: str, registers: Sequence[str]) -> dict[str, list[Numbered]]:
    """By register, the rows of one person with their numbers in the file.

    Raises:
        DataError: a register's file is missing, broken or lacks a column.
        UsageError: it is a table on a server that cannot be reached.
    """
    found = {}
    for name in registers:
        with engine_where(trial.registers[name]) as engine:
            found[name] = _rows(engine, trial, folder, person_id, name)
    return found


def _rows(engine: Engine, trial: Trial, folder: Path, person_id: str, register_id: str) -> list[Numbered]:
    register, needs = trial.registers[register_id], needs_of(trial, register_id)
    source = open_file(engine, register_id, register, folder)
    check_columns(source, needs)
    with readable(source.place):
        table = source.numbered
        person = table[register.person].cast("string")
        person = person.strip() if register.person in source.untyped else person
        own = table.filter(person == person_id).order_by(ROW)
        exact = {name: own[name].cast("float64") for name, kind in own.schema().items() if kind.is_decimal()}
        found = engine.fetch(own.mutate(**exact) if exact else own)
    return [(row.pop(ROW), _as_meant(row, needs, source.untyped)) for row in found.to_dicts()]


def _as_meant(row: Mapping[str, Any], needs: Needs, untyped: frozenset[str]) -> dict[str, Any]:
    """The row with the text of a CSV file as what `where` compares it with; empty text is missing."""
    meant: dict[str, Any] = {}
    for name, value in row.items():
        text: Any = (value.strip() if name in untyped else value) or None if isinstance(value, str) else value
        kinds = needs.compared.get(name, frozenset()) if name in untyped and text is not None else frozenset()
        if kinds == {"number"}:
            text = float(text)
        elif kinds == {"truth"}:
            text = _TRUTH.get(text.lower())
        meant[name] = text
    return meant
