"""What can be done in which state, whoever asks: pairs of plain functions, ``can_x`` asks and ``check_x`` raises.

The ledger has rules of its own (:mod:`lodd.allocation.rulebook`); what stands here is the site's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from lodd.errors import DataError, Problem
from lodd.locale import Text, long_date
from lodd.site.models import DrawRequest, FollowUp, Grant, Participant, ScheduleProposal


class NotNowError(DataError):
    """Something that cannot be done in the state that a thing is in."""


_Request = DrawRequest.State
_State = Participant.State
_Kind = FollowUp.Kind

REQUEST_LIVES: Final = timedelta(minutes=30)
"""How long what was typed waits for its draw; then the number in it is destroyed."""
REQUEST_MOVES: Final[Mapping[str, frozenset[str]]] = {
    _Request.OPEN: frozenset({_Request.ANSWERED, _Request.CANCELLED, _Request.EXPIRED}),
    _Request.ANSWERED: frozenset(),
    _Request.CANCELLED: frozenset(),
    _Request.EXPIRED: frozenset(),
}
"""What may become of a draw request. An answered one gives its answer again, however often it is sent."""
FOLLOW_UP_MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    _State.DRAWN: {_Kind.REFERRAL: _State.REFERRED, _Kind.START: _State.STARTED},
    _State.REFERRED: {_Kind.REFERRAL: _State.REFERRED, _Kind.START: _State.STARTED, _Kind.END: _State.ENDED},
    _State.STARTED: {_Kind.REFERRAL: _State.STARTED, _Kind.END: _State.ENDED},
    _State.ENDED: {_Kind.REFERRAL: _State.REFERRED, _Kind.START: _State.STARTED},
    _State.WITHDRAWN: {},
}
"""What may be entered of a participant in each state, and the state after it. (A referral can end without a start.)"""


def request_is_open(request: DrawRequest, now: datetime) -> bool:
    """Does what was typed still wait for its draw?"""
    return request.state == _Request.OPEN and now - request.created_at < REQUEST_LIVES


def can_answer(request: DrawRequest, now: datetime) -> bool:
    """A request is answered once; later attempts get the same answer."""
    return request.state == _Request.ANSWERED or request_is_open(request, now)


def check_answer(request: DrawRequest, now: datetime) -> None:
    """Raises:
    NotNowError: the request was cancelled or is too old.
    """
    if not can_answer(request, now):
        raise NotNowError(
            Problem(
                Text(nb="denne forespørselen er avsluttet uten trekning", en="this request has ended without a draw"),
                next_step=Text(nb="Begynn på nytt.", en="Start again."),
            )
        )


def can_follow_up(participant: Participant) -> bool:
    """Nothing more is written of somebody who has withdrawn."""
    return participant.withdrawn_at is None


def check_follow_up(participant: Participant) -> None:
    """Raises:
    NotNowError: the participant has withdrawn.
    """
    if not can_follow_up(participant):
        raise NotNowError(Problem(Text(nb="deltakeren har trukket seg", en="the participant has withdrawn")))


def can_record(participant: Participant, kind: str) -> bool:
    """May this kind of entry come next?"""
    return kind in FOLLOW_UP_MOVES[participant.state]


def state_after(kinds: Iterable[str]) -> str:
    """The state that entries lead to, in the order of their days.

    Raises:
        NotNowError: one of them cannot come where it stands.
    """
    state: str = _State.DRAWN
    for kind in kinds:
        if kind not in FOLLOW_UP_MOVES[state]:
            raise NotNowError(_out_of_order(state, kind))
        state = FOLLOW_UP_MOVES[state][kind]
    return state


def check_day(day: date, drawn: date, today: date) -> None:
    """Raises:
    NotNowError: before the draw, or in the future.
    """
    if day < drawn:
        raise NotNowError(
            Problem(
                Text(nb="datoen er før trekningen", en="the date is before the draw"),
                "day",
                next_step=Text(
                    nb=f"Skriv en dato fra {long_date(drawn, 'nb')} til i dag.",
                    en=f"Enter a date from {long_date(drawn, 'en')} to today.",
                ),
            )
        )
    if day > today:
        raise NotNowError(
            Problem(
                Text(nb="datoen er fram i tid", en="the date is in the future"),
                "day",
                next_step=Text(
                    nb="Skriv inn det som har skjedd, når det har skjedd.",
                    en="Enter what has happened when it has happened.",
                ),
            )
        )


_ENTRY: Final[Mapping[str, Text]] = {
    _Kind.REFERRAL: Text(nb="en innsøking", en="a referral"),
    _Kind.START: Text(nb="en start", en="a start"),
    _Kind.END: Text(nb="en slutt", en="an end"),
}
_SO_FAR: Final[Mapping[str, Text]] = {
    _State.DRAWN: Text(nb="deltakeren er trukket", en="the participant is drawn"),
    _State.REFERRED: Text(nb="deltakeren er søkt inn", en="the participant is referred"),
    _State.STARTED: Text(nb="deltakeren er i et tiltak", en="the participant is in a programme"),
    _State.ENDED: Text(nb="deltakeren har sluttet", en="the participant has left"),
    _State.WITHDRAWN: Text(nb="deltakeren har trukket seg", en="the participant has withdrawn"),
}


def _out_of_order(state: str, kind: str) -> Problem:
    so_far, entry = _SO_FAR[state], _ENTRY[kind]
    return Problem(
        Text(
            nb=f"{entry.nb} passer ikke der: på den dagen er det ført at {so_far.nb}",
            en=f"{entry.en} does not fit there: on that day the record says that {so_far.en}",
        ),
        next_step=Text(
            nb="Kontroller datoen, eller rett det som er ført tidligere.",
            en="Check the date, or correct what was entered before.",
        ),
    )


def can_decide_grant(grant: Grant) -> bool:
    return grant.approved_at is None and grant.declined_at is None and grant.revoked_at is None


def check_decide_grant(grant: Grant) -> None:
    """Raises:
    NotNowError: it was decided already.
    """
    if not can_decide_grant(grant):
        raise NotNowError(Problem(Text(nb="dette er avgjort allerede", en="this was decided already")))


def can_decide_schedule(proposal: ScheduleProposal) -> bool:
    return proposal.state == ScheduleProposal.State.PROPOSED


def check_decide_schedule(proposal: ScheduleProposal) -> None:
    """Raises:
    NotNowError: it was decided already.
    """
    if not can_decide_schedule(proposal):
        raise NotNowError(Problem(Text(nb="dette er avgjort allerede", en="this was decided already")))
