"""What django-allauth and Django tell of signing in, as audit events. Never an address or a word that was typed."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa import signals as factors
from allauth.socialaccount.signals import social_account_added
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone

from lodd.site import second_factor
from lodd.site.actions.base import Actor, action, audit
from lodd.site.models import User

ANONYMOUS = Actor("anonymous")
BEGAN = "lodd_began"
"""When the session began, in seconds: it ends after a working day, however busy."""


@action
def note(user: User, what: str, **facts: Any) -> None:
    """Something that somebody did with their own account."""
    audit(Actor.of(user), what, f"user:{user.ledger_id}", **facts)


@action
def note_failed(*, how: str, user: User | None = None) -> None:
    """An attempt to sign in that failed; of whom only when a right password came before."""
    audit(ANONYMOUS, "sign_in.failed", f"user:{user.ledger_id}" if user else "", how=how)


def connect() -> None:
    """Listen."""
    for signal, receiver in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (password_changed, _password("password.changed")),
        (password_set, _password("password.set")),
        (password_reset, _password("password.reset")),
        (factors.authenticator_added, _factor_added),
        (factors.authenticator_removed, _factor("factor.removed")),
        (factors.authenticator_reset, _factor("factor.recovery_codes_made")),
        (factors.authenticator_used, _factor_used),
        (factors.authentication_failed, _factor_failed),
        (social_account_added, _linked),
    ):
        signal.connect(receiver, dispatch_uid=f"lodd.{receiver.__qualname__}.{id(signal)}", weak=False)


def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is not None:
        request.session[BEGAN] = int(timezone.now().timestamp())
    note(user, "sign_in")


def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        note(user, "sign_out")


def _password(what: str) -> Any:
    def receiver(user: User, **_: Any) -> None:
        note(user, what)

    return receiver


def _factor(what: str) -> Any:
    def receiver(user: User, authenticator: Any, **_: Any) -> None:
        note(user, what, type=str(authenticator.type))

    return receiver


def _factor_added(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Whoever sets up a factor has just shown it."""
    note(user, "factor.added", type=str(authenticator.type))
    if authenticator.type in second_factor.SECOND:
        second_factor.note_proven(request, user, str(authenticator.type))


def _factor_used(user: User, authenticator: Any, reauthenticated: bool = False, **_: Any) -> None:
    note(user, "factor.used", type=str(authenticator.type), again=reauthenticated)


def _factor_failed(user: User, authenticator: Any, **_: Any) -> None:
    note_failed(how=str(authenticator.type), user=user)


def _linked(sociallogin: Any, **_: Any) -> None:
    note(sociallogin.user, "agency.linked", provider=sociallogin.account.provider)
