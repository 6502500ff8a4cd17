"""A second factor for those who need one: a time-based code or a passkey."""

from __future__ import annotations

from typing import Final

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from lodd.site.permissions import needs_second_factor, roles_of

SET_UP: Final = "mfa_index"
_SECOND: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def lacking(request: HttpRequest) -> bool:
    """Does somebody whose role needs a second factor have none yet? (Who has one is asked for it when signing in.)"""
    if not needs_second_factor(roles_of(request.user)):
        return False
    return not Authenticator.objects.filter(user=request.user, type__in=_SECOND).exists()
