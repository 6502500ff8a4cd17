"""Is the ledger in the database whole, and does everything that the site says of participants follow from it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lodd.allocation import Event, receipt_of
from lodd.allocation.details import Details
from lodd.allocation.events import Draw, OutageUsed
from lodd.allocation.replay import Replay, factors_in
from lodd.allocation.state import LedgerState
from lodd.errors import LoddError, Problem, VerificationError
from lodd.identity import SealError
from lodd.locale import Text
from lodd.site.installation import Installation
from lodd.site.models import Participant
from lodd.site.store import DatabaseStore

_AT_ONCE = 2000
_MOST = 20
"""Problems that are named; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A whole ledger: how many events, draws and participants, and the hash of the last event."""

    events: int
    answers: int
    withdrawn: int
    head: str


def check_ledger(here: Installation) -> Checked:
    """Read the ledger from its first event: the chain, each arm drawn again with the key, each participant's row.

    Raises:
        VerificationError: something does not fit; what and where, by the numbers of events.
    """
    state = LedgerState(here.lock_sha256)
    store = DatabaseStore(here.lock_sha256)
    replay = Replay(here.trial, here.keys.lot_mac, here.lock_sha256)
    problems: list[Problem] = []
    events = store.everything()
    while some := list(islice(events, _AT_ONCE)):
        details = store.details(_outside(some))
        for event in some:
            state.apply(event)
            problems += _replayed(event, replay, details)
    problems += _participants(here, state)
    if problems:
        raise VerificationError([*problems[:_MOST], *_and_more(len(problems))])
    return Checked(state.count, len(state.answers_by_seq), len(state.withdrawn), state.head)


def _outside(events: list[Event]) -> frozenset[str]:
    answers = (event.payload for event in events if isinstance(event.payload, Draw | OutageUsed))
    return frozenset(answer.details for answer in answers if answer.details is not None)


def _replayed(event: Event, replay: Replay, details: Details) -> Iterator[Problem]:
    payload = event.payload
    if not isinstance(payload, Draw | OutageUsed):
        replay.follow(event)
        return
    factors = {} if payload.details is None else factors_in(details.content(payload.details))
    if isinstance(payload, OutageUsed):
        replay.observe(payload, factors)
        return
    again = replay.draw(payload, factors).lot
    if again is not None and replay.design.arms[again.arm] != payload.arm:
        yield _wrong(event.seq, "gruppen er ikke den som nøkkelen gir", "the arm is not the one that the key gives")


def _participants(here: Installation, state: LedgerState) -> Iterator[Problem]:
    """Each answer has one row that says the same, and nobody else has any."""
    left = dict(state.answers_by_seq)
    for row in Participant.objects.order_by("seq").iterator():
        answer = left.pop(row.seq, None)
        if answer is None:
            yield _wrong(row.seq, "en deltaker som ikke er trukket", "a participant who was not drawn")
        elif (row.lot_id, row.arm, row.day, row.receipt) != (
            answer.lot_id,
            answer.arm,
            answer.day,
            receipt_of(answer.hash),
        ):
            yield _wrong(row.seq, "deltakeren er ikke som i loggen", "the participant is not as in the ledger")
        elif row.seq in state.withdrawn:
            if row.sealed or row.withdrawn_at is None:
                yield _wrong(row.seq, "har trukket seg, men er ikke slettet", "has withdrawn, and is not erased")
        elif not _opens(here, row):
            yield _wrong(row.seq, "identiteten kan ikke åpnes", "the identity does not open")
    for seq in left:
        yield _wrong(seq, "trukket, men ikke blant deltakerne", "drawn, and not among the participants")


def _opens(here: Installation, row: Participant) -> bool:
    """Does the sealed identity open with these keys, and is it the pseudonym's?"""
    try:
        number = here.sealer.unseal(row.sealed, f"participant:{row.seq}")
        return here.keys.lot_id(number) == row.lot_id
    except (SealError, LoddError):
        return False


def _wrong(seq: int, nb: str, en: str) -> Problem:
    return Problem(Text(nb=nb, en=en), f"#{seq}")


def _and_more(count: int) -> Iterator[Problem]:
    if count > _MOST:
        more = count - _MOST
        yield Problem(Text(nb=f"og {more} feil til", en=f"and {more} more problems"))
