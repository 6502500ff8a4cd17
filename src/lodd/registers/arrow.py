"""Arrow's arrays from NumPy's, and back, by their memory.

Arrow's own ways load pandas wherever it is installed, whether it is asked for or not: a third of a second of every
command, and memory that a panel can use.
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


def texts_of(values: pl.Series) -> pa.Array:
    """The texts of a column, of Arrow's usual type."""
    return values.cast(pl.String).to_arrow().cast(pa.string())
