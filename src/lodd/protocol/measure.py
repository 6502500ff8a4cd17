"""Measures: what is taken of the records that are active in a month."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from lodd.protocol.base import ColumnName, Frozen
from lodd.protocol.code_list import CodeGroup

Aggregate = Literal["any", "count", "count_distinct", "sum", "mean", "max", "last", "months_since"]
AGGREGATES: Final[tuple[Aggregate, ...]] = (
    "any", "count", "count_distinct", "sum", "mean", "max", "last", "months_since",
)  # fmt: skip
OF_NUMBERS: Final[frozenset[Aggregate]] = frozenset({"sum", "mean", "max", "last"})
"""What is taken of a declared numeric column."""
OF_RECORDS: Final[frozenset[Aggregate]] = frozenset({"mean", "max", "last", "months_since"})
"""What has no value where there is no record."""
Scalar = str | bool | int | Decimal
Empty = Literal["missing", "zero"]
_ISO_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$")
LONGEST_WINDOW: Final = 240
DRAW: Final = "draw"
"""The reference day that everyone has."""


def _kind_of_limit(value: Any) -> str:
    # the canonical form of a protocol has dates as text, and marks decimals
    return "date" if isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.match(value)) else "decimal"


Limit = Annotated[Annotated[Decimal, Tag("decimal")] | Annotated[date, Tag("date")], Discriminator(_kind_of_limit)]


class Condition(Frozen):
    """A comparison in `where`: every given part must hold. A missing value meets no condition."""

    at_least: Limit | None = Field(default=None, description="Equal or larger: a number, or a date (or later).")
    below: Limit | None = Field(default=None, description="Strictly smaller, or before a date.")
    at_most: Limit | None = Field(default=None, description="Equal or smaller, or on a date or before.")
    above: Limit | None = Field(default=None, description="Strictly larger, or after a date.")
    not_in: tuple[Scalar, ...] = Field(default=(), description="None of these.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.limits and not self.not_in:
            raise ValueError("condition_empty:")
        return self

    @property
    def limits(self) -> Mapping[str, Decimal | date]:
        """The limits that are given, by key."""
        keys = ("at_least", "below", "at_most", "above")
        return {key: limit for key in keys if (limit := getattr(self, key)) is not None}


def _kind_of_condition(value: Any) -> str:
    if isinstance(value, CodeGroup) or (isinstance(value, Mapping) and {"list", "group"} & value.keys()):
        return "CodeGroup"
    if isinstance(value, Mapping | Condition):
        return "Condition"
    return "list" if isinstance(value, list | tuple) else "value"


Where = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[tuple[Scalar, ...], Tag("list")]
    | Annotated[Condition, Tag("Condition")]
    | Annotated[CodeGroup, Tag("CodeGroup")],
    Discriminator(_kind_of_condition),
]


class Measure(Frozen):
    """Exactly one of `any`, `count`, `count_distinct`, `sum`, `mean`, `max`, `last`, `months_since`, over the active
    records that meet `where`."""

    any: Literal[True] | None = Field(default=None, description="`true`: 1 if any record is active, else 0.")
    count: Literal[True] | None = Field(default=None, description="`true`: the number of records.")
    count_distinct: ColumnName | None = Field(default=None, description="Number of different values of a column.")
    sum: ColumnName | None = Field(default=None, description="Sum of a numeric column (declared under `columns`).")
    mean: ColumnName | None = Field(default=None, description="Mean of a numeric column over the records.")
    max: ColumnName | None = Field(default=None, description="Largest value of a numeric column.")
    last: ColumnName | None = Field(
        default=None,
        description="Value of a numeric column in the record that started last (among equals: ended last, then the "
        "largest). Not for `accumulated` registers, whose amounts have no order within a month.",
    )
    months_since: Literal["last", "first"] | None = Field(
        default=None,
        description="Whole months since the `last` (or the `first`) month with an active record; 0 in such a month. "
        "Looks back as far as the register's records go.",
    )
    where: Mapping[ColumnName, Where] = Field(
        default_factory=dict,
        description="Column to value, list of values, `{ at_least, at_most, above, below, not_in }`, or "
        "`{ list, group }`: its code belongs to a group of a code list.",
    )
    at_least: Decimal | None = Field(default=None, description="Makes the outcome 1 or 0: is the measure this large?")
    within: int | None = Field(
        default=None,
        ge=2,
        le=LONGEST_WINDOW,
        description="Number of months, this one and those before it, that the measure is taken over. `accumulated` and "
        "`event`: the records of all these months. `status`: the largest of the months' values. Missing unless all of "
        "them are covered.",
    )
    since: ColumnName | None = Field(
        default=None,
        description="A day of each person: only records that start on it or later count (amounts: of its month or "
        "later). `draw`, or a column of dates among the participants or in a `fixed` register, named under `facts`. "
        "Missing for whoever lacks it.",
    )
    until: ColumnName | None = Field(
        default=None,
        description="The same: only records that start on it or earlier (amounts: of its month or earlier) count.",
    )
    empty: Empty | None = Field(
        default=None,
        description="What `mean`, `max`, `last` and `months_since` are where there is no record: `missing`, or `zero`. "
        "Required for these, and for no other.",
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        given = [name for name in AGGREGATES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"measure_one_of:{', '.join(given)}")
        if self.any and self.at_least is not None:
            raise ValueError("measure_any_threshold:")
        if given[0] in OF_RECORDS and self.empty is None:
            raise ValueError(f"measure_empty_required:{given[0]}")
        if given[0] not in OF_RECORDS and self.empty is not None:
            raise ValueError(f"measure_empty_needless:{given[0]}")
        if self.months_since is not None and self.within is not None:
            raise ValueError("measure_since_within:")
        return self

    @property
    def aggregate(self) -> Aggregate:
        return next(name for name in AGGREGATES if getattr(self, name) is not None)

    @property
    def number(self) -> str | None:
        """The declared numeric column that is summed, averaged, ..., if any."""
        column: str | None = getattr(self, self.aggregate) if self.aggregate in OF_NUMBERS else None
        return column

    @property
    def column(self) -> str | None:
        """The column that is measured or counted, if any."""
        return self.number if self.number is not None else self.count_distinct

    @property
    def reference(self) -> Mapping[str, str]:
        """The columns of each person's reference days, by `since` and `until`."""
        return {key: column for key in ("since", "until") if (column := getattr(self, key)) is not None}

    @property
    def binary(self) -> bool:
        return self.aggregate == "any" or self.at_least is not None

    @property
    def months(self) -> int:
        """How many months the measure is taken over."""
        return self.within or 1
