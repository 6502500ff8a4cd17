"""The tests of the draw in the report: one sentence and the table behind it, nobody named."""

from __future__ import annotations

from dataclasses import asdict, replace

import polars as pl
import pytest

from lodd.evaluation.integrity.rows import INTEGRITY_SCHEMA, Row
from lodd.locale import LANGUAGES, Language
from lodd.report import render_html
from lodd.report.model import Details, Paragraph, Part, Table
from tests.report.builders import se_world, three_arm_world

ROWS = (
    Row("verification", "ledger", statistic=0.0, verdict="ok", n=300),
    Row("runs", "draw", "se", 120.0, 118.0, 0.7, 0.3, 0.6, 0.6, "ok", 300, "ledger"),
    Row("serial_office", "draw", "se", -40.0, 0.0, 0.001, 1.0, 0.002, 0.01, "alarm", 300, "ledger"),
    Row("office_counts", "draw", "se", 3.0, 2.0, None, 0.03, 0.03, 0.06, "look", 9, "s1"),
    Row("repeated_caller", "draw", n=2, detail="one_caller"),
    Row("count_total", "draw", "se", detail="fixed_by_design"),
    Row("referral", "after", detail="not_recorded"),
)


def part(language: Language) -> Part:
    world = se_world()
    tables = {"integrity": pl.DataFrame([asdict(row) for row in ROWS], schema=INTEGRITY_SCHEMA)}
    report = replace(world, evaluation=replace(world.evaluation, tables=tables)).report(language)
    assert 'id="integrity"' in render_html(report)
    section = next(section for section in report.sections if section.id == "draw")
    return next(block for block in section.blocks if isinstance(block, Part) and block.id == "integrity")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_comes_first_and_the_table_after(language: Language) -> None:
    sentence, folded = part(language).blocks
    assert isinstance(sentence, Paragraph)
    assert isinstance(folded, Details)
    table = folded.blocks[0]
    assert isinstance(table, Table)
    assert len(table.rows) == len(ROWS)
    findings = [row.cells[-1].text for row in table.rows]
    expected = {
        "en": ["As expected", "More than chance (too little)", "Worth a look", "Only one asks", "Fixed beforehand"],
        "nb": [
            "Som ventet",
            "Mer enn tilfeldigheter (for lite)",
            "Verdt å se på",
            "Bare én som spør",
            "Gitt på forhånd",
        ],
    }[language]
    assert [findings[i] for i in (0, 2, 3, 4, 5)] == expected
    assert table.rows[0].cells[0].text[0].isupper()


def test_no_office_is_named() -> None:
    words = [cell.text for row in part("en").blocks[1].blocks[0].rows for cell in row.cells]
    assert not any("s1" in text for text in words)


def test_several_arms_are_told_apart() -> None:
    world = three_arm_world()
    arm = world.trial.arm_ids[2]
    row = replace(ROWS[1], subject=arm)
    tables = {"integrity": pl.DataFrame([asdict(row)], schema=INTEGRITY_SCHEMA)}
    page = render_html(replace(world, evaluation=replace(world.evaluation, tables=tables)).report("en"))
    assert page.split('id="tab-integrity"')[1].split("</table>")[0].count(world.trial.arms[arm].label.en) >= 1
