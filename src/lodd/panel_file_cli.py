"""`lodd panel --memory`: the panel of very many people, built a range of people at a time and never whole in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from lodd.errors import Problem, UsageError
from lodd.locale import LANGUAGES, Language, Text, number, preferred_language
from lodd.terminal import progress_shown, say, say_json, warn

if TYPE_CHECKING:
    from lodd.registers import PanelFile
    from lodd.study import Study

LARGE: Final = 30_000_000
"""Person-months: more are built by ranges whether or not an amount of memory is given."""

_LANGUAGE: Language = preferred_language()
MemoryLimit = Annotated[
    str | None,
    Parameter(
        name="--memory",
        help=Text(
            nb="Bygg panelet for en del av personene om gangen i så mye minne (ellers LODD_MEMORY, ellers 512MB): 2GB. "
            "Gjøres uansett når panelet er stort.",
            en="Build the panel some of the people at a time in so much memory (default: LODD_MEMORY, or 512MB): 2GB. "
            "Done in any case where the panel is large.",
        )[_LANGUAGE],
    ),
]


def is_large(study: Study) -> bool:
    """Is the panel one that should not be whole in memory?"""
    return len(study.participants) * len(study.trial.analysis.window.months) > LARGE


def on_duckdb() -> bool:
    """Is DuckDB what computes?"""
    return (os.environ.get("LODD_ENGINE") or "duckdb").strip().lower() == "duckdb"


def panel_in_ranges(study: Study, memory: str | None, *, json: bool) -> None:
    """Build it and say what was built.

    Raises:
        UsageError: another engine was asked for; each has its own settings for memory.
    """
    from lodd.panel_study import panel_file_of
    from lodd.panel_warnings import as_json, oddities_of_file, problems_of

    if not on_duckdb():
        raise UsageError(_other_engine())
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        built = panel_file_of(study, memory=memory, progress=progress)
    odd = oddities_of_file(built, list(study.trial.outcomes))
    if json:
        notes = [{"register": n.register, "kind": n.kind, "count": n.count} for n in built.notes]
        made = {key: built.provenance[key] for key in ("engine", "values")}
        size = {"people": built.people, "rows": built.rows, "ranges": built.parts}
        say_json({**size, "outcomes": list(study.trial.outcomes), "notes": notes, **as_json(odd), **made})
        return
    say(_told(built), _LANGUAGE)
    say(values_told(built.provenance), _LANGUAGE)
    for problem in problems_of(odd):
        warn(problem, _LANGUAGE)


def values_told(provenance: Mapping[str, str]) -> Text:
    """The hash of a panel's values, and what computed them."""
    sha256, engine = provenance["values"], provenance["engine"]
    return Text(
        nb=f"SHA-256 av verdiene: {sha256} (regnet ut av {engine})",
        en=f"SHA-256 of the values: {sha256} (computed by {engine})",
    )


def _other_engine() -> Problem:
    return Problem(
        Text(nb="bare DuckDB bygger panelet i deler", en="only DuckDB builds the panel in ranges of people"),
        "--memory, --engine",
        None,
        Text(
            nb="Ta bort --memory; PostgreSQL og Spark har egne innstillinger for minne.",
            en="Leave out --memory; PostgreSQL and Spark have settings of their own for memory.",
        ),
    )


def _told(built: PanelFile) -> Text:
    sizes = (built.people, built.rows, built.parts)
    people, rows, parts = ({language: number(size, language) for language in LANGUAGES} for size in sizes)
    one = built.parts == 1
    return Text(
        nb=f"Panelet har {people['nb']} personer og {rows['nb']} personmåneder, bygd i {parts['nb']} "
        f"{'del' if one else 'deler'}: {built.path}",
        en=f"The panel has {people['en']} people and {rows['en']} person-months, built in {parts['en']} "
        f"{'range' if one else 'ranges'} of people: {built.path}",
    )
