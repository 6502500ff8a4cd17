"""What can be done in which state, whoever asks: pairs of plain functions, ``can_x`` asks and ``check_x`` raises.

The ledger has rules of its own (:mod:`lodd.allocation.rulebook`); what stands here is the site's.
"""

from __future__ import annotations

from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.site.models import DrawRequest, Grant, Participant, ScheduleProposal


class NotNowError(DataError):
    """Something that cannot be done in the state that a thing is in."""


def can_answer(request: DrawRequest) -> bool:
    """A request is answered once; later attempts get the same answer."""
    return request.state in (DrawRequest.State.OPEN, DrawRequest.State.ANSWERED)


def check_answer(request: DrawRequest) -> None:
    """Raises:
    NotNowError: the request was cancelled or is too old.
    """
    if not can_answer(request):
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
