"""What `lodd panel` says of two versions of a panel: how much later corrections of the registers changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lodd.errors import Problem, UsageError
from lodd.locale import Language, Text, join_words, long_date, number, percent, preferred_language, signed
from lodd.power_cli import decimals_for
from lodd.protocol.types import PARTICIPATES
from lodd.terminal import progress_shown, say, say_json, warn

if TYPE_CHECKING:
    import polars as pl

    from lodd.protocol import Panel, Trial
    from lodd.study import Study
    from lodd.versions_study import Compared, Version

_LANGUAGE: Language = preferred_language()
_EVERYBODY: Final = Text(nb="alle", en="everybody")
_FAR_APART: Final = 0.005
"""From half a percentage point between two arms on, the difference is remarked on."""
_ASK_WHY: Final = Text(
    nb="Registrene kjenner ikke trekningen: rettes den ene gruppen tydelig mer enn den andre, bør det forklares.",
    en="The registers know nothing of the draw: if one arm is corrected clearly more than another, ask why.",
)
_DASH: Final = "\N{EN DASH}"
_COLUMNS: Final = (
    Text(nb="Gruppe", en="Group"),
    Text(nb="Personmåneder", en="Person-months"),
    Text(nb="Endret", en="Changed"),
    Text(nb="Andel", en="Share"),
    Text(nb="Personer", en="People"),
    Text(nb="Opp", en="Up"),
    Text(nb="Ned", en="Down"),
    Text(nb="Til mangler", en="To missing"),
    Text(nb="Fra mangler", en="From missing"),
    Text(nb="Snittet endret", en="Mean changed"),
)


def panel_versions(
    study: Study, as_of: date | None, compare: Path | None, compare_as_of: date | None, *, json: bool
) -> None:
    """The panel as known on a day, or compared with another version.

    Raises:
        UsageError: two things to compare with at once.
    """
    from lodd.versions_study import compare_versions, panel_as_of, version_as_of, version_of_file

    if compare is not None and compare_as_of is not None:
        raise UsageError(_two_at_once())
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        if compare is not None:
            other = version_of_file(compare)  # before anything is built: the file may not be there
            compared = compare_versions(study, version_as_of(study, as_of, progress=progress), other)
        elif compare_as_of is not None:
            other = version_as_of(study, compare_as_of, progress=progress)
            compared = compare_versions(study, version_as_of(study, as_of, progress=progress), other)
        else:
            assert as_of is not None
            panel, file = panel_as_of(study, as_of, progress=progress)
    if compare is None and compare_as_of is None:
        _say_panel(panel, file, json=json)
    else:
        say_comparison(study.trial, compared, json=json)


def _say_panel(panel: Panel, file: Path, *, json: bool) -> None:
    from lodd.panel_file_cli import values_told
    from lodd.panel_warnings import as_json, oddities_of, problems_of

    as_of, odd = panel.provenance["as_of"], oddities_of(panel)
    if json:
        notes = [{"register": n.register, "kind": n.kind, "count": n.count} for n in panel.notes]
        made = {key: panel.provenance[key] for key in ("engine", "values")}
        size = {"as_of": as_of, "people": panel.people, "rows": panel.frame.height}
        say_json({**size, "outcomes": list(panel.outcomes), "notes": notes, **as_json(odd), **made})
        return
    people, rows = panel.people, panel.frame.height
    day = date.fromisoformat(as_of)
    nb, en = long_date(day, "nb"), long_date(day, "en")
    say(
        Text(
            nb=f"Panelet slik det var kjent {nb}, har {number(people, 'nb')} personer og "
            f"{number(rows, 'nb')} personmåneder: {file}",
            en=f"The panel as known on {en} has {number(people, 'en')} people and {number(rows, 'en')} "
            f"person-months: {file}",
        ),
        _LANGUAGE,
    )
    say(values_told(panel.provenance), _LANGUAGE)
    for problem in problems_of(odd):
        warn(problem, _LANGUAGE)


def _two_at_once() -> Problem:
    return Problem(
        Text(nb="--compare og --compare-as-of på en gang", en="--compare and --compare-as-of at once"),
        next_step=Text(nb="velg ett å sammenligne med", en="choose one to compare with"),
    )


def not_in_ranges() -> Problem:
    return Problem(
        Text(
            nb="--memory sammen med --as-of, --compare eller --compare-as-of",
            en="--memory together with --as-of, --compare or --compare-as-of",
        ),
        next_step=Text(
            nb="ta bort --memory, eller sett as_of i [analysis] og bygg forsøkets eget panel",
            en="leave out --memory, or set as_of in [analysis] and build the trial's own panel",
        ),
    )


def say_comparison(trial: Trial, compared: Compared, *, json: bool) -> None:
    """A table for each outcome that changed, and what to make of it; or all of it as JSON."""
    if json:
        say_json(_as_json(compared))
        return
    for line in _lead(compared):
        say(line, _LANGUAGE)
    changes = compared.comparison.changes
    for outcome in _changed(changes):
        rows = changes.filter(changes["outcome"] == outcome).to_dicts()
        _table(label_of(trial, outcome)[_LANGUAGE], [_row(trial, row) for row in rows])
    for line in _after(trial, compared):
        say(line, _LANGUAGE)
    warn_of_versions(compared)


def _lead(compared: Compared) -> Iterator[Text]:
    before, after = compared.before.name, compared.after.name
    yield Text(nb=f"Fra: {before.nb}\nTil: {after.nb}", en=f"From: {before.en}\nTo:   {after.en}")
    if not _changed(compared.comparison.changes):
        yield Text(nb="Ingen personmåneder er endret.", en="No person-months changed.")
    for found in compared.other_extracts[:1]:
        assert found
        listed = _listed(compared.other_extracts)
        yield Text(nb=f"Uttrekkene er ikke de samme: {listed.nb}.", en=f"The extracts are not the same: {listed.en}.")


def _after(trial: Trial, compared: Compared) -> Iterator[Text]:
    from lodd.registers.versions import differential

    changes = compared.comparison.changes
    changed = _changed(changes)
    same = [label_of(trial, name) for name in dict.fromkeys(changes["outcome"]) if name not in changed]
    if same and changed:
        nb, en = (join_words([text[language] for text in same], language) for language in ("nb", "en"))
        yield Text(nb=f"Uendret: {nb}.", en=f"Unchanged: {en}.")
    if (most := changes["not_compared"].max()) and isinstance(most, int):
        yield Text(
            nb="Måneder som bare den ene versjonen dekker, er ikke sammenlignet "
            f"(opptil {number(most, 'nb')} personmåneder av et utfall).",
            en="Months that only one of the versions covers are not compared "
            f"(up to {number(most, 'en')} person-months of an outcome).",
        )
    if others := compared.comparison.other_people:
        yield Text(
            nb=f"{number(others, 'nb')} personer er bare i den ene versjonen, og er ikke sammenlignet.",
            en=f"{number(others, 'en')} people are in one version only, and are not compared.",
        )
    if (widest := differential(compared.comparison, changed)) is not None:
        yield _between_arms(trial, widest, changes)


def _between_arms(trial: Trial, widest: Mapping[str, Any], changes: pl.DataFrame) -> Text:
    """The outcome whose share of changes differs most between an arm and the reference."""
    arms = changes.filter(changes["outcome"] == widest["outcome"]).drop_nulls("arm")
    share = dict(zip(arms["arm"], arms["share"], strict=True))
    label, arm, control = label_of(trial, widest["outcome"]), trial.arms[widest["arm"]], trial.arms[trial.reference]
    shown = {
        language: (
            percent(share[widest["arm"]], language, 2),
            percent(share[trial.reference], language, 2),
            signed(widest["share_above_reference"] * 100, language, 2),
        )
        for language in ("nb", "en")
    }
    treated, reference, above = shown["nb"]
    nb = (
        f"Størst forskjell mellom gruppene: «{label.nb}», der {treated} er endret for {arm.label.nb} og {reference} "
        f"for {control.label.nb} ({above} prosentpoeng)."
    )
    treated, reference, above = shown["en"]
    en = (
        f'Largest difference between the arms: "{label.en}", of which {treated} changed for {arm.label.en} and '
        f"{reference} for {control.label.en} ({above} percentage points)."
    )
    if abs(widest["share_above_reference"]) < _FAR_APART:
        return Text(nb=nb, en=en)
    return Text(nb=f"{nb} {_ASK_WHY.nb}", en=f"{en} {_ASK_WHY.en}")


def warn_of_versions(compared: Compared) -> None:
    """What makes the comparison other than one of corrections alone."""
    from lodd.panel_warnings import used_as_they_are

    if compared.other_definitions:
        warn(
            Problem(
                Text(
                    nb="en av versjonene er laget av andre definisjoner enn protokollens: endringene er ikke bare "
                    "rettelser",
                    en="one of the versions was made by other definitions than the protocol's: the changes are not "
                    "corrections alone",
                )
            ),
            _LANGUAGE,
        )
    if compared.not_rebuilt:
        warn(used_as_they_are(compared.not_rebuilt), _LANGUAGE)


def label_of(trial: Trial, column: str) -> Text:
    """What readers call an outcome, or the participation in an arm's programmes."""
    if column in trial.outcomes:
        return trial.outcomes[column].label
    arm = trial.arms[column.removeprefix(PARTICIPATES)].label
    return Text(nb=f"Deltakelse: {arm.nb}", en=f"Participation: {arm.en}")


