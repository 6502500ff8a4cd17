"""The protocol's programmes: which arm one belongs to on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lodd.errors import Problem, UsageError
from lodd.locale import Text, long_date
from lodd.protocol import Trial
from lodd.protocol.model import Programme
from lodd.site.participants.words import OTHER_PROGRAMME


def programmes(trial: Trial) -> Iterator[tuple[str, Programme]]:
    """Every programme with its arm, in the protocol's order."""
    for arm in trial.arm_ids:
        for programme in trial.arms[arm].programmes:
            yield arm, programme


def in_use(programme: Programme, day: date) -> bool:
    return (programme.since is None or programme.since <= day) and (programme.until is None or day <= programme.until)


def arm_of(trial: Trial, code: str, day: date, own: str) -> str:
    """Whose programme a code is on a day; the participant's own arm first, empty for a programme of no arm.

    Raises:
        UsageError: the code is not the protocol's, or not in use on the day.
    """
    if code == OTHER_PROGRAMME:
        return ""
    known = [(arm, programme) for arm, programme in programmes(trial) if programme.code == code]
    if not known:
        raise UsageError(_unknown(trial))
    arms = [arm for arm, programme in known if in_use(programme, day)]
    if not arms:
        raise UsageError(_not_in_use(code, day))
    return own if own in arms else arms[0]


def own_programme(trial: Trial, arm: str, day: date) -> str:
    """The code of the arm's programme where there is just one on the day; else empty."""
    codes = {programme.code for programme in trial.arms[arm].programmes if in_use(programme, day)}
    return codes.pop() if len(codes) == 1 else ""


def _unknown(trial: Trial) -> Problem:
    codes = sorted({programme.code for _, programme in programmes(trial)})
    return Problem(
        Text(nb="tiltaket er ikke i protokollen", en="the programme is not in the protocol"),
        "programme",
        Text.same(", ".join([*codes, OTHER_PROGRAMME])),
    )


def _not_in_use(code: str, day: date) -> Problem:
    return Problem(
        Text(
            nb=f"tiltaket {code} var ikke i bruk {long_date(day, 'nb')}",
            en=f"the programme {code} was not in use on {long_date(day, 'en')}",
        ),
        "programme",
        next_step=Text(
            nb="Velg et annet tiltak, eller rett datoen.", en="Choose another programme, or correct the date."
        ),
    )
