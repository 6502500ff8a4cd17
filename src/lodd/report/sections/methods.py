"""Methods, generated from the protocol: what was measured, for whom, and how it was estimated."""

from __future__ import annotations

from lodd.locale import long_date
from lodd.protocol.analysis import Primary
from lodd.report.context import Context
from lodd.report.labels import covariate_label, lower_first
from lodd.report.measures import after_exit, definition, register_label
from lodd.report.model import Block, Bullets, Cell, Column, Definitions, Paragraph, Part, Row, Section, Table
from lodd.report.tables import rows_of, sentences

_AROUND = (
    "participation_effects", "first_time", "decomposition", "early_and_late", "interactions", "bounds_for_loss",
    "targets", "effects_by_fidelity",
)  # fmt: skip


def methods(c: Context) -> Section:
    """Eligibility, the draw, estimation, the plan, outcomes, registers, disclosure control."""
    w = c.words
    parts: tuple[tuple[str, list[Block]], ...] = (
        ("eligibility", _eligibility(c)),
        ("draw", _draw(c)),
        ("estimation", _estimation(c)),
        *((("inference", _inference(c)),) if _inference(c) else ()),
        ("plan", _plan(c)),
        *((("around", _around(c)),) if _around(c) else ()),
        *((("verdict", _verdict(c)),) if c.evaluation.verdicts else ()),
        ("limits", _limits(c)),
        ("outcomes", _outcomes(c)),
        ("registers", _registers(c)),
        ("disclosure", [Paragraph(w("methods.disclosure_text"))]),
    )
    made = tuple(Part(f"methods-{name}", w(f"methods.{name}"), tuple(blocks)) for name, blocks in parts)
    return Section("methods", w("methods.heading"), (Paragraph(w("methods.lead")), *made))


def _eligibility(c: Context) -> list[Block]:
    conditions = tuple(e.nb if c.language == "nb" else e.en for e in c.trial.enrolment.eligibility)
    if not conditions:
        return [Paragraph(c.words("methods.no_eligibility"))]
    return [Paragraph(c.words("methods.eligibility_lead")), Bullets(conditions)]


def _draw(c: Context) -> list[Block]:
    w, declared = c.words, c.trial.draw
    strata = c.join([w.optional(f"methods.stratum.{s}", s) for s in declared.strata])
    said = [w(f"draw.method.{declared.method}")]
    if declared.strata:
        said.append(w("methods.strata", strata=strata))
    if declared.schedule:
        shares = [float(p) for row in declared.schedule for p in row.probability.values()]
        said.append(
            w(
                "methods.schedule",
                rows=c.number(len(declared.schedule)),
                low=c.percent(min(shares)),
                high=c.percent(max(shares)),
            )
        )
    return [Paragraph(" ".join(said))]


def _estimation(c: Context) -> list[Block]:
    w, analysis = c.words, c.trial.analysis
    said = [w(f"methods.estimand.{analysis.estimand}")]
    if c.estimates.main:
        said.append(
            w("methods.main", estimator=w.optional(f"methods.estimator.{c.estimates.main[0]}", c.estimates.main[0]))
        )
    said.append(w("methods.companion"))
    covariates = [covariate_label(c, name) for name in analysis.covariates]
    said.append(w("methods.covariates", covariates=c.join(covariates)) if covariates else w("methods.no_covariates"))
    kinds = c.estimates.se_kinds
    if kinds:
        said.append(w("methods.standard_errors", kinds=c.join(kinds), confidence=c.confidence))
    said.append(w("methods.cluster", column=analysis.cluster) if analysis.cluster else w("methods.individuals"))
    return [Paragraph(" ".join(said)), Paragraph(w("methods.months")), Paragraph(w("methods.observed"))]


def _inference(c: Context) -> list[Block]:
    """How the lots were redrawn and what follows from it, if they were."""
    made = rows_of(c, "redraws")
    if not made:
        return []
    w, row = c.words, made[0]
    said = w("methods.randomisation", draws=c.number(row["draws"]), error=c.number(row["error"], 4))
    if row["draws"] != row["declared"]:
        said = sentences(said, w("methods.other_draws", declared=c.number(row["declared"])))
    if c.external:
        said = sentences(said, w("methods.assumed_draw"))
    return [Paragraph(said), Paragraph(w("methods.bands", confidence=c.confidence))]


def _around(c: Context) -> list[Block]:
    """The assumptions of what stands around the main effect, as far as it is there."""
    there = [name for name in _AROUND if name in c.evaluation.tables]
    return [Bullets(tuple(c.words(f"methods.table.{name}") for name in there))] if there else []


def _verdict(c: Context) -> list[Block]:
    w = c.words
    blocks: list[Block] = [
        Paragraph(w("methods.verdict_text", level=c.percent(1 - float(c.trial.analysis.confidence))))
    ]
    priors = [p for p in c.primaries if p.prior is not None]
    if priors:
        said = [_prior(c, primary) for primary in priors]
        blocks.append(Bullets(tuple(said)))
    return [*blocks, Paragraph(w("methods.findings_text"))]