def _changed(changes: pl.DataFrame) -> list[str]:
    return list(dict.fromkeys(changes.filter(changes["changed"] > 0)["outcome"]))


def _row(trial: Trial, row: Mapping[str, Any]) -> list[str]:
    group = _EVERYBODY if row["arm"] is None else trial.arms[row["arm"]].label
    counts = [number(row[name], _LANGUAGE) for name in ("person_months", "changed")]
    share = _DASH if row["share"] is None else percent(row["share"], _LANGUAGE, 2)
    more = ("people_changed", "up", "down", "to_missing", "from_missing")
    rest = [number(row[name], _LANGUAGE) for name in more]
    return [group[_LANGUAGE], *counts, share, *rest, _difference(trial, row)]


def _difference(trial: Trial, row: Mapping[str, Any]) -> str:
    """The change of the mean, in percentage points of a share, else in the outcome's unit."""
    difference = row["mean_difference"]
    if difference is None:
        return _DASH
    outcome = trial.outcomes.get(row["outcome"])
    if outcome is None or outcome.binary:
        return f"{signed(difference * 100, _LANGUAGE, 2)}\N{NO-BREAK SPACE}{Text(nb='pp.', en='pp')[_LANGUAGE]}"
    return signed(difference, _LANGUAGE, decimals_for(row["mean_after"] or 0.0))


def _table(title: str, rows: list[list[str]]) -> None:
    import sys

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold")
    for position, column in enumerate(_COLUMNS):
        table.add_column(column[_LANGUAGE], justify="right" if position else "left", no_wrap=position == 0)
    for row in rows:
        table.add_row(*row)
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120, highlight=False).print(table)


def _listed(names: tuple[str, ...]) -> Text:
    return Text(nb=join_words(list(names), "nb"), en=join_words(list(names), "en"))


def _as_json(compared: Compared) -> Mapping[str, Any]:
    return {
        "from": _version(compared.before),
        "to": _version(compared.after),
        "other_extracts": list(compared.other_extracts),
        "other_definitions": compared.other_definitions,
        "not_rebuilt": list(compared.not_rebuilt),
        "other_people": compared.comparison.other_people,
        "changes": compared.comparison.changes.to_dicts(),
        "months": compared.comparison.months.to_dicts(),
    }


def _version(version: Version) -> Mapping[str, str | None]:
    return {"name": version.name.en, "as_of": None if version.as_of is None else version.as_of.isoformat()}
