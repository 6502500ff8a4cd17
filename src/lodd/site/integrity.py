"""Is the ledger in the database whole, and does everything that the site says of participants follow from it?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from lodd.allocation import Event, receipt_of
from lodd.allocation.details import Detail, Details
from lodd.allocation.events import Draw, OutageUsed
from lodd.allocation.replay import Replay, factors_in
from lodd.allocation.state import Answered, LedgerState
from lodd.errors import LoddError, Problem, VerificationError
from lodd.identity import SealError
from lodd.locale import Text
from lodd.site.installation import Installation
from lodd.site.models import LedgerDetail, LinkedNumber, Participant
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
    circumstances: dict[int, _Circumstances] = {}
    events = store.everything()
    while some := list(islice(events, _AT_ONCE)):
        details = store.details(_outside(some))
        for event in some:
            state.apply(event)
            problems += _replayed(event, replay, details)
            circumstances |= _circumstances(event)
    problems += [*_participants(here, state, circumstances), *_linked(here, state), *_details()]
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


_Shares = tuple[str, ...]
_Circumstances = tuple[str, bool, _Shares, _Shares | None]
"""Office, whether by a slip, and the two vectors of shares, by which the evaluation weighs."""


@cache
def _shares(*shares: str) -> _Shares:
    """The same few vectors stand in all events: kept once."""
    return shares


def _circumstances(event: Event) -> dict[int, _Circumstances]:
    answer = event.payload
    if not isinstance(answer, Draw | OutageUsed):
        return {}
    marginal = _shares(*answer.marginal) if answer.marginal is not None else None
    return {event.seq: (answer.office, isinstance(answer, OutageUsed), _shares(*answer.conditional), marginal)}


def _circumstances_of(row: Participant, here: Installation) -> _Circumstances | None:
    """None for a row that has its office in another county than the protocol has."""
    if here.trial.office_site.get(row.office) != row.site:
        return None
    marginal = tuple(row.marginal) if row.marginal is not None else None
    return row.office, row.by_slip, tuple(row.conditional), marginal


def _same(row: Participant, answer: Answered) -> bool:
    told = (answer.lot_id, answer.arm, answer.day, receipt_of(answer.hash))
    return (row.lot_id, row.arm, row.day, row.receipt) == told


def _participants(
    here: Installation, state: LedgerState, circumstances: Mapping[int, _Circumstances]
) -> Iterator[Problem]:
    """Each answer has one row that says the same, and nobody else has any."""
    left = dict(state.answers_by_seq)
    for row in Participant.objects.order_by("seq").iterator():
        answer = left.pop(row.seq, None)
        if answer is None:
            yield _wrong(row.seq, "en deltaker som ikke er trukket", "a participant who was not drawn")
        elif not _same(row, answer) or _circumstances_of(row, here) != circumstances[row.seq]:
            yield _altered(row.seq)
        elif row.seq in state.withdrawn:
            if row.sealed or row.withdrawn_at is None:
                yield _wrong(row.seq, "har trukket seg, men er ikke slettet", "has withdrawn, and is not erased")
        elif not _opens(here, row):
            yield _wrong(row.seq, "identiteten kan ikke åpnes", "the identity does not open")
    for seq in left:
        yield _wrong(seq, "trukket, men ikke blant deltakerne", "drawn, and not among the participants")


def _linked(here: Installation, state: LedgerState) -> Iterator[Problem]:
    """Each other number is, in the ledger too, that of its participant, and opens until the participant withdraws."""
    for row in LinkedNumber.objects.order_by("pk").iterator():
        answer, erased = state.answer_to(row.lot_id), row.participant_id in state.withdrawn
        if answer is None or answer.seq != row.participant_id or erased == bool(row.sealed):
            yield _altered(row.participant_id)
        elif not erased and not _is(here, row.sealed, f"linked:{row.lot_id}", row.lot_id):
            yield _wrong(row.participant_id, "identiteten kan ikke åpnes", "the identity does not open")


def _details() -> Iterator[Problem]:
    """What stands outside the chain is what its hash says."""
    for row in LedgerDetail.objects.exclude(salt="").order_by("pk").iterator():
        if Detail(row.salt, json.loads(row.content)).sha256 != row.sha256:
            about = f"LedgerDetail {row.sha256[:12]}"
            yield Problem(
                Text(nb="det som står utenfor kjeden, er endret", en="what stands outside was altered"), about
            )


def _opens(here: Installation, row: Participant) -> bool:
    """Does the sealed identity open with these keys, and is it the pseudonym's?"""
    return _is(here, row.sealed, f"participant:{row.seq}", row.lot_id)


def _is(here: Installation, sealed: str, context: str, lot_id: str) -> bool:
    try:
        return here.keys.lot_id(here.sealer.unseal(sealed, context)) == lot_id
    except (SealError, LoddError):
        return False


def _altered(seq: int) -> Problem:
    return _wrong(seq, "deltakeren er ikke som i loggen", "the participant is not as in the ledger")


def _wrong(seq: int, nb: str, en: str) -> Problem:
    return Problem(Text(nb=nb, en=en), f"#{seq}")


def _and_more(count: int) -> Iterator[Problem]:
    if count > _MOST:
        more = count - _MOST
        yield Problem(Text(nb=f"og {more} feil til", en=f"and {more} more problems"))
