"""Groups of participants: the plan's subgroups, and whether effects differ between their groups."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lodd.locale import long_date
from lodd.protocol.analysis import Primary, Subgroup
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.estimates import Estimate
from lodd.report.labels import category_label, covariate_label, is_share
from lodd.report.model import Block, Cell, Column, Paragraph, Part, Row, Table
from lodd.report.numbers import columns_of_numbers, numbers_of
from lodd.report.tables import Effect, effects_figure, named, rows_of

_LEVEL = 0.05


def subgroups(c: Context) -> list[Part]:
    """Each subgroup of the plan: a figure and a table of the primary outcomes in its groups."""
    w, blocks = c.words, list[Block]()
    for declared in c.trial.analysis.subgroups:
        for i, primary in enumerate(c.primaries):
            rows = [(arm, e) for arm in c.treated_arms for e in c.estimates.subgroup(primary, arm, declared.id)]
            if rows:
                blocks += _subgroup(c, declared, primary, i, rows)
    if not blocks:
        return []
    return [Part("subgroups", w("subgroups.heading"), (Paragraph(w("subgroups.lead")), *blocks))]


def _subgroup(
    c: Context, declared: Subgroup, primary: Primary, i: int, rows: list[tuple[str, Estimate]]
) -> list[Block]:
    w, unit = c.words, c.unit(primary.outcome, primary.summary)
    shown = [(arm, e) for arm, e in rows if not (disclosure.hidden(e.n_control) or disclosure.hidden(e.n_treated))]
    dots = [
        Effect(_named(c, declared, arm, e), c.arm_class(arm), e.estimate, e.ci_low, e.ci_high)
        for arm, e in shown
        if e.estimate is not None
    ]
    table = _group_table(c, declared, primary, i, shown)
    verdict = _interaction(c, declared, primary, rows)
    headline = w("subgroups.headline", outcome=c.outcome(primary.outcome), label=_label(c, declared), verdict=verdict)
    if not dots:
        return [Paragraph(headline), table]
    subtitle = w("subgroups.subtitle", months=c.months(primary.months), confidence=c.confidence)
    note = _how_split(c, declared) + ("" if all(e.prespecified for _, e in rows) else " " + w("outcome.exploratory"))
    id_ = f"fig-subgroup-{declared.id}-{i + 1}"
    figure = effects_figure(c, id_, dots, unit, headline=headline, subtitle=subtitle, note=note)
    return [figure, table]


def _label(c: Context, declared: Subgroup) -> str:
    return c.text(declared.label) if declared.label else covariate_label(c, declared.by)


def _interaction(c: Context, declared: Subgroup, primary: Primary, rows: list[tuple[str, Estimate]]) -> str:
    """Do the effects differ? By redraws and corrected for the other subgroups, else by the test from the estimates."""
    found = [p for arm, _ in rows for p in _redrawn(c, declared, primary, arm)]
    known = [e.p_interaction for _, e in rows if e.p_interaction is not None]
    if not found and not known:
        return c.words("subgroups.untested")
    smallest = min(found or known)
    verdict = c.words("subgroups.differ" if smallest < _LEVEL else "subgroups.alike", p=c.p_phrase(smallest))
    several = len(c.trial.analysis.subgroups) > 1
    return f"{verdict}; {c.words('subgroups.corrected')}" if found and several else verdict


def _redrawn(c: Context, declared: Subgroup, primary: Primary, arm: str) -> list[float]:
    """The family-wise p-value of the interaction, where the lots were redrawn."""
    about = {"role": "primary", "outcome": primary.outcome, "months": str(primary.months), "summary": primary.summary}
    rows = rows_of(c, "interactions", subgroup=declared.id, arm=arm, **about)
    return [float(row["p_family"]) for row in rows if row["p_family"] is not None]


def _named(c: Context, declared: Subgroup, arm: str, e: Estimate) -> str:
    return named(c, _group(c, declared, e), arm)


def _group(c: Context, declared: Subgroup, e: Estimate) -> str:
    """A group in words: above or below the median, before or from a date, under or from a number, or a category."""
    group = (e.subgroup or "").partition(":")[2]
    if declared.split == "categories":
        answers = {"0": "measure.no", "1": "measure.yes", "false": "measure.no", "true": "measure.yes"}
        yes_or_no = group in answers and is_share(c, declared.by)
        return c.words(answers[group]).capitalize() if yes_or_no else category_label(c, declared.by, group)
    if declared.split == "median":
        return c.words(f"subgroups.group.{group}")
    first = min(declared.split, key=lambda cut: float(cut.toordinal() if isinstance(cut, date) else cut))
    if group == "below":
        key = "subgroups.group.before" if isinstance(first, date) else "subgroups.group.under"
        return c.words(key, cut=_cut(c, first))
    cut = first if group == "above" else next(cut for cut in declared.split if group == f"from {cut}")
    return c.words("subgroups.group.from", cut=_cut(c, cut))


def _cut(c: Context, cut: Decimal | date) -> str:
    return long_date(cut, c.language) if isinstance(cut, date) else c.number(float(cut))


def _how_split(c: Context, declared: Subgroup) -> str:
    by = covariate_label(c, declared.by) if declared.by != "drawn_at" else c.words("column.drawn_at")
    if isinstance(declared.split, str):
        return c.words(f"subgroups.split.{declared.split}", by=by)
    return c.words("subgroups.split.cuts", by=by, cuts=c.join([_cut(c, cut) for cut in declared.split]))


def _group_table(c: Context, declared: Subgroup, primary: Primary, i: int, rows: list[tuple[str, Estimate]]) -> Table:
    w, unit = c.words, c.unit(primary.outcome, primary.summary)
    body = tuple(Row((Cell(_named(c, declared, arm, e)), *numbers_of(c, e, primary))) for arm, e in rows)
    label = _label(c, declared)
    months = c.months(primary.months)
    caption = w("subgroups.caption", outcome=c.outcome(primary.outcome), months=months, label=label)
    columns = (Column(w("subgroups.group_header"), numeric=False), *columns_of_numbers(c))
    note = w("outcome.table_note", unit=unit.name)
    return Table(f"tab-subgroup-{declared.id}-{i + 1}", caption, columns, body, note, c.source)
