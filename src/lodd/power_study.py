"""Power of a study: composes the people planned, what their outcomes vary by, and the tests of the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from lodd.errors import DataError, LoddError, Problem, UsageError
from lodd.locale import Text
from lodd.progress import Progress
from lodd.protocol import PARTICIPANTS_FILE, Participants
from lodd.protocol.analysis import Primary

if TYPE_CHECKING:
    from lodd.evaluation.power import Assumption
    from lodd.simulate import SimulationSettings
    from lodd.study import Study

RESULTS_FILE: Final = "results/results.json"
SETTINGS_FILE: Final = "simulation.toml"
_FEWEST: Final = 20
_MOST: Final = 200_000
_MOST_SIMULATIONS: Final = 100_000


def power_of(
    study: Study,
    people: Sequence[int],
    outcomes: Sequence[str],
    assume: Sequence[str],
    *,
    simulations: int,
    progress: Progress,
) -> pl.DataFrame:
    """See :meth:`lodd.study.Study.power`."""
    from lodd.evaluation.power import planned_power

    if not 0 <= simulations <= _MOST_SIMULATIONS:
        raise UsageError(_out_of_range("--simulations", simulations, 0, _MOST_SIMULATIONS))
    primaries = _chosen(study, outcomes)
    assumed = _assumed(study, primaries, assume, progress)
    frames = [
        planned_power(study.trial, planned, assumed, simulations=simulations, progress=progress)
        for planned in _plans(study, people)
    ]
    return pl.concat(frames)


def precision_of(study: Study) -> pl.DataFrame:
    """See :meth:`lodd.study.Study.precision`."""
    from lodd.evaluation import read_results
    from lodd.evaluation.power import precision_reached

    evaluation = read_results(study.folder)
    if evaluation.lock.get("protocol_sha256") != study.protocol_sha256:
        raise DataError(_other_protocol())
    return precision_reached(study.trial, evaluation)


def has_results(study: Study) -> bool:
    """Are there results of this protocol?"""
    file = study.folder / RESULTS_FILE
    try:
        lock = json.loads(file.read_text(encoding="utf-8")).get("lock", {})
    except (OSError, ValueError, AttributeError):
        return False
    return bool(lock.get("protocol_sha256") == study.protocol_sha256)


def _chosen(study: Study, outcomes: Sequence[str]) -> list[Primary]:
    primaries = study.trial.analysis.primary
    known = list(dict.fromkeys(primary.outcome for primary in primaries))
    if unknown := [name for name in outcomes if name not in known]:
        raise UsageError(_not_primary(unknown, known))
    if not primaries:
        raise DataError(_no_primary())
    return [primary for primary in primaries if not outcomes or primary.outcome in outcomes]


def _assumed(
    study: Study, primaries: Sequence[Primary], assume: Sequence[str], progress: Progress
) -> Mapping[tuple[str, str], Assumption]:
    """What is said on the command line, else in the protocol, else what registers show before the draw."""
    from lodd.evaluation.power import declared, from_registers, given, refuse_without

    said = given(study.trial, assume)
    found = {primary: said.get(primary.outcome) or declared(study.trial, primary) for primary in primaries}
    missing = [primary for primary, known in found.items() if known is None]
    if missing and _people_drawn(study):
        panel = study.panel(progress=progress)
        found |= {primary: from_registers(study.trial, study.participants, panel, primary) for primary in missing}
    refuse_without(study.trial, [primary.outcome for primary, known in found.items() if known is None])
    return {(p.outcome, str(p.months)): known for p, known in found.items() if known is not None}


def _plans(study: Study, people: Sequence[int]) -> list[Participants]:
    """The people drawn, or for each number those who are planned."""
    from lodd.simulate.planning import planned_number, planned_participants

    if not people and _people_drawn(study):
        return [study.participants]
    settings = _settings(study)
    number = planned_number(study.trial, settings)
    if not people and number is None:
        raise DataError(_how_many())
    for count in people:
        if not _FEWEST <= count <= _MOST:
            raise UsageError(_out_of_range("--people", count, _FEWEST, _MOST))
    return [planned_participants(study.trial, count, settings) for count in people or [number or 0]]


def _people_drawn(study: Study) -> bool:
    return (study.folder / PARTICIPANTS_FILE).exists()


def _settings(study: Study) -> SimulationSettings | None:
    """A simulation's settings, if there are any that can be read: they tell how enrolment is planned, nothing else."""
    from lodd.simulate import load_settings

    try:
        return load_settings(study.folder / SETTINGS_FILE)
    except LoddError:
        return None


def _not_primary(unknown: Sequence[str], known: Sequence[str]) -> Problem:
    names = ", ".join(unknown)
    return Problem(
        Text(nb=f"ikke et primærutfall: {names}", en=f"not a primary outcome: {names}"),
        "--outcome",
        Text.same(", ".join(known)),
    )


def _no_primary() -> Problem:
    return Problem(
        Text(nb="planen har ingen primærutfall", en="the plan has no primary outcomes"),
        "trial.toml analysis.primary",
        next_step=Text(
            nb="Oppgi hva forsøket skal dømmes etter: [[analysis.primary]]",
            en="Declare what the trial is to be judged by: [[analysis.primary]]",
        ),
    )


def _how_many() -> Problem:
    return Problem(
        Text(nb="det er ikke kjent hvor mange som skal trekkes", en="it is not known how many will be drawn"),
        "trial.toml enrolment.plan",
        None,
        Text(
            nb="Oppgi antallet: lodd power --people 1000, eller skriv planen under enrolment.plan.",
            en="Say how many: lodd power --people 1000, or write the plan under enrolment.plan.",
        ),
    )


def _out_of_range(option: str, given: int, least: int, most: int) -> Problem:
    return Problem(
        Text(nb=f"fant {given}", en=f"found {given}"),
        option,
        Text(nb=f"fra {least} til {most}", en=f"from {least} to {most}"),
    )


def _other_protocol() -> Problem:
    return Problem(
        Text(
            nb="resultatene er laget etter en annen protokoll enn den som står her",
            en="the results were made by another protocol than the one here",
        ),
        RESULTS_FILE,
        None,
        Text(nb="Lag dem på nytt: lodd evaluate", en="Make them again: lodd evaluate"),
    )
