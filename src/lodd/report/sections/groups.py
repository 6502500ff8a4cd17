"""For whom, when and where: subgroups, early and late draws, other target groups, quality of the programme."""

from __future__ import annotations

from lodd.locale import interval
from lodd.protocol.analysis import Primary
from lodd.report import disclosure
from lodd.report.context import Context
from lodd.report.labels import category_label, covariate_label
from lodd.report.model import Block, Cell, Details, Notice, Paragraph, Part, Row, Section, Table
from lodd.report.sections.subgroups import subgroups
from lodd.report.tables import (
    DASH,
    Effect,
    Found,
    columns,
    effect_cell,
    effect_of,
    effects_figure,
    exploratory,
    named,
    primary_rows,
    rows_of,
)

_LEVEL = 0.05


def groups(c: Context) -> Section:
    """Every comparison of effects between groups of participants."""
    w = c.words
    parts = [part for make in (subgroups, early_and_late, targets, fidelity) for part in make(c)]
    lead = Paragraph(w("groups.lead" if parts else "groups.none"))
    return Section("groups", w("groups.heading"), (lead, *parts))


# Early and late -------------------------------------------------------------------------------------------------------


def early_and_late(c: Context) -> list[Part]:
    """The first half of each site's draws beside the rest."""
    w, blocks = c.words, list[Block]()
    for i, primary in enumerate(c.primaries):
        rows = [r for arm in c.treated_arms for r in primary_rows(c, "early_and_late", primary, arm, main=True)]
        blocks += _compared(c, f"fig-early-{i + 1}", primary, rows, w("early.note"))
    if not blocks:
        return []
    return [Part("early-and-late", w("early.heading"), (Paragraph(w("early.lead")), *blocks))]


def _compared(c: Context, id_: str, primary: Primary, rows: list[Found], note: str) -> list[Block]:
    """A picture of a primary outcome's effects in two groups, headed by the test of their difference."""
    w, unit = c.words, c.unit(primary.outcome, primary.summary)
    labels = [w(f"early.{row['half']}" if "half" in row else f"fidelity.{row['group']}") for row in rows]
    effects = [effect_of(c, named(c, label, row["arm"]), row) for label, row in zip(labels, rows, strict=True)]
    shown = [effect for effect in effects if effect is not None]
    if not shown:
        return []
    headline = f"{c.outcome(primary.outcome)}: {_difference(c, rows)}"
    subtitle = w("subgroups.subtitle", months=c.months(primary.months), confidence=c.confidence)
    said = f"{note} {exploratory(c, rows)}".strip()
    return [effects_figure(c, id_, shown, unit, headline=headline, subtitle=subtitle, note=said)]


def _difference(c: Context, rows: list[Found]) -> str:
    known = [row["p_interaction"] for row in rows if row["p_interaction"] is not None]
    if not known:
        return c.words("subgroups.untested")
    smallest = min(known)
    return c.words("subgroups.differ" if smallest < _LEVEL else "subgroups.alike", p=c.p_phrase(smallest))


# Target groups --------------------------------------------------------------------------------------------------------


def targets(c: Context) -> list[Part]:
    """Primary effects projected to the plan's target groups, and how well the reweighting met them."""
    w, blocks = c.words, list[Block]()
    adjusted = c.estimates.main is not None and c.estimates.main[1]
    for i, primary in enumerate(c.primaries):
        rows = [r for arm in c.treated_arms for r in primary_rows(c, "targets", primary, arm, adjusted=adjusted)]
        shown = [(r, e) for r in rows if (e := effect_of(c, named(c, _target(c, r["target"]), r["arm"]), r))]
        if shown:
            blocks.append(_projected(c, i, primary, [row for row, _ in shown], [effect for _, effect in shown]))
    if not blocks:
        return []
    return [Part("targets", w("targets.heading"), (Paragraph(w("targets.lead")), *blocks, *_margins(c)))]


