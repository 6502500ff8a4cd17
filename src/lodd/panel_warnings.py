"""What is odd about a panel that was just built, said where it is built: a misspelt code makes no error, only zeros."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from lodd.errors import Problem
from lodd.locale import Text, join_words
from lodd.protocol import Panel

if TYPE_CHECKING:
    from lodd.registers import PanelFile


@dataclass(frozen=True, slots=True)
class Oddities:
    """Outcomes that are 0 wherever they are observed, those that are observed nowhere, and registers not rebuilt."""

    always_zero: tuple[str, ...]
    never_observed: tuple[str, ...]
    not_rebuilt: tuple[str, ...]


def oddities_of(panel: Panel) -> Oddities:
    """What is odd about a panel's outcomes, and which registers could not be read as of the day that was asked for."""
    return _oddities(panel.frame.lazy(), panel.outcomes, not_rebuilt(panel))


def oddities_of_file(panel: PanelFile, outcomes: Iterable[str]) -> Oddities:
    """The same of a panel that was written; of it too little is in memory at once to matter."""
    return _oddities(pl.scan_parquet(panel.path), outcomes, not_rebuilt(panel))


def _oddities(frame: pl.LazyFrame, outcomes: Iterable[str], as_they_are: tuple[str, ...]) -> Oddities:
    columns = set(frame.collect_schema().names())
    names = [name for name in outcomes if name in columns]
    seen = pl.col(names).is_not_null().any().name.prefix("seen:")
    other = (pl.col(names) != 0).any().name.prefix("other:")
    found = frame.select(seen, other).collect(engine="streaming").row(0, named=True)
    return Oddities(
        tuple(name for name in names if found[f"seen:{name}"] and not found[f"other:{name}"]),
        tuple(name for name in names if not found[f"seen:{name}"]),
        as_they_are,
    )


def not_rebuilt(*panels: Panel | PanelFile) -> tuple[str, ...]:
    """Registers that say nothing of when their rows were registered, in panels as of a day."""
    notes = (note for panel in panels for note in panel.notes if note.kind == "not_rebuilt")
    return tuple(dict.fromkeys(note.register for note in notes))


def as_json(oddities: Oddities) -> dict[str, list[str]]:
    """The outcomes that are odd, for scripts."""
    return {"always_zero": list(oddities.always_zero), "never_observed": list(oddities.never_observed)}


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
