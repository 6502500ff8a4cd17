"""Looking that is itself noted: who has read the audit log, and how much of it was taken out."""

from __future__ import annotations

from lodd.site.actions.base import Actor, action, audit


@action
def read_audit(*, actor: Actor, filtered_by: list[str], page: int) -> None:
    """A page of the audit log was shown. Which filters were used, not what was typed in them."""
    audit(actor, "audit.read", filters=filtered_by, page=page)


@action
def export_audit(*, actor: Actor, filtered_by: list[str], count: int) -> None:
    """The audit log, or a part of it, was downloaded."""
    audit(actor, "audit.exported", filters=filtered_by, count=count)