def _projected(c: Context, i: int, primary: Primary, rows: list[Found], effects: list[Effect]) -> Block:
    w, unit = c.words, c.unit(primary.outcome, primary.summary)
    own = [
        Effect(named(c, w("targets.participants"), e.arm), c.arm_class(e.arm), e.estimate, e.ci_low, e.ci_high)
        for arm in c.treated_arms
        for e in c.estimates.primary(primary, arm)[:1]
        if e.estimate is not None
    ]
    fewest = min(row["effective_n"] for row in rows)
    note = f"{w('targets.note', people=c.people(round(fewest)))} {exploratory(c, rows)}".strip()
    headline = w("targets.headline", outcome=c.outcome(primary.outcome))
    subtitle = w("subgroups.subtitle", months=c.months(primary.months), confidence=c.confidence)
    shown = [*own, *effects]
    return effects_figure(c, f"fig-targets-{i + 1}", shown, unit, headline=headline, subtitle=subtitle, note=note)


def _target(c: Context, target: str) -> str:
    label = next((t.label for t in c.trial.analysis.targets if t.id == target), None)
    return c.text(label) if label else target


def _margins(c: Context) -> list[Block]:
    w, rows = c.words, list[Row]()
    found = rows_of(c, "target_margins")
    for target in dict.fromkeys(row["target"] for row in found):
        rows.append(Row((Cell(_target(c, target)),), "group"))
        rows += [_margin_row(c, row) for row in found if row["target"] == target]
    if not rows:
        return []
    heads = columns(c, "targets.known", "targets.declared", "targets.participants", "targets.reweighted")
    table = Table("tab-targets", w("targets.caption"), heads, tuple(rows), source=c.source)
    hint = w.counted("details.rows", len(found))
    return [Details("more-tab-targets", w("targets.caption"), (table,), hint)]


def _margin_row(c: Context, row: Found) -> Row:
    label, people = covariate_label(c, row["by"]), len(c.participants)
    if row["group"] is None:
        shown = [c.number(row[name], 1) for name in ("declared", "participants", "reweighted")]
        return Row((Cell(c.words("characteristics.mean_of", column=label)), *(Cell(number) for number in shown)))
    group = c.words.optional(f"targets.group.{row['group']}", category_label(c, row["by"], row["group"]))
    few = disclosure.hidden(round(row["participants"] * people))
    shown = [c.percent(row["declared"], 1), DASH if few else c.percent(row["participants"], 1)]
    shown.append(c.percent(row["reweighted"], 1))
    return Row((Cell(f"{label}: {group}"), *(Cell(number) for number in shown)))


# Quality of the programme ---------------------------------------------------------------------------------------------


def fidelity(c: Context) -> list[Part]:
    """Effects where the programme's quality was low and high, set apart: the draw does not protect the comparison."""
    w, blocks = c.words, list[Block]()
    for i, primary in enumerate(c.primaries):
        rows = [r for arm in c.treated_arms for r in primary_rows(c, "effects_by_fidelity", primary, arm, main=True)]
        if rows:
            note = w("fidelity.note", median=c.number(rows[0]["median"], 1))
            blocks += _compared(c, f"fig-fidelity-{i + 1}", primary, rows, note)
    if not blocks:
        return []
    warning = Notice(w("fidelity.unprotected"), w("fidelity.unprotected_text"), "warning")
    return [Part("fidelity", w("fidelity.heading"), (warning, *blocks, *_slopes(c)))]


def _slopes(c: Context) -> list[Block]:
    w, rows = c.words, list[Row]()
    for primary in c.primaries:
        unit = c.unit(primary.outcome, primary.summary)
        for arm in c.treated_arms:
            for row in primary_rows(c, "fidelity_slopes", primary, arm, main=True):
                label = named(c, f"{c.outcome(primary.outcome)}, {c.months(primary.months)}", arm)
                span = interval(row["moderator_low"], row["moderator_high"], c.language, 1)
                cells = (Cell(span), effect_cell(c, unit, row), Cell(c.p(row["p_value"])))
                rows.append(Row((Cell(label, second=unit.name), *cells)))
    if not rows:
        return []
    heads = columns(c, "precision.outcome", "fidelity.scores", "fidelity.change", "table.p")
    table = Table("tab-fidelity", w("fidelity.caption"), heads, tuple(rows), w("fidelity.slope_note"), c.source)
    return [Details("more-tab-fidelity", w("fidelity.caption"), (table,), w.counted("details.rows", len(rows)))]
