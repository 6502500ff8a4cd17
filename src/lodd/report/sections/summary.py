"""The summary: the trial and its primary results in plain language."""

from __future__ import annotations

from lodd.locale import long_date
from lodd.report.context import Context
from lodd.report.findings import finding
from lodd.report.flow_counts import flow_counts
from lodd.report.model import Block, Finding, KeyFigure, KeyFigures, Notice, Paragraph, Section


def summary(c: Context) -> Section:
    """Lead, key figures, primary results, how to read them."""
    w = c.words
    description = c.trial.trial.description
    blocks: list[Block] = [Paragraph(c.text(description), "lead")] if description else []
    blocks += [Paragraph(_lead(c)), KeyFigures(tuple(_key_figures(c)))]
    blocks += _findings(c)
    blocks.append(Paragraph(w("summary.how_to_read"), "note"))
    return Section("summary", w("summary.heading"), tuple(blocks))


def _lead(c: Context) -> str:
    w, enrolment = c.words, c.trial.enrolment
    others = c.join([w("summary.drawn_to", count=c.people(c.drawn[a]), arm=c.drawn_to(a)) for a in c.trial.arm_ids])
    key = "summary.lead_external" if c.external else "summary.lead"
    since, until = long_date(enrolment.opens, c.language), long_date(enrolment.closes, c.language)
    return w.counted(key, len(c.participants), since=since, until=until, arms=others)


def _key_figures(c: Context) -> list[KeyFigure]:
    w, total = c.words, len(c.participants)
    figures = [KeyFigure(c.number(total), w("key.external" if c.external else "key.drawn"))]
    for arm in c.treated_arms:
        figures.append(KeyFigure(c.percent(c.drawn[arm] / max(total, 1)), w("key.share", arm=c.drawn_to(arm))))
    for arm in c.treated_arms:
        counts = flow_counts(c).get(arm)
        if counts and counts.started is not None:
            shown = c.percent(counts.started / max(counts.drawn, 1))
            figures.append(KeyFigure(shown, w("key.take_up", arm=c.drawn_to(arm))))
    after = c.trial.analysis.window.after
    if after:
        figures.append(KeyFigure(c.number(after), w.counted("key.follow_up", after)))
    return figures


def _findings(c: Context) -> list[Block]:
    if not c.primaries:
        return [Notice(c.words("summary.no_primary"), c.words("summary.no_primary_text"))]
    found: list[Finding] = [f for p in c.primaries for a in c.treated_arms if (f := finding(c, p, a))]
    if not found:
        return [Notice(c.words("summary.no_results"), c.words("summary.no_results_text"))]
    return list(found)
