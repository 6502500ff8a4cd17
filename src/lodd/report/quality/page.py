"""The page as a value: a summary of all registers, a section for each, and how it was reckoned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodd.locale import Language, number
from lodd.protocol.model import Trial
from lodd.registers.quality import Finding, Quality, RegisterQuality
from lodd.report.chrome import chrome
from lodd.report.model import (
    Block,
    Bullets,
    Cell,
    Column,
    Notice,
    Paragraph,
    Part,
    Report,
    Row,
    Section,
    Table,
)
from lodd.report.quality.register import examples, register_label, register_section
from lodd.report.quality.said import month_name, said
from lodd.report.words import Words, words
from lodd.version import __version__

NAME = "quality"
_DASH = "\N{EN DASH}"


def quality_report(trial: Trial, quality: Quality, language: Language) -> Report:
    """The page in one language."""
    return _Page(trial, quality, words(language)).report()


@dataclass(frozen=True, slots=True)
class _Page:
    trial: Trial
    quality: Quality
    w: Words

    def report(self) -> Report:
        w, quality = self.w, self.quality
        registers = tuple(register_section(self.trial, one, quality.drawn, w) for one in quality.registers)
        return Report(
            language=w.language,
            other="en" if w.language == "nb" else "nb",
            kicker=w("register_check.kicker"),
            title=w("register_check.title"),
            subtitle=w("register_check.subtitle", trial=self.trial.trial.title[w.language]),
            facts=self._facts(),
            banners=tuple(self._banners()),
            sections=(self._summary(), *registers, self._reasons()),
            chrome=chrome(w, __version__),
            name=NAME,
        )

    def _facts(self) -> tuple[tuple[str, str], ...]:
        w, drawn = self.w, self.quality.drawn
        return (
            (w("register_check.fact_drawn"), w("register_check.nobody") if drawn is None else self._number(drawn)),
            (w("register_check.fact_registers"), self._number(len(self.quality.registers))),
            (w("register_check.fact_found"), found_in_words(self.quality, w)),
        )

    def _banners(self) -> Iterator[Notice]:
        w = self.w
        yield Notice(w("register_check.private_title"), w("register_check.private"), "warning")
        if self.quality.drawn is None:
            yield Notice(w("register_check.before_draw_title"), w("register_check.before_draw"))

    def _summary(self) -> Section:
        w, quality = self.w, self.quality
        key = "has_errors" if quality.count("error") else "has_warnings" if quality.count("warning") else "clean"
        blocks: list[Block] = [Paragraph(w(f"register_check.{key}"), "lead")]
        blocks += self._first("error", "to_mend")
        blocks += self._first("warning", "to_look_at")
        blocks += [self._table(), Paragraph(w("register_check.scope"), "note")]
        for place, finding in enumerate(quality.findings):
            if finding.examples:
                blocks.append(examples(f"all-{place}", finding, w))
        return Section("summary", w("register_check.summary"), tuple(blocks))

    def _first(self, severity: str, heading: str) -> Iterator[Block]:
        found = [finding for finding in self.quality.all_findings() if finding.severity == severity]
        if found:
            yield Part(severity, self.w(f"register_check.{heading}"), (Bullets(tuple(map(self._bullet, found))),))

    def _bullet(self, finding: Finding) -> str:
        words = said(finding, self.w.language)
        where = f"{register_label(self.trial, finding.register, self.w)}: " if finding.register else ""
        what = words.what if not where else words.what[:1].lower() + words.what[1:]
        return f"{where}{what}. {words.does}"

    def _table(self) -> Table:
        w = self.w
        names = ("register", "rows", "people", *["seen"] * bool(self.quality.drawn), "first", "last", "found")
        columns = tuple(Column(w(f"register_check.table_{name}"), name != "register") for name in names)
        rows = tuple(self._row(register) for register in self.quality.registers)
        return Table("tab-registers", w("register_check.table"), columns, rows, w("register_check.table_note"))

    def _row(self, register: RegisterQuality) -> Row:
        w = self.w
        label = register_label(self.trial, register.register, w)
        name = Cell(label, "" if register.readable else w("register_check.not_read"), f"#register-{register.register}")
        sizes = [register.rows, register.people, *[register.seen] * bool(self.quality.drawn)]
        counts = [str(sum(f.severity == s for f in register.findings)) for s in ("error", "warning", "note")]
        cells = [self._number(size) if register.readable else _DASH for size in sizes]
        return Row((name, *map(Cell, [*cells, *self._ends(register), " / ".join(counts)])))

    def _ends(self, register: RegisterQuality) -> tuple[str, str]:
        """The first and last covered month with rows."""
        months, covers = register.months, register.covers
        if months is None or covers is None:
            return _DASH, _DASH
        counts = zip(months.month, months.rows, strict=True)
        there = [month for month, rows in counts if rows and covers[0] <= month <= covers[1]]
        if not there:
            return _DASH, _DASH
        return month_name(there[0], self.w.language), month_name(there[-1], self.w.language)

    def _reasons(self) -> Section:
        w = self.w
        said_ = tuple(Paragraph(w(f"register_check.reasons_{i}")) for i in range(1, 5))
        return Section("reasons", w("register_check.reasons"), said_)

    def _number(self, value: int) -> str:
        return number(value, self.w.language)


def found_in_words(quality: Quality, w: Words) -> str:
    """«1 feil, 2 advarsler og 3 merknader»."""
    return w(
        "register_check.found",
        errors=w.counted("register_check.errors", quality.count("error")),
        warnings=w.counted("register_check.warnings", quality.count("warning")),
        notes=w.counted("register_check.notes", quality.count("note")),
    )
