"""In which state of an account, a role or a link something can be done with it. ``check_x`` raises."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from lodd.errors import Problem
from lodd.locale import Text
from lodd.site.installation import installation
from lodd.site.models import Grant, Invitation, SecondFactorReset, User
from lodd.site.permissions import Role
from lodd.site.policies import NotNowError

_INDISPENSABLE = (Role.MANAGER, Role.ADMINISTRATOR)
"""Roles without which no role could be proposed or approved any more."""


def is_opened(user: User) -> bool:
    """Is there a way into the account: a password, an agency's sign-in, or a passkey?"""
    factors = Authenticator.objects.filter(user=user)
    return user.has_usable_password() or SocialAccount.objects.filter(user=user).exists() or factors.exists()


def can_invite(user: User) -> bool:
    """Who has opened the account chooses a new password alone, or asks for a reset by two others."""
    return user.is_active and not is_opened(user)


def check_invite(user: User) -> None:
    """Raises:
    NotNowError: the account is open already, or closed.
    """
    if not can_invite(user):
        raise _not_now("kontoen er tatt i bruk eller stengt", "the account is in use or closed")


def can_accept(invitation: Invitation) -> bool:
    fresh = invitation.used_at is None and installation().now() < invitation.expires_at
    return fresh and can_invite(invitation.user)


def check_accept(invitation: Invitation) -> None:
    """Raises:
    NotNowError: the link was used, is too old, or the account is closed.
    """
    if not can_accept(invitation):
        raise NotNowError(
            Problem(
                Text(nb="lenken er brukt eller for gammel", en="the link was used or is too old"),
                next_step=Text(nb="Be administratoren om en ny.", en="Ask the administrator for a new one."),
            )
        )


def check_propose_grant(user: User, role: str, site: str, office: str) -> None:
    """Raises:
    NotNowError: it is held or proposed already, or the account is closed.
    """
    if not user.is_active:
        raise _not_now("kontoen er stengt", "the account is closed")
    same = user.grants.filter(role=role, site=site, office=office, revoked_at=None, declined_at=None)
    if same.exists():
        raise _not_now("rollen er gitt eller foreslått fra før", "the role is held or proposed already")


def can_revoke_grant(grant: Grant) -> bool:
    return grant.active and not _is_last(grant)


def check_revoke_grant(grant: Grant) -> None:
    """Raises:
    NotNowError: it is not held now, or it is the last of its kind that others depend on.
    """
    if not grant.active:
        raise _not_now("rollen er ikke i bruk", "the role is not held")
    if _is_last(grant):
        raise _last()


def check_deactivate(user: User) -> None:
    """Raises:
    NotNowError: it is closed already, or holds the last role of a kind that others depend on.
    """
    if not user.is_active:
        raise _not_now("kontoen er stengt", "the account is closed")
    if any(_is_last(grant) for grant in user.grants.filter(approved_at__isnull=False, revoked_at=None)):
        raise _last()


def check_reactivate(user: User) -> None:
    """Raises:
    NotNowError: it is open.
    """
    if user.is_active:
        raise _not_now("kontoen er åpen", "the account is open")


def can_propose_reset(user: User) -> bool:
    waiting = SecondFactorReset.objects.filter(user=user, approved_at=None, declined_at=None)
    return user.is_active and is_opened(user) and not waiting.exists()


def check_propose_reset(user: User) -> None:
    """Raises:
    NotNowError: one waits already, or the account is not in use.
    """
    if not can_propose_reset(user):
        raise _not_now(
            "kontoen er ikke i bruk, eller den venter alt på å bli nullstilt",
            "the account is not in use, or a reset of it waits already",
        )


def check_decide_reset(reset: SecondFactorReset) -> None:
    """Raises:
    NotNowError: it was decided already.
    """
    if reset.approved_at is not None or reset.declined_at is not None:
        raise _not_now("dette er avgjort allerede", "this was decided already")


def check_unlink(link: SocialAccount) -> None:
    """Raises:
    NotNowError: there is no password and no other agency: nobody could sign in.
    """
    others = SocialAccount.objects.filter(user=link.user).exclude(pk=link.pk)
    if not link.user.has_usable_password() and not others.exists():
        raise _not_now("dette er den eneste måten å logge inn på", "this is the only way to sign in")


def _is_last(grant: Grant) -> bool:
    if grant.role not in _INDISPENSABLE or not grant.active:
        return False
    others = Grant.objects.filter(role=grant.role, approved_at__isnull=False, revoked_at=None, user__is_active=True)
    return not others.exclude(user=grant.user).exists()


def _last() -> NotNowError:
    return NotNowError(
        Problem(
            Text(
                nb="uten denne personen kan ingen lenger foreslå eller godkjenne roller",
                en="without this person nobody could propose or approve roles any more",
            ),
            next_step=Text(nb="Gi rollen til en til først.", en="Give the role to somebody else first."),
        )
    )


def _not_now(nb: str, en: str) -> NotNowError:
    return NotNowError(Problem(Text(nb=nb, en=en)))
