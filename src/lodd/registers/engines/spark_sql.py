"""What Ibis writes for Spark, put right where Spark would refuse it or answer otherwise than DuckDB."""

from __future__ import annotations

import string
from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler


def compiler() -> Any:
    """Ibis' own, with these operations written otherwise."""
    otherwise = {
        "visit_Strip": _strip,
        "visit_LStrip": _strip_left,
        "visit_RStrip": _strip_right,
        "visit_IntegerRange": _whole_numbers,
        "visit_ExtractMicrosecond": _microseconds,
        "SIMPLE_OPS": {},
    }
    return type("Compiler", (PySparkCompiler,), otherwise)()


def _strip(self: Any, op: Any, *, arg: Any) -> Any:
    """Without the white space around it."""
    return self.f.anon.btrim(arg, _white_space(self))


def _strip_left(self: Any, op: Any, *, arg: Any) -> Any:
    return self.f.anon.ltrim(_white_space(self), arg)


def _strip_right(self: Any, op: Any, *, arg: Any) -> Any:
    return self.f.anon.rtrim(_white_space(self), arg)


def _whole_numbers(self: Any, op: Any, *, start: Any, stop: Any, step: Any) -> Any:
    """From start to before stop, each in parentheses: Ibis writes their difference without, and `b - (a - 1)` as
    `b - a - 1`, which leaves short ranges empty.
    """
    return PySparkCompiler.visit_IntegerRange(self, op, start=sge.paren(start), stop=sge.paren(stop), step=step)


def _microseconds(self: Any, op: Any, *, arg: Any) -> Any:
    """Those after the whole second; Spark's seconds are decimal numbers."""
    seconds = self.f.anon.date_part(sge.convert("SECOND"), arg)
    return self.cast(sge.paren((seconds % sge.convert(1)) * sge.convert(1_000_000)), op.dtype)


def _white_space(self: Any) -> Any:
    """As numbers: Spark takes what Ibis writes for form feeds and vertical tabs for the letters f and v."""
    return self.f.concat(*(self.f.anon.char(sge.convert(ord(sign))) for sign in string.whitespace))
