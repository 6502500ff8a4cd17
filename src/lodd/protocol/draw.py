"""How the lots are drawn: the method, the strata and the dated schedule of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from lodd.protocol.base import Frozen, Identifier, Probability

DrawMethod = Literal["keyed", "complete", "blocks", "minimisation", "external"]


class ScheduleRow(Frozen):
    """The probabilities of one site (or one office, which overrides its site) from a date on."""

    site: Identifier = Field(description="The site that the row is for.")
    office: Identifier | None = Field(default=None, description="One office of the site; overrides the site's rows.")
    since: date = Field(alias="from", description="First day that the probabilities hold.")
    until: date | None = Field(
        default=None, description="Last day; without it, the day before the next row or the end of enrolment."
    )
    probability: Mapping[Identifier, Probability] = Field(
        description="The probability of each arm but the reference, which takes the remainder."
    )


class PublicBeacon(Frozen):
    """A public random value that nobody can know when the trial is locked; it is mixed into every lot."""

    source: str = Field(min_length=1, description="Who publishes it: a randomness beacon, or the national lottery.")
    round: str = Field(min_length=1, description="Which one: a round, or the draw of a named date, after the lock.")


class Draw(Frozen):
    """How the lots are drawn."""

    method: DrawMethod = Field(
        description="`keyed`: an independent lot per person. `complete`: a nominated batch with fixed numbers per arm. "
        "`blocks`: permuted blocks within strata. `minimisation`: Pocock and Simon. `external`: not drawn by Lodd."
    )
    strata: tuple[str, ...] = Field(
        default=("office",),
        description="What the strata are made of: `site`, `office`, `batch` or columns of the participants; the "
        "schedule's periods are always added.",
    )
    schedule: tuple[ScheduleRow, ...] = Field(
        default=(), description="The probabilities by site or office and date. Not used by `external`."
    )
    block_sizes: tuple[int, ...] = Field(default=(), description="Sizes that random blocks may have (`blocks`).")
    factors: tuple[str, ...] = Field(default=(), description="Columns that minimisation balances (`minimisation`).")
    biased_coin: Probability = Field(
        default=Decimal("0.8"),
        description="The probability of the arm that minimisation prefers, strictly below one (`minimisation`).",
    )
    beacon: PublicBeacon | None = Field(
        default=None, description="The future public random value. Required with keys; only simulations go without."
    )
