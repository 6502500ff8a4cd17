"""What Ibis writes for PostgreSQL, put right where PostgreSQL would refuse it or answer otherwise than DuckDB."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL
from ibis.backends.sql.compilers.postgres import PostgresCompiler


def compiler() -> Any:
    """Ibis' own, with these operations written otherwise."""
    otherwise = {
        "visit_Cast": _cast,
        "visit_TryCast": _try_cast,
        "visit_DateDelta": _days_between,
        "visit_IntegerRange": _whole_numbers,
        "visit_Round": _round,
    }
    return type("Compiler", (PostgresCompiler,), otherwise)()


def _cast(self: Any, op: Any, *, arg: Any, to: dt.DataType) -> Any:
    """Truth values become numbers by way of the one kind that PostgreSQL makes of them."""
    if op.arg.dtype.is_boolean() and to.is_numeric():
        return self.cast(self.cast(arg, dt.int32), to)
    return PostgresCompiler.visit_Cast(self, op, arg=arg, to=to)


def _try_cast(self: Any, op: Any, *, arg: Any, to: dt.DataType) -> Any:
    """Null where the text is not of the type, which PostgreSQL 16 can be asked."""
    if not op.arg.dtype.is_string():
        return self.visit_Cast(op, arg=arg, to=to)
    valid = self.f.anon.pg_input_is_valid(arg, sge.convert(self.type_mapper.to_string(to)))
    return self.cast(self.if_(valid, arg, NULL), to)


def _days_between(self: Any, op: Any, *, left: Any, right: Any, part: Any) -> Any:
    """The difference of two dates."""
    return sge.paren(self.cast(left, dt.date) - self.cast(right, dt.date))


def _whole_numbers(self: Any, op: Any, *, start: Any, stop: Any, step: Any) -> Any:
    """Up to the number before the stop, without the search through the numbers that Ibis writes."""
    series = self.f.generate_series(start, stop - step, step)
    return self.f.array(sg.select(sge.Star()).from_(series))


def _round(self: Any, op: Any, *, arg: Any, digits: Any) -> Any:
    """A float's nearest whole number is found as a float: large ones are no decimals."""
    if op.arg.dtype.is_floating() and op.dtype.is_integer():
        return self.cast(self.f.round(arg), op.dtype)
    return PostgresCompiler.visit_Round(self, op, arg=arg, digits=digits)
