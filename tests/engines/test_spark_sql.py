"""What is written for Spark, looked at without Spark."""

from __future__ import annotations

import ibis

from lodd.registers.engines.spark_sql import compiler


def test_the_ends_of_a_range_stand_in_parentheses() -> None:
    """`b - (a - 1)` written `b - a - 1` made every range of fewer than three months empty."""
    table = ibis.table({"a": "int64", "b": "int64"}, name="t")
    written = compiler().to_sqlglot(table.select(month=ibis.range(table.a - 1, table.b).unnest())).sql("spark")
    assert "(`t0`.`b`) - (`t0`.`a` - 1)" in written
