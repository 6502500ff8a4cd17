"""An explanation as lines of text: the person's time line, record by record, and then how the value came about."""

from __future__ import annotations

from collections.abc import Iterator

from lodd.locale import Language, Text, long_date, month_year
from lodd.protocol import first_day
from lodd.registers.explaining import MONTHS_SHOWN, Explanation, Line, TimeLine
from lodd.registers.explaining_words import NOT_ACTIVE, SEEN

_ACTIVE, _IDLE = "█", "·"
_ONGOING = Text(nb="pågår", en="ongoing")
_NO_RECORDS = Text(nb="ingen rader", en="no records")
_SEEN_FROM_BAR = (NOT_ACTIVE, SEEN)
_FEW = 6
"""Of a time line no longer than this every record is shown, also those of other months."""
_ROW = Text(nb="rad", en="row")


def headline(explanation: Explanation, language: Language, *, drawn: bool = True) -> str:
    """«I arbeid (in_work), mars 2015, 2 måneder etter trekningen 10. januar 2015»; ``drawn``: if that is to be said."""
    month = month_year(first_day(explanation.month), language)
    said = f"{explanation.label[language]} ({explanation.outcome}), {month}"
    return f"{said}, {_away(explanation, long_date(explanation.drawn_at, language))[language]}" if drawn else said


def lines_of(explanation: Explanation, language: Language) -> Iterator[str]:
    """Each line, without its end: a block for each register, then the steps."""
    for time_line in explanation.time_lines:
        yield from _block(time_line, language)
    for step in explanation.steps:
        yield f"{'  ' * step.depth}{step.said[language]}"


def _away(explanation: Explanation, drawn: str) -> Text:
    months = explanation.event_month
    if months == 0:
        return Text(nb=f"måneden for trekningen {drawn}", en=f"the month of the draw on {drawn}")
    size = abs(months)
    nb, en = ("etter", "after") if months > 0 else ("før", "before")
    plural_nb, plural_en = ("måned", "month") if size == 1 else ("måneder", "months")
    return Text(nb=f"{size} {plural_nb} {nb} trekningen {drawn}", en=f"{size} {plural_en} {en} the draw on {drawn}")


def _block(time_line: TimeLine, language: Language) -> Iterator[str]:
    first, last = first_day(time_line.first_month), first_day(time_line.first_month + 2 * MONTHS_SHOWN)
    yield f"{time_line.label[language]} [{time_line.register}], {first:%Y-%m} – {last:%Y-%m}:"
    if not time_line.lines:
        yield f"  {_NO_RECORDS[language]}"
        return
    shown = [line for line in time_line.lines if any(line.months) or not line.since]
    if len(time_line.lines) <= _FEW:
        shown = list(time_line.lines)
    rows = [_cells(line, language) for line in shown]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for line, row in zip(shown, rows, strict=True):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if line.fate not in _SEEN_FROM_BAR:
            yield f"  {' ' * widths[0]}  → {line.fate[language]}"
    if len(shown) < len(time_line.lines):
        yield f"  {_elsewhere(len(time_line.lines) - len(shown))[language]}"


def _elsewhere(count: int) -> Text:
    return Text(
        nb=f"… og {count} {'rad' if count == 1 else 'rader'} utenfor disse månedene",
        en=f"… and {count} {'record' if count == 1 else 'records'} outside these months",
    )


def _cells(line: Line, language: Language) -> tuple[str, ...]:
    until = "" if line.until is None else f"– {line.until or _ONGOING[language]}"
    return (
        f"{_ROW[language]} {line.row}",
        _bar(line.months),
        f"{line.since} {until}".strip(),
        line.values,
    )


def _bar(months: tuple[bool, ...]) -> str:
    """A sign a month; the one explained stands between brackets."""
    signs = [_ACTIVE if active else _IDLE for active in months]
    before, at, after = signs[:MONTHS_SHOWN], signs[MONTHS_SHOWN], signs[MONTHS_SHOWN + 1 :]
    return f"{''.join(before)}[{at}]{''.join(after)}"
