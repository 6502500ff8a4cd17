"""`lodd panel`: the registers made into person × month, every declared outcome."""

from __future__ import annotations

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


def panel(folder: Folder = Path(), *, json: Json = False) -> None:
    """The command; its help is ``HELP``."""
    from lodd.study import open_study

    study = open_study(folder)
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
