"""The trial as a value: everything that `trial.toml` declares, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from lodd.protocol.analysis import Analysis
from lodd.protocol.base import Frozen, Identifier, LocalText
from lodd.protocol.code_list import CodeList
from lodd.protocol.draw import Draw
from lodd.protocol.outcome import Outcome
from lodd.protocol.register import Participation, Population, Register


class Header(Frozen):
    """What the trial is called and which arms it has."""

    id: Identifier
    title: LocalText
    description: LocalText | None = Field(default=None, description="A few sentences for readers of the report.")
    arms: tuple[Identifier, ...] = Field(min_length=2, description="All arms; the first is the reference.")


class Programme(Frozen):
    """A register code that counts as taking up an arm, in the period that it was in use."""

    code: Annotated[str, StringConstraints(min_length=1)] = Field(description="As the participation register has it.")
    since: date | None = Field(default=None, alias="from", description="First day; default: always.")
    until: date | None = Field(default=None, description="Last day; default: still in use.")


class Arm(Frozen):
    """One arm of the trial."""

    label: LocalText
    programmes: tuple[Programme, ...] = Field(default=(), description="Dated codes that count as taking up the arm.")
    next_step: LocalText | None = Field(
        default=None, description="What the caseworker does when this arm is drawn: where the person is referred."
    )


class Eligibility(Frozen):
    """A condition that the caseworker confirms before a draw."""

    id: Identifier
    nb: str = Field(description="The condition in Bokmål.")
    en: str = Field(description="The condition in English.")


class PlannedDraws(Frozen):
    """How many draws a site plans in a month, in a period: shown beside the draws, used for nothing else."""

    site: Identifier = Field(description="The site that the plan is for.")
    since: date | None = Field(default=None, alias="from", description="First day; default: when enrolment opens.")
    until: date | None = Field(default=None, description="Last day; default: when enrolment closes.")
    per_month: int = Field(ge=0, description="Draws in a whole month; part of a month counts by its days.")


class Enrolment(Frozen):
    """When people could be drawn, and who."""

    opens: date = Field(description="First day of draws.")
    closes: date = Field(description="Last day of draws.")
    eligibility: tuple[Eligibility, ...] = ()
    plan: tuple[PlannedDraws, ...] = Field(default=(), description="The planned number of draws by site.")
    referral_days: int | None = Field(
        default=None, ge=1, description="Days within which somebody drawn is to be referred; the site reminds after."
    )


class Office(Frozen):
    """An office that enrols people."""

    id: Identifier
    label: str = Field(description="The office's name.")


class Site(Frozen):
    """A site (a county, say) and its offices."""

    label: str = Field(description="The site's name.")
    offices: tuple[Office, ...] = Field(min_length=1)


class Fact(Frozen):
    """What readers call a participants' column, and its categories."""

    label: LocalText
    categories: Mapping[str, LocalText] = Field(
        default_factory=dict, description="Names of its values, in the order that they are shown."
    )


class Trial(Frozen):
    """A trial, whole: the value that everything else derives from."""

    trial: Header
    arms: Mapping[Identifier, Arm]
    enrolment: Enrolment
    sites: Mapping[Identifier, Site] = Field(min_length=1)
    draw: Draw
    registers: Mapping[Identifier, Register] = Field(default_factory=dict)
    population: Population = Population()
    participation: Participation | None = Field(
        default=None, description="The register that shows who started in which programme."
    )
    facts: Mapping[str, Fact] = Field(
        default_factory=dict, description="What readers call the participants' columns (covariates, subgroups)."
    )
    code_lists: Mapping[Identifier, CodeList] = Field(
        default_factory=dict, description="Code lists, whose groups `where` asks for."
    )
    outcomes: Mapping[Identifier, Outcome] = Field(default_factory=dict)
    analysis: Analysis

    @property
    def arm_ids(self) -> tuple[str, ...]:
        """All arms in order; the first is the reference."""
        return self.trial.arms

    @property
    def reference(self) -> str:
        return self.trial.arms[0]

    @property
    def office_site(self) -> dict[str, str]:
        """Office id to site id."""
        return {office.id: site_id for site_id, site in self.sites.items() for office in site.offices}
