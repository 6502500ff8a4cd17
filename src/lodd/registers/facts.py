"""Facts that do not change: the columns of `fixed` registers, joined to the participants as baseline facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.register import Register
from lodd.protocol.types import Participants
from lodd.registers import problems
from lodd.registers.engines import DuckDBEngine
from lodd.registers.problems import Place
from lodd.registers.sources import open_file, readable


def with_facts(trial: Trial, folder: Path, participants: Participants) -> Participants:
    """The participants with every column of the trial's `fixed` registers; null for people not in them.

    Rows that are equal in every column count once. Covariates and subgroups name the columns.

    Raises:
        DataError: a file is missing or broken, has no person column, two different rows for a person drawn, a
            column that the participants have already, or one of lists.
    """
    frame = participants.frame
    for register_id, register in trial.registers.items():
        if register.temporality == "fixed":
            facts = _facts(register_id, register, folder, frame["person_id"])
            _check(Place(register_id, register.source), facts, frame)
            frame = frame.join(facts, on="person_id", how="left", maintain_order="left")
    return replace(participants, frame=frame)


def _facts(register_id: str, register: Register, folder: Path, people: pl.Series) -> pl.DataFrame:
    """The register's rows about these people, the pseudonym first and as text."""
    with DuckDBEngine() as engine:
        source = open_file(engine, register_id, register, folder)
        if register.person not in source.table.columns:
            raise problems.columns_missing(source.place, [register.person], list(source.table.columns))
        person = source.table[register.person].cast("string")
        person = person.strip() if register.person in source.untyped else person
        others = [name for name in source.table.columns if name not in {register.person, "person_id"}]
        with readable(source.place):
            rows = engine.fetch(source.table.select(person_id=person, **{name: source.table[name] for name in others}))
    mine = rows.filter(pl.col("person_id").is_in(people.implode()))
    return _typed(mine, source.untyped).unique(maintain_order=True)


def _typed(rows: pl.DataFrame, untyped: frozenset[str]) -> pl.DataFrame:
    """Columns that the file gives as text (all in CSV) as numbers, where every value is one."""
    number = r"^-?\d+(\.\d+)?$"
    texts = [name for name in rows.columns if name in untyped - {"person_id"}]
    numeric = [name for name in texts if rows[name].drop_nulls().str.contains(number).all()]
    return rows.with_columns(pl.col(name).cast(pl.Float64) for name in numeric)


def _check(place: Place, facts: pl.DataFrame, frame: pl.DataFrame) -> None:
    if clash := sorted(set(facts.columns) & set(frame.columns) - {"person_id"}):
        names = ", ".join(clash)
        found = Text(nb=f"deltakerne har alt kolonnen {names}", en=f"the participants already have the column {names}")
        raise DataError(Problem(found, place.at(clash[0]), None, _rename()))
    if nested := [name for name, dtype in facts.schema.items() if dtype.is_nested() or dtype == pl.Binary]:
        found = Text(nb=f"«{nested[0]}» er {facts[nested[0]].dtype}", en=f'"{nested[0]}" is {facts[nested[0]].dtype}')
        allowed = Text(nb="tekst, tall, datoer eller sant/usant", en="text, numbers, dates or true/false")
        raise DataError(Problem(found, place.at(nested[0]), allowed))
    if twice := int(facts["person_id"].is_duplicated().sum()):
        found = Text(
            nb=f"{twice} rader gir ulike fakta om samme person", en=f"{twice} rows give different facts of one person"
        )
        raise DataError(Problem(found, place.at(), Text(nb="én rad per person", en="one row a person")))


def _rename() -> Text:
    return Text(nb="Gi kolonnen et annet navn i uttrekket.", en="Give the column another name in the extract.")
