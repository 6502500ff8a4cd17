"""Arrow's arrays from NumPy's, and back, by their memory.

Arrow's own ways load pandas wherever it is installed, whether it is asked for or not: a third of a second of building a
panel, and memory that it can use.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


def array_of(values: NDArray[np.integer | np.floating], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """(n,) numbers as an array that shares their memory, null where ``missing``."""
    there = None
    if missing is not None and missing.any():
        there = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    numbers = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [there, pa.py_buffer(numbers)])


def numbers_of(array: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """(n,) the numbers of an array without nulls."""
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series.to_numpy()


def people_table(names: pl.Series) -> pa.Table:
    """``person_id, person``: each pseudonym with its number, from 0."""
    people = pl.DataFrame({"person_id": names.cast(pl.String)}).with_row_index("person")
    return people.select("person_id", pl.col("person").cast(pl.Int32)).to_arrow()
