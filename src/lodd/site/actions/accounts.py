"""Accounts and roles: proposed by an administrator, approved by a trial manager, never for oneself."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.site import account_policies, policies
from lodd.site.actions.base import SITE, Actor, action, audit, ledger_action
from lodd.site.actions.ledger_roles import enter, settle
from lodd.site.installation import installation
from lodd.site.models import Caseworker, Grant, User
from lodd.site.permissions import REACH, Reach, Role


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
        NotNowError: it is held or proposed already, or the account is not active.
    """
    if actor.user == user:
        raise PermissionDenied("own role")
    site, office = _reach(role, site, office)
    account_policies.check_propose_grant(user, role, site, office)
    grant = Grant.objects.create(user=user, role=role, site=site, office=office, proposed_by=actor.user)
    audit(actor, "grant.proposed", f"user:{user.ledger_id}", site=site, office=office, role=role)
    return grant


@ledger_action
def approve_grant(grant: Grant, *, actor: Actor) -> Grant:
    """Let it be so, also in the ledger.

    Raises:
        PermissionDenied: the one who approves is the one who asked, or the one it is for.
    """
    grant = _undecided(grant, actor)
    grant.approved_by, grant.approved_at = actor.user, installation().now()
    grant.save()
    enter(grant, actor)
    if grant.role == Role.CASEWORKER:
        _listed(grant)
    audit(
        actor, "grant.approved", f"user:{grant.user.ledger_id}", site=grant.site, office=grant.office, role=grant.role
    )
    settle(actor)
    return grant


@action
def decline_grant(grant: Grant, *, actor: Actor) -> None:
    """Say no to a role.

    Raises:
        PermissionDenied: as for the approval.
        NotNowError: it was decided already.
    """
    grant = _undecided(grant, actor)
    grant.declined_at = installation().now()
    grant.save()
    audit(
        actor, "grant.declined", f"user:{grant.user.ledger_id}", site=grant.site, office=grant.office, role=grant.role
    )


@ledger_action
def revoke_grant(grant: Grant, *, actor: Actor) -> None:
    """Take a role away at once; one person can do this. The ledger's role goes when a manager next settles it.

    Raises:
        NotNowError: it is not held now, or nobody would be left to approve another.
    """
    grant = Grant.objects.select_for_update().get(pk=grant.pk)
    account_policies.check_revoke_grant(grant)
    _revoked(grant, actor)
    settle(actor)


@ledger_action
def deactivate(user: User, *, actor: Actor) -> None:
    """Close an account: its sessions end, its roles are taken away, its links stop working.

    Raises:
        PermissionDenied: it is one's own.
        NotNowError: it is closed already, or nobody would be left to approve a role.
    """
    if actor.user == user:
        raise PermissionDenied("own account")
    user = User.objects.select_for_update().get(pk=user.pk)
    account_policies.check_deactivate(user)
    for grant in user.grants.filter(approved_at__isnull=False, revoked_at__isnull=True):
        _revoked(grant, actor)
    now = installation().now()
    user.grants.filter(approved_at=None, declined_at=None).update(declined_at=now)
    user.invitations.filter(used_at=None).update(expires_at=now)
    user.is_active, user.deactivated_at = False, now
    end_sessions(user)
    audit(actor, "user.deactivated", f"user:{user.ledger_id}")
    settle(actor)


@action
def reactivate(user: User, *, actor: Actor) -> None:
    """Open a closed account again, without any role.

    Raises:
        PermissionDenied: it is one's own.
        NotNowError: it is open.
    """
    if actor.user == user:
        raise PermissionDenied("own account")
    account_policies.check_reactivate(user)
    user.is_active, user.deactivated_at = True, None
    user.save()
    audit(actor, "user.reactivated", f"user:{user.ledger_id}")


@action
def choose_language(user: User, language: str) -> None:
    """The language that somebody reads, also in mail."""
    if user.language != language:
        User.objects.filter(pk=user.pk).update(language=language)
    audit(Actor.of(user), "user.language", f"user:{user.ledger_id}", language=language)


@action
def unlink_agency(link: SocialAccount, *, actor: Actor) -> None:
    """Let an agency's sign-in open the account no more.

    Raises:
        NotNowError: it is the only way in.
    """
    account_policies.check_unlink(link)
    link.delete()
    audit(actor, "agency.unlinked", f"user:{actor.ledger_id}", provider=link.provider)


def end_sessions(user: User) -> None:
    """Make every session of an account worthless (within an action)."""
    user.session_epoch += 1
    user.save()


def _undecided(grant: Grant, actor: Actor) -> Grant:
    """A role that waits, for somebody who may decide it."""
    grant = Grant.objects.select_for_update().get(pk=grant.pk)
    if actor.user in (grant.user, grant.proposed_by):
        raise PermissionDenied("two people")
    policies.check_decide_grant(grant)
    return grant


def _revoked(grant: Grant, actor: Actor) -> None:
    grant.revoked_by, grant.revoked_at = actor.user, installation().now()
    grant.save()
    if grant.role == Role.CASEWORKER:
        Caseworker.objects.filter(user=grant.user, office=grant.office).update(left=True)
    audit(actor, "grant.revoked", f"user:{grant.user.ledger_id}", site=grant.site, office=grant.office, role=grant.role)


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
