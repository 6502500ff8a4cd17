"""The verdict: what the trial says about each of the few numbers that it is judged by."""

from __future__ import annotations

from lodd.report.context import Context
from lodd.report.model import Block, Notice, Paragraph, Section
from lodd.report.verdicts import card


def verdict(c: Context) -> Section:
    """A card for every primary outcome and arm, and how to read it."""
    w = c.words
    if not c.primaries:
        none = Notice(w("summary.no_primary"), w("summary.no_primary_text"))
        return Section("verdict", w("verdict.heading"), (none,))
    if not c.evaluation.verdicts:
        none = Notice(w("summary.no_results"), w("summary.no_results_text"))
        return Section("verdict", w("verdict.heading"), (none,))
    arms = len(c.treated_arms)
    cards: list[Block] = [card(c, found, 1 + i // arms) for i, found in enumerate(c.evaluation.verdicts)]
    lead = Paragraph(w("verdict.lead", level=c.percent(1 - float(c.trial.analysis.confidence))))
    return Section("verdict", w("verdict.heading"), (lead, *cards, Paragraph(w("summary.how_to_read"), "note")))
