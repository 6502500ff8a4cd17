"""Home: what can be done now, by role; one's own account; the language."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import check_for_language
from django.views.i18n import set_language

from lodd.site import second_factor
from lodd.site.actions.accounts import choose_language
from lodd.site.models import ScheduleProposal
from lodd.site.pages import Page, does, reads
from lodd.site.participants.tasks import open_tasks
from lodd.site.permissions import NEEDS_SECOND_FACTOR, Task, active_grants, can, needs_second_factor, roles_of
from lodd.site.views.decisions import open_grants, open_resets
from lodd.site.views.security import agencies


def home(request: HttpRequest) -> HttpResponse:
    """What somebody can do here, by role."""
    user = request.user
    return render(
        request,
        "home.html",
        {
            "grants": active_grants(user),
            "draws": can(user, Task.DRAW),
            "tasks": open_tasks(user) if can(user, Task.FOLLOW_UP) else None,
            "decisions": _decisions(user) if can(user, Task.DECIDE_ACCOUNTS) else None,
        },
    )


def _decisions(user: Any) -> dict[str, int]:
    """What waits for a manager, without what the manager has proposed or would receive."""
    undecided = [*open_grants(), *open_resets()]
    proposals = ScheduleProposal.objects.filter(state=ScheduleProposal.State.PROPOSED).exclude(proposed_by=user)
    return {
        "accounts": sum(user not in (asked.user, asked.proposed_by) for asked in undecided),
        "schedule": proposals.count(),
    }


def own_account(request: HttpRequest) -> HttpResponse:
    """One's own roles, ways to sign in, and second factors."""
    user = request.user
    held = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    names = {agency["id"]: agency["name"] for agency in agencies()}
    links = SocialAccount.objects.filter(user=user)
    linked = [{"pk": link.pk, "name": names.get(link.provider, link.provider)} for link in links]
    return render(
        request,
        "account/own.html",
        {
            "grants": active_grants(user),
            "needed": needs_second_factor(roles_of(user)) and not second_factor.proven(request),
            "may_remove": second_factor.proven(request) or not NEEDS_SECOND_FACTOR & roles_of(user),
            "codes": next((one for one in held if one.type == Authenticator.Type.TOTP), None),
            "passkeys": [one for one in held if one.type == Authenticator.Type.WEBAUTHN],
            "recovery": any(one.type == Authenticator.Type.RECOVERY_CODES for one in held),
            "linked": linked,
            "agencies": [agency for agency in agencies() if agency["name"] not in {one["name"] for one in linked}],
        },
    )


def choose(request: HttpRequest) -> HttpResponse:
    """The language of this browser, and of the mail to whoever is signed in."""
    wanted = request.POST.get("language", "")
    if request.user.is_authenticated and wanted in ("nb", "en") and check_for_language(wanted):
        choose_language(request.user, wanted)
    return set_language(request)


PAGES = (
    Page("home/", "home", home, reads(Task.SIGNED_IN)),
    Page("account/", "mfa_index", own_account, reads(Task.SIGNED_IN), stage="set_up"),
    Page("language/", "set_language", choose, does(Task.PUBLIC)),
)
