"""The page: every section says something, everything is named, every link leads somewhere."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import polars as pl
import pytest
from lxml import etree, html

from lodd.locale import LANGUAGES, Language
from lodd.report import render_html
from lodd.report.model import Block, Details, Figure, Part, Report, Table
from tests.report.builders import NOTES, World, external_world, se_world, three_arm_world

WORLDS = {"se": se_world, "three arms": three_arm_world, "external": external_world}
SECTIONS = [
    "summary", "verdict", "why", "participants", "draw", "balance", "participation", "effects", "groups", "checks",
    "quality", "methods", "record",
]  # fmt: skip


@cache
def report(world: str, language: Language = "en") -> Report:
    return WORLDS[world]().report(language)


@cache
def page(world: str, language: Language) -> str:
    return render_html(report(world, language))


def tree(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def words_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


every_page = pytest.mark.parametrize("world", WORLDS)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


@every_page
@both_languages
def test_the_page_is_well_formed(world: str, language: Language) -> None:
    body = page(world, language).split("<body>")[1].split("<script>")[0]
    etree.fromstring(f"<div>{re.sub(r'<br>', '<br/>', body)}</div>".replace("&nbsp;", " "))


@every_page
@both_languages
def test_every_section_and_part_has_a_heading_and_says_something(world: str, language: Language) -> None:
    root = tree(page(world, language))
    sections = root.xpath("//main/section")
    assert [section.get("id") for section in sections] == SECTIONS
    for section in sections:
        heading = words_of(section.find("h2"))
        assert len(words_of(section)) > len(heading) + 40, section.get("id")
    for heading in root.xpath("//main//h3[@id]"):
        following = heading.getnext()
        assert following is not None
        assert following.tag not in {"h2", "h3"} or heading.getparent().tag == "article", words_of(heading)


@every_page
@both_languages
def test_headings_do_not_skip_levels(world: str, language: Language) -> None:
    levels = [int(h.tag[1]) for h in tree(page(world, language)).xpath("//h1|//h2|//h3|//h4")]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@every_page
@both_languages
def test_ids_are_unique_and_links_lead_somewhere(world: str, language: Language) -> None:
    root = tree(page(world, language))
    ids = Counter(root.xpath("//@id"))
    assert [name for name, n in ids.items() if n > 1] == []
    targets = {href[1:] for href in root.xpath("//a/@href") if href.startswith("#")}
    assert targets - set(ids) == set()
    for attribute in ("aria-labelledby", "aria-describedby"):
        named = {name for value in root.xpath(f"//@{attribute}") for name in value.split()}
        assert named - set(ids) == set()


@every_page
@both_languages
def test_nothing_is_fetched_and_the_other_language_is_linked(world: str, language: Language) -> None:
    root = tree(page(world, language))
    other = "en" if language == "nb" else "nb"
    elsewhere = {href for href in root.xpath("//@href|//@src") if not href.startswith("#")}
    assert elsewhere == {f"report.{other}.html"}
    assert "http" not in re.sub(r"http://www\.w3\.org\S*", "", page(world, language))
    assert root.get("lang") == language


@every_page
@both_languages
def test_images_have_words_and_tables_have_captions_and_scopes(world: str, language: Language) -> None:
    root = tree(page(world, language))
    drawings = root.xpath("//svg")
    assert drawings
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert words_of(drawing.find("title"))
    for table in root.xpath("//table"):
        assert words_of(table.find("caption"))
        assert all(cell.get("scope") for cell in table.xpath(".//th"))
        width = len(table.xpath("./thead/tr[last()]/th"))
        for row in table.xpath("./tbody/tr[not(contains(@class, 'group'))]"):
            assert len(row) == width


@every_page
def test_both_languages_have_the_same_shape(world: str) -> None:
    nb, en = (report(world, language) for language in LANGUAGES)
    assert shape(nb) == shape(en)


def shape(made: Report) -> list[object]:
    return [(section.id, [kind_and_id(block) for block in walk(section.blocks)]) for section in made.sections]


def kind_and_id(block: Block) -> tuple[object, ...]:
    size = (len(block.rows), len(block.columns)) if isinstance(block, Table) else ()
    return (block.kind, getattr(block, "id", ""), *size)


def walk(blocks: Iterable[Block]) -> Iterable[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Part | Details):
            yield from walk(block.blocks)


@every_page
def test_numbers_are_written_as_the_language_writes_them(world: str) -> None:
    nb, en = (words_of(tree(page(world, language)).find(".//main")) for language in LANGUAGES)
    assert re.search(r"\d,\d", nb)
    assert not re.search(r"\d\.\d", re.sub(r"\d+(\.\d+){2,}|[0-9a-f]{64}|python \S+", "", without_record(nb)))
    assert re.search(r"\d\.\d", en)
    assert not re.search(r"\d,\d(?!\d\d)", without_record(en))
    assert not re.search(r"(?<![\w.])-\d", nb + en), "a hyphen where a minus sign should be"
    for said in (nb, en):
        assert "nan" not in said.lower().split()
        assert "None" not in said
        assert "{" not in said


def without_record(text: str) -> str:
    """Without the last section: versions and codes are the same in both languages."""
    return re.split(r"\d+\. L(?:ock|ås),", text)[0]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_html(three_arm_world().report("nb")) == page("three arms", "nb")


@every_page
@both_languages
def test_the_page_is_light(world: str, language: Language) -> None:
    assert len(page(world, language).encode()) < 4_000_000


# What the reader must know first --------------------------------------------------------------------------------------


def banners(world: Report) -> list[str]:
    return [notice.title for notice in world.banners]


def test_simulated_data_are_said_first_and_only_then() -> None:
    assert banners(report("se"))[0] == "The people in this report do not exist"
    assert not any("exist" in banner for banner in banners(report("external")))


def test_the_state_of_the_lock_is_said() -> None:
    assert banners(report("se"))[1] == "The analysis plan was locked on 1 March 2018"
    assert banners(report("three arms"))[1].startswith("The analysis plan was not locked")
    assert banners(report("external")) == ["The protocol differs from the one that was locked"]


def test_an_unlocked_result_is_tagged_and_a_locked_one_is_not() -> None:
    assert 'class="tag">Exploratory: not in the lock' in page("three arms", "en")
    assert 'class="tag">Exploratory' not in page("se", "en")


def test_a_lock_that_holds_only_some_results_says_so() -> None:
    world = se_world()
    some = world.evaluation.estimates.with_columns(prespecified=pl.col("outcome") != "hours")
    assert "marked exploratory" in world.changed(estimates=some).report("en").banners[1].text


def test_the_truth_is_drawn_only_for_simulated_data() -> None:
    world = se_world()
    assert "line truth" in page("se", "en")
    real = world.changed(provenance={})
    assert "line truth" not in render_html(real.report("en"))


def test_that_the_lots_are_not_verified_is_said_plainly() -> None:
    assert "The lots have not been verified: there is no ledger" in page("se", "en")
    assert "Loddene er ikke kontrollert" in page("se", "nb")
    assert "The lots were not drawn by Lodd" in page("external", "en")
    assert "have not been verified" not in page("external", "en")


# Several arms, and what is not there ----------------------------------------------------------------------------------


def test_every_arm_has_its_own_colour_difference_and_finding() -> None:
    root = tree(page("three arms", "en"))
    ids = set(root.xpath("//@id"))
    assert {"fig-difference-in_work-se", "fig-difference-in_work-ips"} <= ids
    assert {"finding-in_work-1-se", "finding-in_work-1-ips"} <= ids
    assert root.xpath("//figure[@id='fig-levels-in_work']//*[contains(@class, 'arm-2')]")


def test_without_a_participation_register_the_report_says_so() -> None:
    assert "declares no register of programmes" in page("external", "en")


def empty(world: World) -> World:
    evaluation = world.evaluation
    names = ("estimates", "balance", "draw_shares", "draw_shares_site", "take_up", "flow", "cohort")
    frames = {name: getattr(evaluation, name).clear() for name in names}
    return world.changed(
        **frames,
        verdicts=(),
        findings=(),
        tables={},
        balance_tests=(),
        notes=(),
        versions={},
        timings={},
        provenance={},
        lock={"status": "unlocked"},
    )


@both_languages
def test_an_evaluation_of_nothing_still_says_something_true_in_every_section(language: Language) -> None:
    made = empty(se_world()).report(language, notes=())
    assert [section.id for section in made.sections] == SECTIONS
    root = tree(render_html(made))
    for section in root.xpath("//main/section"):
        assert len(words_of(section)) > 60, section.get("id")


def test_a_trial_without_primary_outcomes_says_so() -> None:
    world = se_world()
    plan = world.trial.analysis.model_copy(update={"primary": ()})
    trial = world.trial.model_copy(update={"analysis": plan})
    assert "No primary outcome is declared" in render_html(replace(world, trial=trial).report("en"))


# Small counts ------------------------------------------------------------------------------------------


def test_no_table_of_people_shows_one_to_four() -> None:
    tables = tables_of(se_world(120).report("en"))
    for name in ("tab-where", "tab-offices", "tab-flow", "tab-shares-stratum"):
        table = tables[name]
        people = [i for i, column in enumerate(table.columns) if column.numeric and column.header not in {"p"}]
        for row in table.rows:
            assert not {row.cells[i].text for i in people if i < len(row.cells)} & {"1", "2", "3", "4"}, (name, row)


def test_levels_of_fewer_than_five_people_are_not_shown() -> None:
    world = se_world()
    few = world.evaluation.estimates.with_columns(
        n_treated=pl.when(pl.col("event_month") == 12).then(3).otherwise(pl.col("n_treated"))
    )
    table = tables_of(world.changed(estimates=few).report("en"))["tab-in_work"]
    (row,) = [row for row in table.rows if row.cells[0].text == "12"]
    assert [cell.text for cell in row.cells[3:7]] == ["–", "<5", "–", "–"]


def tables_of(made: Report) -> dict[str, Table]:
    blocks = [block for section in made.sections for block in walk(section.blocks)]
    return {block.id: block for block in blocks if isinstance(block, Table)}


# Figures and findings ------------------------------------------------------------------------------------------


def test_every_outcome_has_its_curves_and_its_table() -> None:
    figures, tables = {figure.id for figure in report("se").figures()}, tables_of(report("se"))
    for outcome in se_world().trial.outcomes:
        assert {f"fig-levels-{outcome}", f"fig-difference-{outcome}"} <= figures
        assert len(tables[f"tab-{outcome}"].rows) == 133


def test_primary_outcomes_stand_open_and_first_and_the_rest_are_folded() -> None:
    (effects,) = [section for section in report("se").sections if section.id == "effects"]
    parts = [block for block in effects.blocks if isinstance(block, Part)]
    assert [part.id for part in parts[:3]] == ["outcome-in_work", "outcome-in_work_without_benefit", "all-outcomes"]
    folded = {b.id for part in parts for b in part.blocks if isinstance(b, Details) and b.id.startswith("outcome-")}
    assert len(folded) == len(se_world().trial.outcomes) - 2


def test_the_figure_marks_where_the_registers_end_for_some() -> None:
    figure = figure_of("fig-levels-in_work")
    assert "up to and including month 36" in figure.note
    assert 'class="partial"' in figure.wide.body


def test_the_difference_says_that_its_band_is_pointwise() -> None:
    figure = figure_of("fig-difference-in_work")
    assert "one month in 20" in figure.note
    assert "Same people throughout" in figure.wide.body


def figure_of(name: str) -> Figure:
    return next(figure for figure in report("se").figures() if figure.id == name)


def test_register_notes_are_said_in_words_with_counts() -> None:
    table = tables_of(report("se"))["tab-quality"]
    said = {row.cells[0].text: row.cells[1].text for row in table.rows if row.role == "body"}
    assert said["Rows equal to another in every column, counted once"] == "31"
    assert said["Records that start after they stop, left out"] == "<5"
    assert said["something new"] == "12"
    assert len(said) == len(NOTES)


# Groups of participants -----------------------------------------------------------------------------------------------


def test_groups_of_participants_are_named_in_words_the_lowest_first() -> None:
    tables = tables_of(report("se"))
    assert first_cells(tables["tab-subgroup-draw_time-1"]) == ["Before 1 March 2016", "From 1 March 2016"]
    assert first_cells(tables["tab-subgroup-income_before-1"]) == ["At or below the median", "Above the median"]
    assert first_cells(tables_of(report("external"))["tab-subgroup-degree-1"]) == ["No", "Yes"]


def first_cells(table: Table) -> list[str]:
    return [row.cells[0].text for row in table.rows]


def test_shares_before_the_draw_are_per_cent_and_sizes_are_not() -> None:
    rows = {
        row.cells[0].text: row.cells[1].text for row in tables_of(report("se"))["tab-balance"].rows if row.cells[1:]
    }
    assert rows["Women"].endswith("%")
    assert rows["In work, months −12 to −1"].endswith("%")
    assert not rows["Age"].endswith("%")


def test_the_participation_headline_says_who_started() -> None:
    assert re.search(r"\d% of those drawn to Supported Employment and", figure_of("fig-participation-se").headline)
