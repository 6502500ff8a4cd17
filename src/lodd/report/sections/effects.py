"""Effects: primary outcomes open, every other outcome behind its own heading, and what else the plan asks for."""

from __future__ import annotations

from lodd.protocol.analysis import Family
from lodd.report.context import Context
from lodd.report.drawing.spark import spark
from lodd.report.estimates import Estimate
from lodd.report.model import Block, Cell, Column, Details, Notice, Paragraph, Part, Row, Section, Table
from lodd.report.outcome import difference_headline, levels, outcome_blocks
from lodd.report.sections.first_time import first_time
from lodd.report.sections.splits import splits
from lodd.report.sections.totals import cumulative
from lodd.report.tables import named

_DASH = "\N{EN DASH}"


def effects(c: Context) -> Section:
    """Primary outcomes, the table of all, families, work by programme and benefit, first jobs, running totals."""
    w = c.words
    if not c.trial.outcomes or c.evaluation.estimates.is_empty():
        none = Notice(w("effects.none"), w("effects.none_text"))
        return Section("effects", w("effects.heading"), (none,))
    blocks: list[Block] = [Paragraph(w("effects.lead", confidence=c.confidence))]
    blocks += [_primary(c, outcome) for outcome in c.primary_outcomes]
    blocks.append(Part("all-outcomes", w("index.heading"), (Paragraph(w("index.lead")), _index(c), *p_values(c))))
    for family, outcomes in c.outcome_groups:
        own = tuple(_folded(c, o) for o in outcomes if o not in c.primary_outcomes)
        if own:
            blocks.append(Part(_family_id(family), _family_heading(c, family), own))
    blocks += [part for make in (splits, first_time, cumulative) for part in make(c)]
    return Section("effects", w("effects.heading"), tuple(blocks))


def _primary(c: Context, outcome: str) -> Part:
    fixed = [arm for arm in c.treated_arms if c.estimates.curve(outcome, arm, "fixed_cohort")]
    beside: tuple[Block, ...] = ()
    if fixed:
        figure = levels(c, outcome, narrow_only=False, population="fixed_cohort")
        beside = (
            Details(f"more-fixed-{outcome}", c.words("outcome.fixed_heading", outcome=c.outcome(outcome)), (figure,)),
        )
    heading = c.words("outcome.primary_heading", outcome=c.outcome(outcome))
    return Part(f"outcome-{outcome}", heading, (*outcome_blocks(c, outcome, primary=True), *beside))


def _folded(c: Context, outcome: str) -> Details:
    hints = [difference_headline(c, outcome, arm) for arm in c.treated_arms] if c.treated_arms else []
    short = [hint.removeprefix(f"{c.outcome(outcome)}: ") for hint in hints]
    blocks = outcome_blocks(c, outcome, primary=False)
    return Details(f"outcome-{outcome}", c.outcome(outcome), blocks, hint="; ".join(short), printed=True)


def _family_id(family: Family | None) -> str:
    return f"family-{family.id}" if family else "outcomes-other"


def _family_heading(c: Context, family: Family | None) -> str:
    return c.words("effects.family", family=c.family(family)) if family else c.family(None)


# Index ----------------------------------------------------------------------------------------------------------------


def _index(c: Context) -> Table:
    """Every outcome in a row for each arm: its path in small, and its mean difference in each declared period."""
    w, periods = c.words, c.trial.analysis.periods
    arm = [Column(w("shares.arm"), numeric=False)] if c.several_arms else []
    columns = [Column(w("index.outcome"), numeric=False), *arm, Column(w("index.path"), numeric=False)]
    columns += [Column(c.months(span)) for span in periods]
    rows: list[Row] = []
    for family, outcomes in c.outcome_groups:
        if len(c.outcome_groups) > 1:
            rows.append(Row((Cell(c.family(family)),), "group"))
        rows += [_index_row(c, outcome, a) for outcome in outcomes for a in c.treated_arms]
    note = w("index.note", confidence=c.confidence) if periods else w("index.note_no_periods")
    caption = w("index.caption" if periods else "index.caption_no_periods")
    return Table("tab-index", caption, tuple(columns), tuple(rows), note, c.source)


def _index_row(c: Context, outcome: str, arm: str) -> Row:
    unit = c.unit(outcome)
    cells = [
        Cell(c.outcome(outcome), second="" if unit.is_share else unit.name, href=f"#outcome-{outcome}"),
        *([Cell(c.arm(arm))] if c.several_arms else []),
        _spark(c, outcome, arm),
    ]
    by_months = {e.months: e for e in c.estimates.periods(outcome, arm)}
    cells += [_period(c, by_months.get(str(span)), outcome) for span in c.trial.analysis.periods]
    return Row(tuple(cells))


def _spark(c: Context, outcome: str, arm: str) -> Cell:
    rows = c.estimates.curve(outcome, arm)
    if len(rows) < 3:
        return Cell(_DASH)
    months = [e.event_month or 0 for e in rows]
    band = ([e.ci_low for e in rows], [e.ci_high for e in rows])
    alternative = c.words("index.spark", headline=difference_headline(c, outcome, arm))
    return Cell("", drawing=spark(months, [e.estimate for e in rows], band, c.arm_class(arm)), alternative=alternative)


def _period(c: Context, e: Estimate | None, outcome: str) -> Cell:
    if e is None or e.estimate is None:
        return Cell(_DASH)
    unit = c.unit(outcome)
    return Cell(unit.difference(e.estimate), second=unit.interval(*e.interval) if e.interval else "")


# p-values -------------------------------------------------------------------------------------------------------------


def p_values(c: Context) -> list[Block]:
    """Every outcome's p-values by redraws in each declared period, alone and corrected within its family; folded."""
    w, periods = c.words, c.trial.analysis.periods
    pairs = [(o, a) for _, outcomes in c.outcome_groups for o in outcomes for a in c.treated_arms]
    found = {pair: {e.months: e for e in c.estimates.periods(*pair)} for pair in pairs}
    if not any(e.p_randomisation is not None for rows in found.values() for e in rows.values()):
        return []
    rows = [
        Row((Cell(named(c, c.outcome(o), a)), *(_p_cell(c, found[o, a].get(str(span))) for span in periods)))
        for o, a in pairs
    ]
    heads = (Column(w("index.outcome"), numeric=False), *(Column(c.months(span)) for span in periods))
    caption = w("p_values.caption")
    table = Table("tab-p-values", caption, heads, tuple(rows), w("p_values.note"), c.source)
    return [Details("more-tab-p-values", caption, (table,), w.counted("details.rows", len(rows)))]


def _p_cell(c: Context, e: Estimate | None) -> Cell:
    if e is None or e.p_randomisation is None:
        return Cell(_DASH)
    return Cell(c.p(e.p_randomisation), second="" if e.p_family is None else c.p(e.p_family))
