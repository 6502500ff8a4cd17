"""Was the draw free of manipulation? One sentence, and the table of checks that it was made from."""

from __future__ import annotations

from typing import Any

from lodd.evaluation.integrity import CHECK_LABELS, integrity_conclusion
from lodd.report.context import Context
from lodd.report.model import Block, Cell, Column, Details, Paragraph, Part, Row, Table


def integrity(c: Context) -> list[Block]:
    """A part of the section on the draw; nothing where the evaluation has no such table.

    Offices and callers are never named here: the report is public, and a p-value is no finding about anybody.
    """
    table = c.evaluation.tables.get("integrity")
    if table is None:
        return []
    w, rows = c.words, table.to_dicts()
    body = tuple(_row(c, row) for row in rows)
    columns = [Column(w("integrity.check"), numeric=False), *_arm_column(c)]
    columns += [
        Column(w("integrity.p")),
        Column(w("integrity.p_adjusted")),
        Column(w("integrity.verdict"), numeric=False),
    ]
    caption = w("integrity.caption")
    shown = Table("tab-integrity", caption, tuple(columns), body, w("integrity.note"), c.source)
    folded = Details("more-tab-integrity", caption, (shown,), hint=w.counted("details.rows", len(body)))
    blocks: tuple[Block, ...] = (Paragraph(c.text(integrity_conclusion(table))), folded)
    return [Part("integrity", w("integrity.heading"), blocks)]


def _arm_column(c: Context) -> list[Column]:
    return [Column(c.words("shares.arm"), numeric=False)] if c.several_arms else []


def _row(c: Context, row: dict[str, Any]) -> Row:
    label = c.text(CHECK_LABELS[row["check"]])
    arm = [Cell(c.arm(row["subject"]) if row["subject"] else "")] if c.several_arms else []
    p = [Cell(c.p(row["p_value"])), Cell(c.p(row["p_adjusted"]))]
    return Row((Cell(label[0].upper() + label[1:]), *arm, *p, Cell(_verdict(c, row))))


def _verdict(c: Context, row: dict[str, Any]) -> str:
    """In words; a small p-value also says in which direction."""
    if row["detail"] in {"fixed_by_design", "one_caller", "few"}:
        return c.words(f"integrity.detail.{row['detail']}")
    verdict = c.words(f"integrity.{row['verdict']}")
    if row["verdict"] not in {"look", "alarm"} or row["p_low"] is None or row["p_high"] is None:
        return verdict
    side = "low" if row["p_low"] < row["p_high"] else "high"
    return f"{verdict} ({c.words(f'integrity.{side}')})"
