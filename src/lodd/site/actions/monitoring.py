"""What monitoring leaves behind: that its numbers were taken out."""

from __future__ import annotations

from lodd.site.actions.base import Actor, action, audit
from lodd.site.monitoring import Selection


@action
def note_export(table: str, selection: Selection, rows: int, *, actor: Actor) -> None:
    """Note that somebody takes a table out, and of which part of the trial."""
    audit(
        actor,
        "monitoring.exported",
        f"table:{table}",
        site=selection.site or "",
        office=selection.office or "",
        caseworker=selection.caseworker or "",
        rows=rows,
    )
