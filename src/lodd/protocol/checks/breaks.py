"""Checks of registers' breaks: inside the coverage, in order; and a warning for what the plan asks across one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from lodd.locale import Text, long_date
from lodd.protocol.breaks import crossings
from lodd.protocol.checks.finding import Finding
from lodd.protocol.model import Trial


def check_breaks(trial: Trial) -> Iterator[Finding]:
    """Every break is within its register's coverage, and after the one before it."""
    for name, register in trial.registers.items():
        path = ("registers", name, "breaks")
        covers = register.covers
        for i, broken in enumerate(register.breaks):
            if covers is None or not covers.since < broken.since <= covers.until:
                found = Text(nb="bruddet er utenfor det registeret dekker", en="the break is outside the coverage")
                allowed = None if covers is None else Text.same(f"> {covers.since}, <= {covers.until}")
                yield Finding((*path, i, "from"), found, allowed)
        for i, (one, other) in enumerate(pairwise(register.breaks), 1):
            if other.since <= one.since:
                found = Text(nb="bruddene står ikke etter dato", en="the breaks are not in the order of their days")
                yield Finding((*path, i, "from"), found)


def check_crossings(trial: Trial) -> Iterator[Finding]:
    """Warns of primary outcomes, covariates and subgroups that cross a break for some of those drawn."""
    for crossing in crossings(trial):
        day, label = crossing.broken.since, crossing.broken.label
        found = Text(
            nb=f"«{crossing.outcome}» over månedene {crossing.months} krysser bruddet i registeret "
            f"{crossing.register} {long_date(day, 'nb')} ({label.nb})",
            en=f'"{crossing.outcome}" over months {crossing.months} crosses the break in the register '
            f"{crossing.register} on {long_date(day, 'en')} ({label.en})",
        )
        step = Text(
            nb="Gruppene rammes likt, men nivået før og etter kan ikke sammenlignes. Vurder måneder på samme side.",
            en="Both arms are touched alike, but levels before and after are not comparable. Consider months on one "
            "side of it.",
        )
        yield Finding(crossing.path, found, None, step, warning=True)
