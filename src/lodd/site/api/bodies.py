"""What requests and answers hold: the models that read them, and that the description is made from."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Declared = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
_UNSEEN = r"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
Name = Annotated[str, StringConstraints(pattern=rf"^[^\d{_UNSEEN}]{{2,120}}$")]
"""Without digits, so that no identity number is taken for a name, and without what nobody sees."""
Code = Annotated[str, StringConstraints(pattern=r"^cw-[a-z2-7]{8}$")]
Value = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
Programme = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]


class Body(BaseModel):
    """Unknown fields are refused: a misspelt field must not be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(Body):
    """A text in both languages."""

    nb: str
    en: str


class CaseworkerBody(Body):
    """On whose behalf: a caseworker's code, or a name (then a code is made for it)."""

    code: Code | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.code is None) == (self.name is None):
            raise ValueError("one of code and name")
        return self


class DrawBody(Body):
    """A person to be drawn."""

    identity_number: Annotated[str, StringConstraints(min_length=11, max_length=20)] = Field(
        description="Fødselsnummer or D-number; spaces do not matter."
    )
    office: Declared = Field(description="The office that the person belongs to.")
    confirmed: Annotated[tuple[Declared, ...], Field(max_length=100)] = Field(
        default=(), description="Ids of the conditions that the caseworker has confirmed: all of them."
    )
    factors: Annotated[dict[Declared, Value], Field(max_length=50)] = Field(
        default={}, description="Values of the factors that the trial's draw needs."
    )
    caseworker: CaseworkerBody | None = Field(
        default=None, description="Who asked for the draw. A signed token may name the caseworker by code instead."
    )


class DrawnBody(Body):
    """The answer: the arm, for good."""

    receipt: str
    arm: str
    arm_label: Words
    next_step: Words | None
    drawn_on: date
    office: str
    first: bool = Field(description="False: the person had been drawn before, and this is the first answer.")


class FollowUpBody(Body):
    """Something that happened after the draw."""

    kind: Literal["referral", "start", "end"]
    programme: Programme = Field(description="The programme's code in the protocol, or `other`.")
    day: Annotated[date, Field(strict=False)]
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,30}$")] = Field(
        default="", description="Why it ended (`end` only)."
    )
    crossover_confirmed: bool = Field(
        default=False, description="The programme belongs to another arm than the person's, and that is meant."
    )


class HappenedBody(Body):
    """A follow-up as it is recorded."""

    kind: str
    programme: str
    arm: str = Field(description="Whose programme it is on that day; empty for `other`.")
    day: date
    reason: str


class ParticipantBody(Body):
    """What is known of somebody drawn. No identity."""

    receipt: str
    arm: str
    arm_label: Words
    next_step: Words | None
    drawn_on: date
    office: str
    withdrawn: bool
    follow_up: tuple[HappenedBody, ...]


class NamedBody(Body):
    """Something with an id and a name."""

    id: str
    label: Words


class OfficeBody(Body):
    """An office where this system may draw."""

    id: str
    label: str
    site: str


class TrialBody(Body):
    """What a system must know to ask for draws."""

    id: str
    title: Words
    lock_sha256: str
    opens: date
    closes: date
    arms: tuple[NamedBody, ...]
    offices: tuple[OfficeBody, ...]
    eligibility: tuple[NamedBody, ...]
    factors: tuple[str, ...]
    programmes: tuple[str, ...]


class ProblemPart(Body):
    """One thing that is wrong."""

    where: str
    found: str
    allowed: str | None = None
    next_step: str | None = None


class ProblemBody(Body):
    """An error (RFC 9457), in the language that Accept-Language asks for."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    title: str
    status: int
    problems: tuple[ProblemPart, ...] = ()


def as_json(body: BaseModel) -> dict[str, Any]:
    """A model as plain JSON values."""
    return body.model_dump(mode="json")
