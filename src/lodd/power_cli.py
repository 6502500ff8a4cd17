"""`lodd power`: what the trial can find, before it is run; and how precise it became, afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from lodd.locale import Language, Text, number, percent, preferred_language
from lodd.terminal import progress_shown, say, say_json

if TYPE_CHECKING:
    import polars as pl

    from lodd.protocol import Trial
    from lodd.study import Study

_LANGUAGE: Language = preferred_language()
_DASH: Final = "\N{EN DASH}"
_WIDTH: Final = 110


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


HELP: Final = _(
    nb="Regn ut hva forsøket kan oppdage, eller hvor presist det ble.",
    en="Work out what the trial can find, or how precise it became.",
)
Folder = Annotated[
    Path, Parameter(help=_(nb="Forsøkets mappe (ellers: denne).", en="The trial's folder (default: this one)."))
]
Outcomes = Annotated[
    tuple[str, ...],
    Parameter(
        name="--outcome",
        negative="",
        help=_(nb="Et primærutfall; kan gjentas. Ellers alle.", en="A primary outcome; may be repeated. Default: all."),
    ),
]
People = Annotated[
    tuple[int, ...],
    Parameter(
        name="--people",
        negative="",
        help=_(
            nb="Hvor mange som skal trekkes; kan gjentas. Ellers de trukne, eller planens.",
            en="How many will be drawn; may be repeated. Default: those drawn, or the plan's.",
        ),
    ),
]
Assume = Annotated[
    tuple[str, ...],
    Parameter(
        name="--assume",
        negative="",
        help=_(
            nb="utfall:mean=0.3,sd=0.4,r2=0.2 (andeler fra 0 til 1); kan gjentas.",
            en="outcome:mean=0.3,sd=0.4,r2=0.2 (shares from 0 to 1); may be repeated.",
        ),
    ),
]
Simulations = Annotated[
    int,
    Parameter(
        help=_(
            nb="Antall forsøk som simuleres med den virkelige trekningen; 0 for bare formler.",
            en="Trials to simulate by the real draw; 0 for formulas alone.",
        )
    ),
]
Planned = Annotated[
    bool,
    Parameter(
        negative="",
        help=_(
            nb="Regn ut styrken også når resultatene finnes.",
            en="Work out power also when there are results.",
        ),
    ),
]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help=_(nb="Skriv JSON for skript.", en="Print JSON, for scripts."))
]


def power(
    folder: Folder = Path(),
    *,
    outcome: Outcomes = (),
    people: People = (),
    assume: Assume = (),
    simulations: Simulations = 1_000,
    planned: Planned = False,
    json: Json = False,
) -> None:
    """The command; its help is ``HELP``."""
    from lodd.power_study import has_results
    from lodd.report import write_power_pages
    from lodd.study import open_study

    study = open_study(folder)
    if has_results(study) and not (planned or people or assume or outcome):
        _reached(study, study.precision(), json=json)
        return
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        frame = study.power(people=people, outcomes=outcome, assume=assume, simulations=simulations, progress=progress)
    if json:
        say_json({"kind": "planned", "power": frame.to_dicts()})
        return
    for rows in _by_outcome(frame):
        _planned(study.trial, rows)
    for line in _explained(frame):
        say(line, _LANGUAGE)
    for page in write_power_pages(study.trial, frame, study.folder):
        say(Text(nb=f"Bilde: {page}", en=f"Picture: {page}"), _LANGUAGE)


def _planned(trial: Trial, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table of one outcome (and arm): a row for each number of people."""
    first = rows[0]
    simulated, margin = first["simulations"] is not None, first["margin"]
    columns = [text[_LANGUAGE] for text in _PLANNED]
    columns += [_SIMULATED[_LANGUAGE]] if simulated else []
    columns += [_EQUIVALENCE[_LANGUAGE].format(margin=_unit(trial, first)(margin))] if margin is not None else []
    _table(_heading(trial, first), columns, [_planned_row(trial, row) for row in rows])
    say(_rests_on(trial, first), _LANGUAGE)


def _reached(study: Study, frame: pl.DataFrame, *, json: bool) -> None:
    if json:
        say_json({"kind": "reached", "precision": frame.to_dicts()})
        return
    rows = [_reached_row(study.trial, row) for row in frame.iter_rows(named=True)]
    _table(_REACHED_TITLE[_LANGUAGE], [text[_LANGUAGE] for text in _REACHED], rows)
    say(_ABOUT_REACHED, _LANGUAGE)


# Words ----------------------------------------------------------------------------------------------------------------

