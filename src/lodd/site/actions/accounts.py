"""Accounts and roles: proposed by an administrator, approved by a trial manager, never for oneself."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.site import policies
from lodd.site.actions.base import SITE, Actor, action, audit, ledger_action
from lodd.site.installation import installation
from lodd.site.models import Caseworker, Grant, User
from lodd.site.permissions import REACH, Reach, Role

_LEDGER_ROLES = {Role.CASEWORKER: "caseworker", Role.OPERATOR: "operator", Role.MANAGER: "manager"}
"""Roles that the ledger's own rules ask for."""


@action
def create_user(email: str, name: str, *, actor: Actor, language: str = "nb", password: str | None = None) -> User:
    """A new account without any role."""
    user = User.objects.create_user(email, name, password, language=language)
    audit(actor, "user.created", f"user:{user.ledger_id}")
    return user


@action
def first_manager(email: str, name: str, password: str | None = None) -> User:
    """One of the two who will enter the trial's beacon: the only role that nobody approves, and only before that.

    Raises:
        UsageError: the trial has its managers already.
    """
    if Grant.objects.filter(role=Role.MANAGER, proposed_by=None).count() >= 2:
        raise UsageError(
            Problem(Text(nb="forsøket har sine to første ledere", en="the trial has its first two managers"))
        )
    user = create_user(email, name, actor=SITE, password=password)
    Grant.objects.create(user=user, role=Role.MANAGER, approved_at=installation().now())
    audit(SITE, "grant.founding", f"user:{user.ledger_id}", role=Role.MANAGER)
    return user


@action
def propose_grant(user: User, role: Role, *, actor: Actor, site: str = "", office: str = "") -> Grant:
    """Ask for a role for somebody else.

    Raises:
        PermissionDenied: it is oneself.
        UsageError: the role is held somewhere else than its reach says.
    """
    if actor.user == user:
        raise PermissionDenied("own role")
    site, office = _reach(role, site, office)
    grant = Grant.objects.create(user=user, role=role, site=site, office=office, proposed_by=actor.user)
    audit(actor, "grant.proposed", f"user:{user.ledger_id}", site=site, office=office, role=role)
    return grant


@ledger_action
def approve_grant(grant: Grant, *, actor: Actor) -> Grant:
    """Let it be so, also in the ledger.

    Raises:
        PermissionDenied: the one who approves is the one who asked, or the one it is for.
    """
    grant = Grant.objects.select_for_update().get(pk=grant.pk)
    if actor.user in (grant.user, grant.proposed_by):
        raise PermissionDenied("two people")
    policies.check_decide_grant(grant)
    grant.approved_by, grant.approved_at = actor.user, installation().now()
    grant.save()
    for office in _ledger_offices(grant):
        installation().service.grant(
            grant.user.ledger_id, _LEDGER_ROLES[Role(grant.role)], by=actor.ledger_id, office=office
        )
    if grant.role == Role.CASEWORKER:
        _listed(grant)
    audit(
        actor, "grant.approved", f"user:{grant.user.ledger_id}", site=grant.site, office=grant.office, role=grant.role
    )
    return grant


def _reach(role: Role, site: str, office: str) -> tuple[str, str]:
    """Where a role is held, checked: its county follows from its office."""
    trial = installation().trial
    reach = REACH[role]
    if reach is Reach.OFFICE and office in trial.office_site:
        return trial.office_site[office], office
    if reach is Reach.COUNTY and site in trial.sites and not office:
        return site, ""
    if reach is Reach.TRIAL and not site and not office:
        return "", ""
    raise UsageError(Problem(Text(nb="rollen hører ikke hjemme der", en="the role is not held there"), role.value))


def _ledger_offices(grant: Grant) -> list[str | None]:
    """The places of the ledger's grants: an office, every office of a county, or everywhere."""
    if Role(grant.role) not in _LEDGER_ROLES:
        return []
    if REACH[Role(grant.role)] is Reach.TRIAL:
        return [None]
    if grant.office:
        return [grant.office]
    return [office.id for office in installation().trial.sites[grant.site].offices]


def _listed(grant: Grant) -> None:
    """A caseworker with an account is on the office's list of those who may ask for draws."""
    Caseworker.objects.update_or_create(
        user=grant.user,
        defaults={"name": grant.user.name, "office": grant.office, "left": False},
        create_defaults={
            "name": grant.user.name,
            "office": grant.office,
            "code": "cw-" + grant.user.ledger_id.removeprefix("u-")[:8],
        },
    )
