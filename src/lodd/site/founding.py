"""The first people of a trial's site, made at its machine: everybody after them is approved by them."""

from __future__ import annotations

from django.urls import reverse

from lodd.site.actions.accounts import first_manager
from lodd.site.actions.base import SITE, action
from lodd.site.actions.invitations import new_invitation


@action
def invite_manager(email: str, name: str) -> str:
    """Make one of the two first managers; the path of a link that opens the account once.

    Raises:
        UsageError: the trial has its two first managers, or there is an account with this address.
    """
    return reverse("invitation", args=[new_invitation(first_manager(email, name), actor=SITE)])
