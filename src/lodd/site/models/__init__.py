"""The site's tables. Reading is free; writing is for :mod:`lodd.site.actions` only."""

from lodd.site.models.accounts import Grant, Invitation, SecondFactorReset, User
from lodd.site.models.audit import AuditEvent
from lodd.site.models.enrolment import Caseworker, DrawRequest, FollowUp, LinkedNumber, Participant
from lodd.site.models.ledger import BeaconEntry, LedgerDetail, LedgerEvent, ScheduleProposal, StoredCheckpoint
from lodd.site.models.systems import ApiSystem, IdempotentAnswer

__all__ = [
    "ApiSystem",
    "AuditEvent",
    "BeaconEntry",
    "Caseworker",
    "DrawRequest",
    "FollowUp",
    "Grant",
    "IdempotentAnswer",
    "Invitation",
    "LedgerDetail",
    "LedgerEvent",
    "LinkedNumber",
    "Participant",
    "ScheduleProposal",
    "SecondFactorReset",
    "StoredCheckpoint",
    "User",
]
