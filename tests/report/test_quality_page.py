"""The page on the registers' quality: every finding has its words, and the page is whole, private and accessible."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import get_args

import pytest

from lodd.errors import Problem
from lodd.locale import LANGUAGES, Language, Text
from lodd.protocol import Trial
from lodd.registers.cleaning import REPEATED, UNDATED
from lodd.registers.quality import Example, Finding, Missing, Months, Quality, RegisterQuality
from lodd.registers.quality.model import Handling
from lodd.report.html import render_html
from lodd.report.quality import quality_as_json, said, write_quality_pages
from lodd.report.quality.page import quality_report
from lodd.report.quality.said import months_said
from lodd.report.words import words
from tests.registers.small import IN_WORK, JOBS, PAY, trial_of

JANUARY_2015 = 12 * 2015
ROW_KINDS = (
    *REPEATED, *UNDATED, "unreadable_date", "unreadable_moment", "not_a_number", "decimals", "too_large", "missing",
    "unknown_code", "other_code", "before_1900", "before_birth", "before_coverage", "after_coverage", "endless",
    "far_stop", "overlap_same", "overlap_other", "after_death", "past_death", "while_abroad", "not_drawn",
    "facts_differ",
)  # fmt: skip
MONTH_KINDS = ("gap", "thin", "spike", "declared_spike", "break", "declared_break", "enrolment_break")
OTHER_KINDS = ("never_seen", "nobody_seen", "nameless", "in_no_register", "no_rows", "file_missing")


def finding(kind: str, **changes: object) -> Finding:
    found = Finding("jobs", kind, "warning", "kept", rows=3, people=2, limit=date(2016, 12, 31))
    if kind in MONTH_KINDS:
        found = replace(found, months=(JANUARY_2015,), ratio=1.5)
    return replace(found, **changes)  # type: ignore[arg-type]


def trial() -> Trial:
    labels = {"label": {"nb": "Arbeidsforhold", "en": "Jobs"}}
    registers = {"jobs": JOBS | labels, "pay": PAY | {"file": "registers/<pay>.parquet"}}
    return trial_of(registers, {"in_work": {"register": "jobs"} | IN_WORK})


def quality(*findings: Finding) -> Quality:
    """One register of two years with these findings and one that is not there."""
    months = Months(
        month=tuple(range(JANUARY_2015 - 2, JANUARY_2015 + 24)),
        rows=(1, 0, *range(24)),
        people=(1, 0, *range(24)),
        means={"hours": (None, None, *(30.0 + i for i in range(24)))},
        step=1,
        before=7,
        after=0,
        undated=1,
    )
    jobs = RegisterQuality(
        "jobs", "status", "jobs.parquet", True, (JANUARY_2015, JANUARY_2015 + 23), rows=285, people=40, drawn_rows=80,
        seen=9, months=months, missing=(Missing("hours", 4, (0,) * 22 + (1,) * 4),), breaks=(JANUARY_2015 + 6,),
        findings=findings,
    )  # fmt: skip
    problem = Problem(Text(nb="fant ikke filen <her>", en="the file <here> is not there"), "registers.pay")
    gone = Finding("pay", "unreadable", "error", "stops", problem=problem)
    return Quality(10, (jobs, RegisterQuality("pay", "accumulated", "pay.parquet", False, findings=(gone,))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_words(language: Language) -> None:
    for kind in (*ROW_KINDS, *MONTH_KINDS, *OTHER_KINDS):
        for count in (1, 2):
            column = "" if kind in MONTH_KINDS else "hours"
            told = said(finding(kind, rows=count, people=count, column=column), language)
            assert told.what
            assert told.does
            assert "{" not in told.what + told.does + told.next_step
    for kind in ("break", "declared_break"):
        assert "hours" in said(finding(kind, column="hours"), language).what


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_the_panel_may_do_has_its_words(language: Language) -> None:
    for handling in get_args(Handling):
        assert f"register_check.does.{handling}" in words(language)
        assert said(finding("missing", handling=handling, column="hours", value="7.5", left_out=1), language).does


def test_no_words_are_about_kinds_that_there_are_not() -> None:
    kinds = {*ROW_KINDS, *MONTH_KINDS, *OTHER_KINDS}
    for part in ("kind", "next_step", "does_of"):
        keys = [key for key in words("en").texts if key.startswith(f"register_check.{part}.")]
        assert {key.split(".")[2].removesuffix("_mean") for key in keys} <= kinds


def test_what_is_said_of_a_finding() -> None:
    told = said(finding("start_after_stop", rows=67, people=60, left_out=67, handling="left_out"), "nb")
    assert told.what == "67 rader slutter før de starter"
    assert told.people == "Gjelder 60 personer."
    assert told.does == "Panelet utelater dem."
    merged = said(finding("overlap_same", handling="merged", value="latest"), "en")
    assert "the row that started last counts" in merged.does
    assert merged.next_step == ""


def test_months_are_said_as_runs() -> None:
    months = [JANUARY_2015, JANUARY_2015 + 2, JANUARY_2015 + 3, JANUARY_2015 + 4]
    assert months_said(months, "en") == "January 2015 and March 2015 to May 2015"
    assert months_said([JANUARY_2015 + 2 * i for i in range(9)], "nb").endswith("og 5 til")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_everything_and_escapes_what_it_shows(language: Language) -> None:
    examples = (Example("p<1>", 17, date(2015, 3, 1), date(2015, 2, 1)), Example("p2", 18, date(2015, 4, 1), None))
    doubtful = finding("start_after_stop", handling="left_out", left_out=3, examples=examples)
    noted = finding("never_seen", severity="note", handling="zero", examples=(Example("p3"),))
    gap = finding("gap", severity="error", handling="no_starts", months=(JANUARY_2015 + 1,))
    page = render_html(quality_report(trial(), quality(doubtful, noted, gap), language))
    assert "p&lt;1&gt;" in page
    assert "&lt;here&gt;" in page or "&lt;her&gt;" in page
    assert "p<1>" not in page
    assert all(pseudonym in page for pseudonym in ("p2", "p3"))
    for svg in re.findall(r"<svg .*?</svg>", page, re.DOTALL):
        assert "<title" in svg
        assert "<desc" in svg
    assert words(language)("register_check.private") in unescape(page)
    assert page.index('class="notice error"') < page.index('id="fig-rows-jobs"')


def test_before_the_draw_the_page_says_so() -> None:
    page = render_html(quality_report(trial(), replace(quality(), drawn=None), "nb"))
    assert "Ingen er trukket ennå" in page
    assert "Trukne med rader" not in page


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    written = write_quality_pages(trial(), quality(finding("endless")), tmp_path / "out", as_json=True)
    assert [file.name for file in written] == ["quality.nb.html", "quality.en.html", "quality.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o600}
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_scripts_get_codes_and_no_pseudonyms() -> None:
    examples = (Example("secret", 17, date(2015, 3, 1)),)
    content = json.loads(json.dumps(quality_as_json(quality(finding("endless", examples=examples)))))
    assert (content["errors"], content["warnings"], content["notes"]) == (1, 1, 0)
    assert content["findings"][1]["example_rows"] == [17]
    assert content["registers"]["jobs"]["missing"] == {"hours": 4}
    assert content["registers"]["jobs"]["by_month"][2] == {"month": "2015-01", "rows": 0, "people": 0}
    assert "secret" not in json.dumps(content)
