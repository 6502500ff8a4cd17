"""Accounts and roles, for the administrator."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from lodd.errors import LoddError
from lodd.site import account_policies
from lodd.site.actions.accounts import deactivate, propose_grant, reactivate, revoke_grant
from lodd.site.actions.invitations import invite, new_invitation
from lodd.site.actions.resets import propose_reset
from lodd.site.context import language
from lodd.site.forms.accounts import InvitationForm, RoleForm
from lodd.site.look import Cell, Table
from lodd.site.models import Grant, User
from lodd.site.pages import Page, does, form, reads
from lodd.site.permissions import Role, Task
from lodd.site.templatetags.lodd import day, role_label
from lodd.site.views.invitations import delivered


def accounts(request: HttpRequest) -> HttpResponse:
    """Everybody who has an account, or had one."""
    people = User.objects.order_by("-is_active", "name").prefetch_related("grants")
    return render(request, "accounts/list.html", {"table": _table(list(people))})


def _table(people: list[User]) -> Table:
    return Table.of(
        _("Accounts"),
        [_("Name"), _("E-mail address"), _("Roles"), _("State"), _("Last signed in")],
        [
            (
                Cell(user.name, url=reverse("account", args=[user.ledger_id])),
                user.email,
                ", ".join(role_label(grant) for grant in user.grants.all() if grant.active) or "–",
                _state(user),
                day(user.last_login),
            )
            for user in people
        ],
        stacked=True,
    )


def _state(user: User) -> Cell:
    if not user.is_active:
        return Cell(_("Closed"), tag="neutral")
    if user.has_usable_password() or user.last_login:
        return Cell(_("In use"), tag="success")
    return Cell(_("Invited"), tag="info")


def new(request: HttpRequest) -> HttpResponse:
    """Invite somebody."""
    asked = InvitationForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        given = asked.cleaned_data
        try:
            user, token = invite(given["email"], given["name"], actor=request.actor, language=given["language"])
        except LoddError as error:
            asked.add_error("email", [problem.found[language()] for problem in error.problems])
        else:
            return delivered(request, user, token)
    return render(request, "accounts/new.html", {"form": asked, "crumbs": _crumbs()})


def account(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """One account: its roles, and what can be done with it."""
    user = get_object_or_404(User, ledger_id=ledger_id)
    grants = list(user.grants.order_by("proposed_at").select_related("proposed_by"))
    return render(
        request,
        "accounts/account.html",
        {
            "person": user,
            "state": _state(user),
            "own": user == request.user,
            "held": [grant for grant in grants if grant.active],
            "waiting": [grant for grant in grants if _waits(grant)],
            "can_invite": account_policies.can_invite(user),
            "can_reset": account_policies.can_propose_reset(user),
            "crumbs": _crumbs(),
        },
    )


def _waits(grant: Grant) -> bool:
    return grant.approved_at is None and grant.declined_at is None and grant.revoked_at is None


def role(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """Propose a role."""
    user = get_object_or_404(User, ledger_id=ledger_id)
    asked = RoleForm(request.POST or None, language=language())
    if request.method == "POST" and asked.is_valid():
        given = asked.cleaned_data
        try:
            propose_grant(user, Role(given["role"]), actor=request.actor, site=given["site"], office=given["office"])
        except LoddError as error:
            asked.add_error(None, [problem.found[language()] for problem in error.problems])
        else:
            messages.success(request, _("The role is proposed. A trial manager decides."))
            return redirect("account", ledger_id=ledger_id)
    return render(request, "accounts/role.html", {"form": asked, "person": user, "crumbs": _crumbs(user)})


def revoke(request: HttpRequest, ledger_id: str, pk: int) -> HttpResponse:
    """Take a role away: asked once, then at once."""
    grant = get_object_or_404(Grant, pk=pk, user__ledger_id=ledger_id)
    if request.method == "POST":
        revoke_grant(grant, actor=request.actor)
        messages.success(request, _("The role is taken away."))
        return redirect("account", ledger_id=ledger_id)
    return render(
        request, "accounts/revoke.html", {"grant": grant, "person": grant.user, "crumbs": _crumbs(grant.user)}
    )


def close(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """Close an account: asked once, then at once."""
    user = get_object_or_404(User, ledger_id=ledger_id)
    if request.method == "POST":
        deactivate(user, actor=request.actor)
        messages.success(request, _("The account is closed."))
        return redirect("account", ledger_id=ledger_id)
    return render(request, "accounts/close.html", {"person": user, "crumbs": _crumbs(user)})


def reopen(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """Open a closed account again, without its roles."""
    reactivate(get_object_or_404(User, ledger_id=ledger_id), actor=request.actor)
    messages.success(request, _("The account is open again, without any role."))
    return redirect("account", ledger_id=ledger_id)


def invite_again(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """A new link for somebody who has not used the first."""
    user = get_object_or_404(User, ledger_id=ledger_id)
    return delivered(request, user, new_invitation(user, actor=request.actor))


def reset(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """Propose that an account begins anew: password or second factor is lost."""
    user = get_object_or_404(User, ledger_id=ledger_id)
    if request.method == "POST":
        propose_reset(user, actor=request.actor)
        messages.success(request, _("The reset is proposed. A trial manager decides."))
        return redirect("account", ledger_id=ledger_id)
    return render(request, "accounts/reset.html", {"person": user, "crumbs": _crumbs(user)})


def _crumbs(user: User | None = None) -> list[tuple[str, str]]:
    crumbs = [(reverse("accounts"), _("Accounts"))]
    return crumbs if user is None else [*crumbs, (reverse("account", args=[user.ledger_id]), user.name)]


_OF = "accounts/<slug:ledger_id>/"
_ASKS = form(Task.MANAGE_ACCOUNTS)

PAGES = (
    Page("accounts/", "accounts", accounts, reads(Task.MANAGE_ACCOUNTS)),
    Page("accounts/new/", "account_new", new, _ASKS),
    Page(_OF, "account", account, reads(Task.MANAGE_ACCOUNTS)),
    Page(f"{_OF}role/", "account_role", role, _ASKS),
    Page(f"{_OF}roles/<int:pk>/revoke/", "account_revoke", revoke, _ASKS),
    Page(f"{_OF}close/", "account_close", close, _ASKS),
    Page(f"{_OF}reopen/", "account_reopen", reopen, does(Task.MANAGE_ACCOUNTS)),
    Page(f"{_OF}invite/", "account_invite", invite_again, does(Task.MANAGE_ACCOUNTS)),
    Page(f"{_OF}reset/", "account_reset", reset, _ASKS),
)
