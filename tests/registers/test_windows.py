"""Months put together, as integers: against loops over the same rows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.protocol.months import MonthRange
from lodd.protocol.outcome import Outcome
from lodd.protocol.register import Register
from lodd.registers.compose import Grid
from lodd.registers.windows import computed, nothing
from tests.registers.small import JOBS, PAY, VISITS

MONTHS = 6
GRID = Grid(("a", "b"), MonthRange(0, MONTHS - 1), np.array([[10], [12]]) + np.arange(MONTHS))
PLACE = st.tuples(st.integers(0, 1), st.integers(0, 20))


def value_of(register: Any, measure: dict[str, Any], **columns: list[int]) -> tuple[list[list[Any]], list[list[bool]]]:
    """Values (of means: fractions), and where they are unknown."""
    outcome = Outcome.model_validate({"label": "y", "register": "r", "measure": measure})
    found = computed(pl.DataFrame(columns), outcome, Register.model_validate(register), GRID)
    values: list[list[Any]] = found.values.tolist()
    if found.sizes is not None:
        sizes = found.sizes.clip(1).tolist()
        values = [[Fraction(v, s) for v, s in zip(*row, strict=True)] for row in zip(values, sizes, strict=True)]
    return values, found.doubtful.tolist()


def rows_of(cells: dict[tuple[int, int], int]) -> dict[str, list[int]]:
    return {"person": [p for p, _ in cells], "month": [m for _, m in cells], "value": list(cells.values())}


def looked_at(cells: dict[tuple[int, int], int], person: int, position: int, months: int) -> list[int]:
    """The values of the last months, in order."""
    month = int(GRID.calendar[person, position])
    return [cells[person, m] for m in range(month - months + 1, month + 1) if (person, m) in cells]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.dictionaries(PLACE, st.integers(-9, 9), max_size=30), st.sampled_from([None, 2, 3, 5, 8]))
def test_several_months(cells: dict[tuple[int, int], int], within: int | None) -> None:
    lists = [[looked_at(cells, p, i, within or 1) for i in range(MONTHS)] for p in (0, 1)]
    some = {"empty": "missing", "within": within}
    values, unknown = value_of(VISITS | {"columns": {"x": {}}}, {"last": "x"} | some, **rows_of(cells))
    assert values == [[seen[-1] if seen else 0 for seen in row] for row in lists]
    assert unknown == [[not seen for seen in row] for row in lists]
    values, unknown = value_of(PAY, {"max": "amount"} | some, **rows_of(cells))
    assert values == [[max(seen, default=0) for seen in row] for row in lists]
    assert unknown == [[not seen for seen in row] for row in lists]
    values, _ = value_of(PAY, {"sum": "amount", "within": within}, **rows_of(cells))
    assert values == [[sum(seen) for seen in row] for row in lists]
    mean = {"mean": "amount", "empty": "zero", "within": within}
    values, _ = value_of(PAY, mean, **rows_of(cells), size=[2] * len(cells))
    assert values == [[Fraction(sum(seen), 2 * len(seen)) if seen else 0 for seen in row] for row in lists]


LARGE = st.integers(-(2**52), 2**52) | st.integers(2**52 - 9, 2**52)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.dictionaries(st.integers(1, 40), LARGE, min_size=1, max_size=5))
def test_the_largest_mean_is_found_without_division(totals: dict[int, int]) -> None:
    """Means whose difference no float shows: 4503599627370494 / 3 and 3002399751580330 / 2, say."""
    sizes = list(totals)
    columns = {"person": [0] * len(sizes), "month": [10] * len(sizes), "value": list(totals.values()), "size": sizes}
    values, _ = value_of(JOBS, {"mean": "hours", "empty": "missing"}, **columns)
    assert values[0][0] == max(Fraction(total, size) for size, total in totals.items())


def test_a_mean_reaches_a_threshold_that_it_equals() -> None:
    columns = {"person": [0, 0, 0], "month": [10, 11, 12], "value": [121, 120, 119], "size": [3, 3, 3]}
    measure = {"mean": "hours", "empty": "missing", "at_least": 4}
    assert value_of(JOBS, measure, **columns)[0][0] == [True, True, False, False, False, False]


STRETCH = st.tuples(st.integers(0, 1), st.integers(-30, 25), st.integers(1, 12))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(STRETCH, max_size=8))
def test_months_since(stretches: list[tuple[int, int, int]]) -> None:
    active = {(person, month) for person, first, length in stretches for month in range(first, first + length)}
    joined = sorted({(p, m) for p, m in active if (p, m - 1) not in active})
    ends = [next(m for m in range(first + 1, 99) if (p, m) not in active) for p, first in joined]
    columns = {"person": [p for p, _ in joined], "first": [m for _, m in joined], "after": ends}
    values, unknown = value_of(VISITS, {"months_since": "last", "empty": "missing"}, **columns)
    for person, row in enumerate(GRID.calendar.tolist()):
        for position, month in enumerate(row):
            before = [m for p, m in active if p == person and m <= month]
            assert unknown[person][position] == (not before)
            assert values[person][position] == (month - max(before) if before else 0)


@pytest.mark.parametrize("measure", [{"mean": "amount", "empty": "missing"}, {"sum": "amount", "within": 3}])
def test_nothing_is_covered(measure: dict[str, Any]) -> None:
    outcome = Outcome.model_validate({"label": "y", "register": "r", "measure": measure})
    found = nothing(outcome, Register.model_validate(PAY), GRID)
    assert found.values.shape == GRID.calendar.shape
    assert not found.values.any()
