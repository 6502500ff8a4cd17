"""Registers of facts that do not change: sizes, missing values, and people with two different rows."""

from __future__ import annotations

import ibis.expr.types as ir

from lodd.protocol.register import Register
from lodd.registers.engines import Engine
from lodd.registers.facts import fact_of
from lodd.registers.quality.model import Example, Finding, Missing
from lodd.registers.quality.rows import SHOWN, People, empty
from lodd.registers.sources import Source
from lodd.registers.typed import FILE


def missing_facts(engine: Engine, source: Source, register: Register, rows: ir.Table) -> tuple[Missing, ...]:
    """Rows without a value in each column of the file but the pseudonym's."""
    names = [name for name in source.table.columns if name != register.person]
    if not names:
        return ()
    counts = engine.fetch(rows.aggregate(**{f"n_{i}": empty(rows[FILE + name]).sum() for i, name in enumerate(names)}))
    return tuple(Missing(name, int(count or 0), ()) for name, count in zip(names, counts.row(0), strict=True))


def differing_facts(engine: Engine, register_id: str, source: Source, rows: ir.Table, people: People) -> list[Finding]:
    """People drawn with rows that differ, which joining the facts to the participants stops at."""
    mine = rows.inner_join(people.table, "person_id")
    facts = {FILE + name: fact_of(mine[FILE + name]) for name in source.table.columns}
    different = mine.select("person", **facts).distinct()
    twice = different.group_by("person").aggregate(rows=different.count()).filter(lambda t: t.rows > 1)
    found = engine.fetch(twice.order_by("person"))
    if not found.height:
        return []
    examples = tuple(Example(people.names[person]) for person in found["person"].head(SHOWN)) if people.names else ()
    rows_, who = int(found["rows"].sum()), found.height
    return [Finding(register_id, "facts_differ", "error", "stops", rows_, who, examples=examples)]
