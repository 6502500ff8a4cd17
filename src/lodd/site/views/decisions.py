"""What waits for a manager: roles that an administrator has proposed, and lost ways in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from lodd.site.actions.accounts import approve_grant, decline_grant
from lodd.site.actions.ledger_roles import settle_ledger, unsettled
from lodd.site.actions.resets import approve_reset, decline_reset
from lodd.site.installation import installation
from lodd.site.models import Grant, SecondFactorReset
from lodd.site.pages import Page, does, reads
from lodd.site.permissions import Task
from lodd.site.views.invitations import delivered


def decisions(request: HttpRequest) -> HttpResponse:
    """All that is undecided; what one has proposed oneself is shown, but waits for somebody else."""
    with installation().service.live.turn():
        waiting = len(unsettled())
    return render(
        request, "accounts/decisions.html", {"grants": open_grants(), "resets": open_resets(), "unsettled": waiting}
    )


def open_grants() -> list[Grant]:
    """Roles that nobody has decided on."""
    undecided = Grant.objects.filter(approved_at=None, declined_at=None, revoked_at=None)
    return list(undecided.select_related("user", "proposed_by").order_by("proposed_at"))


def open_resets() -> list[SecondFactorReset]:
    """Lost ways in that nobody has decided on."""
    undecided = SecondFactorReset.objects.filter(approved_at=None, declined_at=None)
    return list(undecided.select_related("user", "proposed_by").order_by("proposed_at"))


def decide_grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or decline a role."""
    grant = get_object_or_404(Grant, pk=pk)
    if request.POST.get("decision") == "approve":
        approve_grant(grant, actor=request.actor)
        messages.success(request, _("The role is given."))
    else:
        decline_grant(grant, actor=request.actor)
        messages.success(request, _("The role is declined."))
    return redirect("decisions")


def decide_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or decline that an account begins anew."""
    reset = get_object_or_404(SecondFactorReset, pk=pk)
    if request.POST.get("decision") == "approve":
        return delivered(request, reset.user, approve_reset(reset, actor=request.actor))
    decline_reset(reset, actor=request.actor)
    messages.success(request, _("The account stays as it is."))
    return redirect("decisions")


def settle(request: HttpRequest) -> HttpResponse:
    """Take roles out of the ledger that an administrator has taken away here."""
    settle_ledger(actor=request.actor)
    messages.success(request, _("The ledger is up to date."))
    return redirect("decisions")


PAGES = (
    Page("decisions/", "decisions", decisions, reads(Task.DECIDE_ACCOUNTS)),
    Page("decisions/roles/<int:pk>/", "decide_grant", decide_grant, does(Task.DECIDE_ACCOUNTS)),
    Page("decisions/resets/<int:pk>/", "decide_reset", decide_reset, does(Task.DECIDE_ACCOUNTS)),
    Page("decisions/ledger/", "settle_ledger", settle, does(Task.DECIDE_ACCOUNTS)),
)
