"""Facts that do not change: the columns of `fixed` registers, joined to the participants as baseline facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.register import Register
from lodd.protocol.types import Participants
from lodd.registers import problems
from lodd.registers.cleaning import drawn_rows, others_of
from lodd.registers.databases import engine_where
from lodd.registers.needs import Needs
from lodd.registers.problems import Place
from lodd.registers.pseudonyms import refuse_strangers
from lodd.registers.sources import Source, open_file, readable, refuse_changed
from lodd.registers.typed import FILE


def with_facts(trial: Trial, folder: Path, participants: Participants) -> Participants:
    """The participants with every column of the trial's `fixed` registers; null for people not in them.

    Rows that are equal in every column count once. Covariates and subgroups name the columns.

    Raises:
        DataError: a file is missing or broken, has no person column, two different rows for a person drawn, a
            column that the participants have already, or one of lists; its pseudonyms are not written as theirs.
        UsageError: it is a table on a server that cannot be reached.
    """
    frame = participants.frame
    for register_id, register in trial.registers.items():
        if register.temporality == "fixed":
            facts = _facts(register_id, register, folder, frame["person_id"])
            _check(Place(register_id, register.source), facts, frame)
            frame = frame.join(facts, on="person_id", how="left", maintain_order="left")
    return replace(participants, frame=frame)


def _facts(register_id: str, register: Register, folder: Path, people: pl.Series) -> pl.DataFrame:
    """The register's rows about these people, the pseudonym first and as text; nobody else's leave the engine."""
    with engine_where(register) as engine:
        source = open_file(engine, register_id, register, folder)
        if register.person not in source.table.columns:
            raise problems.columns_missing(source.place, [register.person], list(source.table.columns))
        others = [name for name in source.table.columns if name not in {register.person, "person_id"}]
        _refuse_nested(source, others)
        drawn = engine.take(pa.table({"person_id": people.cast(pl.String).to_arrow()}))
        rows, mine = drawn_rows(engine, source, register, Needs(()), drawn)
        with readable(source.place):
            found = engine.fetch(mine.select("person_id", **{name: fact_of(mine[FILE + name]) for name in others}))
            if len(people):
                refuse_strangers(engine, rows, drawn, others_of(engine, rows, drawn, found.height), source.place)
        refuse_changed([source])
    return _typed(found, source.untyped).unique(maintain_order=True)


def fact_of(column: ir.Value) -> ir.Value:
    """Decimals as floats, for engines give back decimals as whole numbers; times of day and the like as text."""
    kind = column.type()
    if kind.is_decimal():
        return column.cast("float64")
    plain = (kind.is_string(), kind.is_numeric(), kind.is_boolean(), kind.is_date(), kind.is_timestamp())
    return column if any(plain) else column.cast("string")


def _typed(rows: pl.DataFrame, untyped: frozenset[str]) -> pl.DataFrame:
    """Columns that the file gives as text (all in CSV) as numbers, where every value is one.

    With a zero before other digits it is a code, and text.
    """
    number = r"^-?(0|[1-9]\d*)(\.\d+)?$"
    texts = [name for name in rows.columns if name in untyped - {"person_id"}]
    numeric = [name for name in texts if rows[name].drop_nulls().str.contains(number).all()]
    return rows.with_columns(pl.col(name).cast(pl.Float64) for name in numeric)


def _refuse_nested(source: Source, names: Sequence[str]) -> None:
    for name in names:
        kind = source.table[name].type()
        if kind.is_nested() or kind.is_binary():
            found = Text(nb=f"«{name}» er {kind}", en=f'"{name}" is {kind}')
            allowed = Text(nb="tekst, tall, datoer eller sant/usant", en="text, numbers, dates or true/false")
            raise DataError(Problem(found, source.place.at(name), allowed))


def _check(place: Place, facts: pl.DataFrame, frame: pl.DataFrame) -> None:
    if clash := sorted(set(facts.columns) & set(frame.columns) - {"person_id"}):
        names = ", ".join(clash)
        found = Text(nb=f"deltakerne har alt kolonnen {names}", en=f"the participants already have the column {names}")
        raise DataError(Problem(found, place.at(clash[0]), None, _rename()))
    if twice := int(facts["person_id"].is_duplicated().sum()):
        found = Text(
            nb=f"{twice} rader gir ulike fakta om samme person", en=f"{twice} rows give different facts of one person"
        )
        raise DataError(Problem(found, place.at(), Text(nb="én rad per person", en="one row a person")))


def _rename() -> Text:
    return Text(nb="Gi kolonnen et annet navn i uttrekket.", en="Give the column another name in the extract.")
