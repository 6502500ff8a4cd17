"""Checks of registers: what each temporality needs, and that the population and participation registers fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from lodd.locale import Text, join_words, long_date
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.model import Trial
from lodd.protocol.months import last_day, month_index, whole_months
from lodd.protocol.register import Register

_DAY: Final = timedelta(days=1)
_REGISTER = Text(nb="registeret", en="register")
_NEEDED = {"status": ("start", "stop", "covers"), "accumulated": ("start", "covers"), "event": ("start", "covers")}


def check_registers(trial: Trial) -> Iterator[Finding]:
    """Every register has what its temporality needs, and nothing that it cannot use."""
    for name, register in trial.registers.items():
        path = ("registers", name)
        yield from _source(path, register)
        yield from _parts((*path, "parts"), register)
        for key in _NEEDED.get(register.temporality, ()):
            if getattr(register, key) is None:
                yield _lacks(path, register.temporality, key)
        yield from _unusable(path, register)
        if register.covers and register.covers.until < register.covers.since:
            yield Finding((*path, "covers", "until"), Text(nb="«until» er før «from»", en='"until" is before "from"'))
        if register.record and register.registered is None:
            found = Text(nb="«record» trenger «registered»", en='"record" needs "registered"')
            yield Finding((*path, "record"), found)


def _source(path: tuple[str, ...], register: Register) -> Iterator[Finding]:
    """Exactly one source, and what belongs to it."""
    kinds = Text.same("file, dataset, table, parts")
    given = [key for key in ("file", "dataset", "table", "parts") if getattr(register, key)]
    if not given:
        yield Finding(path, Text(nb="«file» mangler", en='"file" is missing'), kinds)
    elif len(given) > 1:
        both = join_words(given, "nb"), join_words(given, "en")
        yield Finding((*path, given[1]), Text(nb=f"registeret har {both[0]}", en=f"the register has {both[1]}"), kinds)
    if (register.table is None) != (register.database is None):
        found = Text(nb="«table» og «database» hører sammen", en='"table" and "database" go together')
        todo = Text.same('table = "hr.jobs", database = "duckdb:extracts.duckdb" | "postgresql"')
        yield Finding((*path, "table" if register.table else "database"), found, None, todo)
    if register.csv is not None and (register.file is None or register.file.endswith(".parquet")):
        found = Text(nb="«csv» gjelder bare CSV-filer", en='"csv" is for CSV files only')
        yield Finding((*path, "csv"), found)


def _parts(path: tuple[str, ...], register: Register) -> Iterator[Finding]:
    """Parts follow each other, each from a declared break on."""
    breaks = {broken.since for broken in register.breaks}
    for i, part in enumerate(register.parts):
        later, earlier = i > 0, i < len(register.parts) - 1
        for key, missing in (("from", later and part.since is None), ("until", earlier and part.until is None)):
            if missing:
                yield Finding((*path, i), Text(nb=f"delen mangler «{key}»", en=f'the part lacks "{key}"'))
        before = register.parts[i - 1].until if later else None
        if before is not None and part.since is not None and part.since <= before:
            found = Text(nb="delen begynner før den forrige slutter", en="the part begins before the last one ends")
            yield Finding((*path, i, "from"), found)
        if later and part.since is not None and part.since not in breaks:
            found = Text(
                nb="delen begynner uten at et brudd er oppgitt", en="the part begins where no break is declared"
            )
            step = Text.same(f"breaks = [{{ from = {part.since}, label = {{ nb = ..., en = ... }} }}]")
            yield Finding((*path, i, "from"), found, None, step)
        if before is not None and part.since is not None and part.since > before + _DAY:
            yield _of_no_part((*path, i, "from"), before + _DAY, part.since - _DAY)
        if part.temporality not in {None, register.temporality} and register.temporality != "status":
            found = Text(
                nb="delen er av et annet slag enn registeret", en="the part is of another kind than the register"
            )
            yield Finding((*path, i, "temporality"), found, Text.same(register.temporality))
    yield from _ends_of_parts(path, register)


def _ends_of_parts(path: tuple[str, ...], register: Register) -> Iterator[Finding]:
    """The first part begins with the coverage at the latest, and the last one lasts as long."""
    covers, parts = register.covers, register.parts
    if covers is None or not parts:
        return
    first, last, end = parts[0].since, parts[-1].until, len(parts) - 1
    if first is not None and first > covers.since:
        yield _of_no_part((*path, 0, "from"), covers.since, min(first - _DAY, covers.until))
    if last is not None and last < covers.until:
        yield _of_no_part((*path, end, "until"), max(last + _DAY, covers.since), covers.until)


def _of_no_part(path: Path, first: date, last: date) -> Finding:
    """Days that the register is said to cover, and no part does: nothing is known of them, and it would count as 0."""
    found = Text(
        nb=f"ingen del gjelder {long_date(first, 'nb')} – {long_date(last, 'nb')}",
        en=f"no part counts for {long_date(first, 'en')} – {long_date(last, 'en')}",
    )
    todo = Text(nb="Endre delenes dager, eller «covers».", en='Change the days of the parts, or "covers".')
    return Finding(path, found, None, todo)


def _lacks(path: tuple[str, ...], temporality: str, key: str) -> Finding:
    return Finding(
        path, Text(nb=f"et «{temporality}»-register trenger «{key}»", en=f'a "{temporality}" register needs "{key}"')
    )


def _unusable(path: tuple[str, ...], register: Register) -> Iterator[Finding]:
    status_only = {"stop": register.stop is not None, "merge": register.merge is not None}
    wrong = [key for key, given in status_only.items() if given and register.temporality != "status"]
    if register.withdrawn is not None and register.temporality == "fixed":
        wrong.append("withdrawn")
    if register.period == "year" and register.temporality != "accumulated":
        wrong.append("period")
    for key in wrong:
        found = Text(
            nb=f"«{key}» betyr ingenting for et «{register.temporality}»-register",
            en=f'"{key}" means nothing for a register of temporality "{register.temporality}"',
        )
        yield Finding((*path, key), found)


def check_as_of(trial: Trial) -> Iterator[Finding]:
    """A panel as known on a day says which registers cannot be rebuilt: those without ``registered``."""
    if trial.analysis.as_of is None:
        return
    as_they_are = [
        name
        for name, register in trial.registers.items()
        if register.temporality != "fixed" and not register.registered
    ]
    if as_they_are:
        found = Text(
            nb=f"uten «registered» brukes disse som de er nå, ikke som de var: {join_words(as_they_are, 'nb')}",
            en=f'without "registered" these are used as they are now, not as they were: '
            f"{join_words(as_they_are, 'en')}",
        )
        yield Finding(("analysis", "as_of"), found, warning=True)


def check_population(trial: Trial) -> Iterator[Finding]:
    """Deaths and stays abroad that are known for a shorter time than the outcomes: nobody is said to die after it."""
    behind = {outcome.register_id for outcome in trial.outcomes.values()}
    measured = [register.covers for name, register in trial.registers.items() if name in behind]
    months = [whole_months(covers.since, covers.until)[1] for covers in measured if covers is not None]
    if not months:
        return
    last = min(max(months), month_index(trial.enrolment.closes) + trial.analysis.window.after)
    words = {
        "deaths": Text(nb="den som dør senere, regnes som i live", en="whoever dies later counts as living"),
        "emigrations": Text(
            nb="den som flytter ut senere, regnes som bosatt", en="whoever leaves later counts as living here"
        ),
    }
    for key, counted in words.items():
        register = trial.registers.get(getattr(trial.population, key) or "")
        if register is None or register.covers is None or register.covers.until >= last_day(last):
            continue
        until = register.covers.until
        found = Text(
            nb=f"registeret slutter {long_date(until, 'nb')}, men utfall måles til {long_date(last_day(last), 'nb')}: "
            f"{counted.nb}, uten arbeid, ytelser og annet",
            en=f"the register ends on {long_date(until, 'en')}, but outcomes are measured until "
            f"{long_date(last_day(last), 'en')}: {counted.en}, with no work, benefits or anything else",
        )
        todo = Text(
            nb="Hent et senere uttrekk, eller la de andre registrene slutte samtidig («covers»).",
            en='Fetch a later extract, or let the other registers end with it ("covers").',
        )
        yield Finding(("population", key), found, None, todo, warning=True)


def check_roles(trial: Trial) -> Iterator[Finding]:
    """The registers of deaths, stays abroad and participation exist and have the right temporality."""
    population, participation = trial.population, trial.participation
    wanted = [
        (("population", "deaths"), population.deaths, "event"),
        (("population", "emigrations"), population.emigrations, "status"),
        (("participation", "register"), participation.register_id if participation else None, "status"),
    ]
    for path, name, temporality in wanted:
        if name is None:
            continue
        if name not in trial.registers:
            yield unknown(path, _REGISTER, name, trial.registers)
        elif trial.registers[name].temporality != temporality:
            found = Text(
                nb=f"«{name}» er et «{trial.registers[name].temporality}»-register",
                en=f'"{name}" is a register of temporality "{trial.registers[name].temporality}"',
            )
            yield Finding(path, found, Text.same(temporality))
