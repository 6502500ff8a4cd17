"""What the site decides where django-allauth asks: nobody signs up alone; secrets of second factors are sealed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from lodd.site import factor_secrets, mail, second_factor
from lodd.site.actions import sign_in
from lodd.site.agencies.claims import account_for
from lodd.site.installation import installation
from lodd.site.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        own = "lodd.site.second_factor.SignInStage"
        return [own if path.endswith(".AuthenticateStage") else path for path in super().get_login_stages()]

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password: counted and noted, never what was typed."""
        sign_in.note_failed(how="password")

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if mail.configured():
            super().send_mail(template_prefix, email, {**context, "trial": installation().trial.trial.title})


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An agency's sign-in opens an account that exists; it makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Those of the settings file only: a row in a table declares no provider."""
        return [app for app in super().list_apps(request, provider, client_id) if app.pk is None]

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the account, or say that there is none; keep nothing of the token."""
        sociallogin.token = None
        if sociallogin.state.get("nonce") != getattr(sociallogin, "nonce", None):
            raise PermissionDenied("nonce")
        if sociallogin.state.get("process") == "connect":
            return
        user = sociallogin.user if sociallogin.is_existing else account_for(sociallogin)
        if user is None or not user.is_active:
            sign_in.note_failed(how="agency")
            raise ImmediateHttpResponse(render(request, "socialaccount/unknown.html", status=403))
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)
        if sociallogin.account.extra_data.get("second_factor") and request.user.is_anonymous:
            record_authentication(request, user, "mfa", type="agency")

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("mfa_index")


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted, and the last one that a role needs stays."""

    def encrypt(self, text: str) -> str:
        return factor_secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return factor_secrets.decrypt(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        return f"{installation().trial.trial.id} ({user.email})"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not second_factor.is_last(authenticator)
