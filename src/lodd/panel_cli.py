"""`lodd panel`: the registers made into person × month, every declared outcome."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter

from lodd.errors import UsageError
from lodd.locale import Language, Text, number, preferred_language
from lodd.panel_file_cli import MemoryLimit, is_large, on_duckdb, panel_in_ranges, values_told
from lodd.terminal import progress_shown, say, say_json, warn

if TYPE_CHECKING:
    from lodd.protocol import Panel

_LANGUAGE: Language = preferred_language()


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


HELP: Final = _(nb="Bygg panelet: person × måned, alle utfall.", en="Build the panel: person × month, all outcomes.")
Folder = Annotated[
    Path, Parameter(help=_(nb="Forsøkets mappe (ellers: denne).", en="The trial's folder (default: this one)."))
]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help=_(nb="Skriv JSON for skript.", en="Print JSON, for scripts."))
]

EngineName = Annotated[
    Literal["duckdb", "postgresql", "spark"] | None,
    Parameter(
        name="--engine",
        help=_(
            nb="Hva som regner (ellers LODD_ENGINE, ellers duckdb). Svaret er det samme.",
            en="What computes (default: LODD_ENGINE, or duckdb). The answer is the same.",
        ),
    ),
]
AsOf = Annotated[
    date | None,
    Parameter(
        help=_(
            nb="Registrene slik de var kjent ved utgangen av dagen, i en egen fil: 2021-03-01.",
            en="The registers as they were known at the end of the day, in a file of its own: 2021-03-01.",
        )
    ),
]
Compare = Annotated[
    Path | None,
    Parameter(
        help=_(
            nb="Sammenlign med et annet panel: hvor mange personmåneder er endret?",
            en="Compare with another panel: how many person-months changed?",
        )
    ),
]
CompareAsOf = Annotated[
    date | None,
    Parameter(
        help=_(
            nb="Sammenlign med panelet slik det var kjent en annen dag.",
            en="Compare with the panel as it was known on another day.",
        )
    ),
]


def panel(
    folder: Folder = Path(),
    *,
    as_of: AsOf = None,
    compare: Compare = None,
    compare_as_of: CompareAsOf = None,
    engine: EngineName = None,
    memory: MemoryLimit = None,
    json: Json = False,
) -> None:
    """The command; its help is ``HELP``.

    Raises:
        UsageError: two things to compare with at once, or options that do not go together.
    """
    from lodd.study import open_study

    use_engine(engine)
    study = open_study(folder)
    if as_of is not None or compare is not None or compare_as_of is not None:
        from lodd.versions_cli import not_in_ranges, panel_versions

        if memory is not None:
            raise UsageError(not_in_ranges())
        panel_versions(study, as_of, compare, compare_as_of, json=json)
        return
    if memory is not None or (on_duckdb() and is_large(study)):
        panel_in_ranges(study, memory, json=json)
        return
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        built = study.panel(rebuild=True, progress=progress)
    _say_built(built, folder, json=json)


def use_engine(name: str | None) -> None:
    """Every panel that this command builds is built on this engine."""
    if name is not None:
        os.environ["LODD_ENGINE"] = name


def _say_built(built: Panel, folder: Path, *, json: bool) -> None:
    from lodd.panel_warnings import as_json, oddities_of, problems_of

    odd = oddities_of(built)
    if json:
        notes = [{"register": n.register, "kind": n.kind, "count": n.count} for n in built.notes]
        made = {key: built.provenance[key] for key in ("engine", "values")}
        size = {"people": built.people, "rows": built.frame.height}
        say_json({**size, "outcomes": list(built.outcomes), "notes": notes, **as_json(odd), **made})
        return
    say(_size(built, folder / "results/panel.parquet"), _LANGUAGE)
    say(values_told(built.provenance), _LANGUAGE)
    for problem in problems_of(odd):
        warn(problem, _LANGUAGE)
    say(Text(nb=f"Neste: lodd evaluate {folder}", en=f"Next: lodd evaluate {folder}"), _LANGUAGE)


def _size(built: Panel, file: Path) -> Text:
    people, rows = built.people, built.frame.height
    return Text(
        nb=f"Panelet har {number(people, 'nb')} personer og {number(rows, 'nb')} personmåneder: {file}",
        en=f"The panel has {number(people, 'en')} people and {number(rows, 'en')} person-months: {file}",
    )
