"""Breaks in registers, and what crosses them.

A break touches both arms alike, so it is no threat to their comparison; but levels before and after it differ for
other reasons than people's lives, and an outcome that is recorded differently may show another effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from lodd.protocol.covariate import Baseline
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange, first_day, last_day, month_index
from lodd.protocol.source import Break
from lodd.protocol.types import coverage_months

Path = tuple[str | int, ...]
BREAK: Final = "break"
"""What a note of the panel calls a break: ``break:2015-01-01``."""
_FIRST: Final = month_index(date.min)
_EVER: Final = 12 * date.max.year
"""How many months a measure looks back that looks back as far as records go."""


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
    opens, last = month_index(trial.enrolment.opens), month_index(trial.enrolment.closes) + months.last
    first_asked = max(opens + months.first, covered[0]) - opens
    looked_at: dict[str, int] = {}
    for register_id, first in _looked_back_to(trial, outcome, first_asked):
        looked_at[register_id] = min(first, looked_at.get(register_id, first))
    for register_id in sorted(looked_at):
        for broken in trial.registers[register_id].breaks:
            if is_crossed(broken, max(opens + looked_at[register_id], _FIRST), min(last, covered[1])):
                yield register_id, broken


def _looked_back_to(trial: Trial, name: str, first: int) -> Iterator[tuple[str, int]]:
    """The registers behind an outcome, and the earliest event month that its values from ``first`` on are made of."""
    outcome = trial.outcomes[name]
    if outcome.measure is not None and outcome.register_id is not None:
        back = _EVER if outcome.measure.months_since is not None else outcome.measure.months - 1
        yield outcome.register_id, first - back
    since = min(first, outcome.from_month) if outcome.first_of or outcome.ever_of else first
    for part in outcome.parts:
        yield from _looked_back_to(trial, part, since)
