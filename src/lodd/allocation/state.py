"""What the ledger says so far: a fold over its events, asked by the rules before the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple, cast

from lodd.allocation.events import (
    Amendment,
    Answer,
    Beacon,
    Close,
    ErrorNoted,
    Event,
    Nomination,
    OutageIssued,
    OutageVoided,
    RepeatedRequest,
    Role,
    RoleName,
    SamePerson,
    Withdrawal,
)

_ANSWERS: Final = frozenset({"draw", "outage_used"})
Grant = tuple[RoleName, str | None]


def round_name(source: str, round_: str) -> tuple[str, str]:
    """A public value's name, the same however somebody spaces or capitalises it."""
    return " ".join(source.split()).casefold(), " ".join(round_.split()).casefold()


class Answered(NamedTuple):
    """An answer, in short: the event that gave a person an arm. (Whole events would fill the memory.)"""

    seq: int
    lot_id: str
    arm: str
    day: date
    at: datetime
    hash: str


@dataclass(slots=True)
class SlipList:
    """One issued list of slips and what became of them: slip number to the event that used or voided it."""

    issued: OutageIssued
    used: dict[int, int] = field(default_factory=dict)
    voided: dict[int, int] = field(default_factory=dict)

    @property
    def unaccounted(self) -> tuple[int, ...]:
        """Numbers of the slips that are neither used nor voided."""
        return tuple(n for n in range(1, len(self.issued.hashes) + 1) if n not in self.used and n not in self.voided)


