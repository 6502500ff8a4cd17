"""What Ibis writes for Spark, put right where Spark would refuse it or answer otherwise than DuckDB."""

from __future__ import annotations

from typing import Any

from ibis.backends.sql.compilers.pyspark import PySparkCompiler


def compiler() -> Any:
    """Ibis' own, with these operations written otherwise."""
    otherwise: dict[str, Any] = {"visit_ExtractMicrosecond": _microseconds}
    return type("Compiler", (PySparkCompiler,), otherwise)()


def _microseconds(self: Any, op: Any, *, arg: Any) -> Any:
    """The part of a second, which Spark gives together with the second, as a decimal."""
    second = self.f.anon.date_part("SECOND", arg)
    return self.cast(self.f.anon.mod(second * 1_000_000, 1_000_000), op.dtype)
