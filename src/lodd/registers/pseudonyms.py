"""Are a register's pseudonyms those of the participants? Written otherwise, they would silently match nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from lodd.errors import DataError, Problem
from lodd.locale import Text, join_words
from lodd.registers.engines import Engine
from lodd.registers.problems import Place

_LENGTHS = 5


def refuse_strangers(engine: Engine, rows: ir.Table, people: ir.Table, counts: Mapping[str, int], place: Place) -> None:
    """Raises DataError where nobody is found and the pseudonyms are not written alike: 0017 is not 17, nor A1 a1.

    A register in which nobody happens to be is let through: its pseudonyms look like the participants'.

    Args:
        engine: where the tables are.
        rows: the register's, with ``person_id`` as text.
        people: the participants, with ``person_id``.
        counts: ``rows`` and ``not_drawn`` of the register.
        place: what messages call it.
    """
    if not counts["rows"] or counts["not_drawn"] < counts["rows"]:
        return
    alike = rows.select(name=_bare(rows.person_id)).semi_join(people.select(name=_bare(people.person_id)), "name")
    found, expected = _lengths(engine, rows), _lengths(engine, people)
    if not found:
        raise _refused(place, Text(nb="alle pseudonymene mangler", en="every pseudonym is missing"))
    if engine.fetch(alike.limit(1)).height:
        said = Text(
            nb="ingen av deltakerne er der, men noen ville være det om nuller foran, mellomrom og store bokstaver "
            "ikke ble regnet med",
            en="none of the participants is there, but some would be if leading zeros, spaces and capitals did not "
            "count",
        )
        raise _refused(place, said)
    if not set(found) & set(expected):
        said = Text(
            nb=f"ingen av deltakerne er der: pseudonymene har {join_words(found, 'nb')} tegn, "
            f"deltakernes {join_words(expected, 'nb')}",
            en=f"none of the participants is there: its pseudonyms have {join_words(found, 'en')} characters, "
            f"the participants' {join_words(expected, 'en')}",
        )
        raise _refused(place, said)


def _bare(name: Any) -> ir.StringValue:
    """A pseudonym without what is lost when it passes through other programs."""
    bare: ir.StringValue = name.strip().lower().re_replace("^0+", "")
    return bare


def _lengths(engine: Engine, table: ir.Table) -> list[str]:
    """The lengths of pseudonyms that are most common."""
    named = table.filter(table.person_id.notnull()).select(length=table.person_id.length().cast("int64"))
    sizes = named.group_by("length").aggregate(rows=named.count())
    common = engine.fetch(sizes.order_by([sizes.rows.desc(), sizes.length]).limit(_LENGTHS))
    return [str(length) for length in sorted(common["length"].to_list())]


def _refused(place: Place, found: Text) -> DataError:
    allowed = Text(
        nb="pseudonymet skrevet likt i alle registre og hos deltakerne",
        en="the pseudonym written alike in all registers and of the participants",
    )
    step = Text(
        nb="se om registeret er koblet med den samme nøkkelen, og lag uttrekket på nytt med pseudonymet som tekst",
        en="see whether the register was linked with the same key, and make the extract again with the pseudonym as "
        "text",
    )
    return DataError(Problem(found, place.at(), allowed, step))
