"""A second factor for those who need one: a time-based code, a passkey, or an agency's sign-in that is trusted for it.

What counts is what *this session* proved, not what the account could prove: a session that began with a password alone
before the factor was set up, or before the role was given, must prove the factor first.
"""

from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest
from django.urls import reverse

from lodd.site.models import User
from lodd.site.permissions import needs_second_factor, roles_of

SET_UP: Final = "mfa_index"
SECOND: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_METHOD: Final = "mfa"
Stage = Literal["", "set_up", "prove"]
"""What a page is for, to somebody who has not proven a second factor."""


def proven(request: HttpRequest) -> bool:
    """Has this session shown a second factor (or a passkey, which is both)?"""
    return any(record.get("method") == _METHOD for record in get_authentication_records(request, request.user))


def note_proven(request: HttpRequest, user: User, how: str) -> None:
    """This session has shown a second factor for this account: ``totp``, ``webauthn``, ``agency`` or ``demo``."""
    record_authentication(request, user, _METHOD, type=how)


def lacking(request: HttpRequest) -> bool:
    """Must whoever asks first prove a second factor? Those whose role needs one, and all who have one."""
    if proven(request):
        return False
    return needs_second_factor(roles_of(request.user)) or _has_one(request.user)


def admits(request: HttpRequest, stage: Stage) -> bool:
    """May somebody who lacks the proof see a page of this stage? Who has a factor can prove it, but set up no other."""
    return stage == "prove" or (stage == "set_up" and not _has_one(request.user))


def way(request: HttpRequest) -> str:
    """Where a second factor is proven, or set up by who has none."""
    held = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if held.isdisjoint(SECOND):
        return reverse(SET_UP)
    asked = "mfa_reauthenticate" if Authenticator.Type.TOTP in held else "mfa_reauthenticate_webauthn"
    return f"{reverse(asked)}?{urlencode({'next': request.get_full_path() if request.method == 'GET' else '/home/'})}"


def is_last(authenticator: Authenticator) -> bool:
    """Would the account be without a second factor that its roles need?"""
    others = Authenticator.objects.filter(user=authenticator.user, type__in=SECOND).exclude(pk=authenticator.pk)
    if authenticator.type not in SECOND or others.exists():
        return False
    return needs_second_factor(roles_of(authenticator.user))


def _has_one(user: Any) -> bool:
    return Authenticator.objects.filter(user=user, type__in=SECOND).exists()


class SignInStage(AuthenticateStage):
    """The question for a second factor at sign-in; not asked when an agency's sign-in has answered it."""

    def _should_handle(self, request: HttpRequest) -> bool:
        records = get_authentication_records(request, self.login.user)
        if any(record.get("method") == _METHOD and record.get("type") == "agency" for record in records):
            return False
        return super()._should_handle(request)
