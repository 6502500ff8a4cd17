"""The summary: the trial and its primary results in plain language."""

from __future__ import annotations

from lodd.locale import long_date
from lodd.report.context import Context
from lodd.report.flow_counts import flow_counts
from lodd.report.model import Block, Bullets, KeyFigure, KeyFigures, Paragraph, Section
from lodd.report.verdicts import in_short


def summary(c: Context) -> Section:
    """Lead, key figures, the verdicts in a sentence each."""
    w = c.words
    description = c.trial.trial.description
    blocks: list[Block] = [Paragraph(c.text(description), "lead")] if description else []
    blocks += [Paragraph(_lead(c)), KeyFigures(tuple(_key_figures(c)))]
    if c.evaluation.verdicts:
        blocks += [Paragraph(w("summary.verdicts")), Bullets(tuple(in_short(c, v) for v in c.evaluation.verdicts))]
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
