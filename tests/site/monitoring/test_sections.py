"""What monitoring shows: both languages, every table and drawing, for the whole trial, its parts and an empty one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise

import pytest
from lxml import etree

from lodd.locale import LANGUAGES, Language, Text
from lodd.protocol import first_day
from lodd.report.drawing import svg
from lodd.report.drawing.curves import NARROW, WIDE
from lodd.report.html import style
from lodd.site.monitoring import FollowUpDates, Monitoring, Records, Selection, Table, monitor
from lodd.site.monitoring.figures import Month, month_bars
from lodd.site.monitoring.tables import evidence, shown
from tests.site.monitoring.worlds import crowd, draw, request, trial

TODAY = date(2020, 11, 20)
PARTS = {
    "whole": Selection(),
    "site": Selection(site="north"),
    "office": Selection(office="s1"),
    "caseworker": Selection(caseworker="n2-b"),
}
SECTIONS = ["enrolment", "shares", "requests", "waiting", "participation", "missing"]
every_part = pytest.mark.parametrize("part", PARTS)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


@cache
def monitoring(part: str = "whole", arms: tuple[str, ...] = ("control", "se")) -> Monitoring:
    return monitor(trial(arms), crowd(), today=TODAY, referral_days=14, selection=PARTS[part])


@cache
def empty() -> Monitoring:
    return monitor(trial(), Records(()), today=date(2020, 1, 10), referral_days=14)


def texts(value: object) -> Iterator[Text]:
    """Every text in a value, however deep."""
    if isinstance(value, Text):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts(item)


def rows(table: Table) -> dict[str, dict[str, object]]:
    """A table's rows by their first cell, in English, and then by column."""
    keys = [column.key for column in table.columns]
    return {shown(row[0], "words", "en"): dict(zip(keys, row, strict=True)) for row in table.rows}


@every_part
def test_every_section_says_something_in_both_languages(part: str) -> None:
    whole = monitoring(part)
    assert [section.id for section in whole.sections] == SECTIONS
    for section in whole.sections:
        assert section.sentences
        assert section.tables
    said = [text for text in texts(whole) if " " in text.en and "NAV" not in text.en]
    assert len(said) > 30
    assert all(text.nb.strip() and text.nb != text.en for text in said)
    assert all(
        text.nb[:1].isupper() == text.en[:1].isupper() for section in whole.sections for text in section.sentences
    )


@every_part
@both_languages
def test_every_table_can_be_shown_laid_out_and_exported(part: str, language: Language) -> None:
    tables = [table for section in monitoring(part).sections for table in section.tables]
    assert len({table.id for table in tables}) == len(tables)
    assert len({table.caption[language] for table in tables}) == len(tables), "an id on the page is made of the caption"
    for table in tables:
        cells, plain = table.shown(language), table.plain(language)
        assert len(plain) == len(cells) + 1 == len(table.rows) + 1
        assert {len(row) for row in (*cells, *plain)} == {len(table.columns)}
        assert all(cell for row in cells for cell in row)
        assert len(table.laid_out(language).body) == len(cells)
        for column, row in ((column, row) for row in plain[1:] for column in enumerate(table.columns)):
            if row[column[0]] and column[1].numeric:
                float(row[column[0]])


@every_part
@both_languages
def test_drawings_are_well_formed_named_and_without_style(part: str, language: Language) -> None:
    figures = [figure for section in monitoring(part).sections for figure in section.figures]
    assert figures
    page = "".join(figure.svg(language) for figure in figures)
    root = etree.fromstring(f"<div>{page}</div>")
    assert "style" not in {name for element in root.iter() for name in element.attrib}
    assert not root.findall(".//style")
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    assert not [
        value for element in root.iter() for value in element.attrib.values() if "nan" in value or "inf" in value
    ]
    ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
    assert set(ids.values()) == {1}
    for element in root.iterfind(".//svg"):
        assert [ids[one] for one in element.get("aria-labelledby", "").split()] == [1, 1]
        assert all(child.text for child in element if child.tag in {"title", "desc"})


@both_languages
@pytest.mark.parametrize("count", [1, 7, 44, 90])
def test_the_bars_and_their_words_lie_on_the_paper(language: Language, count: int) -> None:
    months = [Month(first_day(24168 + i), i % 30, 12.5 if i % 2 else None) for i in range(count)]
    for size in (WIDE, NARROW):
        root = etree.fromstring(f"<g>{month_bars(months, language, size).body}</g>")
        labels = [e for e in root.iterfind("text") if e.get("text-anchor") is None]
        reach = [float(e.get("x", "0")) + svg.width_of(e.text or "") for e in labels]
        assert max(reach) <= size.width
        on_axis = [
            (float(e.get("x", "0")), end) for e, end in zip(labels, reach, strict=True) if float(e.get("y", "0")) > 200
        ]
        assert on_axis
        assert all(end < x for (_, end), (x, _) in pairwise(on_axis))
        assert len(root.findall("rect")) == count + 1


def test_a_trial_that_has_not_opened_can_be_looked_at() -> None:
    early = monitor(trial(), Records(()), today=date(2018, 5, 1), referral_days=14)
    assert early.sections[0].figures[0].svg("nb")


def test_every_class_of_a_drawing_has_its_style() -> None:
    sheet = (resources.files("lodd.site") / "static/lodd/drawing.css").read_text("utf-8")
    page = "".join(figure.svg("en") for section in monitoring().sections for figure in section.figures)
    used = {name for css in re.findall(r'class="([^"]+)"', page) for name in css.split()}
    assert {name for name in used if f".{name}" not in sheet} == set()


