"""The report as a value: every sentence, number, table and figure decided, nothing yet drawn as a page.

Texts are plain (the page escapes them), numbers are already formatted in the report's language, and drawings hold
finished SVG elements. Two reports of one evaluation differ only in language: sections, ids and shapes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from lodd.locale import Language


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished drawing: ``body`` is SVG elements in a ``0 0 width height`` box (pixels at natural size)."""

    width: int
    height: int
    body: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``lead`` is larger, ``note`` smaller."""

    text: str
    tone: Literal["body", "lead", "note"] = "body"
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    kind: ClassVar[str] = "bullets"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the reader must know first: simulated data, no lock, nothing verified."""

    title: str
    text: str
    tone: Literal["error", "warning", "plain"] = "plain"
    kind: ClassVar[str] = "notice"


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number with what it is."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """The few numbers a reader remembers."""

    items: tuple[KeyFigure, ...]
    kind: ClassVar[str] = "key_figures"


@dataclass(frozen=True, slots=True)
class Finding:
    """A primary result: the finding as a headline, the number with its interval, and what it does and does not say."""

    id: str
    headline: str
    estimate: str
    interval: str
    sentences: tuple[str, ...]
    drawing: Drawing
    alternative: str
    notes: tuple[str, ...] = ()
    tag: str = ""
    href: str = ""
    blocks: tuple[Block, ...] = ()
    kind: ClassVar[str] = "finding"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the data say about an explanation: ``status`` as its code, ``label`` in words, ``about`` where several."""

    status: Literal["supported", "not_supported", "cannot_tell"]
    label: str
    about: str
    text: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one question."""

    items: tuple[Answer, ...]
    kind: ClassVar[str] = "answers"


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: text with a quieter second line, where it leads, or a small drawing instead of it."""

    text: str
    second: str = ""
    href: str = ""
    drawing: Drawing | None = None
    alternative: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; ``group`` is the heading that it shares with its neighbours."""

    header: str
    numeric: bool = True
    group: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: the first cell is its header. ``group`` rows head the rows that follow and span the table."""

    cells: tuple[Cell, ...]
    role: Literal["body", "total", "group"] = "body"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with caption, notes and source."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    source: str = ""
    kind: ClassVar[str] = "table"

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Neighbouring columns' shared headings with their spans; empty where no column has one."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and column.group and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return tuple(spans) if any(label for label, _ in spans) else ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: headline, a wide drawing and one for a narrow screen, and in words what it shows."""

    id: str
    headline: str
    subtitle: str
    wide: Drawing
    narrow: Drawing | None
    alternative: str
    note: str = ""
    source: str = ""
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True, slots=True)
class Details:
    """What a reader may open. ``printed`` ones are opened on paper too."""

    id: str
    summary: str
    blocks: tuple[Block, ...]
    hint: str = ""
    printed: bool = False
    kind: ClassVar[str] = "details"


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms and what they mean here."""

    items: tuple[tuple[str, tuple[str, ...]], ...]
    kind: ClassVar[str] = "definitions"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures side by side where there is room."""

    blocks: tuple[Figure, ...]
    kind: ClassVar[str] = "pair"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a section under a heading of its own (h3)."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    kind: ClassVar[str] = "part"


Said = Paragraph | Bullets | Notice | KeyFigures | Finding | Answers | Definitions
Block = Said | Table | Figure | Pair | Details | Part


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report (h2)."""

    id: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Chrome:
    """The page's own words: links and labels around the content."""

    skip: str
    contents: str
    other_language: str
    note: str
    source: str
    made_with: str
    print_hint: str


@dataclass(frozen=True, slots=True)
class Report:
    """One report in one language."""

    language: Language
    other: Language
    kicker: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    banners: tuple[Notice, ...]
    sections: tuple[Section, ...]
    chrome: Chrome
    name: str = "report"
    """What the page's file is called, before its language."""

    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in reading order."""
        return tuple(found for section in self.sections for block in section.blocks for found in _figures(block))


def _figures(block: Block) -> tuple[Figure, ...]:
    if isinstance(block, Figure):
        return (block,)
    if isinstance(block, Details | Part | Pair | Finding):
        return tuple(found for inner in block.blocks for found in _figures(inner))
    return ()
