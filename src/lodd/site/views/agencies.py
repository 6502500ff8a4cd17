"""Signing in by an agency, and linking an account to it."""

from __future__ import annotations

from allauth.socialaccount import views as social
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from lodd.site.actions.accounts import unlink_agency
from lodd.site.agencies.provider import AgencyAdapter
from lodd.site.pages import Page, does, reads
from lodd.site.permissions import Task


def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """On to the agency, by a page with a link: the policy lets no form end at another site."""
    response = _answered(OAuth2LoginView, request, provider_id)
    if response.status_code != 302 or response["Location"].startswith("/"):
        return response
    return render(request, "socialaccount/leave.html", {"url": response["Location"]})


def link(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The same, to link the account of whoever is signed in."""
    request.links_account = True
    return leave(request, provider_id)


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the agency."""
    return _answered(OAuth2CallbackView, request, provider_id)


def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign in by the agency no more."""
    unlink_agency(get_object_or_404(SocialAccount, pk=pk, user=request.user), actor=request.actor)
    return redirect("mfa_index")


def _answered(view: type, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        response: HttpResponse = view.adapter_view(AgencyAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return response


PAGES = (
    Page("account/agency/<slug:provider_id>/", "openid_connect_login", leave, does(Task.PUBLIC)),
    Page("account/agency/<slug:provider_id>/link/", "agency_link", link, does(Task.SIGNED_IN)),
    Page("account/agency/<slug:provider_id>/back/", "openid_connect_callback", come_back, reads(Task.PUBLIC)),
    Page("account/agencies/<int:pk>/unlink/", "agency_unlink", unlink, does(Task.SIGNED_IN)),
    Page("account/agency-cancelled/", "socialaccount_login_cancelled", social.login_cancelled, reads(Task.PUBLIC)),
)
