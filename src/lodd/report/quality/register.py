"""The page's section on one register: sizes, months, what is missing, and the findings by severity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodd.locale import number, percent
from lodd.protocol.model import Trial
from lodd.registers.quality import Finding, RegisterQuality
from lodd.report.model import (
    Block,
    Cell,
    Column,
    Details,
    Notice,
    Paragraph,
    Row,
    Section,
    Table,
)
from lodd.report.quality.figures import columns_figure, rows_figure
from lodd.report.quality.said import month_name, said
from lodd.report.words import Words

_DASH = "\N{EN DASH}"


def register_label(trial: Trial, register: str, w: Words) -> str:
    """The register's name for people."""
    label = trial.registers[register].label
    return label[w.language] if label else register


def register_section(trial: Trial, register: RegisterQuality, drawn: int | None, w: Words) -> Section:
    """Everything about one register."""
    return _Register(trial, register, drawn, w).section()


@dataclass(frozen=True, slots=True)
class _Register:
    trial: Trial
    register: RegisterQuality
    drawn: int | None
    w: Words

    def section(self) -> Section:
        blocks = [*self._sizes(), *self._doubts(), *self._over_time(), *self._notes()]
        return Section(f"register-{self._id}", register_label(self.trial, self._id, self.w), tuple(blocks))

    @property
    def _id(self) -> str:
        return self.register.register

    def _of(self, caption: str) -> str:
        """A caption that no other register's table has: those who listen to the page find tables by them."""
        return f"{register_label(self.trial, self._id, self.w)}: {caption[:1].lower()}{caption[1:]}"

    def _number(self, value: float, decimals: int = 0) -> str:
        return number(value, self.w.language, decimals)

    def _sizes(self) -> Iterator[Block]:
        r, w = self.register, self.w
        if not r.readable:
            return
        sentences = [w("register_check.sizes", rows=self._number(r.rows), people=self._number(r.people))]
        if self.drawn:
            share = percent(r.seen / self.drawn, w.language)
            seen, drawn = self._number(r.seen), self._number(self.drawn)
            sentences.append(w("register_check.sizes_drawn", seen=seen, drawn=drawn, share=share))
        yield Paragraph(" ".join(sentences))

    def _doubts(self) -> Iterator[Block]:
        """Errors and warnings, each with its examples."""
        r, w = self.register, self.w
        found = [f for severity in ("error", "warning") for f in r.findings if f.severity == severity]
        if not r.findings:
            yield Paragraph(w("register_check.nothing_found"), "note")
        for place, finding in enumerate(found):
            words = said(finding, w.language)
            title = f"{w(f'register_check.{finding.severity}')}: {words.what}"
            yield Notice(title, words.sentences, "error" if finding.severity == "error" else "warning")
            if finding.examples:
                yield self._examples(f"{self._id}-doubt-{place}", finding)

    def _over_time(self) -> Iterator[Block]:
        r, w = self.register, self.w
        if r.months is not None:
            yield rows_figure(r, register_label(self.trial, self._id, w), w)
            yield self._months()
            if (columns := columns_figure(r, w)) is not None:
                yield columns
        if r.readable and any(missing.rows for missing in r.missing):
            yield self._missing()
        elif r.readable and r.rows:
            yield Paragraph(w("register_check.no_missing"), "note")

    def _months(self) -> Details:
        r, w = self.register, self.w
        months = r.months
        assert months is not None
        missing = [column for column in r.missing if any(column.by_month)]
        headers = [w(f"register_check.{name}") for name in ("rows", "people")]
        headers += [w("register_check.missing_of", column=column.column) for column in missing]
        headers += [w("register_check.mean_of", column=name) for name in months.means]
        rows = []
        for i, month in enumerate(months.month):
            name = month_name(month, w.language) if months.step == 1 else str(month // 12)
            counts = [months.rows[i], months.people[i], *(column.by_month[i] for column in missing)]
            means = [_DASH if m[i] is None else self._number(m[i] or 0.0, 1) for m in months.means.values()]
            rows.append(Row((Cell(name), *(Cell(self._number(count)) for count in counts), *map(Cell, means))))
        first = Column(w("register_check.month" if months.step == 1 else "register_check.year"), numeric=False)
        columns = (first, *(Column(header) for header in headers))
        table = Table(f"tab-months-{self._id}", self._of(w("register_check.month_table")), columns, tuple(rows))
        hint = w.counted("details.rows", len(rows))
        return Details(f"more-months-{self._id}", w("register_check.month_table"), (table,), hint)

    def _missing(self) -> Table:
        r, w = self.register, self.w
        rows = [
            Row((Cell(m.column), Cell(self._number(m.rows)), Cell(percent(m.rows / r.rows, w.language, 1))))
            for m in r.missing
            if m.rows
        ]
        names = ("column", "missing_rows", "missing_share")
        columns = tuple(Column(w(f"register_check.{name}"), name != "column") for name in names)
        return Table(f"tab-missing-{self._id}", self._of(w("register_check.missing_table")), columns, tuple(rows))

    def _notes(self) -> Iterator[Block]:
        """What the protocol has an answer to, in one table, and the examples behind."""
        w = self.w
        notes = [finding for finding in self.register.findings if finding.severity == "note"]
        if not notes:
            return
        columns = tuple(
            Column(w(f"register_check.{name}"), name == "people") for name in ("what", "people", "handling")
        )
        rows = tuple(self._note(finding) for finding in notes)
        yield Table(f"tab-notes-{self._id}", self._of(w("register_check.notes_heading")), columns, rows)
        if shown := [(i, finding) for i, finding in enumerate(notes) if finding.examples]:
            tables = tuple(examples_table(f"{self._id}-note-{i}", finding, w, self._of("")) for i, finding in shown)
            summary, hint = w("register_check.examples"), w.counted("register_check.examples_tables", len(tables))
            yield Details(f"more-notes-{self._id}", summary, tables, hint)

    def _note(self, finding: Finding) -> Row:
        words = said(finding, self.w.language)
        people = _DASH if finding.people is None else self._number(finding.people)
        return Row((Cell(words.what), Cell(people), Cell(f"{words.does} {words.next_step}".strip())))

    def _examples(self, id_: str, finding: Finding) -> Details:
        return examples(id_, finding, self.w, self._of(""))


def examples(id_: str, finding: Finding, w: Words, of: str = "") -> Details:
    """A finding's few example rows behind a summary."""
    of_rows = any(example.row is not None for example in finding.examples)
    hint = "register_check.examples_hint" if of_rows else "register_check.examples_people"
    table = examples_table(id_, finding, w, of)
    return Details(f"more-{id_}", w("register_check.examples"), (table,), w.counted(hint, len(finding.examples)))


def examples_table(id_: str, finding: Finding, w: Words, of: str = "") -> Table:
    """A finding's few example rows: pseudonym, row number, and the days of the record; ``of`` begins the caption."""
    rows = finding.examples
    of_rows = any(example.row is not None for example in rows)
    names = ["pseudonym", *["row"] * of_rows]
    names += [name for name in ("since", "until") if any(getattr(example, name) for example in rows)]
    body = [Row(tuple(Cell(_shown(getattr(e, _FIELDS[name]), w)) for name in names)) for e in rows]
    columns = tuple(Column(w(f"register_check.{name}"), name == "row") for name in names)
    caption = of + w("register_check.examples_of", what=said(finding, w.language).what)
    return Table(f"tab-{id_}", caption, columns, tuple(body))


_FIELDS = {"pseudonym": "person_id", "row": "row", "since": "since", "until": "until"}


def _shown(value: object, w: Words) -> str:
    if value is None:
        return _DASH
    return number(value, w.language) if isinstance(value, int) else str(value)