_REACHED_TITLE: Final = Text(nb="Presisjonen som ble nådd", en="Precision reached")
_PLANNED: Final = (
    Text(nb="Trukne", en="Drawn"),
    Text(nb="I analysen", en="Analysed"),
    Text(nb="Standardfeil", en="Std error"),
    Text(nb="80 % styrke for", en="80% power for"),
    Text(nb="90 % styrke for", en="90% power for"),
)
_SIMULATED: Final = Text(nb="80 %, simulert", en="80%, simulated")
_EQUIVALENCE: Final = Text(nb="Likeverd (±{margin}) vises", en="Equivalence (±{margin}) shown")
_REACHED: Final = (
    Text(nb="Utfall", en="Outcome"),
    Text(nb="I analysen", en="Analysed"),
    Text(nb="Standardfeil", en="Std error"),
    Text(nb="Halve intervallet", en="Half-width"),
    Text(nb="80 % styrke for", en="80% power for"),
    Text(nb="90 % styrke for", en="90% power for"),
    Text(nb="Margin", en="Margin"),
)
_BASES: Final[Mapping[str, Text]] = {
    "given": Text(nb="oppgitt her", en="given here"),
    "declared": Text(nb="protokollen", en="the protocol"),
    "registers": Text(nb="registrene før trekningen", en="registers before the draw"),
}
_ABOUT_REACHED: Final = Text(
    nb="Dette følger av standardfeilen alene. Det sier hvor store effekter et forsøk så presist som dette kan oppdage, "
    "og ingenting om hva som ble funnet.",
    en="This follows from the standard error alone. It says how large an effect a trial of this precision can find, "
    "and nothing about what was found.",
)
_POINTS: Final = Text(nb="pp.", en="pp")
_MONTHS: Final = Text(nb="måneder", en="months")


def _rests_on(trial: Trial, row: Mapping[str, Any]) -> Text:
    deviation, basis, r2 = _unit(trial, row)(row["sd"]), _BASES[row["basis"]], row["r2"]
    return Text(
        nb=f"  Bygger på standardavvik {deviation}; kovariatene forklarer {percent(r2, 'nb')} av variansen; "
        f"kilde: {basis.nb}.\n",
        en=f"  Rests on a standard deviation of {deviation}; covariates explain {percent(r2, 'en')} of the variance; "
        f"source: {basis.en}.\n",
    )


def _explained(frame: pl.DataFrame) -> Iterator[Text]:
    yield Text(
        nb="Minste effekt som kan oppdages: gjelder en tosidig test på planens nivå og en effekt som er lik for alle.",
        en="The smallest effect that can be found: for a two-sided test at the plan's level and an effect that is the "
        "same for everybody.",
    )
    if "registers" in frame["basis"].to_list():
        yield Text(
            nb="Spredningen er den i månedene før trekningen; etterpå kan den være større, og kovariatene forklare "
            "mindre.",
            en="The spread is that of the months before the draw; afterwards it may be larger, and covariates explain "
            "less.",
        )
    errors = frame["mc_error"].drop_nulls().to_list()
    if errors:
        error = Text(nb=percent(max(errors), "nb", 1), en=percent(max(errors), "en", 1))
        yield Text(
            nb=f"Simulert styrke har en tilfeldig feil (standardfeil) på høyst {error.nb}.",
            en=f"Simulated power has a random error (standard error) of at most {error.en}.",
        )


# Rows -----------------------------------------------------------------------------------------------------------------


def _by_outcome(frame: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    """For each outcome and arm the rows for 80 %, with the smallest effect of 90 % beside."""
    keys = ["outcome", "months", "arm", "people"]
    other = frame.filter(frame["power"] == 0.9).select(*keys, ninety="smallest")
    joined = frame.filter(frame["power"] == 0.8).join(other, on=keys, how="left", maintain_order="left")
    for _key, rows in joined.group_by(keys[:3], maintain_order=True):
        yield rows.to_dicts()


def _planned_row(trial: Trial, row: Mapping[str, Any]) -> list[str]:
    effect = _unit(trial, row)
    shown = [number(row["people"], _LANGUAGE), number(row["used"], _LANGUAGE), effect(row["std_error"])]
    shown += [effect(row["smallest"]), effect(row["ninety"])]
    shown += [] if row["simulations"] is None else [effect(row["smallest_simulated"])]
    return shown + ([] if row["margin"] is None else [percent(row["power_equivalence"], _LANGUAGE)])


def _reached_row(trial: Trial, row: Mapping[str, Any]) -> list[str]:
    effect = _unit(trial, row)
    return [
        _heading(trial, row),
        number(row["n_control"] + row["n_treated"], _LANGUAGE),
        effect(row["std_error"]),
        *(effect(row[name]) for name in ("half_width", "smallest_80", "smallest_90", "margin")),
    ]


def _heading(trial: Trial, row: Mapping[str, Any]) -> str:
    label = trial.outcomes[row["outcome"]].label[_LANGUAGE]
    arm = f", {trial.arms[row['arm']].label[_LANGUAGE]}" if len(trial.arm_ids) > 2 else ""
    return f"{label}, {_(nb='måned', en='months')} {row['months']}{arm}"


def _unit(trial: Trial, row: Mapping[str, Any]) -> Callable[[float | None], str]:
    """Writes an effect in the outcome's unit: percentage points, months of a total, or as declared."""
    outcome = trial.outcomes[row["outcome"]]
    months = outcome.binary and row["summary"] == "sum"
    share = outcome.binary and not months
    name = (_MONTHS if months else outcome.unit or _POINTS)[_LANGUAGE]

    def shown(value: float | None) -> str:
        if value is None:
            return _DASH
        scaled = value * (100.0 if share else 1.0)
        return f"{number(scaled, _LANGUAGE, decimals_for(scaled))}\N{NO-BREAK SPACE}{name}"

    return shown


def decimals_for(size: float) -> int:
    """As many as tell effects apart: none from a thousand up, one from ten up, else two."""
    if abs(size) >= 1000:
        return 0
    return 1 if abs(size) >= 10 else 2


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 and len(rows[0][0]) > 9 else "right")
    for row in rows:
        table.add_row(*row)
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH, highlight=False).print(table)
