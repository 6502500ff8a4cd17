"""What is odd about a panel that was just built, said where it is built: a misspelt code makes no error, only zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from lodd.errors import Problem
from lodd.locale import Text, join_words
from lodd.protocol import Panel


@dataclass(frozen=True, slots=True)
class Oddities:
    """Outcomes that are 0 wherever they are observed, those that are observed nowhere, and registers not rebuilt."""

    always_zero: tuple[str, ...]
    never_observed: tuple[str, ...]
    not_rebuilt: tuple[str, ...]


def oddities_of(panel: Panel) -> Oddities:
    """What is odd about a panel's outcomes, and which registers could not be read as of the day that was asked for."""
    names = [name for name in panel.outcomes if name in panel.frame.columns]
    seen = panel.frame.select(pl.col(names).is_not_null().any()).row(0, named=True)
    other = panel.frame.select((pl.col(names) != 0).any()).row(0, named=True)
    return Oddities(
        tuple(name for name in names if seen[name] and not other[name]),
        tuple(name for name in names if not seen[name]),
        not_rebuilt(panel),
    )


def not_rebuilt(*panels: Panel) -> tuple[str, ...]:
    """Registers that say nothing of when their rows were registered, in panels as of a day."""
    notes = (note for panel in panels for note in panel.notes if note.kind == "not_rebuilt")
    return tuple(dict.fromkeys(note.register for note in notes))


def problems_of(oddities: Oddities) -> list[Problem]:
    """The oddities in words."""
    found = []
    if oddities.always_zero:
        nb, en = _listed(oddities.always_zero)
        found.append(
            Problem(
                Text(nb=f"0 for alle i alle måneder: {nb}", en=f"0 for everybody in every month: {en}"),
                next_step=Text(
                    nb="se om kodene i `where` er skrevet som i registeret, og prøv definisjonen med lodd assure",
                    en="see whether the codes in `where` are written as in the register, and try the definition with "
                    "lodd assure",
                ),
            )
        )
    if oddities.never_observed:
        nb, en = _listed(oddities.never_observed)
        found.append(
            Problem(
                Text(nb=f"ikke observert for noen i noen måned: {nb}", en=f"observed for nobody in any month: {en}"),
                next_step=Text(nb="se på `covers` og vinduet", en="look at `covers` and the window"),
            )
        )
    if oddities.not_rebuilt:
        found.append(used_as_they_are(oddities.not_rebuilt))
    return found


def used_as_they_are(registers: Sequence[str]) -> Problem:
    """Registers that cannot be read as they were known on a day."""
    nb, en = _listed(registers)
    return Problem(
        Text(
            nb=f"uten «registered» er disse brukt som de er nå, ikke som de var: {nb}",
            en=f'without "registered" these are used as they are now, not as they were: {en}',
        )
    )


def _listed(names: Sequence[str]) -> tuple[str, str]:
    return join_words(list(names), "nb"), join_words(list(names), "en")