@dataclass(slots=True)
class LedgerState:
    """Changes only by :meth:`apply`, which takes events in order and never refuses one: to judge is the rules' task.

    (A new frozen value for every event would copy the map of answers every time: quadratic work for the verifier.)
    """

    head: str
    """Hash of the last event; of the lock while there is none."""
    count: int = 0
    last_at: datetime | None = None
    answers: dict[str, Answered] = field(default_factory=dict)
    """lot_id, and whatever is the same person, to the answer."""
    answers_by_seq: dict[int, Answered] = field(default_factory=dict)
    people: dict[str, frozenset[str]] = field(default_factory=dict)
    """lot_id to all pseudonyms of the same person, where there are several."""
    roles: dict[str, set[Grant]] = field(default_factory=dict)
    has_held_a_key: set[str] = field(default_factory=set)
    beacon: Event | None = None
    beacons: list[Beacon] = field(default_factory=list)
    used_rounds: set[tuple[str, str]] = field(default_factory=set)
    """Source and round of every beacon recorded, so that none is named before its value is unknown again."""
    amendments: dict[int, Amendment] = field(default_factory=dict)
    amendment_beacons: dict[int, Event] = field(default_factory=dict)
    batches: dict[str, Nomination] = field(default_factory=dict)
    batch_beacons: dict[str, Event] = field(default_factory=dict)
    nominated: dict[str, str] = field(default_factory=dict)
    slips: dict[str, SlipList] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    details: dict[int, list[str]] = field(default_factory=dict)
    """Hashes of what stands outside the chain about a person, by the number of the answer."""
    closed: Event | None = None
    types: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, lock_sha256: str, events: Iterable[Event] = ()) -> LedgerState:
        """The state after these events."""
        state = cls(lock_sha256)
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Take in the next event."""
        payload = event.payload
        if payload.type in _ANSWERS:
            answer = cast(Answer, payload)
            answered = Answered(event.seq, answer.lot_id, answer.arm, answer.day, event.at, event.hash)
            self._answer(answered, answer.details)
            if answer.type == "outage_used" and answer.list_id in self.slips:
                self.slips[answer.list_id].used.setdefault(answer.number, event.seq)
        else:
            self._other(event)
        self._step(event.at, event.hash, payload.type)

    def apply_draw(self, drawn: Answered, details: str | None) -> None:
        """Take in a draw that is at hand in short only; the same as :meth:`apply` of its event."""
        self._answer(drawn, details)
        self._step(drawn.at, drawn.hash, "draw")

    def _step(self, at: datetime, event_hash: str, kind: str) -> None:
        self.count += 1
        self.head = event_hash
        self.last_at = at
        self.types[kind] += 1

    def answer_to(self, lot_id: str) -> Answered | None:
        """The answer that this person got, under whichever pseudonym."""
        return self.answers.get(lot_id)

    def may(self, person: str, roles: Iterable[RoleName], office: str | None) -> bool:
        """Does the person have one of the roles, for this office (None: for everywhere)?"""
        grants = self.roles.get(person)
        if grants is not None:
            for role in roles:
                if (role, None) in grants or (role, office) in grants:
                    return True
        return False

    @property
    def has_manager(self) -> bool:
        return any(("manager", None) in grants for grants in self.roles.values())

    @property
    def pending_amendments(self) -> tuple[int, ...]:
        """Amendments that wait for their beacon."""
        return tuple(seq for seq in self.amendments if seq not in self.amendment_beacons)

    def _answer(self, answered: Answered, details: str | None) -> None:
        self.answers_by_seq[answered.seq] = answered
        if details is not None:
            self._stands_outside(answered.seq, details)
        for pseudonym in self.people.get(answered.lot_id) or (answered.lot_id,):
            self.answers.setdefault(pseudonym, answered)

    def _stands_outside(self, about: int, details: str | None) -> None:
        if details is not None:
            self.details.setdefault(about, []).append(details)

    def _other(self, event: Event) -> None:
        match event.payload:
            case Beacon() as beacon:
                self._beacon(event, beacon)
            case SamePerson() as same:
                self._same(same)
            case Role() as role:
                self._role(role)
            case Amendment() as amendment:
                self.amendments[event.seq] = amendment
            case Nomination() as nomination:
                self.batches.setdefault(nomination.batch, nomination)
                self.nominated.update(dict.fromkeys(nomination.members, nomination.batch))
            case OutageIssued() as issued:
                self.slips.setdefault(issued.list_id, SlipList(issued))
            case OutageVoided() as voided:
                if voided.list_id in self.slips:
                    self.slips[voided.list_id].voided.setdefault(voided.number, event.seq)
            case _:
                self._note(event)

    def _note(self, event: Event) -> None:
        match event.payload:
            case Close():
                self.closed = self.closed or event
            case Withdrawal(about=about):
                self.withdrawn.add(about)
            case RepeatedRequest(first=about, details=details) | ErrorNoted(about=about, details=details):
                self._stands_outside(about, details)
            case _:
                pass

    def _beacon(self, event: Event, beacon: Beacon) -> None:
        self.beacons.append(beacon)
        self.used_rounds.add(round_name(beacon.source, beacon.round))
        if beacon.amendment is not None:
            self.amendment_beacons.setdefault(beacon.amendment, event)
        elif beacon.batch is not None:
            self.batch_beacons.setdefault(beacon.batch, event)
        else:
            self.beacon = self.beacon or event
            if self.count == 0:
                self._found(beacon.entered_by)

    def _found(self, people: Iterable[str]) -> None:
        """The two who enter the trial's beacon are its first managers: somebody must grant the first role."""
        for person in people:
            self.roles.setdefault(person, set()).add(("manager", None))

    def _same(self, same: SamePerson) -> None:
        everyone = frozenset().union(*(self.people.get(name, frozenset({name})) for name in (same.old, same.new)))
        answer = self.answers.get(same.old) or self.answers.get(same.new)
        for pseudonym in everyone:
            self.people[pseudonym] = everyone
            if answer is not None:
                self.answers.setdefault(pseudonym, answer)

    def _role(self, role: Role) -> None:
        grants = self.roles.setdefault(role.person, set())
        if role.action == "granted":
            grants.add((role.role, role.office))
        else:
            grants.discard((role.role, role.office))
        if role.role == "key_holder":
            self.has_held_a_key.add(role.person)
