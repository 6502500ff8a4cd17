"""Signing in and out, passwords and second factors: the pages of django-allauth that the site wants, and no others."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import register_converter
from django.urls.converters import StringConverter
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables

from lodd.site import mail, second_factor
from lodd.site.forms.accounts import TOTP_SECRET, waiting_secret
from lodd.site.pages import Page, does, form, reads
from lodd.site.permissions import Task


class Base36(StringConverter):
    """The account's number in the link for a new password."""

    regex = "[0-9A-Za-z]+"


register_converter(Base36, "base36")


def agencies() -> list[dict[str, str]]:
    """The sign-ins by agencies that the installation has."""
    apps = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    return [{"id": app["provider_id"], "name": app["name"]} for app in apps]


class SignIn(account.LoginView):
    """E-mail and password, then the second factor; or a passkey; or an agency."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "agencies": agencies(), "mail": mail.configured()}


class ForgottenPassword(account.PasswordResetView):
    """A link for a new password, by mail."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "mail": mail.configured()}


def change_password(request: HttpRequest) -> HttpResponse:
    """For those who have a password; who signs in by an agency has none to change."""
    if not request.user.has_usable_password():
        raise Http404
    return account.password_change(request)


class SetUpCodes(totp.ActivateTOTPView):
    """A picture and a secret for an app; the picture has an address of its own (the policy forbids inline ones)."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        self.request.session.pop(TOTP_SECRET, None)
        return response


@sensitive_variables()
def codes_picture(request: HttpRequest) -> HttpResponse:
    """The secret that is being set up, as a picture for the app's camera; only while it is being set up."""
    if TOTP_SECRET not in request.session:
        raise Http404
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, waiting_secret()))
    return HttpResponse(picture, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """All but the last second factor that a role needs."""
    passkey = get_object_or_404(Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN)
    if second_factor.is_last(passkey):
        raise Http404
    return passkeys.remove_webauthn(request, pk=pk)


def passkey_list(request: HttpRequest) -> HttpResponse:
    """Passkeys are listed on *My account*."""
    return redirect(second_factor.SET_UP)


def hide(view: Any) -> Any:
    """A class's view whose codes and passwords appear in no error report."""
    return method_decorator(sensitive_variables(), name="dispatch")(view).as_view()


_OWN = form(Task.SIGNED_IN)
_OPEN = form(Task.PUBLIC)

PAGES = (
    Page("account/sign-in/", "account_login", hide(SignIn), _OPEN),
    Page("account/sign-out/", "account_logout", account.logout, does(Task.PUBLIC)),
    Page("account/closed/", "account_inactive", account.account_inactive, reads(Task.PUBLIC)),
    Page("account/code/", "mfa_authenticate", hide(mfa.AuthenticateView), _OPEN),
    Page("account/passkey/", "mfa_login_webauthn", passkeys.login_webauthn, _OPEN),
    Page("account/password/", "account_change_password", change_password, _OWN),
    Page("account/password/forgotten/", "account_reset_password", ForgottenPassword.as_view(), _OPEN),
    Page("account/password/sent/", "account_reset_password_done", account.password_reset_done, reads(Task.PUBLIC)),
    Page(
        "account/password/new/<base36:uidb36>-<str:key>/",
        "account_reset_password_from_key",
        hide(account.PasswordResetFromKeyView),
        _OPEN,
    ),
    Page(
        "account/password/changed/",
        "account_reset_password_from_key_done",
        account.password_reset_from_key_done,
        reads(Task.PUBLIC),
    ),
    Page("account/again/", "account_reauthenticate", hide(account.ReauthenticateView), _OWN, stage="set_up"),
    Page("account/again/code/", "mfa_reauthenticate", hide(mfa.ReauthenticateView), _OWN, stage="prove"),
    Page(
        "account/again/passkey/",
        "mfa_reauthenticate_webauthn",
        passkeys.reauthenticate_webauthn,
        _OWN,
        stage="prove",
    ),
    Page("account/codes/", "mfa_activate_totp", hide(SetUpCodes), _OWN, stage="set_up"),
    Page("account/codes/picture.svg", "codes_picture", codes_picture, reads(Task.SIGNED_IN), stage="set_up"),
    Page("account/codes/remove/", "mfa_deactivate_totp", totp.deactivate_totp, _OWN),
    Page("account/passkeys/", "mfa_list_webauthn", passkey_list, reads(Task.SIGNED_IN)),
    Page("account/passkeys/add/", "mfa_add_webauthn", passkeys.add_webauthn, _OWN, stage="set_up"),
    Page("account/passkeys/<int:pk>/name/", "mfa_edit_webauthn", passkeys.edit_webauthn, _OWN),
    Page("account/passkeys/<int:pk>/remove/", "mfa_remove_webauthn", remove_passkey, _OWN),
    Page("account/recovery/", "mfa_view_recovery_codes", recovery.view_recovery_codes, reads(Task.SIGNED_IN)),
    Page("account/recovery/new/", "mfa_generate_recovery_codes", recovery.generate_recovery_codes, _OWN),
    Page(
        "account/recovery/codes.txt",
        "mfa_download_recovery_codes",
        recovery.download_recovery_codes,
        reads(Task.SIGNED_IN),
    ),
)
