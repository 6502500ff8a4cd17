"""Corrections: when a version of a record was registered, which of its versions counts, and which are taken back."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from lodd.protocol.register import Register
from lodd.registers import moments, typed
from lodd.registers.parts import PART
from lodd.registers.problems import Place
from lodd.registers.typed import FILE


def versioned(drawn: ir.Table, place: Place, register: Register) -> dict[str, tuple[str, typed.Typed]]:
    """``registered`` (see :mod:`moments`) with ``zoned``, and ``taken_back``, where the register has them."""
    found: dict[str, tuple[str, typed.Typed]] = {}
    if register.registered is not None:
        name = register.registered
        read, zoned = moments.moment(drawn[FILE + name], name, place)
        found |= {"registered": (name, read), "zoned": (name, typed.Typed(zoned))}
    if register.withdrawn is not None:
        name = register.withdrawn.column
        said = typed.key_text(drawn[FILE + name], name, place).strip()
        found["taken_back"] = (name, typed.Typed(said.isin(list(register.withdrawn.values)).fill_null(False)))
    return found


def versions(rows: ir.Table, register: Register, columns: list[str]) -> tuple[Any, Any]:
    """Is a row an earlier version of a record, or left out though registered as late as the one that is kept?

    Of versions registered at the same time the one is kept that comes first when sorted by all columns, so that the
    order of the file does not matter. A row without the columns that name its record is a record of its own.
    """
    if not register.record:
        return ibis.literal(False), ibis.literal(False)
    # each part of a register counts for its own days, so that a version in another part corrects nothing in this one
    record = [FILE + name for name in (*register.record, *([PART] if register.parts else []))]
    group = ["person", "unknown", "duplicate", *record]
    place = ibis.row_number().over(group_by=group, order_by=[rows.registered.desc(), *columns, "row"])
    newest = rows.registered.max().over(group_by=group)
    named = ibis.and_(*(rows[FILE + name].notnull() for name in register.record))
    older = named & (place > 0)
    same = rows.registered.identical_to(newest)
    return older & ~same, older & same
