"""Arrow's types as every engine has them."""

from __future__ import annotations

import ibis
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa


def plain_columns(table: pa.Table) -> pa.Table:
    """The table with types that all engines have: signed integers, one kind of text, lists and the like as text."""
    columns = [_plain(table.column(i)) for i in range(table.num_columns)]
    return pa.table(columns, names=table.column_names)


def shown_schema(plain: pa.Schema, given: pa.Schema) -> sch.Schema:
    """The types that a copy is said to have: of lists, times of day and the like their own, though they lie as text.

    Nobody computes with those; a column that is needed is refused by its type, as where it was not copied.
    """
    kinds = {}
    for field, original in zip(plain, given, strict=True):
        checks = (pa.types.is_nested, pa.types.is_time, pa.types.is_binary, pa.types.is_large_binary)
        odd = any(check(original.type) for check in checks)
        kinds[field.name] = original.type if odd else field.type
    return sch.Schema.from_pyarrow(pa.schema(list(kinds.items())))


def with_nulls(table: ir.Table, schema: pa.Schema) -> ir.Table:
    """The table with columns that hold nothing at all, and have no type, as such."""
    empty = [field.name for field in schema if pa.types.is_null(field.type)]
    return table.mutate(**{name: ibis.null() for name in empty}) if empty else table


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    wanted = _plain_type(column.type)
    if wanted == column.type:
        return column
    if pa.types.is_string(wanted) and not _is_text(column.type):
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column.cast(wanted, safe=not pa.types.is_timestamp(wanted))  # billionths of a second are cut off


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if types.is_unsigned_integer(kind):
        return pa.int64() if kind.bit_width < 64 else pa.decimal128(20, 0)
    if types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if types.is_date(kind):
        return pa.date32()
    if types.is_float16(kind):
        return pa.float32()
    same = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal128)
    return kind if any(check(kind) for check in same) else pa.string()
