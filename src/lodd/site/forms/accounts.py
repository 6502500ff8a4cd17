"""Forms of accounts: django-allauth's with the site's words, and the site's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as factors
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lodd.site import audit_words
from lodd.site.context import language
from lodd.site.forms.fields import (
    DayField,
    NamesWhatIsMissing,
    name_what_is_missing,
    without_identity_number,
    without_unseen,
)
from lodd.site.installation import installation
from lodd.site.models import User
from lodd.site.permissions import REACH, ROLE_LABELS, Reach, Role

TOTP_SECRET: Final = "lodd_totp_secret"
"""Where a session keeps the (encrypted) secret of codes that are being set up."""


class _Worded:
    """Labels of the site's own, and no placeholders, which vanish when one begins to type."""

    labels: ClassVar[Mapping[str, Any]] = {}
    hints: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # of the form that it is mixed into
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
        name_what_is_missing(self.fields)


class SignInForm(_Worded, account.LoginForm):
    labels: ClassVar = {"login": _("E-mail address"), "password": _("Password")}


class PasswordAgainForm(_Worded, account.ReauthenticateForm):
    labels: ClassVar = {"password": _("Password")}


class ChangePasswordForm(_Worded, account.ChangePasswordForm):
    labels: ClassVar = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }
    hints: ClassVar = {"password1": _("At least 12 characters. A sentence is easy to remember and hard to guess.")}


class ForgottenPasswordForm(_Worded, account.ResetPasswordForm):
    """A letter goes only to who has a password: a mailbox alone opens neither an agency's account nor a new one."""

    labels: ClassVar = {"email": _("E-mail address")}

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.has_usable_password()]
        return email


class NewPasswordForm(_Worded, account.ResetPasswordKeyForm):
    labels: ClassVar = {"password1": _("New password"), "password2": _("New password again")}
    hints = ChangePasswordForm.hints


class CodeForm(_Worded, factors.AuthenticateForm):
    labels: ClassVar = {"code": _("Code from the app, or a recovery code")}


class CodeAgainForm(_Worded, factors.ReauthenticateForm):
    labels = CodeForm.labels


class ActivateCodesForm(_Worded, ActivateTOTPForm):
    """The secret waits encrypted in the session until a code shows that it arrived in the app."""

    labels: ClassVar = {"code": _("Code from the app")}
    hints: ClassVar = {"code": _("6 digits")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        self._worded()
        self.secret = waiting_secret(anew=not self.is_bound)

    def _worded(self) -> None:
        field = self.fields["code"]
        field.widget.attrs.pop("placeholder", None)
        field.label, field.help_text = self.labels["code"], self.hints["code"]
        name_what_is_missing(self.fields)


def _passkey_name(*, required: bool) -> forms.CharField:
    return forms.CharField(max_length=100, required=required, validators=[without_identity_number, without_unseen])


class AddPasskeyForm(_Worded, passkeys.AddWebAuthnForm):
    name = _passkey_name(required=False)
    labels: ClassVar = {"name": _("Name of the passkey"), "passwordless": _("Sign in with this passkey alone")}
    hints: ClassVar = {
        "name": _("So that you can tell it from others, for example: work computer"),
        "passwordless": _("The device then asks for a fingerprint, a face or a PIN."),
    }


class NamePasskeyForm(_Worded, passkeys.EditWebAuthnForm):
    name = _passkey_name(required=True)
    labels: ClassVar = {"name": _("Name of the passkey")}


def waiting_secret(*, anew: bool = False) -> str:
    """The secret of the codes that this session is setting up."""
    session = context.request.session
    if anew or TOTP_SECRET not in session:
        session[TOTP_SECRET] = get_adapter().encrypt(generate_totp_secret())
    return str(get_adapter().decrypt(session[TOTP_SECRET]))


class InvitationForm(NamesWhatIsMissing, forms.Form):
    """Somebody who is to have an account."""

    name = forms.CharField(label=_("Name"), max_length=120, validators=[without_identity_number, without_unseen])
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("At work. The invitation is sent there."),
        validators=[without_identity_number],
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("nb", "Bokmål"), ("en", "English")])


class FirstPasswordForm(NamesWhatIsMissing, forms.Form):
    """The password of somebody invited."""

    password1 = forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 characters. A sentence is easy to remember and hard to guess."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "password1" in given and "password2" in given and given["password1"] != given["password2"]:
            self.add_error("password2", _("The two passwords are not the same."))
        return given


class RoleForm(NamesWhatIsMissing, forms.Form):
    """A role, and where: the place follows from the role's reach."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    site = forms.ChoiceField(label=_("County"), required=False, help_text=_("For operators and county leads"))
    office = forms.ChoiceField(label=_("Office"), required=False, help_text=_("For caseworkers"))

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = installation().trial.sites
        self.fields["role"].choices = [(role.value, ROLE_LABELS[role][language]) for role in Role]
        self.fields["site"].choices = [("", "–"), *((key, site.label) for key, site in sites.items())]
        self.fields["office"].choices = [
            ("", "–"),
            *((site.label, [(office.id, office.label) for office in site.offices]) for site in sites.values()),
        ]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        reach = REACH[Role(given["role"])] if "role" in given else None
        if reach is Reach.COUNTY and not given.get("site"):
            self.add_error("site", ValidationError(_("Choose the county where the role is to be held.")))
        if reach is Reach.OFFICE and not given.get("office"):
            self.add_error("office", ValidationError(_("Choose the office where the role is to be held.")))
        given["site"] = given.get("site", "") if reach is Reach.COUNTY else ""
        given["office"] = given.get("office", "") if reach is Reach.OFFICE else ""
        return given


class AuditFilterForm(forms.Form):
    """What the audit log is limited to."""

    actor = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=64,
        help_text=_("Name, address or code"),
        validators=[without_identity_number],
    )
    action = forms.ChoiceField(label=_("What"), required=False)
    subject = forms.CharField(
        label=_("About"), required=False, max_length=80, help_text=_("For example participant:12")
    )
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [("", _("All")), *audit_words.choices(language())]
