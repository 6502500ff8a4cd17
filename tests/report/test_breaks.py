"""What the report says of outcomes that cross a register's break."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lodd.locale import Language, Text
from lodd.protocol.source import Break
from lodd.protocol.types import RegisterNote
from lodd.report.sections.quality import quality
from tests.report.builders import se_world


def read(day: date, language: Language) -> str:
    world = se_world()
    employment = world.trial.registers["employment"]
    broken = employment.model_copy(
        update={"breaks": (Break(since=day, label=Text(nb="a-ordningen tar over", en="another system takes over")),)}
    )
    trial = world.trial.model_copy(update={"registers": {**world.trial.registers, "employment": broken}})
    notes = (RegisterNote("employment", f"break:{day}", 1234),)
    return repr(quality(replace(replace(world, trial=trial).context(language), panel_notes=notes)))


def test_the_outcomes_that_cross_are_named() -> None:
    assert "1. januar 2015: a-ordningen tar over. Krysses av " in read(date(2015, 1, 1), "nb")
    assert "1 January 2015: another system takes over. Crossed by " in read(date(2015, 1, 1), "en")
    assert "Personer som følges over bruddet 1. januar 2015" in read(date(2015, 1, 1), "nb")


def test_a_break_that_nothing_crosses_is_not_told_of() -> None:
    assert "Crossed by" not in read(date(2009, 1, 2), "en")
