"""Checks of measures: what a kind of register has no answer to, or more than one."""

from __future__ import annotations

from collections.abc import Iterator

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path
from lodd.protocol.measure import Measure
from lodd.protocol.register import Register


def check_measure(path: Path, measure: Measure, register: Register) -> Iterator[Finding]:
    """Whether the measure can be taken of such a register."""
    if register.temporality == "accumulated":
        yield from _of_amounts(path, measure, register)
    if register.temporality == "status" and measure.within is not None and measure.aggregate in {"mean", "last"}:
        yield _several_days(path, measure)
    if measure.last is not None and register.merge is not None and register.merge.overlap != "latest":
        found = Text(
            nb=f"«last» er raden som startet sist, men registeret har overlap = «{register.merge.overlap}»",
            en=f'"last" is the record that started last, but the register has overlap = "{register.merge.overlap}"',
        )
        todo = Text(nb='Bruk overlap = "latest", eller «max».', en='Use overlap = "latest", or "max".')
        yield Finding((*path, "last"), found, None, todo)
    if measure.months_since is not None and measure.empty == "zero" and measure.at_least is None:
        found = Text(
            nb="0 måneder betyr aktiv denne måneden, og kan ikke også bety aldri",
            en="0 months means active this month, and cannot also mean never",
        )
        todo = Text(nb='Bruk empty = "missing", eller sett en grense.', en='Use empty = "missing", or set a threshold.')
        yield Finding((*path, "empty"), found, None, todo)


def _of_amounts(path: Path, measure: Measure, register: Register) -> Iterator[Finding]:
    if measure.last is not None:
        found = Text(
            nb="et «accumulated»-register har ingen rekkefølge innen en måned, så ingen rad er den siste",
            en='an "accumulated" register has no order within a month, so no record is the last',
        )
        todo = Text(nb="Bruk «sum», «mean» eller «max».", en='Use "sum", "mean" or "max".')
        yield Finding((*path, "last"), found, None, todo)
    if register.period != "year":
        return
    for key in ("within", "months_since"):
        if getattr(measure, key) is not None:
            found = Text(
                nb=f"«{key}» teller måneder, men registeret har bare år",
                en=f'"{key}" counts months, but the register has only years',
            )
            todo = Text(
                nb="Bruk et register med månedlige beløp eller perioder.",
                en="Use a register of monthly amounts or of spells.",
            )
            yield Finding((*path, key), found, None, todo)


def _several_days(path: Path, measure: Measure) -> Finding:
    found = Text(
        nb=f"«{measure.aggregate}» av det som gjelder på en dag, er ikke entydig over flere måneder",
        en=f'"{measure.aggregate}" of what holds on a day has no one meaning over several months',
    )
    todo = Text(nb="Bruk «max», eller ta bort «within».", en='Use "max", or leave "within" out.')
    return Finding((*path, "within"), found, None, todo)
