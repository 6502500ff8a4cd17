"""A lost way in: one asks, another approves, and the account begins anew with a link."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied

from lodd.site import account_policies as policies
from lodd.site.actions.accounts import end_sessions
from lodd.site.actions.base import Actor, action, audit
from lodd.site.actions.invitations import new_invitation
from lodd.site.installation import installation
from lodd.site.models import SecondFactorReset, User


@action
def propose_reset(user: User, *, actor: Actor) -> SecondFactorReset:
    """Ask for somebody else's account to begin anew.

    Raises:
        PermissionDenied: it is one's own.
        NotNowError: one waits already, or the account is not active.
    """
    assert actor.user is not None
    if actor.user == user:
        raise PermissionDenied("own account")
    policies.check_propose_reset(user)
    reset = SecondFactorReset.objects.create(user=user, proposed_by=actor.user)
    audit(actor, "reset.proposed", f"user:{user.ledger_id}")
    return reset


@action
def approve_reset(reset: SecondFactorReset, *, actor: Actor) -> str:
    """Destroy password, second factors and links to agencies, end all sessions; the token of a new link.

    Raises:
        PermissionDenied: whoever approves is the one who asked, or the one it is for.
        NotNowError: it was decided already.
    """
    reset = _open(reset, actor)
    reset.approved_by, reset.approved_at = actor.user, installation().now()
    reset.save()
    user = reset.user
    user.set_unusable_password()
    end_sessions(user)
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    audit(actor, "reset.approved", f"user:{user.ledger_id}")
    return new_invitation(user, actor=actor)


@action
def decline_reset(reset: SecondFactorReset, *, actor: Actor) -> None:
    """Leave the account as it is.

    Raises:
        PermissionDenied: as for the approval.
        NotNowError: it was decided already.
    """
    reset = _open(reset, actor)
    reset.declined_at = installation().now()
    reset.save()
    audit(actor, "reset.declined", f"user:{reset.user.ledger_id}")


def _open(reset: SecondFactorReset, actor: Actor) -> SecondFactorReset:
    reset = SecondFactorReset.objects.select_for_update().get(pk=reset.pk)
    if actor.user in (reset.user, reset.proposed_by):
        raise PermissionDenied("two people")
    policies.check_decide_reset(reset)
    return reset
