"""The ledger's events: typed, frozen, each with the hash of the one before.

An event is one line of canonical JSON (UTF-8, keys in sorted order, no spaces, no floats):
``{"at":…,"by":…,"hash":…,"payload":{…,"type":"draw"},"previous":…,"seq":…}``. Its hash is the SHA-256 of the same line
without the key ``hash``; ``previous`` is the hash of the event before, and for the first event the hash of the lock.
Times are UTC in whole seconds; probabilities are exact fractions ("2/5") or decimals ("0.4") as text.

No event holds an identity number, a name, a free text or the value of a factor: lots have pseudonyms, people who act
have ids that start with a letter, and what erasure must be able to destroy stands outside (see ``details``), where
``details`` is its salted hash. All fields of a model stand in alphabetical order, so that what pydantic writes is the
canonical form.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LotId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{26}$")]
"""The pseudonym that a lot is drawn from, as ``KeyRing.lot_id`` makes it."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]
"""The pseudonym or role id of somebody who acts, a batch, a list: begins with a letter, so never an identity number."""
Declared = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""An identifier that the protocol declares: an office, a site, an arm."""
Share = Annotated[str, StringConstraints(pattern=r"^(0|1|[1-9][0-9]*/[1-9][0-9]*)$")]
"""An exact probability in lowest terms: "2/5"."""
Decimals = Annotated[str, StringConstraints(pattern=r"^0\.[0-9]{1,18}$")]
Public = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,2000}$")]
"""What a public source says: the source of a beacon, its round, its value."""
Natural = Annotated[int, Field(ge=1)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(9000, 1, 1))]
"""Far from the calendar's ends, where a day has a day after it in every time zone."""
Moment = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC))]

