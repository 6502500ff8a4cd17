"""Who may do what: one table of tasks and roles, and where each role reaches.

A role is held at an office (a caseworker), in a county (an operator, a county lead) or for the whole trial. Nobody is
above the table: there is no superuser. What can be done in which state is the business of :mod:`lodd.site.policies`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.core.exceptions import PermissionDenied

from lodd.locale import Text
from lodd.site.models import Grant, User


class Role(StrEnum):
    CASEWORKER = "caseworker"
    OPERATOR = "operator"
    COUNTY_LEAD = "county_lead"
    MANAGER = "manager"
    STEWARD = "steward"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Reach(StrEnum):
    """How far a role reaches."""

    OFFICE = "office"
    COUNTY = "county"
    TRIAL = "trial"


REACH: Final[Mapping[Role, Reach]] = {
    Role.CASEWORKER: Reach.OFFICE,
    Role.OPERATOR: Reach.COUNTY,
    Role.COUNTY_LEAD: Reach.COUNTY,
    Role.MANAGER: Reach.TRIAL,
    Role.STEWARD: Reach.TRIAL,
    Role.AUDITOR: Reach.TRIAL,
    Role.ADMINISTRATOR: Reach.TRIAL,
}

ROLE_LABELS: Final[Mapping[Role, Text]] = {
    Role.CASEWORKER: Text(nb="Veileder", en="Caseworker"),
    Role.OPERATOR: Text(nb="Trekningstelefonen", en="Line operator"),
    Role.COUNTY_LEAD: Text(nb="Fylkeskoordinator", en="County lead"),
    Role.MANAGER: Text(nb="Forsøksleder", en="Trial manager"),
    Role.STEWARD: Text(nb="Dataforvalter", en="Data steward"),
    Role.AUDITOR: Text(nb="Revisor", en="Auditor"),
    Role.ADMINISTRATOR: Text(nb="Administrator", en="Administrator"),
}


class Task(StrEnum):
    """What somebody may be allowed to do."""

    PUBLIC = "public"  # anybody, without signing in
    SIGNED_IN = "signed_in"  # anybody with an account that is active; own account only
    DRAW = "draw"
    FIND_PARTICIPANT = "find_participant"
    SEE_PARTICIPANT = "see_participant"
    SEE_IDENTITY = "see_identity"
    FOLLOW_UP = "follow_up"
    NOTE_ERROR = "note_error"
    LINK_NUMBER = "link_number"
    WITHDRAW = "withdraw"
    MONITOR = "monitor"
    SEE_SCHEDULE = "see_schedule"
    PROPOSE_SCHEDULE = "propose_schedule"
    DECIDE_SCHEDULE = "decide_schedule"
    ENTER_BEACON = "enter_beacon"
    CLOSE_TRIAL = "close_trial"
    EXPORT_LEDGER = "export_ledger"
    EXPORT_PARTICIPANTS = "export_participants"
    READ_AUDIT = "read_audit"
    MANAGE_ACCOUNTS = "manage_accounts"
    DECIDE_ACCOUNTS = "decide_accounts"
    MANAGE_SYSTEMS = "manage_systems"
    DECIDE_SYSTEMS = "decide_systems"


_R = Role
WHO: Final[Mapping[Task, frozenset[Role]]] = {
    Task.DRAW: frozenset({_R.CASEWORKER, _R.OPERATOR}),
    Task.FIND_PARTICIPANT: frozenset({_R.CASEWORKER, _R.OPERATOR}),
    Task.SEE_PARTICIPANT: frozenset({_R.CASEWORKER, _R.OPERATOR, _R.COUNTY_LEAD, _R.MANAGER, _R.STEWARD}),
    Task.SEE_IDENTITY: frozenset({_R.CASEWORKER, _R.OPERATOR, _R.STEWARD}),
    Task.FOLLOW_UP: frozenset({_R.CASEWORKER, _R.OPERATOR, _R.COUNTY_LEAD}),
    Task.NOTE_ERROR: frozenset({_R.CASEWORKER, _R.OPERATOR, _R.MANAGER}),
    Task.LINK_NUMBER: frozenset({_R.CASEWORKER, _R.OPERATOR}),
    Task.WITHDRAW: frozenset({_R.CASEWORKER, _R.OPERATOR}),
    Task.MONITOR: frozenset({_R.OPERATOR, _R.COUNTY_LEAD, _R.MANAGER, _R.STEWARD}),
    Task.SEE_SCHEDULE: frozenset({_R.OPERATOR, _R.COUNTY_LEAD, _R.MANAGER, _R.STEWARD}),
    Task.PROPOSE_SCHEDULE: frozenset({_R.MANAGER}),
    Task.DECIDE_SCHEDULE: frozenset({_R.MANAGER}),
    Task.ENTER_BEACON: frozenset({_R.MANAGER}),
    Task.CLOSE_TRIAL: frozenset({_R.MANAGER}),
    Task.EXPORT_LEDGER: frozenset({_R.MANAGER, _R.STEWARD}),
    Task.EXPORT_PARTICIPANTS: frozenset({_R.STEWARD}),
    Task.READ_AUDIT: frozenset({_R.AUDITOR}),
    Task.MANAGE_ACCOUNTS: frozenset({_R.ADMINISTRATOR}),
    Task.DECIDE_ACCOUNTS: frozenset({_R.MANAGER}),
    Task.MANAGE_SYSTEMS: frozenset({_R.ADMINISTRATOR}),
    Task.DECIDE_SYSTEMS: frozenset({_R.MANAGER}),
}
"""Every task but ``PUBLIC`` and ``SIGNED_IN``, and the roles that may do it where they reach."""

SEES_IDENTITIES: Final = WHO[Task.SEE_IDENTITY] | WHO[Task.DRAW]
NEEDS_SECOND_FACTOR: Final = SEES_IDENTITIES | {_R.MANAGER, _R.ADMINISTRATOR}
"""Roles that cannot be used without a second factor (or a passkey)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing belongs: an office of a county, a county, or (both empty) the whole trial."""

    site: str = ""
    office: str = ""


TRIAL: Final = Place()


def active_grants(user: User) -> list[Grant]:
    """The roles that somebody has now (asked once a request)."""
    if not user.is_authenticated or not user.is_active:
        return []
    held: list[Grant] | None = getattr(user, "_active_grants", None)
    if held is None:
        held = list(user.grants.filter(approved_at__isnull=False, revoked_at__isnull=True))
        user._active_grants = held
    return held


def roles_of(user: User) -> frozenset[Role]:
    return frozenset(Role(grant.role) for grant in active_grants(user))


def reaches(grant: Grant, place: Place) -> bool:
    """Does a grant reach a place? A county's lead reaches its offices; nobody at an office reaches the county."""
    match REACH[Role(grant.role)]:
        case Reach.TRIAL:
            return True
        case Reach.COUNTY:
            return grant.site == place.site != ""
        case Reach.OFFICE:
            return grant.office == place.office != ""


def can(user: User, task: Task, place: Place | None = None) -> bool:
    """May somebody do this there? Without a place: anywhere at all."""
    if task is Task.PUBLIC:
        return True
    if task is Task.SIGNED_IN:
        return bool(user.is_authenticated and user.is_active)
    holders = (grant for grant in active_grants(user) if Role(grant.role) in WHO[task])
    return any(place is None or reaches(grant, place) for grant in holders)


def check(user: User, task: Task, place: Place | None = None) -> None:
    """Raises:
    PermissionDenied: they may not.
    """
    if not can(user, task, place):
        raise PermissionDenied(task.value)


def offices_for(user: User, task: Task, office_site: Mapping[str, str]) -> list[str]:
    """The offices where somebody may do this, in the protocol's order."""
    return [office for office, site in office_site.items() if can(user, task, Place(site, office))]


def needs_second_factor(roles: Iterable[Role]) -> bool:
    return not NEEDS_SECOND_FACTOR.isdisjoint(roles)