def test_the_style_of_drawings_is_the_reports() -> None:
    sheet = (resources.files("lodd.site") / "static/lodd/drawing.css").read_text("utf-8")
    assert style("figure.css") in sheet


def test_the_alarm_is_said_marked_and_is_that_of_the_whole_trial() -> None:
    whole, office = (
        monitoring().sections[1],
        monitor(trial(), crowd(), today=TODAY, referral_days=14, selection=Selection(office="n2")).sections[1],
    )
    assert whole.sentences[0].en.startswith("Alarm (")
    assert "NAV To, 78.1% to se en against 40.0% declared" in whole.sentences[0].en
    assert "NAV To, 78,1\N{NO-BREAK SPACE}% til se nb mot 40,0\N{NO-BREAK SPACE}% oppgitt" in whole.sentences[0].nb
    table = whole.tables[0]
    assert [i for i, row in enumerate(table.rows) if row[2]] == sorted(table.alarms)
    assert [row.noticed for row in table.laid_out("nb").body].count(True) == len(table.alarms)
    assert rows(office.tables[0])["NAV To"] == rows(table)["NAV To"]
    assert list(rows(office.tables[0])) == ["Nord", "NAV To"]


def test_what_the_alarm_cannot_see_and_its_error_rate_are_said() -> None:
    said = " ".join(text.en for text in monitoring().sections[1].sentences)
    assert "too evenly" in said
    assert "at most 5%" in said
    assert "not published" in monitoring().note.en or "must not be passed on" in monitoring().note.en


def test_a_site_shows_its_offices_and_caseworkers_only() -> None:
    by_office, by_caseworker = monitoring("site").sections[1].tables
    assert list(rows(by_office)) == ["Nord", "NAV En", "NAV To"]
    assert {name[:2] for name in rows(by_caseworker)} == {"n1", "n2"}
    assert list(rows(monitoring("caseworker").sections[1].tables[0])) == ["Nord", "NAV To"]
    assert list(rows(monitoring("caseworker").sections[1].tables[1])) == ["n2-b"]
    assert "Sør" not in rows(monitoring("site").tables["draws-by-site"])


def test_no_alarm_is_no_proof() -> None:
    calm = monitor(trial(), Records([draw(1)]), today=TODAY, referral_days=14)
    assert calm.sections[1].sentences[0].en == "No alarm: nothing suggests tilted lots."


@both_languages
def test_a_trial_without_draws_has_all_sections(language: Language) -> None:
    assert [section.id for section in empty().sections] == SECTIONS
    for section in empty().sections:
        for figure in section.figures:
            etree.fromstring(f"<div>{figure.svg(language)}</div>")
        for table in section.tables:
            assert table.rows or table.empty
            table.laid_out(language)
    assert empty().sections[0].sentences[0].en == "The plan has not begun to run."


def test_a_part_of_a_site_has_no_plan_and_says_so() -> None:
    section = monitoring("office").sections[0]
    assert "nothing to compare with" in section.sentences[0].en
    assert rows(section.tables[1])["Sør"]["share_of_plan"] is None


def test_totals_so_far_are_running_sums() -> None:
    table = monitoring().tables["draws-by-month-table"]
    so_far = [row[3] for row in table.rows]
    assert so_far[-1] == 600
    assert all(b - a == row[1] for (a, b), row in zip(pairwise(so_far), table.rows[1:], strict=True))


def test_several_arms_have_a_row_and_a_column_each() -> None:
    draws = [
        draw(i, arm, conditional=(0.4, 0.4, 0.2), marginal=None) for i, arm in enumerate(["control", "se", "work"])
    ]
    three = monitor(trial(("control", "se", "work")), Records(draws), today=TODAY, referral_days=14)
    assert [row[1] for row in three.tables["shares-table"].rows[:2]] == [
        Text("se nb", "se en"),
        Text("work nb", "work en"),
    ]
    assert {"started_control", "started_se", "started_work"} <= {
        c.key for c in three.tables["participation-table"].columns
    }


def test_missing_referrals_and_repeated_requests_are_counted_in_words_and_rows() -> None:
    records = Records([draw(1), draw(2, "control")], [request(3, 2)], [FollowUpDates(2, referred=date(2020, 3, 2))])
    found = monitor(trial(), records, today=TODAY, referral_days=14)
    assert found.sections[5].sentences[0].en == "Drawn more than 14 days ago without a referral or a start: 1."
    assert found.tables["missing-table"].plain("en")[1] == ("1", "2020-03-01", "264", "se en", "Nord", "NAV En", "n1-a")
    assert found.tables["requests-by-arm"].plain("nb")[1:] == (
        ("control nb", "1", "1", "1", "1"),
        ("se nb", "1", "0", "0", "0"),
    )


@pytest.mark.parametrize(
    ("value", "nb", "en"),
    [
        (0.031, "0,03", "0.03"),
        (1.0, "1,0", "1.0"),
        (1234.4, "1\N{NO-BREAK SPACE}234", "1,234"),
        (1e9, "over 1", "over 1,000,000"),
    ],
)
def test_evidence_is_shown_with_as_many_digits_as_matter(value: float, nb: str, en: str) -> None:
    assert evidence(value, "nb").startswith(nb)
    assert evidence(value, "en") == en