RoleName = Literal["manager", "operator", "caseworker", "key_holder"]
ErrorKind = Literal["wrong_person", "ineligible", "wrong_office", "wrong_factor", "drawn_twice", "other"]
VoidReason = Literal["drawn_before", "drawn_since", "opened_out_of_period", "spoiled", "unused"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Beacon(_Value):
    """A public random value, typed by two people who agree: the lock's, an amendment's (its seq) or a batch's."""

    amendment: Natural | None
    batch: Name | None
    entered_by: tuple[Name, Name]
    round: Public
    source: Public
    type: Literal["beacon"] = "beacon"
    value: Public


class Draw(_Value):
    """A lot drawn. ``day`` is the local day; ``marginal`` is null where only redraws tell it (minimisation)."""

    arm: Declared
    batch: Name | None
    conditional: tuple[Share, ...]
    day: Day
    details: Hash | None
    eligible: Literal[True]
    lot_id: LotId
    marginal: tuple[Share, ...] | None
    office: Declared
    type: Literal["draw"] = "draw"


class RepeatedRequest(_Value):
    """Somebody drawn already was asked for again, and got the first answer: event ``first``."""

    details: Hash | None
    first: Natural
    lot_id: LotId
    office: Declared
    type: Literal["repeated_request"] = "repeated_request"


class SamePerson(_Value):
    """Two pseudonyms are one person: a D-number became a fødselsnummer."""

    new: LotId
    old: LotId
    type: Literal["same_person"] = "same_person"


class ErrorNoted(_Value):
    """A mistake in the answer ``about``, noted beside it; the answer stands."""

    about: Natural
    details: Hash | None
    kind: ErrorKind
    type: Literal["error_noted"] = "error_noted"


def _sorted_keys(shares: dict[str, str]) -> dict[str, str]:
    return dict(sorted(shares.items()))


class AmendedRow(_Value):
    """The new probabilities of a site, or of one office of it; the reference arm takes the remainder."""

    office: Declared | None
    probability: Annotated[dict[Declared, Decimals], AfterValidator(_sorted_keys)]
    site: Declared


class Amendment(_Value):
    """A change of the schedule, from the later of ``effective_from`` and the recording of the beacon that it names."""

    approved_by: Name
    beacon_round: Public
    beacon_source: Public
    details: Hash | None
    effective_from: Day
    proposed_by: Name
    rows: Annotated[tuple[AmendedRow, ...], Field(min_length=1)]
    type: Literal["amendment"] = "amendment"


class Role(_Value):
    """Somebody may do something from now on, or no longer; ``office`` is null for everywhere."""

    action: Literal["granted", "revoked"]
    office: Declared | None
    person: Name
    role: RoleName
    type: Literal["role"] = "role"


class Nomination(_Value):
    """A batch with fixed numbers per arm, before the beacon that it names is known. ``members`` are sorted."""

    batch: Name
    beacon_round: Public
    beacon_source: Public
    counts: tuple[Annotated[int, Field(ge=0)], ...]
    members: Annotated[tuple[LotId, ...], Field(min_length=1)]
    type: Literal["nomination"] = "nomination"


class OutageIssued(_Value):
    """Sealed slips for an office and one period: slip number n has the salted hash ``hashes[n - 1]``."""

    hashes: Annotated[tuple[Hash, ...], Field(min_length=1)]
    list_id: Name
    office: Declared
    since: Day
    type: Literal["outage_issued"] = "outage_issued"
    until: Day


class OutageUsed(_Value):
    """A slip opened while the line was down: the person's first answer. ``salt`` opens the slip's hash."""

    arm: Declared
    conditional: tuple[Share, ...]
    day: Day
    details: Hash | None
    eligible: Literal[True]
    list_id: Name
    lot_id: LotId
    marginal: tuple[Share, ...]
    number: Natural
    office: Declared
    opened_at: Moment
    salt: Hash
    type: Literal["outage_used"] = "outage_used"


class OutageVoided(_Value):
    """A slip that gave nobody an arm. ``drawn_before`` and ``drawn_since`` name the online draw that stands."""

    first: Natural | None
    list_id: Name
    lot_id: LotId | None
    number: Natural
    reason: VoidReason
    type: Literal["outage_voided"] = "outage_voided"


class Withdrawal(_Value):
    """The person of the answer ``about`` has withdrawn: what can be erased is."""

    about: Natural
    lot_id: LotId
    type: Literal["withdrawal"] = "withdrawal"


class Close(_Value):
    """No more draws. ``answers`` is how many people were given an arm."""

    answers: Annotated[int, Field(ge=0)]
    type: Literal["close"] = "close"


Payload = (
    Beacon
    | Draw
    | RepeatedRequest
    | SamePerson
    | ErrorNoted
    | Amendment
    | Role
    | Nomination
    | OutageIssued
    | OutageUsed
    | OutageVoided
    | Withdrawal
    | Close
)
Answer = Draw | OutageUsed
"""The events that give somebody an arm."""

_UNHASHED: Final = "0" * 64


class Event(_Value):
    """One event of the ledger."""

    at: Moment
    by: Name
    hash: Hash
    payload: Annotated[Payload, Field(discriminator="type")]
    previous: Hash
    seq: Natural

    @classmethod
    def next(cls, payload: Payload, *, at: datetime, by: str, previous: str, seq: int) -> Event:
        """The event with its hash. ``at`` must be in UTC; fractions of a second are dropped.

        Raises:
            pydantic.ValidationError: a name or value that no event may hold.
        """
        draft = cls(at=at.replace(microsecond=0), by=by, hash=_UNHASHED, payload=payload, previous=previous, seq=seq)
        return draft.model_copy(update={"hash": hash_of_line(draft.line(), _UNHASHED)})

    def line(self) -> bytes:
        """The event in canonical form, without a line end."""
        return self.__pydantic_serializer__.to_json(self)


class NotAnEventError(ValueError):
    """A line that is no event in canonical form; the message is a code: ``form`` or ``not_canonical``."""


def parse_line(line: bytes) -> Event:
    """An event from its line (without line end). The hash is not checked: see :func:`hash_of_line`.

    Raises:
        NotAnEventError: the line is not JSON, not of a known type, has other fields, or is not in canonical form.
    """
    try:
        event: Event = _READ(line)
    except ValidationError:
        raise NotAnEventError("form") from None
    if line[_SECONDS_END] != _ZULU or event.line() != line:
        raise NotAnEventError("not_canonical")
    return event


_READ: Final = Event.__pydantic_validator__.validate_json
_SECONDS_END: Final = len('{"at":"2014-05-01T10:00:00')
_ZULU: Final = ord("Z")


def hash_of_line(line: bytes, recorded: str) -> str:
    """What the hash of an event must be, from its canonical line and the hash that stands in it (hexadecimal)."""
    body = line.replace(b'"hash":"%b",' % recorded.encode(), b"", 1)
    return hashlib.sha256(body).hexdigest()