def _prior(c: Context, primary: Primary) -> str:
    unit, prior = c.unit(primary.outcome, primary.summary), primary.prior
    sd = unit.with_name(float(prior.sd)) if prior else ""
    named = {"outcome": c.outcome(primary.outcome), "months": c.months(primary.months)}
    return c.words(f"methods.prior.{prior.shape if prior else 'normal'}", sd=sd, **named)


def _limits(c: Context) -> list[Block]:
    """Where the methods fall short, as far as it concerns this trial."""
    w, keys = c.words, ["intervals", "several"]
    if rows_of(c, "redraws"):
        keys += ["sharp", "bands"]
    if c.external:
        keys.append("external")
    if c.trial.draw.method == "minimisation" and c.several_arms:
        keys.append("minimisation")
    if rows_of(c, "inverted_intervals"):
        keys.append("inverted")
    if c.evaluation.findings:
        keys.append("findings")
    return [Bullets(tuple(w(f"methods.limit.{key}") for key in keys))]


def _plan(c: Context) -> list[Block]:
    w, analysis = c.words, c.trial.analysis
    items = [_primary(c, primary) for primary in c.primaries] or [w("methods.no_primary")]
    items.append(w("methods.window", before=c.number(analysis.window.before), after=c.number(analysis.window.after)))
    if analysis.periods:
        items.append(w("methods.periods", periods=c.join([c.months(span) for span in analysis.periods])))
    for family in analysis.families:
        own = c.join([c.outcome(outcome) for outcome in family.outcomes])
        items.append(w("methods.family", family=c.family(family), outcomes=own))
    if analysis.cumulative:
        items.append(w("methods.cumulative", outcomes=c.join([c.outcome(o) for o in analysis.cumulative])))
    for subgroup in analysis.subgroups:
        label = c.text(subgroup.label) if subgroup.label else covariate_label(c, subgroup.by)
        items.append(w("methods.subgroup", subgroup=label))
    return [Bullets(tuple(items))]


def _primary(c: Context, primary: Primary) -> str:
    unit = c.unit(primary.outcome, primary.summary)
    margin = (
        c.words("methods.margin", margin=unit.with_name(float(primary.margin)))
        if primary.margin is not None
        else c.words("methods.no_margin")
    )
    key = f"methods.primary_{primary.summary}"
    return c.words(key, outcome=c.outcome(primary.outcome), months=c.months(primary.months), margin=margin)


def _outcomes(c: Context) -> list[Block]:
    if not c.trial.outcomes:
        return [Paragraph(c.words("methods.no_outcomes"))]
    rules = {name: after_exit(c, name) for name in c.trial.outcomes}
    if len(set(rules.values())) == 1:
        common = c.words("methods.same_exit", rule=lower_first(next(iter(rules.values()))))
        items = tuple((c.outcome(name), (" ".join(definition(c, name)),)) for name in rules)
        return [Paragraph(common), Definitions(items)]
    return [Definitions(tuple((c.outcome(o), (" ".join([*definition(c, o), rule]),)) for o, rule in rules.items()))]


def _registers(c: Context) -> list[Block]:
    w = c.words
    if not c.trial.registers:
        return [Paragraph(w("methods.no_registers"))]
    rows = tuple(
        Row(
            (
                Cell(register_label(c, name)),
                Cell(w(f"methods.temporality.{r.temporality}")),
                Cell(_covers(c, name)),
                Cell(_cleaning(c, name)),
            )
        )
        for name, r in c.trial.registers.items()
    )
    columns = tuple(Column(w(f"methods.register_{n}"), numeric=False) for n in ("name", "kind", "covers", "cleaning"))
    return [Table("tab-registers", w("methods.registers_caption"), columns, rows, source=w("source.protocol"))]


def _covers(c: Context, register: str) -> str:
    covers = c.trial.registers[register].covers
    if covers is None:
        return "\N{EN DASH}"
    since, until = long_date(covers.since, c.language), long_date(covers.until, c.language)
    return c.words("codes.from_until", since=since, until=until)


def _cleaning(c: Context, register: str) -> str:
    """How duplicates, corrections, overlaps and missing values of a register are handled."""
    w, r = c.words, c.trial.registers[register]
    said = [w(f"methods.duplicates.{r.duplicates}")]
    if r.record:
        said.append(w("methods.versions"))
    if r.withdrawn:
        said.append(w("methods.withdrawn", column=r.withdrawn.column, values=c.join(list(r.withdrawn.values))))
    if r.merge:
        said.append(w(f"methods.merge.{r.merge.overlap}", by=c.join(list(r.merge.by))))
    for name, column in r.columns.items():
        key = column.missing if isinstance(column.missing, str) else "value"
        value = "" if isinstance(column.missing, str) else c.number(float(column.missing))
        said.append(w(f"methods.missing.{key}", column=name, value=value))
    return " ".join(said)
