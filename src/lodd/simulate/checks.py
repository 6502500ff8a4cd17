"""`simulation.toml` read, and held against the protocol that it is for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from lodd.errors import Problem, ProtocolError, UsageError
from lodd.locale import Text
from lodd.protocol.loading import dotted
from lodd.protocol.locate import line_numbers, line_of
from lodd.protocol.model import Trial
from lodd.protocol.wording import finding_of
from lodd.simulate.settings import Points, SimulationSettings

SETTINGS_FILE: Final = "simulation.toml"
REGISTERS: Final = ("employment", "earnings", "benefits", "education", "programmes", "deaths", "emigrations")


def load_settings(path: Path) -> SimulationSettings:
    """Read the settings of a simulation from a file, or from ``simulation.toml`` in a folder.

    Raises:
        UsageError: there is no such file.
        ProtocolError: it is not TOML, or not settings; every problem with file and line.
    """
    file = path / SETTINGS_FILE if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError:
        raise UsageError(_no_file(file)) from None
    except UnicodeDecodeError:
        raise ProtocolError(Problem(Text(nb="filen er ikke UTF-8", en="the file is not UTF-8"), file.name)) from None
    try:
        return SimulationSettings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = Text(nb=f"dette er ikke gyldig TOML ({error})", en=f"this is not valid TOML ({error})")
        raise ProtocolError(Problem(found, file.name)) from None
    except ValidationError as error:
        raise ProtocolError(list(_problems(error, text, file.name))) from None


def check_settings(trial: Trial, settings: SimulationSettings) -> None:
    """Do the settings fit the protocol?

    Raises:
        ProtocolError: they do not; every problem.
    """
    problems = [
        *_enrolment(trial, settings),
        *_names(trial, settings),
        *_registers(trial),
        *unwritable_registers(trial, REGISTERS),
        *_points(settings),
        *_reviews(settings),
    ]
    if problems:
        raise ProtocolError(problems)


def _problems(error: ValidationError, text: str, name: str) -> Iterator[Problem]:
    lines = line_numbers(text)
    for details in error.errors():
        finding = finding_of(details, SimulationSettings)
        line = line_of(lines, finding.path) or 1
        yield Problem(finding.found, f"{name}:{line} {dotted(finding.path)}", finding.allowed, finding.next_step)


def _enrolment(trial: Trial, settings: SimulationSettings) -> Iterator[Problem]:
    if (trial.draw.method == "complete") != (settings.nomination is not None):
        yield Problem(
            Text(
                nb="grupper (nomination) hører til metoden «complete», og bare til den",
                en='batches (nomination) belong to the method "complete", and only to it',
            ),
            f"{SETTINGS_FILE} nomination",
        )
    elif settings.nomination is not None:
        yield from _batches(trial, settings)
    else:
        for name in ("intake", "intake_profile", "offices"):
            if getattr(settings, name) is None:
                yield Problem(Text(nb=f"«{name}» mangler", en=f'"{name}" is missing'), f"{SETTINGS_FILE} {name}")


def _batches(trial: Trial, settings: SimulationSettings) -> Iterator[Problem]:
    for index, batch in enumerate(settings.nomination.batches if settings.nomination else ()):
        where = f"nomination.batches[{index}]"
        yield from _unknown([batch.office], trial.office_site, f"{where}.office")
        yield from _unknown(batch.numbers, trial.arm_ids, f"{where}.numbers")
        if not trial.enrolment.opens <= batch.drawn_on <= trial.enrolment.closes:
            yield Problem(
                Text(
                    nb=f"{batch.drawn_on} er utenfor tiden da det ble trukket",
                    en=f"{batch.drawn_on} is outside enrolment",
                ),
                f"{SETTINGS_FILE} {where}.drawn_on",
                Text.same(f"{trial.enrolment.opens} – {trial.enrolment.closes}"),
            )


def _names(trial: Trial, settings: SimulationSettings) -> Iterator[Problem]:
    """Offices, arms, states and benefits that are referred to must exist."""
    yield from _unknown(settings.offices.weights if settings.offices else (), trial.office_site, "offices.weights")
    yield from _unknown(settings.take_up, trial.arm_ids, "take_up")
    for arm, take_up in settings.take_up.items():
        yield from _unknown(take_up.starts, trial.arm_ids, f"take_up.{arm}.starts")
    for code, measures in settings.measures.items():
        yield from _unknown(measures.level, trial.arm_ids, f"measures.{code}.level")
        if trial.reference not in measures.level:
            found = Text(nb=f"«{trial.reference}» mangler", en=f'"{trial.reference}" is missing')
            yield Problem(found, f"{SETTINGS_FILE} measures.{code}.level")
    for code, benefit in settings.benefits.items():
        yield from _unknown(benefit.replaces, settings.benefits, f"benefits.{code}.replaces")
    for index, effect in enumerate(settings.effects):
        yield from _unknown([effect.arm], trial.arm_ids[1:], f"effects[{index}].arm")
        yield from _unknown([effect.state], ("work", *settings.benefits), f"effects[{index}].state")
        yield from _unknown(effect.only_while, ("programme", *settings.benefits), f"effects[{index}].only_while")
    yield from _unknown(settings.facts.education, (*settings.education.levels,), "facts.education")


def _registers(trial: Trial) -> Iterator[Problem]:
    for register in trial.registers:
        if register not in REGISTERS:
            yield Problem(
                Text(
                    nb=f"registeret «{register}» kan ikke simuleres",
                    en=f'the register "{register}" cannot be simulated',
                ),
                f"trial.toml registers.{register}",
                Text.same(", ".join(REGISTERS)),
                Text(
                    nb="Simuler i en kopi av mappen, med en protokoll uten dette registeret.",
                    en="Simulate in a copy of the folder, with a protocol that lacks this register.",
                ),
            )


_SOURCES: Final = {
    "table": Text(nb="en tabell i en database", en="a table of a database"),
    "dataset": Text(nb="et datasett fra microdata.no", en="a microdata.no dataset"),
    "parts": Text(nb="satt sammen av flere kilder", en="put together from several sources"),
    "csv": Text(nb="CSV på en egen måte", en="CSV in a way of its own"),
}


def unwritable_registers(trial: Trial, registers: Iterable[str]) -> Iterator[Problem]:
    """Simulated registers are written where the trial says, which must be one plain file each."""
    for name in registers:
        if (register := trial.registers.get(name)) is None:
            continue
        if (key := next((key for key in _SOURCES if getattr(register, key)), None)) is not None:
            kind = _SOURCES[key]
            found = Text(
                nb=f"registeret er {kind.nb}; «lodd simulate» skriver bare vanlige filer",
                en=f"the register is {kind.en}; `lodd simulate` writes plain files only",
            )
            yield _unwritable(found, name, key)
        elif not _is_plain(register.file or ""):
            file = register.file
            found = Text(
                nb=f"registeret kan ikke skrives til «{file}»", en=f'the register cannot be written to "{file}"'
            )
            yield _unwritable(found, name, "file")


def _is_plain(name: str) -> bool:
    path = Path(name)
    return path.suffix in {".parquet", ".csv"} and not path.is_absolute() and not {"..", "*"} & {*path.parts, *name}


def _unwritable(found: Text, register: str, key: str) -> Problem:
    return Problem(
        found,
        f"trial.toml registers.{register}.{key}",
        Text(
            nb="én Parquet-fil i forsøkets mappe, eller en CSV-fil uten egen «csv»-tabell",
            en="one Parquet file in the trial's folder, or a CSV file without a `csv` table of its own",
        ),
        Text(
            nb=f'Simuler i en kopi av mappen, der registeret har bare file = "registers/{register}.parquet".',
            en=f'Simulate in a copy of the folder, where the register has only file = "registers/{register}.parquet".',
        ),
    )


def _points(settings: SimulationSettings) -> Iterator[Problem]:
    """Points of paths come in order, and levels are shares."""
    levels = {"work.level": settings.work.level, "education.level": settings.education.level}
    levels |= {f"benefits.{code}.level": benefit.level for code, benefit in settings.benefits.items()}
    levels |= {f"measures.{c}.level.{a}": points for c, m in settings.measures.items() for a, points in m.level.items()}
    for where, points in levels.items():
        if any(not 0 <= value <= 100 for _, value in points):
            found = Text(nb="et nivå er under 0 eller over 100", en="a level is below 0 or above 100")
            yield Problem(found, f"{SETTINGS_FILE} {where}")
    levels |= {f"effects[{index}].points": effect.points for index, effect in enumerate(settings.effects)}
    for where, points in levels.items():
        if not _increasing(points):
            found = Text(nb="månedene står ikke i stigende rekkefølge", en="the months are not in increasing order")
            yield Problem(found, f"{SETTINGS_FILE} {where}")


def _reviews(settings: SimulationSettings) -> Iterator[Problem]:
    """Half-years come in order, and mean scores are on the scale."""
    if (reviews := settings.fidelity) is None:
        return
    low, high = reviews.limits
    if low >= high:
        found = Text(
            nb="skalaens laveste skåre er ikke under den høyeste",
            en="the scale's lowest score is not below its highest",
        )
        yield Problem(found, f"{SETTINGS_FILE} fidelity.limits")
    elif any(not low <= score <= high for _, score in reviews.points):
        found = Text(nb="en middelskåre er utenfor skalaen", en="a mean score is outside the scale")
        yield Problem(found, f"{SETTINGS_FILE} fidelity.points", Text.same(f"{low:g} – {high:g}"))
    if not _increasing(reviews.points):
        found = Text(nb="halvårene står ikke i stigende rekkefølge", en="the half-years are not in increasing order")
        yield Problem(found, f"{SETTINGS_FILE} fidelity.points")


def _increasing(points: Points) -> bool:
    numbers = [number for number, _ in points]
    return numbers == sorted(set(numbers))


def _unknown(names: Iterable[str], known: Iterable[str], where: str) -> Iterator[Problem]:
    allowed = list(known)
    for name in names:
        if name not in allowed:
            yield Problem(
                Text(nb=f"«{name}» er ukjent", en=f'"{name}" is unknown'),
                f"{SETTINGS_FILE} {where}",
                Text.same(", ".join(allowed)),
            )


def _no_file(file: Path) -> Problem:
    return Problem(
        Text(
            nb=f"det er ingen {file.name} i {file.parent}: et forsøk uten innstillinger kan ikke simuleres",
            en=f"there is no {file.name} in {file.parent}: a trial without settings cannot be simulated",
        ),
        next_step=Text(
            nb="Kopier en fra et eksempel: lodd new MAPPE --example se",
            en="Copy one from an example: lodd new FOLDER --example se",
        ),
    )
