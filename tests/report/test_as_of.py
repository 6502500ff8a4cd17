"""What the report says where the registers are read as they were known on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lodd.locale import Language
from lodd.protocol.register import Withdrawn
from lodd.protocol.types import RegisterNote
from lodd.report.model import Paragraph, Part, Section
from lodd.report.sections.methods import methods
from lodd.report.sections.quality import quality
from tests.report.builders import World, se_world


def known(as_of: date | None) -> World:
    trial = se_world().trial
    return replace(
        se_world(), trial=trial.model_copy(update={"analysis": trial.analysis.model_copy(update={"as_of": as_of})})
    )


def said(section: Section) -> str:
    parts = [block for block in section.blocks if isinstance(block, Part)]
    return " ".join(block.text for part in parts for block in part.blocks if isinstance(block, Paragraph))


def read(as_of: date | None, language: Language) -> str:
    notes = (RegisterNote("benefits", "not_rebuilt", 400), RegisterNote("employment", "registered_later", 12))
    return said(quality(replace(known(as_of).context(language), panel_notes=notes)))


def test_the_day_and_the_registers_that_could_not_be_rebuilt() -> None:
    assert "as they were known at the end of 1 March 2019" in read(date(2019, 3, 1), "en")
    assert "slik de var kjent ved utgangen av 1. mars 2019" in read(date(2019, 3, 1), "nb")
    benefits = se_world().trial.registers["benefits"].label
    assert benefits is not None
    assert f"with whatever was corrected since: {benefits.en}." in read(date(2019, 3, 1), "en")
    assert "as they were known" not in read(None, "en")


def test_records_taken_back_are_among_the_methods() -> None:
    world = se_world()
    back = world.trial.registers["employment"].model_copy(
        update={"withdrawn": Withdrawn(column="status", values=("VOID", "GONE"))}
    )
    trial = world.trial.model_copy(update={"registers": {**world.trial.registers, "employment": back}})
    assert "Records that are taken back (status: VOID and GONE) do not count." in repr(
        methods(replace(world, trial=trial).context("en"))
    )
