"""Data quality: what was found in the registers and what the evaluation had to leave out, in words with counts."""

from __future__ import annotations

from datetime import date

from lodd.evaluation.results import Note
from lodd.locale import long_date
from lodd.protocol.breaks import BREAK, crossings
from lodd.report.context import Context
from lodd.report.labels import covariate_label, stratum_label
from lodd.report.measures import register_label
from lodd.report.model import Block, Bullets, Cell, Column, Details, Paragraph, Part, Row, Section, Table

_MOST_SUBJECTS = 6
_OF_PEOPLE = frozenset(
    {"singletons", "without_contrast", "leverage_one", "beyond_coverage", "undefined_after_exit", "covariate_missing"}
    | {"subgroup_missing", "left_out_of_subgroup", "not_redrawn"}
    | {"undefined_without_value", "parts_do_not_add_up", "fidelity_unknown", "target_missing"}
)


def quality(c: Context) -> Section:
    """Registers first, then the evaluation's notes."""
    w = c.words
    parts: tuple[Block, ...] = (
        Paragraph(w("quality.lead")),
        Part("quality-registers", w("quality.registers"), (*_as_of(c), *_breaks(c), _registers(c))),
        Part("quality-evaluation", w("quality.evaluation"), tuple(_notes(c))),
    )
    return Section("quality", w("quality.heading"), parts)


def _as_of(c: Context) -> list[Block]:
    """As of which day the registers are read, and which of them could not be rebuilt."""
    as_of = c.trial.analysis.as_of
    if as_of is None:
        return []
    said = [c.words("quality.as_of", day=long_date(as_of, c.language))]
    kept = [register_label(c, note.register) for note in c.panel_notes if note.kind == "not_rebuilt"]
    if kept:
        said.append(c.words("quality.not_rebuilt", registers=c.join(kept)))
    return [Paragraph(" ".join(said))]


def _breaks(c: Context) -> list[Block]:
    """Which outcomes of the plan cross a break in a register, and what follows."""
    found = {(each.register, each.broken): list[str]() for each in crossings(c.trial)}
    for each in crossings(c.trial):
        found[each.register, each.broken].append(c.outcome(each.outcome))
    said = tuple(
        c.words(
            "quality.break",
            register=register_label(c, register),
            day=long_date(broken.since, c.language),
            label=c.text(broken.label),
            outcomes=c.join(list(dict.fromkeys(outcomes))),
        )
        for (register, broken), outcomes in found.items()
    )
    return [Paragraph(c.words("quality.breaks")), Bullets(said)] if said else []


def _registers(c: Context) -> Block:
    w = c.words
    found = [note for note in c.panel_notes if note.count]
    if not found:
        return Paragraph(w("quality.no_register_notes"))
    rows: list[Row] = []
    for register in dict.fromkeys(note.register for note in found):
        label = register_label(c, register) if register in c.trial.registers else register
        rows.append(Row((Cell(label),), "group"))
        rows += [
            Row((Cell(_kind(c, note.kind)), Cell(c.people(note.count)))) for note in found if note.register == register
        ]
    columns = (Column(w("quality.found"), numeric=False), Column(w("quality.count")))
    return Table("tab-quality", w("quality.caption"), columns, tuple(rows), w("disclosure.note"), c.source)


def _kind(c: Context, kind: str) -> str:
    """A finding in words; "missing:hours_per_week" names its column."""
    code, _, column = kind.partition(":")
    if code == BREAK:
        return c.words("register_note.break", day=long_date(date.fromisoformat(column), c.language))
    named = c.words.optional(f"register_note.{code}", code.replace("_", " "))
    return c.words("register_note.of_column", what=named, column=column) if column else named


def _notes(c: Context) -> list[Block]:
    """A sentence for each kind of note, and every note in a table behind."""
    w, notes = c.words, c.evaluation.notes
    kinds = dict.fromkeys(note.kind for note in notes)
    if not kinds:
        return [Paragraph(w("quality.no_notes"))]
    said = Bullets(tuple(_phrase(c, [note for note in notes if note.kind == kind]) for kind in kinds))
    rows: list[Row] = []
    for kind in kinds:
        rows.append(Row((Cell(_what(c, kind)),), "group"))
        rows += [_row(c, note) for note in notes if note.kind == kind]
    columns = (
        Column(w("note.subject"), numeric=False),
        Column(w("note.detail"), numeric=False),
        Column(w("note.count")),
    )
    table = Table("tab-notes", w("note.caption"), columns, tuple(rows), w("disclosure.note"), c.source)
    return [said, Details("more-tab-notes", w("note.caption"), (table,), w.counted("details.rows", len(notes)))]


def _what(c: Context, kind: str) -> str:
    return c.words.optional(f"note.kind.{kind}", kind.replace("_", " ").capitalize())


def _phrase(c: Context, notes: list[Note]) -> str:
    """One kind of note: what it is, and its first subjects."""
    subjects = list(dict.fromkeys(_subject(c, note) for note in notes if note.subject))
    shown = subjects[:_MOST_SUBJECTS]
    if len(subjects) > len(shown):
        shown.append(c.words("note.and_more", count=c.number(len(subjects) - len(shown))))
    what = _what(c, notes[0].kind)
    return c.words("note.sentence", what=what, subjects=c.join(shown)) if shown else f"{what}."


def _row(c: Context, note: Note) -> Row:
    count = c.people(note.count) if note.kind in _OF_PEOPLE else c.number(note.count)
    return Row((Cell(_subject(c, note)), Cell(_detail(c, note.detail)), Cell(count)))


def _subject(c: Context, note: Note) -> str:
    """What a note is about: an outcome, an estimator, an arm, a group, the draw, a stratum or a covariate."""
    subject = note.subject
    if subject in c.trial.outcomes:
        return c.outcome(subject)
    if subject in c.trial.arms:
        return c.arm(subject)
    plan = c.trial.analysis
    labels = {group.id: group.label for group in plan.subgroups if group.label}
    labels |= {target.id: target.label for target in plan.targets if target.label}
    if subject in labels:
        return c.text(labels[subject])
    for prefix in ("estimator", "note.method"):
        if f"{prefix}.{subject}" in c.words:
            return c.words(f"{prefix}.{subject}")
    return stratum_label(c, subject) if ":" in subject else covariate_label(c, subject)


def _detail(c: Context, detail: str) -> str:
    """Months in words, an arm's label, or a reason."""
    if detail in c.trial.arms:
        return c.arm(detail)
    try:
        return c.join([c.months(part) for part in detail.split(", ")])
    except ValueError:
        return c.words.optional(f"note.reason.{detail}", c.words.optional(f"note.kind.{detail}", detail))
