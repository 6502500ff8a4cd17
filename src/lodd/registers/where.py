"""The records that meet a measure's ``where``."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from lodd.protocol.code_list import CodeGroup
from lodd.protocol.outcome import Condition, Measure, Scalar
from lodd.registers.cleaning import Records
from lodd.registers.exact import least_scaled, most_scaled, scaled_or_none
from lodd.registers.needs import group_key


def meeting(records: Records, measure: Measure) -> Records:
    """The records for which every entry of ``where`` holds. A missing value meets no condition."""
    if not measure.where:
        return records
    conditions = [_holds(records, name, wanted) for name, wanted in measure.where.items()]
    return records.of(records.table.filter(*conditions))


def _holds(records: Records, name: str, wanted: Scalar | tuple[Scalar, ...] | Condition | CodeGroup) -> Any:
    if isinstance(wanted, CodeGroup):
        return records.column(group_key(name, wanted))
    column = records.column(name)
    declared = records.register.columns.get(name)
    compare = _Comparison(column, 10**declared.decimals if declared else 1)
    if not isinstance(wanted, Condition):
        return compare.is_one_of(wanted if isinstance(wanted, tuple) else (wanted,))
    parts = [column.notnull()]
    if wanted.at_least is not None:
        parts.append(column >= compare.least(wanted.at_least))
    if wanted.below is not None:
        parts.append(column < compare.least(wanted.below))
    if wanted.at_most is not None:
        parts.append(column <= compare.most(wanted.at_most))
    if wanted.above is not None:
        parts.append(column > compare.most(wanted.above))
    if wanted.not_in:
        parts.append(~compare.is_one_of(wanted.not_in))
    return ibis.and_(*parts)


class _Comparison:
    """Compares a column with values of the protocol: whole (and scaled) numbers exactly, floats as floats."""

    def __init__(self, column: ir.Value, divisor: int) -> None:
        self.column = column
        self.divisor = divisor
        self.exact = column.type().is_integer()

    def least(self, limit: Any) -> Any:
        """What a value of the column must reach to be at least the limit; below it, it is below the limit."""
        if isinstance(limit, date):
            return ibis.literal(limit)
        return least_scaled(limit, self.divisor) if self.exact else float(limit)

    def most(self, limit: Any) -> Any:
        """What a value of the column must not exceed to be at most the limit; above it, it is above the limit."""
        if isinstance(limit, date):
            return ibis.literal(limit)
        return most_scaled(limit, self.divisor) if self.exact else float(limit)

    def is_one_of(self, values: tuple[Scalar, ...]) -> Any:
        possible = [self._as_stored(value) for value in values]
        wanted = [value for value in possible if value is not None]
        return self.column.isin(wanted) if wanted else ibis.literal(False)

    def _as_stored(self, value: Scalar) -> Any:
        if isinstance(value, bool | str):
            return value
        return scaled_or_none(value, self.divisor) if self.exact else float(value)
