"""Outcomes: a measure over the records that are active in a month, or a combination of other outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from lodd.protocol.base import ColumnName, Frozen, LocalText

Counts = Literal["any day", "first day", "last day", "day 16"]
AfterExit = Literal["zero", "missing"]
Aggregate = Literal["any", "count", "count_distinct", "sum"]
Scalar = str | bool | int | Decimal


class Condition(Frozen):
    """A comparison in `where`: every given part must hold. A missing value meets no condition."""

    at_least: Decimal | None = Field(default=None, description="Equal or larger.")
    below: Decimal | None = Field(default=None, description="Strictly smaller.")
    not_in: tuple[Scalar, ...] = Field(default=(), description="None of these.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_least is None and self.below is None and not self.not_in:
            raise ValueError("condition_empty:")
        return self


def _kind_of_condition(value: Any) -> str:
    if isinstance(value, Mapping | Condition):
        return "Condition"
    return "list" if isinstance(value, list | tuple) else "value"


Where = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[tuple[Scalar, ...], Tag("list")]
    | Annotated[Condition, Tag("Condition")],
    Discriminator(_kind_of_condition),
]


class Measure(Frozen):
    """Exactly one of `any`, `count`, `count_distinct`, `sum`, over the active records that meet `where`."""

    any: Literal[True] | None = Field(default=None, description="`true`: 1 if any record is active, else 0.")
    count: Literal[True] | None = Field(default=None, description="`true`: the number of records.")
    count_distinct: ColumnName | None = Field(default=None, description="Number of different values of a column.")
    sum: ColumnName | None = Field(default=None, description="Sum of a numeric column (declared under `columns`).")
    where: Mapping[ColumnName, Where] = Field(
        default_factory=dict, description="Column to value, list of values, or `{ at_least, below, not_in }`."
    )
    at_least: Decimal | None = Field(default=None, description="Makes the outcome 1 or 0: is the measure this large?")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("any", "count", "count_distinct", "sum") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"measure_one_of:{', '.join(given)}")
        if self.any and self.at_least is not None:
            raise ValueError("measure_any_threshold:")
        return self

    @property
    def aggregate(self) -> Aggregate:
        if self.any:
            return "any"
        if self.count:
            return "count"
        return "sum" if self.sum is not None else "count_distinct"

    @property
    def column(self) -> str | None:
        """The column that is summed or counted, if any."""
        return self.sum if self.sum is not None else self.count_distinct

    @property
    def binary(self) -> bool:
        return self.aggregate == "any" or self.at_least is not None


class Planning(Frozen):
    """What is expected of an outcome's summary over the primary months, for `lodd power` before the trial."""

    mean: Decimal | None = Field(default=None, description="Mean in the reference arm (shares: 0.3 is 30 %).")
    sd: Decimal | None = Field(
        default=None, gt=0, description="Standard deviation between people. For a share: by default the most it can be."
    )
    r2: Decimal = Field(default=Decimal(0), ge=0, lt=1, description="Share of the variance that covariates explain.")


class Outcome(Frozen):
    """What is measured for each person in each month."""

    label: LocalText
    description: LocalText | None = Field(default=None, description="A sentence for readers.")
    unit: LocalText | None = Field(default=None, description="Unit of a number, e.g. kroner; shares need none.")
    register_id: str | None = Field(default=None, alias="register", description="The register measured.")
    measure: Measure | None = Field(default=None, description="What is measured in the register.")
    counts: Counts | None = Field(
        default=None,
        description="Which day of the month counts, for `status` registers. `any day` is the largest simultaneous "
        "total on one day. Default: `day 16` for a sum without threshold, else `any day`.",
    )
    all_of: tuple[str, ...] = Field(default=(), description="Outcomes that must all be 1.")
    any_of: tuple[str, ...] = Field(default=(), description="Outcomes of which one must be 1.")
    none_of: tuple[str, ...] = Field(default=(), description="Outcomes that must all be 0.")
    planning: Planning | None = Field(
        default=None, description="What is expected of it, for power; used by nothing else."
    )
    after_death: AfterExit = Field(default="missing", description="Value in the months after death.")
    after_emigration: AfterExit = Field(default="missing", description="Value in months begun while living abroad.")

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            registered = "register" in data or "register_id" in data
            measured = "measure" in data or registered
            combined = any(key in data for key in ("all_of", "any_of", "none_of"))
            if measured == combined:
                raise ValueError("outcome_one_kind:")
            if measured and not ("measure" in data and registered):
                raise ValueError("outcome_measure_register:")
        return data

    @property
    def parts(self) -> tuple[str, ...]:
        """The outcomes that a combination is made of; empty for a measure."""
        return self.all_of + self.any_of + self.none_of

    @property
    def binary(self) -> bool:
        return self.measure is None or self.measure.binary

    @property
    def day_rule(self) -> Counts:
        """The declared or default `counts` (meaningful for measures of `status` registers)."""
        if self.counts is not None:
            return self.counts
        plain_sum = self.measure is not None and self.measure.sum is not None and self.measure.at_least is None
        return "day 16" if plain_sum else "any day"
