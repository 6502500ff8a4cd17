"""Checks of measures: what a kind of register has no answer to, or more than one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.measure import DRAW, Measure
from lodd.protocol.model import Trial
from lodd.protocol.register import Register

_FACT = Text(nb="datoen", en="date")


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
    monthly = register.temporality == "status" and any(part.temporality == "accumulated" for part in register.parts)
    if measure.since is not None and monthly:
        yield _monthly_rows(path)
    if measure.months_since is not None and measure.empty == "zero" and measure.at_least is None:
        found = Text(
            nb="0 måneder betyr aktiv denne måneden, og kan ikke også bety aldri",
            en="0 months means active this month, and cannot also mean never",
        )
        todo = Text(nb='Bruk empty = "missing", eller sett en grense.', en='Use empty = "missing", or set a threshold.')
        yield Finding((*path, "empty"), found, None, todo)


def check_reference(trial: Trial, path: Path, days: Mapping[str, str]) -> Iterator[Finding]:
    """Reference days (columns, by key) are declared; and a warning of those that may come after the draw."""
    for key, column in days.items():
        if column == DRAW:
            continue
        if column not in trial.facts:
            finding = unknown((*path, key), _FACT, column, [DRAW, *trial.facts])
            todo = Text(nb=f"Oppgi den: [facts.{column}]", en=f"Declare it: [facts.{column}]")
            yield Finding(finding.path, finding.found, finding.allowed, finding.next_step or todo)
        else:
            found = Text(
                nb=f"det trekningen gjør, kan ha flyttet «{column}» hos dem som har datoen etter trekningen: da "
                "sammenlignes ikke like grupper",
                en=f'where "{column}" comes after the draw, the draw may have moved it: then groups are compared that '
                "are not alike",
            )
            todo = Text(nb="Bruk «draw», eller en dato før trekningen.", en='Use "draw", or a date before the draw.')
            yield Finding((*path, key), found, None, todo, warning=True)


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
    for key in ("within", "months_since", "since", "until"):
        if getattr(measure, key) is not None:
            found = Text(
                nb=f"«{key}» krever måneder, men registeret har bare år",
                en=f'"{key}" needs months, but the register has only years',
            )
            todo = Text(
                nb="Bruk et register med månedlige beløp eller perioder.",
                en="Use a register of monthly amounts or of spells.",
            )
            yield Finding((*path, key), found, None, todo)


def _monthly_rows(path: Path) -> Finding:
    found = Text(
        nb="registeret har en del med en rad i måneden, som starter i hver sin måned: det som bare fortsatte, teller "
        "som nytt",
        en="the register has a part with a row a month, which starts in its month: what only went on counts as new",
    )
    todo = Text(
        nb="La «where» spørre etter startdatoen, om radene har den, eller la «covers» slutte før denne delen.",
        en='Let "where" ask for the day of the start, if the rows have it, or let "covers" end before that part.',
    )
    return Finding((*path, "since"), found, None, todo, warning=True)


def _several_days(path: Path, measure: Measure) -> Finding:
    found = Text(
        nb=f"«{measure.aggregate}» av det som gjelder på en dag, er ikke entydig over flere måneder",
        en=f'"{measure.aggregate}" of what holds on a day has no one meaning over several months',
    )
    todo = Text(nb="Bruk «max», eller ta bort «within».", en='Use "max", or leave "within" out.')
    return Finding((*path, "within"), found, None, todo)
