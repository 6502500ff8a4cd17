"""Roles that the ledger's own rules ask for, kept in step with the site's: only a manager's events can change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lodd.allocation.events import RoleName
from lodd.site.actions.base import Actor, audit, ledger_action
from lodd.site.installation import installation
from lodd.site.models import Grant, User
from lodd.site.permissions import REACH, Reach, Role

LEDGER_ROLES: Final[Mapping[Role, RoleName]] = {
    Role.CASEWORKER: "caseworker",
    Role.OPERATOR: "operator",
    Role.MANAGER: "manager",
}


def enter(grant: Grant, actor: Actor) -> None:
    """Write a role that was just approved into the ledger (within a ledger action), where it is not there already."""
    held = installation().service.live.state.roles.get(grant.user.ledger_id, set())
    role = LEDGER_ROLES.get(Role(grant.role))
    for office in offices_of(grant):
        if role is not None and (role, office) not in held:
            installation().service.grant(grant.user.ledger_id, role, by=actor.ledger_id, office=office)


def offices_of(grant: Grant) -> list[str | None]:
    """The places of the ledger's grants: an office, every office of a county, or everywhere."""
    if Role(grant.role) not in LEDGER_ROLES:
        return []
    if REACH[Role(grant.role)] is Reach.TRIAL:
        return [None]
    if grant.office:
        return [grant.office]
    return [office.id for office in installation().trial.sites[grant.site].offices]


@ledger_action
def settle_ledger(*, actor: Actor) -> int:
    """As :func:`settle`, by itself."""
    count = settle(actor)
    audit(actor, "ledger.settled", count=count)
    return count


def settle(actor: Actor) -> int:
    """Within a ledger action: take roles out of the ledger that their holders have here no more; how many.

    Only a manager can: the ledger takes such an event from nobody else. For others this does nothing, and the roles
    wait (:func:`unsettled`).
    """
    live = installation().service.live
    if ("manager", None) not in live.state.roles.get(actor.ledger_id, ()) or live.state.closed:
        return 0
    found = unsettled()
    for person, role, office in found:
        installation().service.revoke(person, role, by=actor.ledger_id, office=office)
        audit(actor, "ledger.role_revoked", f"user:{person}", office=office or "", role=role)
    return len(found)


def unsettled() -> list[tuple[str, RoleName, str | None]]:
    """Roles of people in the ledger (person, role, office) that no active grant is behind (within a turn)."""
    active = Grant.objects.filter(approved_at__isnull=False, revoked_at=None, role__in=LEDGER_ROLES)
    held = {
        (grant.user.ledger_id, LEDGER_ROLES[Role(grant.role)], office)
        for grant in active.select_related("user")
        for office in offices_of(grant)
    }
    people = set(User.objects.values_list("ledger_id", flat=True))
    ledger = installation().service.live.state.roles
    ours = frozenset(LEDGER_ROLES.values())
    given = {(person, *entry) for person in people & ledger.keys() for entry in ledger[person] if entry[0] in ours}
    return sorted(given - held, key=str)
