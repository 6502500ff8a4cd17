"""Systems that draw through the API: an administrator proposes and hands out tokens, a trial manager decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from lodd.errors import LoddError
from lodd.site.actions.systems import approve_system, decline_system, issue_token, propose_system, revoke_system
from lodd.site.forms.fields import add_problems
from lodd.site.forms.systems import SystemForm
from lodd.site.models import ApiSystem
from lodd.site.pages import Page, does, form, reads
from lodd.site.permissions import Task
from lodd.site.views.schedule import place_label

_DECISIONS = {"approve": approve_system, "decline": decline_system, "revoke": revoke_system}


def systems(request: HttpRequest) -> HttpResponse:
    """All systems, and the form that proposes another."""
    asked = SystemForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        given = asked.cleaned_data
        try:
            propose_system(
                given["name"],
                actor=request.actor,
                issuer=given["issuer"],
                per_minute=given["per_minute"],
                **asked.where(),
            )
        except LoddError as error:
            add_problems(asked, error)
        else:
            messages.success(request, _("The system is proposed. A trial manager must approve it."))
            return redirect("systems")
    return render(request, "systems/systems.html", {"form": asked, "systems": _shown()})


def token(request: HttpRequest, pk: int) -> HttpResponse:
    """A new token, seen once."""
    system = get_object_or_404(ApiSystem, pk=pk)
    made = issue_token(system, actor=request.actor)
    return render(request, "systems/token.html", {"system": system, "token": made})


def decisions(request: HttpRequest) -> HttpResponse:
    """All systems, for who decides on them."""
    return render(request, "systems/decisions.html", {"systems": _shown(), "user_id": request.user.pk})


def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, decline or revoke."""
    system = get_object_or_404(ApiSystem, pk=pk)
    decision = _DECISIONS.get(request.POST.get("decision", ""))
    if decision is None:
        raise PermissionDenied("decision")
    decision(system, actor=request.actor)
    messages.success(request, _("Done."))
    return redirect("system_decisions")


def _shown() -> list[dict[str, Any]]:
    found = ApiSystem.objects.select_related("proposed_by", "approved_by").order_by("name")
    return [{"system": system, "state": _state(system), "facts": list(_facts(system))} for system in found]


def _state(system: ApiSystem) -> tuple[str, str]:
    """A kind of tag, and its word."""
    if system.declined_at:
        return "neutral", _("declined")
    if system.revoked_at:
        return "danger", _("revoked")
    return ("success", _("may draw")) if system.approved_at else ("warning", _("waits for a trial manager"))


def _facts(system: ApiSystem) -> list[dict[str, Any]]:
    place = system.office or system.site
    return [
        {"key": _("Where it may draw"), "value": place_label(place) if place else _("The whole trial")},
        {"key": _("Name in the ledger"), "value": system.ledger_id, "code": True},
        {"key": _("Issuer of signed tokens"), "value": system.issuer or "–"},
        {"key": _("Has a token"), "value": _("yes") if system.token_sha256 else _("no")},
        {"key": _("Requests a minute"), "value": str(system.per_minute)},
        {"key": _("Proposed by"), "value": system.proposed_by.name if system.proposed_by else "–"},
        {"key": _("Approved by"), "value": system.approved_by.name if system.approved_by else "–"},
    ]


PAGES = (
    Page("systems/", "systems", systems, form(Task.MANAGE_SYSTEMS)),
    Page("systems/<int:pk>/token/", "system_token", token, does(Task.MANAGE_SYSTEMS)),
    Page("decisions/systems/", "system_decisions", decisions, reads(Task.DECIDE_SYSTEMS)),
    Page("decisions/systems/<int:pk>/", "decide_system", decide, does(Task.DECIDE_SYSTEMS)),
)
