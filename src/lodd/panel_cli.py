"""`lodd panel`: the registers made into person × month, every declared outcome."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from lodd.locale import Language, Text, number, preferred_language
from lodd.terminal import progress_shown, say, say_json

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
    json: Json = False,
) -> None:
    """The command; its help is ``HELP``.

    Raises:
        UsageError: two things to compare with at once.
    """
    from lodd.study import open_study

    study = open_study(folder)
    if as_of is not None or compare is not None or compare_as_of is not None:
        from lodd.versions_cli import panel_versions

        panel_versions(study, as_of, compare, compare_as_of, json=json)
        return
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        built = study.panel(rebuild=True, progress=progress)
    if json:
        notes = [{"register": n.register, "kind": n.kind, "count": n.count} for n in built.notes]
        outcomes = list(built.outcomes)
        say_json({"people": built.people, "rows": built.frame.height, "outcomes": outcomes, "notes": notes})
        return
    say(_size(built, folder / "results/panel.parquet"), _LANGUAGE)
    say(Text(nb=f"Neste: lodd evaluate {folder}", en=f"Next: lodd evaluate {folder}"), _LANGUAGE)


def _size(built: Panel, file: Path) -> Text:
    people, rows = built.people, built.frame.height
    return Text(
        nb=f"Panelet har {number(people, 'nb')} personer og {number(rows, 'nb')} personmåneder: {file}",
        en=f"The panel has {number(people, 'en')} people and {number(rows, 'en')} person-months: {file}",
    )
