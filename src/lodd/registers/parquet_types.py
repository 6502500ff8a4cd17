"""Do several Parquet files of one register hold the same kinds of values?

Engines read the later files by the types of the first, and round what does not fit: 7.5 hours would be 8 where the
first file holds whole numbers. So files that differ are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.registers.files import Files
from lodd.registers.problems import Place


def check_types(files: Files, paths: Sequence[Path], place: Place) -> None:
    """Raises DataError naming the first column that is of another kind in another file; the names are the same.

    Columns without any value, of the type that stands for nothing, go with any other, but not in the first file.
    """
    first = pq.read_schema(paths[0])
    for path in paths[1:]:
        other = pq.read_schema(path)
        for field in first:
            found = other.field(field.name).type
            if not pa.types.is_null(found) and _kind(found) != _kind(field.type):
                raise _types_differ(place.at(field.name), (files.name(paths[0]), field.type), (files.name(path), found))


def _kind(of: pa.DataType) -> str:
    """Types of one kind hold each other's values, or fail where they cannot."""
    if pa.types.is_dictionary(of):
        return _kind(of.value_type)
    if pa.types.is_integer(of):
        return "integer"
    if pa.types.is_decimal(of):
        return f"decimal with {of.scale} places"
    if pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_string_view(of):
        return "text"
    if pa.types.is_timestamp(of):
        return "moment" if of.tz is None else "moment with a zone"
    return "date" if pa.types.is_date(of) else str(of)


def _types_differ(where: str, first: tuple[str, pa.DataType], other: tuple[str, pa.DataType]) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"kolonnen er {first[1]} i {first[0]}, men {other[1]} i {other[0]}",
                en=f"the column is {first[1]} in {first[0]}, but {other[1]} in {other[0]}",
            ),
            where,
            Text(nb="samme type i alle filene", en="the same type in all files"),
            Text(
                nb="skriv filene på nytt med samme typer: ellers ville verdier blitt rundet av",
                en="write the files again with the same types: else values would be rounded",
            ),
        )
    )
