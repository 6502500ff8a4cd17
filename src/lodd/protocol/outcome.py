"""Outcomes: a measure over the records that are active in a month, or a combination of other outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from lodd.protocol.base import ColumnName, Frozen, LocalText
from lodd.protocol.measure import Aggregate, Condition, Measure, Scalar, Where

__all__ = ["AfterExit", "Aggregate", "Condition", "Counts", "Measure", "Outcome", "Planning", "Scalar", "Where"]

Counts = Literal["any day", "first day", "last day", "day 16"]
AfterExit = Literal["zero", "missing"]
_SETS = ("all_of", "any_of", "none_of")
_FIRSTS = ("first_of", "ever_of")


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
        "total on one day. Default: `day 16` for a sum, mean or last value without threshold, else `any day`.",
    )
    all_of: tuple[str, ...] = Field(
        default=(),
        description="Outcomes that must all be 1. A combination is missing where any of its outcomes is, also where "
        "the others would settle it; after death and abroad its own rules hold, whatever theirs are.",
    )
    any_of: tuple[str, ...] = Field(default=(), description="Outcomes of which one must be 1.")
    none_of: tuple[str, ...] = Field(default=(), description="Outcomes that must all be 0.")
    first_of: str | None = Field(
        default=None, description="An outcome: 1 in the first month, from event month `from` on, in which it is 1."
    )
    ever_of: str | None = Field(
        default=None, description="An outcome: 1 from the first month, from event month `from` on, in which it is 1."
    )
    from_month: int = Field(
        default=1,
        alias="from",
        description="`first_of`, `ever_of`: the event month that is looked from; before it the value is 0.",
    )
    months_since: ColumnName | None = Field(
        default=None,
        description="A day of each person: `draw`, or a column of dates among the participants or in a `fixed` "
        "register, named under `facts`. Whole months since it; missing before it, and for whoever lacks it.",
    )
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
            alone = [(key,) for key in (*_FIRSTS, "months_since")]
            kinds = [any(key in data for key in keys) for keys in (_SETS, *alone)]
            if measured + sum(kinds) != 1:
                raise ValueError("outcome_one_kind:")
            if ("from" in data or "from_month" in data) and not any(key in data for key in _FIRSTS):
                raise ValueError("outcome_from:")
            if measured and not ("measure" in data and registered):
                raise ValueError("outcome_measure_register:")
        return data

    @property
    def parts(self) -> tuple[str, ...]:
        """The outcomes that a combination is made of; empty for a measure."""
        return self.all_of + self.any_of + self.none_of + tuple(p for p in (self.first_of, self.ever_of) if p)

    @property
    def binary(self) -> bool:
        return self.months_since is None and (self.measure is None or self.measure.binary)

    @property
    def reference(self) -> tuple[str, ...]:
        """The columns of each person's days that it refers to, `draw` among them."""
        own = () if self.months_since is None else (self.months_since,)
        return own if self.measure is None else tuple(self.measure.reference.values())

    @property
    def may_be_empty(self) -> bool:
        """Is it missing for people without a record?"""
        return self.measure is not None and self.measure.empty == "missing"

    @property
    def day_rule(self) -> Counts:
        """The declared or default `counts` (meaningful for measures of `status` registers)."""
        if self.counts is not None:
            return self.counts
        day_of_one = self.measure is not None and self.measure.aggregate in {"sum", "mean", "last"}
        plain = self.measure is not None and self.measure.at_least is None
        return "day 16" if day_of_one and plain else "any day"
