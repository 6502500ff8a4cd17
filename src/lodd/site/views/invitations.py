"""The link by which an account is opened."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from lodd.site import account_policies, mail
from lodd.site.actions.invitations import accept_invitation, hashed
from lodd.site.forms.accounts import FirstPasswordForm
from lodd.site.models import Invitation, User
from lodd.site.pages import Page, form, reads
from lodd.site.permissions import Task

_HELD = "lodd_invitation"


@sensitive_variables()
def delivered(request: HttpRequest, user: User, token: str) -> HttpResponse:
    """Tell how the link goes to its owner: by mail or, with no mail server, shown this once to be handed over."""
    url = request.build_absolute_uri(reverse("invitation", args=[token]))
    sent = mail.configured() and mail.send_invitation(user.name, user.email, user.language, url)
    shown = "" if mail.configured() else url
    response = render(request, "accounts/delivered.html", {"invited": user, "sent": sent, "url": shown})
    response.headers["Cache-Control"] = "no-store"
    return response


@sensitive_variables()
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address at once, before anything is shown.

    Only a link that is good ends the session of whoever is signed in: any other could be somebody's joke.
    """
    request.session.pop(_HELD, None)
    if _good(hashed(token)) is not None:
        logout(request)
        request.session[_HELD] = hashed(token)
    return redirect("invitation_accept")


def _good(token_sha256: str) -> Invitation | None:
    found = Invitation.objects.filter(token_sha256=token_sha256).select_related("user").first()
    return found if found is not None and account_policies.can_accept(found) else None


@sensitive_variables()
def accept(request: HttpRequest) -> HttpResponse:
    """Choose a password; then one is signed in, and sets up the second factor."""
    held = _good(request.session.get(_HELD, ""))
    if held is None:
        return render(request, "accounts/invitation_over.html", status=410)
    chosen = FirstPasswordForm(request.POST or None, user=held.user)
    if request.method != "POST" or not chosen.is_valid():
        return render(request, "accounts/accept.html", {"form": chosen, "invited": held.user})
    user = accept_invitation(held, chosen.cleaned_data["password1"])
    del request.session[_HELD]
    record_authentication(request, user, "password", reauthenticated=True)
    return perform_login(request, Login(user=user, redirect_url=reverse("mfa_index")))


PAGES = (
    Page("invitation/", "invitation_accept", accept, form(Task.PUBLIC)),
    Page("invitation/<str:token>/", "invitation", invitation, reads(Task.PUBLIC)),
)
