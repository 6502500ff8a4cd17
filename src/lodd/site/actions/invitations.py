"""Accounts begin with a link that works once, for a week; only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.site import account_policies as policies
from lodd.site.actions.accounts import create_user
from lodd.site.actions.base import Actor, action, audit
from lodd.site.installation import installation
from lodd.site.models import Invitation, User

GOOD_FOR: Final = timedelta(days=7)


@action
def invite(email: str, name: str, *, actor: Actor, language: str = "nb") -> tuple[User, str]:
    """A new account without any role, and the link's token, which is not kept.

    Raises:
        UsageError: there is an account with this address.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise UsageError(Problem(Text(nb="adressen har en konto fra før", en="there is an account with this address")))
    user = create_user(email, name, actor=actor, language=language)
    return user, new_invitation(user, actor=actor)


@action
def new_invitation(user: User, *, actor: Actor) -> str:
    """A new link for somebody who has not opened the account yet; earlier links stop working.

    Raises:
        NotNowError: the account is open already, or not active.
    """
    policies.check_invite(user)
    user.invitations.filter(used_at=None).update(expires_at=installation().now())
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(
        user=user,
        token_sha256=hashed(token),
        invited_by=actor.user,
        expires_at=installation().now() + GOOD_FOR,
    )
    audit(actor, "user.invited", f"user:{user.ledger_id}")
    return token


@action
def accept_invitation(invitation: Invitation, password: str) -> User:
    """Open the account with a password of its owner's own choice.

    Raises:
        NotNowError: the link was used, is too old, or the account is not active.
    """
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    policies.check_accept(invitation)
    user = invitation.user
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.used_at = installation().now()
    invitation.save()
    audit(Actor.of(user), "user.accepted", f"user:{user.ledger_id}")
    return user


def hashed(token: str) -> str:
    """What is kept of a token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
