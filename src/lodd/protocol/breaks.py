"""Breaks in registers, and what crosses them.

A break touches both arms alike, so it is no threat to their comparison; but levels before and after it differ for
other reasons than people's lives, and an outcome that is recorded differently may show another effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lodd.protocol.covariate import Baseline
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange, first_day, last_day, month_index
from lodd.protocol.source import Break
from lodd.protocol.types import coverage_months, registers_behind

Path = tuple[str | int, ...]
BREAK: Final = "break"
"""What a note of the panel calls a break: ``break:2015-01-01``."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """What the plan asks of an outcome over ``months``, which for some of those drawn lie on both sides of a break.

    ``path`` is where the plan asks it.
    """

    path: Path
    outcome: str
    months: MonthRange
    register: str
    broken: Break


def crossings(trial: Trial) -> tuple[Crossing, ...]:
    """Every crossing by a primary outcome, a covariate or what forms a subgroup, in the plan's order."""
    return tuple(
        Crossing(path, outcome, months, register_id, broken)
        for path, outcome, months in _asked(trial)
        for register_id, broken in _crossed(trial, outcome, months)
    )


def is_crossed(broken: Break, first: int, last: int) -> bool:
    """Are there days on both sides of the break in the calendar months ``first..last``?"""
    return first <= last and first_day(first) < broken.since <= last_day(last)


def _asked(trial: Trial) -> Iterator[tuple[Path, str, MonthRange]]:
    plan = trial.analysis
    for i, primary in enumerate(plan.primary):
        yield ("analysis", "primary", i, "months"), primary.outcome, primary.months
    written: list[tuple[Path, str]] = [(("analysis", "covariates", i), each) for i, each in enumerate(plan.covariates)]
    written += [(("analysis", "subgroups", i, "by"), each.by) for i, each in enumerate(plan.subgroups)]
    for path, each in written:
        known = Baseline.parse(each)
        if known.months is not None and known.name in trial.outcomes:
            yield path, known.name, known.months


def _crossed(trial: Trial, outcome: str, months: MonthRange) -> Iterator[tuple[str, Break]]:
    covered = coverage_months(trial, outcome)
    first = max(month_index(trial.enrolment.opens) + months.first, covered[0])
    last = min(month_index(trial.enrolment.closes) + months.last, covered[1])
    for register_id in sorted(registers_behind(trial, outcome)):
        for broken in trial.registers[register_id].breaks:
            if is_crossed(broken, first, last):
                yield register_id, broken
