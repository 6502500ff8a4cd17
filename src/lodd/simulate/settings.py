"""The settings of a simulation: `simulation.toml` as a frozen value, in which every block says what it rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from lodd.protocol.base import Frozen, Identifier

Basis = Annotated[str, StringConstraints(pattern=r"^(assumption|source)(: .+)?$")]
Points = Annotated[tuple[tuple[int, float], ...], Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Weighted = Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]


class Block(Frozen):
    """Settings that rest on the same thing."""

    basis: Basis = Field(description='`"source: ..."` (which public fact) or `"assumption"`, optionally with why.')


class Intake(Block):
    """People who come one by one, as in a trial that draws when a caseworker asks."""

    people: int = Field(ge=1, description="How many are drawn, exactly.")


class IntakeProfile(Block):
    """How enrolment rises and falls."""

    points: Points = Field(description="Month of enrolment (0 is the first) and relative intake; linear in between.")


class Offices(Block):
    """How enrolment divides among offices."""

    weights: Mapping[Identifier, Annotated[float, Field(gt=0)]] = Field(description="Office to relative size.")


class Batch(Frozen):
    """People nominated together and drawn at once."""

    id: Identifier
    office: Identifier
    drawn_on: date
    numbers: Mapping[Identifier, Annotated[int, Field(ge=0)]] = Field(description="How many go to each arm.")


class Nomination(Block):
    """Batches, for trials with the method `complete`."""

    batches: tuple[Batch, ...] = Field(min_length=1)


class Facts(Block):
    """What is known about people when they are drawn."""

    age: tuple[float, float] = Field(description="Mean and standard deviation, in years.")
    age_limits: tuple[int, int] = Field(description="Youngest and oldest.")
    female: Share = Field(description="Share of women.")
    education: Mapping[str, Share] = Field(min_length=1, description="Highest level, from the lowest, to share.")
    reasons: Mapping[str, Share] = Field(min_length=1, description="Main reason for reduced work capacity to share.")
    score: Mapping[Literal["age", "female", "education"], float] = Field(
        description="How strongly each fact predicts work: weights of standardised facts."
    )


class Process(Block):
    """A state that people move in and out of, month by month.

    A person is in the state in the months when a standard normal latent value exceeds the threshold that gives the
    declared level. The latent value is a sum of independent parts: the facts' score, the office, the person, and the
    rest, which changes slowly: an autoregression of order two with roots ``slow`` and ``quick`` per month.
    """

    by_facts: Share = Field(default=0, description="Share of the latent variance explained by the facts' score.")
    by_office: Share = Field(default=0, description="Share of it between offices.")
    by_person: Share = Field(default=0, description="Share of it that stays with the person.")
    with_work: float = Field(default=0, ge=-1, le=1, description="Correlation of the person's part with that of work.")
    slow: float = Field(default=0.96, ge=0, lt=1, description="The slow root: how long spells last.")
    quick: float = Field(default=0.6, ge=0, lt=1, description="The quick root: how rare very short spells are.")


class State(Process):
    """A state with one level path for everybody; arms differ by effects."""

    level: Points = Field(description="Event month and per cent in the state, in the reference arm; linear in between.")


class Benefit(State):
    """A benefit that is paid while the state holds."""

    among: Literal["everybody", "in work", "not in work"] = Field(
        default="everybody", description="Who can be in the state (their work had they been in the reference arm)."
    )
    replaces: tuple[str, ...] = Field(default=(), description="Benefits that stop while this one is paid.")
    whole_months: bool = Field(default=False, description="Granted from the first to the last day of months.")


class Education(State):
    """Studies, by academic year: the state in September decides."""

    levels: Mapping[str, str] = Field(description="A person's highest level so far to the level that they study at.")


class Measures(Process):
    """A programme that people of any arm may be in (work practice, wage subsidy, ...)."""

    level: Mapping[Identifier, Points] = Field(description="For each arm, event month and per cent in the programme.")


class TakeUp(Block):
    """What happens in the drawn programme."""

    starts: Mapping[Identifier, Share] = Field(description="The arm whose programme is started, to share; rest: none.")
    referral_days: float = Field(ge=0, description="Mean days from the draw to the referral.")
    waiting_days: float = Field(ge=0, description="Mean days from the referral to the start.")
    months: float = Field(gt=0, description="Median length in months.")
    spread: float = Field(ge=0, description="Standard deviation of the logarithm of the length.")


class Effect(Block):
    """What being drawn to an arm does to a state: the true path."""

    arm: Identifier
    state: str = Field(description='`"work"` or a benefit.')
    points: Points = Field(description="Event month and percentage points; linear in between, nothing outside.")
    only_while: tuple[str, ...] = Field(
        default=(),
        description='All the effect falls on months in which all of these hold: `"programme"` (in the arm\'s own '
        "programme) or a benefit.",
    )
    slow: float = Field(default=0.9, ge=0, lt=1, description="How long it stays with the same people.")


class Jobs(Block):
    """Employment relationships."""

    hours: Weighted = Field(description="Hours a week, 4 or more, and weight.")
    second_hours: Weighted = Field(description="Hours of a second job, and weight.")
    small_hours: Weighted = Field(description="Hours of jobs too small to count as work, and weight.")
    months_per_job: float = Field(gt=1, description="Mean months with an employer while in work.")
    months_per_contract: float = Field(gt=1, description="Mean months between changes of agreed hours.")
    second_job: Share = Field(description="Share of the working who have two employers.")
    small_job: Share = Field(description="Share of everybody who have a small job.")
    month_edges: Share = Field(description="Share of starts and stops that fall on the first or last day of a month.")


class Pay(Block):
    """Monthly pay."""

    full_time: float = Field(gt=0, description="Mean monthly pay for full time in January of the first year.")
    growth: float = Field(description="Growth of pay a year, as a share.")
    spread: float = Field(ge=0, description="Standard deviation between people of the logarithm of pay.")
    noise: float = Field(ge=0, description="Standard deviation of the logarithm from month to month.")


class Exits(Block):
    """Deaths and stays abroad after the draw."""

    deaths: Share = Field(description="Deaths per person and year.")
    emigrations: Share = Field(description="Emigrations per person and year.")
    returns: Share = Field(description="Share of the emigrated who come back.")
    months_abroad: float = Field(gt=0, description="Mean length of their stay.")


class Fidelity(Block):
    """Reviews of how faithfully the programme is delivered: every site, every half-year that people are drawn in.

    A score is the path's, plus what is the site's own, plus what is the review's, kept within ``limits`` and rounded
    to whole points. Scores say nothing of effects: the true effect is the same wherever the programme scores.
    """

    points: Points = Field(description="Half-year of enrolment (0 is the first) and mean score; linear in between.")
    by_site: float = Field(ge=0, description="Standard deviation between sites, which lasts.")
    by_review: float = Field(ge=0, description="Standard deviation between reviews of a site.")
    limits: tuple[float, float] = Field(description="Lowest and highest score of the scale.")


class RegisterBreak(Block):
    """A day on which the employment register changed its source and its precision."""

    day: date = Field(description="First day of the new source.")
    bands: tuple[float, ...] = Field(min_length=1, description="Before it, hours were classes with these lower limits.")
    month_edges: Share = Field(description="Before it, share of dates on the first or last day of a month.")
    before: str = Field(description="Name of the old source.")
    after: str = Field(description="Name of the new one.")


class Dirt(Block):
    """What is wrong in the extracts, as shares of their records."""

    late_corrections: Share = Field(description="Records first registered with other hours or another end.")
    duplicates: Share = Field(description="Rows repeated exactly.")
    overlaps: Share = Field(description="Records split in two that overlap, with the same employer.")
    missing_hours: Share = Field(description="Records without hours.")
    far_ends: Share = Field(description="Share of ongoing ends written as 9999-12-31 rather than empty.")
    never_drawn: Share = Field(description="Rows of people who were never drawn.")
    start_after_stop: Share = Field(description="Extra rows that stop before they start.")


class SimulationSettings(Frozen):
    """Everything that a simulation assumes beyond the protocol."""

    intake: Intake | None = None
    intake_profile: IntakeProfile | None = None
    offices: Offices | None = None
    nomination: Nomination | None = None
    facts: Facts
    work: State
    benefits: Mapping[str, Benefit] = Field(default_factory=dict)
    education: Education
    measures: Mapping[str, Measures] = Field(default_factory=dict)
    take_up: Mapping[Identifier, TakeUp] = Field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    jobs: Jobs
    pay: Pay
    exits: Exits
    fidelity: Fidelity | None = None
    register_break: RegisterBreak | None = None
    dirt: Dirt

    @property
    def sha256(self) -> str:
        """Hash of the settings' canonical form: comments, order and spacing of the file do not matter."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def bases(self) -> tuple[tuple[str, str], ...]:
        """Every block and what it rests on, in the file's order: ``("work", "assumption: ...")``."""
        return tuple(_bases(self, ""))

    def effects_on(self, state: str, arm: str) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.effects if effect.state == state and effect.arm == arm)


def _bases(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Block):
        yield path, value.basis
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _bases(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _bases(item, f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _bases(item, f"{path}[{index}]")
