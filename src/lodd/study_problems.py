"""What can be wrong with a trial folder as a whole, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lodd.errors import Problem
from lodd.locale import Text

UNFINISHED_FILE: Final = ".simulation-unfinished"


def real_beacon() -> Problem:
    return Problem(
        Text(
            nb="låsen nevner et virkelig offentlig tall; under den trekkes virkelige mennesker",
            en="the lock names a real public value; under it real people are drawn",
        ),
        "trial.lock.json",
        None,
        Text(nb="Simuler i en egen mappe.", en="Simulate in a folder of its own."),
    )


def unfinished() -> Problem:
    return Problem(
        Text(
            nb="simuleringen ble avbrutt mens filene ble lagt på plass; de hører ikke sammen",
            en="the simulation was interrupted while its files were put into place; they do not belong together",
        ),
        UNFINISHED_FILE,
        None,
        Text(nb="Simuler på nytt: lodd simulate", en="Simulate again: lodd simulate"),
    )


def no_beacon() -> Problem:
    return Problem(
        Text(
            nb="protokollen oppgir ikke noe framtidig offentlig tall", en="the protocol declares no future public value"
        ),
        "trial.toml draw.beacon",
        Text(
            nb="source og round for et tall som ingen kjenner ennå; uten det kunne nøkkelen være valgt for utfallene",
            en="source and round of a value that nobody knows yet; without it the key could be chosen for its outcomes",
        ),
        Text(
            nb='Skriv for eksempel beacon = { source = "Lotto", round = "lørdag 2. mai 2026" } under [draw].',
            en='Write beacon = { source = "Lotto", round = "Saturday 2 May 2026" } under [draw], say.',
        ),
    )


def not_as_locked(status: str, differences: Sequence[str]) -> Problem:
    if status == "unlocked":
        return Problem(
            Text(nb="protokollen er ikke låst", en="the protocol is not locked"),
            next_step=Text(
                nb="Lås den før resultatene er sett: lodd lock", en="Lock it before the results are seen: lodd lock"
            ),
        )
    shown = ", ".join(differences[:10]) + (" …" if len(differences) > 10 else "")
    return Problem(
        Text(
            nb=f"protokollen er ikke den som ble låst; forskjeller: {shown}",
            en=f"the protocol is not the one that was locked; it differs at: {shown}",
        ),
        "trial.toml",
        None,
        Text(
            nb="Hent den låste protokollen tilbake, eller evaluer uten --strict (da merkes det nye som utforskende).",
            en="Restore the locked protocol, or evaluate without --strict (what is new is then marked exploratory).",
        ),
    )


def real_data(file: str) -> Problem:
    """A simulation where data that were not simulated are."""
    return Problem(
        Text(
            nb="mappen har data som ikke er simulert; de blir ikke skrevet over",
            en="the folder holds data that were not simulated; they are not written over",
        ),
        file,
        None,
        Text(nb="Simuler i en egen mappe.", en="Simulate in a folder of its own."),
    )
