"""Data quality: what was found in the registers and what the evaluation had to leave out, in words with counts."""

from __future__ import annotations

from lodd.evaluation.results import Note
from lodd.report.context import Context
from lodd.report.labels import covariate_label, stratum_label
from lodd.report.measures import register_label
from lodd.report.model import Block, Bullets, Cell, Column, Paragraph, Part, Row, Section, Table

_MOST_SUBJECTS = 8


def quality(c: Context) -> Section:
    """Registers first, then the evaluation's notes."""
    w = c.words
    parts: tuple[Block, ...] = (
        Paragraph(w("quality.lead")),
        Part("quality-registers", w("quality.registers"), (_registers(c),)),
        Part("quality-evaluation", w("quality.evaluation"), (_notes(c),)),
    )
    return Section("quality", w("quality.heading"), parts)


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
    named = c.words.optional(f"register_note.{code}", code.replace("_", " "))
    return c.words("register_note.of_column", what=named, column=column) if column else named


def _notes(c: Context) -> Block:
    kinds = dict.fromkeys(note.kind for note in c.evaluation.notes)
    if not kinds:
        return Paragraph(c.words("quality.no_notes"))
    return Bullets(tuple(_phrase(c, [n for n in c.evaluation.notes if n.kind == kind]) for kind in kinds))


def _phrase(c: Context, notes: list[Note]) -> str:
    """One kind of note: what it is, and its subjects with counts."""
    w = c.words
    what = w.optional(f"note.{notes[0].kind}", notes[0].kind.replace("_", " ").capitalize())
    subjects = list(dict.fromkeys(_subject(c, note) for note in notes if note.subject))
    shown = subjects[:_MOST_SUBJECTS]
    if len(subjects) > len(shown):
        shown.append(w("note.and_more", count=c.number(len(subjects) - len(shown))))
    return w("note.sentence", what=what, subjects=c.join(shown)) if shown else w("note.alone", what=what)


def _subject(c: Context, note: Note) -> str:
    name = _subject_name(c, note.subject)
    return c.words("note.counted", subject=name, count=c.people(note.count)) if note.count else name


def _subject_name(c: Context, subject: str) -> str:
    if subject in c.trial.outcomes:
        return c.outcome(subject)
    if subject in c.trial.arms:
        return c.arm(subject)
    return stratum_label(c, subject) if ":" in subject else covariate_label(c, subject)
