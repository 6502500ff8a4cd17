"""What stands around the main effect: sets in words, first jobs, splits, groups, checks; small groups hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.locale import LANGUAGES, Language
from lodd.report.context import Context
from lodd.report.model import Block, Details, Figure, Finding, Notice, Paragraph, Part, Table
from lodd.report.outcome import difference
from lodd.report.sections.checks import bounds, by_probability, companions, precision, sensitivity
from lodd.report.sections.effects import p_values
from lodd.report.sections.first_time import first_time, incidences
from lodd.report.sections.groups import early_and_late, fidelity, targets
from lodd.report.sections.methods import methods
from lodd.report.sections.splits import splits
from lodd.report.sections.subgroups import subgroups
from lodd.report.sections.takers import first_stage, not_rejected, takers
from lodd.report.tables import effect_cell
from tests.report.builders import World, external_world, se_world, three_arm_world

PART = {
    "effect": "takers", "splits": "splits", "first": "first-time", "early": "early-and-late", "targets": "targets",
    "fidelity": "fidelity", "precision": "precision", "bounds": "bounds", "probability": "by-probability",
}  # fmt: skip


def walk(blocks: tuple[Block, ...]) -> list[Block]:
    inner = [walk(b.blocks) for b in blocks if isinstance(b, Part | Details | Finding)]
    return [*blocks, *(block for group in inner for block in group)]


MAKERS: dict[str, Callable[[Context], Iterable[Block]]] = {
    "takers": takers, "splits": splits, "first": first_time, "subgroup": subgroups, "early": early_and_late,
    "targets": targets, "fidelity": fidelity, "precision": precision, "probability": by_probability, "bounds": bounds,
    "p-values": p_values, "estimators": companions, "sensitivity": sensitivity,
}  # fmt: skip


def parts_of(world: World, language: Language = "en") -> set[str]:
    """The parts that a report has, without making the rest of it."""
    c = world.context(language)
    return {block.id for make in MAKERS.values() for block in make(c) if isinstance(block, Part)}


def blocks_of(world: World, part: str, language: Language = "en") -> list[Block]:
    return walk(tuple(MAKERS[part](world.context(language))))


def table(world: World, part: str, id_: str, language: Language = "en") -> Table:
    return next(b for b in blocks_of(world, part, language) if isinstance(b, Table) and b.id == id_)


def figure(world: World, part: str, id_: str, language: Language = "en") -> Figure:
    return next(b for b in blocks_of(world, part, language) if isinstance(b, Figure) and b.id == id_)


def with_table(world: World, name: str, *columns: pl.Expr) -> World:
    tables = dict(world.evaluation.tables)
    tables[name] = tables[name].with_columns(*columns)
    return world.changed(tables=tables)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_was_made_is_there(language: Language) -> None:
    assert set(PART.values()) <= parts_of(se_world(), language) | parts_of(three_arm_world(), language)


def test_what_does_not_apply_is_left_out() -> None:
    assert parts_of(external_world()) & set(PART.values()) == {"bounds", "early-and-late", "precision"}


# Those who took part --------------------------------------------------------------------------------------------------


def accepted(kind: str, low: float = 0.0, high: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"ar_kind": kind, "ar_low": low, "ar_high": high, "n_control": 90, "n_treated": 80, **more}


@pytest.mark.parametrize(
    ("row", "en", "nb"),
    [
        (accepted("interval", -0.018, 0.026), "−1.8 to 2.6", "−1,8 til 2,6"),
        (accepted("two_pieces", -0.05, 0.02), "up to −5.0, or from +2.0", "opp til −5,0, eller fra +2,0"),
        (accepted("interval", -inf, 0.02), "up to +2.0", "opp til +2,0"),
        (accepted("interval", 0.02, inf), "from +2.0", "fra +2,0"),
        (accepted("empty", inf, -inf), "none", "ingen"),
        (accepted("interval", 0.1, 0.2, n_treated=3), "–", "–"),
    ],
)
def test_a_set_of_effects_is_shown_as_what_it_is(row: dict[str, Any], en: str, nb: str) -> None:
    for language, expected in (("en", en), ("nb", nb)):
        c = se_world().context(language)
        assert not_rejected(c, c.unit("in_work"), row) == expected


@given(st.sampled_from(["interval", "unbounded"]))
def test_a_set_without_ends_excludes_nothing(kind: str) -> None:
    c = se_world().context("en")
    assert not_rejected(c, c.unit("in_work"), accepted(kind, -inf, inf)).startswith("every effect")


def test_a_first_stage_is_shown_without_needless_decimals() -> None:
    c = se_world().context("en")
    shown = [first_stage(c, accepted("interval", first_stage_f=f)) for f in (8349.2, 3.14159, inf, None)]
    assert shown == ["8,349", "3.1", "∞", "–"]


def test_few_who_started_are_not_counted() -> None:
    world = with_table(se_world(), "participation_effects", pl.lit(3).cast(pl.Int64).alias("n_treated_started"))
    assert {row.cells[3].text for row in table(world, "takers", "tab-takers").rows} == {"–"}
    said = [block.text for block in blocks_of(world, "takers") if isinstance(block, Paragraph)]
    assert any("too few had started" in text for text in said)


# First jobs -----------------------------------------------------------------------------------------------------------


def first_row(month: int, cause: str, mean: float, people: int = 100) -> dict[str, Any]:
    return {"event_month": month, "cause": cause, "mean_control": mean, "at_risk_control": people - month}


def test_shares_of_one_to_four_people_are_not_drawn() -> None:
    rows = [first_row(m, "death", share) for m, share in ((1, 0.0), (2, 0.01), (3, 0.04), (4, 0.06))]
    rows += [first_row(m, "emigration", 0.0) for m in (1, 2, 3, 4)]
    assert incidences(rows, "control", ("death", "emigration")) == {1: 0.0, 2: None, 3: None, 4: 0.06}
    few = [first_row(1, "outcome", 0.5, people=4)]
    assert incidences(few, "control", ("outcome",)) == {1: None}


def test_a_first_job_is_told_with_what_may_come_first() -> None:
    drawn = figure(se_world(), "first", "fig-first-in_work")
    assert drawn.headline.startswith("In work for the first time: ")
    assert "Died or moved abroad first, the control group" in drawn.wide.body
    assert "it took" in drawn.note
    assert "a difference of" in drawn.note
    assert [c.group for c in table(se_world(), "first", "tab-first-in_work").columns][1] == "Had a first month"


# Work with and without ------------------------------------------------------------------------------------------------


def test_the_parts_stand_beside_the_whole() -> None:
    found = table(se_world(), "splits", "tab-split-in_work-any_benefit")
    headers = [column.header for column in found.columns]
    assert headers == ["Months", "In work", "In work with a benefit", "In work without benefits"]
    assert found.rows[0].cells[0].text == "months 1 to 36"
    drawn = figure(se_world(), "splits", "fig-split-in_work-in_programme")
    assert "part-with" in drawn.wide.body
    assert drawn.headline.count("In work ") == 2


# Groups ---------------------------------------------------------------------------------------------------------------


def test_the_test_of_a_difference_is_that_by_redraws_and_corrected() -> None:
    world = with_table(se_world(), "interactions", pl.lit(0.012).alias("p_family"))
    assert "the effects differ between the groups (p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.012)" in (
        figure(world, "subgroup", "fig-subgroup-income_before-1").headline
    )
    assert "by redraws, corrected" in figure(world, "subgroup", "fig-subgroup-income_before-1").headline


@pytest.mark.parametrize("language", LANGUAGES)
def test_fidelity_is_said_not_to_be_protected_by_the_draw(language: Language) -> None:
    (part,) = fidelity(three_arm_world().context(language))
    warning = part.blocks[0]
    assert isinstance(warning, Notice)
    assert warning.tone == "warning"
    assert any(isinstance(block, Figure) for block in part.blocks)


def test_a_target_group_stands_beside_the_participants() -> None:
    world = se_world()
    drawn = figure(world, "targets", "fig-targets-1")
    assert drawn.alternative.count("(") == 3, "the participants and two target groups, once each"
    assert "The participants" in drawn.wide.body
    assert "Those who usually take part in the programme" in drawn.alternative
    rows = [row for row in table(world, "targets", "tab-targets").rows if row.role == "body"]
    mean = next(row for row in rows if row.cells[0].text.startswith("Age"))
    assert mean.cells[1].text == mean.cells[3].text == "38.5"


# Other choices --------------------------------------------------------------------------------------------------------


def test_the_change_with_probability_is_per_ten_points() -> None:
    world = with_table(
        se_world(), "effects_by_probability", pl.lit(0.5).alias("estimate"), pl.lit(0.1).alias("ci_low"),
        pl.lit(0.9).alias("ci_high"),
    )  # fmt: skip
    cell = table(world, "probability", "tab-probability").rows[0].cells[1]
    assert (cell.text, cell.second) == ("+5.0", "1.0 to 9.0")


def test_bounds_hide_few_who_were_lost() -> None:
    world = with_table(se_world(), "bounds_for_loss", pl.lit(2).cast(pl.Int64).alias("lost_treated"))
    row = table(world, "bounds", "tab-bounds").rows[0]
    assert row.cells[1].text.endswith("%")
    assert row.cells[2].text == "–"


def test_precision_is_half_the_interval_and_what_a_trial_finds() -> None:
    world = se_world()
    row = table(world, "precision", "tab-precision").rows[0]
    half, smallest = (float(row.cells[i].text) for i in (1, 2))
    assert row.cells[4].text == "3.0"
    assert half < smallest


def test_an_effect_of_too_few_is_a_dash() -> None:
    c = se_world().context("en")
    row = {"estimate": 0.1, "ci_low": 0.0, "ci_high": 0.2, "n_control": 100, "n_treated": 4}
    assert effect_cell(c, c.unit("in_work"), row).text == "–"
    assert effect_cell(c, c.unit("in_work"), {**row, "n_treated": 5}).text == "+10.0"
    assert effect_cell(c, c.unit("in_work"), {**row, "n_treated": 5, "ci_low": None}).second == ""
    assert effect_cell(c, c.unit("in_work"), None).text == "–"


# Curves and p-values --------------------------------------------------------------------------------------------------


def test_the_curve_has_both_bands_and_says_which_is_which() -> None:
    drawn = difference(se_world().context("en"), "in_work", "se", narrow_only=False)
    assert "95% interval" in drawn.wide.body
    assert "95% band for the whole curve" in drawn.wide.body
    assert "The paler band holds for the whole curve at once" in drawn.note
    assert 'class="band arm-1 whole"' in drawn.wide.body


def test_a_curve_without_redraws_has_one_band() -> None:
    world = se_world()
    without = world.evaluation.estimates.with_columns(
        pl.lit(None).cast(pl.Float64).alias(name) for name in ("band_low", "band_high")
    )
    drawn = difference(world.changed(estimates=without).context("en"), "in_work", "se", narrow_only=False)
    assert "whole curve" not in drawn.wide.body + drawn.note


def test_every_outcome_has_its_p_values_by_period() -> None:
    world = se_world()
    found = table(world, "p-values", "tab-p-values")
    assert len(found.rows) == len(world.trial.outcomes)
    assert len(found.columns) == 1 + len(world.trial.analysis.periods)
    assert all(cell.text and cell.second for row in found.rows[:3] for cell in row.cells[1:])


def test_an_external_draw_is_said_to_be_redrawn_by_assumption() -> None:
    said = str(methods(external_world().context("en")))
    assert "Lodd did not draw these lots, so their mechanism is an assumption" in said
    assert "are as good as what is assumed of them" in said
    assert "Lodd did not draw these lots" not in str(methods(se_world().context("en")))
