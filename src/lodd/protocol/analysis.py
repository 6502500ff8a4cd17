"""The pre-registered analysis plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from lodd.protocol.base import ColumnName, Frozen, Identifier, LocalText
from lodd.protocol.months import MonthRange

Estimand = Literal["ate", "strata_weighted"]
Summary = Literal["mean", "sum"]


class Window(Frozen):
    """The event months that are followed: from `-before` to `after`."""

    before: int = Field(ge=0, le=600, description="Months before the month of the draw.")
    after: int = Field(ge=0, le=600, description="Months after it.")

    @property
    def months(self) -> MonthRange:
        return MonthRange(-self.before, self.after)


class Prior(Frozen):
    """What effects were thought likely before the results: for the Bayes factor."""

    sd: Decimal = Field(gt=0, description="Standard deviation, in the outcome's unit (shares: 0.05 = 5 points).")
    shape: Literal["normal", "half_normal"] = Field(
        default="normal", description="`normal`: around 0, both directions. `half_normal`: positive effects only."
    )


class Primary(Frozen):
    """A primary outcome: the few numbers that the trial is judged by."""

    outcome: Identifier
    months: MonthRange = Field(description='Event months, e.g. `"1..36"`.')
    summary: Summary = Field(default="mean", description="Mean or sum over the months.")
    margin: Decimal | None = Field(
        default=None, gt=0, description="Equivalence margin, in the outcome's unit (shares: 0.03 = 3 points)."
    )
    prior: Prior | None = Field(default=None, description="Prior of the effect, for a Bayes factor.")


class Family(Frozen):
    """Outcomes that are judged together: chance is shared among them."""

    id: Identifier
    label: LocalText | None = None
    outcomes: tuple[Identifier, ...] = Field(min_length=1)


class Subgroup(Frozen):
    """Groups formed by what was known at the draw."""

    id: Identifier
    label: LocalText | None = None
    by: str = Field(description="A participants' column, `drawn_at`, or an outcome over months before the draw.")
    split: Literal["median", "categories"] | tuple[Decimal | date, ...] = Field(
        description="`median`, `categories`, or cut points (the upper group starts at the cut)."
    )


def group_names(split: Literal["median", "categories"] | tuple[Decimal | date, ...]) -> list[str]:
    """The groups that a split makes, from below; empty for categories, which the data name."""
    if split == "categories":
        return []
    if split == "median" or len(split) == 1:
        return ["below", "above"]
    ordered = sorted(split, key=lambda cut: cut.toordinal() if isinstance(cut, date) else cut)
    return ["below", *(f"from {cut}" for cut in ordered)]


class Margin(Frozen):
    """What one thing known at the draw is like in a target group: shares of its groups, or its mean."""

    by: str = Field(description="A participants' column, or an outcome over months before the draw.")
    split: Literal["categories"] | tuple[Decimal, ...] = Field(
        default="categories",
        description='`categories` (the values of the column), or cut points: the groups are then `"below"` and '
        '`"above"`, or with several cuts `"below"` and `"from <cut>"`.',
    )
    shares: Mapping[str, Decimal] = Field(
        default_factory=dict, description="Share of each group; they sum to 1, and a group not named has none."
    )
    mean: Decimal | None = Field(default=None, description="Instead of shares: the mean of a number.")


class Target(Frozen):
    """Another group of people that the effect is projected to, by reweighting the participants to its margins."""

    id: Identifier
    label: LocalText | None = None
    margins: tuple[Margin, ...] = Field(min_length=1, description="What the group is like.")


class CatchUp(Frozen):
    """Two stretches of months between which the effect may change: did the control arm catch up?"""

    early: MonthRange = Field(description='Event months of the first, e.g. `"6..12"`.')
    late: MonthRange = Field(description='Event months of the second, after the first: `"31..36"`.')


class Explanations(Frozen):
    """What the findings on rival explanations look at: why is the result what it is?"""

    work: Identifier | None = Field(
        default=None, description="The outcome that is ordinary work; default: the first primary outcome."
    )
    work_practice: Identifier | None = Field(default=None, description="The outcome that is being in work practice.")
    instruments: tuple[Identifier, ...] = Field(
        default=(), description="Outcomes that are being in other instruments than the arms' own programmes."
    )
    placement_months: int | None = Field(
        default=None,
        ge=1,
        le=60,
        description="The programme's goal: in ordinary work within so many months of its start.",
    )
    fidelity_at_least: Decimal | None = Field(
        default=None, description="A fidelity score from which the programme counts as delivered as intended."
    )
    catch_up: CatchUp | None = Field(default=None, description="When the effect is compared with itself.")
    target_group: Identifier | None = Field(
        default=None, description="Which of `targets` describes those whom the programme is for."
    )


class Analysis(Frozen):
    """The analysis plan: what will be estimated, for whom, and how it is judged."""

    window: Window
    as_of: date | None = Field(
        default=None,
        description="The registers as they were known at the end of this day: versions of records registered later are "
        "not there, and months not wholly before it are missing. Registers without `registered` are used as they are, "
        "and the panel says so. Default: as the extracts are.",
    )
    estimand: Estimand = Field(
        default="ate",
        description="`ate`: the average effect over the participants. `strata_weighted`: strata fixed effects, which "
        "weight a stratum by n*p*(1-p). Both are always reported; this one is the main one.",
    )
    covariates: tuple[str, ...] = Field(
        default=(), description='Participants\' columns, or an outcome before the draw: `"in_work@-12..-1"`.'
    )
    cluster: ColumnName | None = Field(
        default=None, description="Participants' column to cluster standard errors by (CR2); default: individuals."
    )
    confidence: Decimal = Field(default=Decimal("0.95"), gt=0, lt=1, description="Level of the intervals.")
    draws: int = Field(default=10_000, ge=99, description="Redraws for randomisation inference.")
    primary: tuple[Primary, ...] = Field(default=(), description="The primary outcomes.")
    periods: tuple[MonthRange, ...] = Field(
        default=(), description="Month ranges that every outcome is summarised over (means)."
    )
    cumulative: tuple[Identifier, ...] = Field(
        default=(), description="Outcomes whose running total since month 1 is followed too."
    )
    families: tuple[Family, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    targets: tuple[Target, ...] = Field(
        default=(), description="Target groups that primary effects are projected to (assumptions: see the methods)."
    )
    explanations: Explanations | None = Field(
        default=None, description="What is looked at to explain the result; without it some findings cannot tell."
    )
