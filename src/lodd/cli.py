"""The command line: thin commands over `study.py`. Heavy rooms are imported inside the commands, so that `lodd --help`
answers at once."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from lodd import assure_cli, link_cli, panel_cli, power_cli, quality_cli, serve_cli
from lodd.command_errors import mistyped
from lodd.errors import DataError, LoddError, Problem, UsageError
from lodd.headlines import primary_lines, primary_rows
from lodd.locale import Language, Text, number, preferred_language
from lodd.terminal import fail, own_bug, progress_shown, say, say_json, warn
from lodd.version import __version__

if TYPE_CHECKING:
    from lodd.study import Study

_LANGUAGE: Language = preferred_language()
DEMO_MARK = ".lodd-demo"


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


_INTERNAL_ERROR = 1
app = App(
    name="lodd",
    error_formatter=partial(mistyped, language=_LANGUAGE),
    version=__version__,
    help=_(
        nb="Lodd gjennomfører et registerbasert randomisert forsøk, fra trekningen til konklusjonen.",
        en="Lodd runs a register-based randomised trial of a welfare programme, from the draw to the verdict.",
    ),
    help_epilogue=_(
        nb="Begynn med: lodd demo. Engelsk: sett LODD_LANG=en.",
        en="Start with: lodd demo. Norwegian: set LODD_LANG=nb.",
    ),
)

Folder = Annotated[
    Path, Parameter(help=_(nb="Forsøkets mappe (ellers: denne).", en="The trial's folder (default: this one)."))
]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help=_(nb="Skriv JSON for skript.", en="Print JSON, for scripts."))
]
Seed = Annotated[int, Parameter(help=_(nb="Frø: samme frø gir samme data.", en="Seed: the same seed, the same data."))]
Effect = Annotated[
    Literal["declared", "none"],
    Parameter(
        help=_(
            nb="Sann virkning: den oppgitte, eller nøyaktig ingen.",
            en="The true effect: as declared, or exactly none.",
        )
    ),
]


@app.command(help=_(nb="Lag en forsøksmappe fra et eksempel.", en="Make a trial folder from an example."))
def new(
    folder: Annotated[Path, Parameter(help=_(nb="Mappen som lages.", en="The folder to make."))],
    *,
    example: Annotated[str, Parameter(help=_(nb="se, se-klar eller nsw.", en="se, se-klar or nsw."))] = "se",
) -> None:
    from lodd.examples import new_folder

    new_folder(folder, example)
    say(
        Text(nb=f"Laget {folder} fra eksempelet «{example}».", en=f'Made {folder} from the example "{example}".'),
        _LANGUAGE,
    )
    if example == "nsw":
        _next(nb=f"lodd evaluate {folder}", en=f"lodd evaluate {folder}")
    else:
        _next(
            nb=f"lodd check {folder}, så lodd simulate {folder}", en=f"lodd check {folder}, then lodd simulate {folder}"
        )


@app.command(help=_(nb="Kontroller protokollen, linje for linje.", en="Check the protocol, line by line."))
def check(
    folder: Folder = Path(),
    *,
    registers: Annotated[
        bool,
        Parameter(
            negative="",
            help=_(
                nb="Se etter feil i uttrekkene også, og skriv en side om dem.",
                en="Check the extracts too, and write a page on them.",
            ),
        ),
    ] = False,
    out: Annotated[
        Path | None,
        Parameter(
            help=_(nb="Mappen for siden (ellers: results).", en="The folder for the page (default: results)."),
        ),
    ] = None,
    json: Json = False,
) -> None:
    study = _open(folder)
    if registers:
        quality_cli.check_registers(study, _LANGUAGE, out=out, json=json)
        return
    if out is not None:
        raise UsageError(_no_page())
    _say_protocol(study, json=json)


def _say_protocol(study: Study, *, json: bool) -> None:
    status = study.prespecification.status["status"]
    trial = study.trial
    if json:
        say_json(
            {
                "trial": trial.trial.id,
                "protocol_sha256": study.protocol_sha256,
                "lock": status,
                "arms": list(trial.arm_ids),
                "outcomes": len(trial.outcomes),
                "warnings": [problem.render("en") for problem in study.warnings],
                "beyond_coverage": dict(study.beyond_coverage()),
            }
        )
        return
    for problem in study.warnings:
        warn(problem, _LANGUAGE)
    for summary, lost in study.beyond_coverage():
        if lost:
            warn(_lost(summary, lost), _LANGUAGE)
    counts = (len(trial.arm_ids), len(trial.office_site), len(trial.registers), len(trial.outcomes))
    say(
        Text(
            nb=f"{trial.trial.title.nb}: protokollen er i orden. Grupper: {counts[0]}, kontorer: {counts[1]}, "
            f"registre: {counts[2]}, utfall: {counts[3]}.",
            en=f"{trial.trial.title.en}: the protocol is sound. Arms: {counts[0]}, offices: {counts[1]}, "
            f"registers: {counts[2]}, outcomes: {counts[3]}.",
        ),
        _LANGUAGE,
    )
    say(Text.same(f"SHA-256 {study.protocol_sha256}"), _LANGUAGE)
    say(_LOCK_STATUS[status], _LANGUAGE)


def _no_page() -> Problem:
    return Problem(
        Text(nb="--out gjelder siden om uttrekkene", en="--out is for the page on the extracts"),
        next_step=Text(nb="ta med --registers, eller ta bort --out", en="add --registers, or leave out --out"),
    )


def _lost(summary: str, lost: int) -> Problem:
    return Problem(
        Text(
            nb=f"{number(lost, 'nb')} av de trukne kan ikke følges gjennom alle månedene, og er ikke med",
            en=f"{number(lost, 'en')} of the people drawn cannot be followed through all the months, and are left out",
        ),
        summary,
    )


_LOCK_STATUS = {
    "locked": Text(nb="Låst: protokollen er den som ble låst.", en="Locked: the protocol is the one that was locked."),
    "differs": Text(
        nb="Protokollen er ENDRET siden den ble låst; det som er nytt, blir merket som utforskende.",
        en="The protocol has CHANGED since it was locked; what is new will be marked exploratory.",
    ),
    "unlocked": Text(
        nb="Ikke låst ennå. Lås før resultatene er sett: lodd lock", en="Not locked yet. Lock before looking: lodd lock"
    ),
}


@app.command(help=_(nb="Lås protokollen før resultatene er sett.", en="Lock the protocol before the results are seen."))
def lock(
    folder: Folder = Path(),
    *,
    keys: Annotated[
        Path | None,
        Parameter(
            help=_(
                nb="Nøkkelmappe fra «lodd draw keygen»: låsen binder forsøket til nøklene.",
                en="Key folder of `lodd draw keygen`: the lock commits to the keys.",
            )
        ),
    ] = None,
    json: Json = False,
) -> None:
    study = _open(folder)
    written = study.lock(keys)
    if json:
        say_json({"protocol_sha256": written.protocol_sha256, "locked_at": written.locked_at})
        return
    say(Text(nb=f"Låst: SHA-256 {written.protocol_sha256}", en=f"Locked: SHA-256 {written.protocol_sha256}"), _LANGUAGE)
    _next(
        nb="publiser kontrollsummen (for eksempel i et forsøksregister) og ta vare på trial.lock.json",
        en="publish the hash (in a trial registry, say) and keep trial.lock.json",
    )


@app.command(
    help=_(nb="Simuler deltakere og registre med kjent sannhet.", en="Simulate people and registers, truth known.")
)
def simulate(folder: Folder = Path(), *, seed: Seed = 1, effect: Effect = "declared", json: Json = False) -> None:
    study = _open(folder)
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        made = study.simulate(seed=seed, effect=effect, progress=progress)
    people = len(made.participants)
    if json:
        say_json({"people": people, "seed": seed, "effect": effect})
        return
    say(
        Text(
            nb=f"Simulerte {number(people, 'nb')} deltakere og {len(made.tables)} registre (frø {seed}).",
            en=f"Simulated {number(people, 'en')} participants and {len(made.tables)} registers (seed {seed}).",
        ),
        _LANGUAGE,
    )
    _next(nb=f"lodd evaluate {folder}", en=f"lodd evaluate {folder}")


@app.command(help=_(nb="Anslå virkningene etter planen.", en="Estimate the effects by the plan."))
def evaluate(
    folder: Folder = Path(),
    *,
    strict: Annotated[
        bool,
        Parameter(
            negative="",
            help=_(
                nb="Stopp (kode 5) hvis protokollen ikke er den låste.",
                en="Stop (code 5) if the protocol is not the locked one.",
            ),
        ),
    ] = False,
    draws: Annotated[
        int | None,
        Parameter(
            help=_(
                nb="Antall omtrekninger av loddene, om det skal være et annet enn planens.",
                en="How many times the lots are redrawn, if other than the plan's number.",
            )
        ),
    ] = None,
    engine: panel_cli.EngineName = None,
    json: Json = False,
) -> None:
    panel_cli.use_engine(engine)
    study = _open(folder)
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        evaluation = study.evaluate(strict=strict, draws=draws, progress=progress)
    if json:
        main = primary_rows(evaluation)
        say_json({"estimates": evaluation.estimates.height, "lock": dict(evaluation.lock), "primary": main})
        return
    for line in primary_lines(study.trial, evaluation):
        say(line, _LANGUAGE)
    _next(nb=f"lodd report {folder}", en=f"lodd report {folder}")


@app.command(help=_(nb="Skriv rapporten på bokmål og engelsk.", en="Write the report, in Bokmål and English."))
def report(folder: Folder = Path(), *, json: Json = False) -> None:
    study = _open(folder)
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        files = study.report(progress=progress)
    _say_files(files, json=json)


@app.command(
    help=_(
        nb="Simuler SE-forsøket i full størrelse, evaluer det og skriv rapporten.",
        en="Simulate the SE trial at its real size, evaluate it, write the report.",
    )
)
def demo(
    folder: Annotated[Path, Parameter(help=_(nb="Mappen som lages.", en="The folder to make."))] = Path("demo"),
    *,
    example: Annotated[str, Parameter(help=_(nb="se eller se-klar.", en="se or se-klar."))] = "se",
    seed: Seed = 2014,
    effect: Effect = "declared",
) -> None:
    from lodd.examples import new_folder

    started = perf_counter()
    if example == "nsw":
        raise UsageError(_not_simulated())
    _make_room(folder)
    new_folder(folder, example)
    (folder / DEMO_MARK).touch()
    study = _open(folder)
    with progress_shown(_LANGUAGE) as progress:
        study.simulate(
            seed=seed, effect=effect, progress=progress
        )  # locks first, as of the day before the trial opened
        evaluation = study.evaluate(progress=progress)
        files = study.report(progress=progress)
    for line in primary_lines(study.trial, evaluation):
        say(line, _LANGUAGE)
    _say_files(files, json=False)
    seconds = perf_counter() - started
    say(Text(nb=f"Alt tok {seconds:.0f} sekunder.", en=f"All of it took {seconds:.0f} seconds."), _LANGUAGE)


def _with_draw() -> App:
    """The commands of `lodd draw`, which need nothing heavy until they run."""
    from lodd import outage_cli
    from lodd.draw_cli import draw

    assert outage_cli
    return draw


app.command(_with_draw())
app.command(link_cli.link, help=link_cli.HELP)
app.command(panel_cli.panel, help=panel_cli.HELP)
app.command(assure_cli.assure, help=assure_cli.ASSURE_HELP)
app.command(assure_cli.explain, help=assure_cli.EXPLAIN_HELP)
app.command(power_cli.power, help=power_cli.HELP)
app.command(serve_cli.serve, help=serve_cli.SERVE_HELP)
app.command(serve_cli.site)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; exit with its code. A user's mistake shows no traceback; a traceback is a bug of ours."""
    # so that the linear algebra library starts no threads that it is not to use: see lodd.evaluation.algebra
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app(list(sys.argv[1:] if arguments is None else arguments))
    except LoddError as error:
        fail(error, _LANGUAGE)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        own_bug(_LANGUAGE)
        sys.exit(_INTERNAL_ERROR)


def _open(folder: Path) -> Study:
    from lodd.study import open_study

    return open_study(folder)


def _next(nb: str, en: str) -> None:
    say(Text(nb=f"Neste: {nb}", en=f"Next: {en}"), _LANGUAGE)


def _make_room(folder: Path) -> None:
    """A demo may replace an earlier demo, and nothing else."""
    if not folder.exists():
        return
    if not (folder / DEMO_MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            Problem(
                Text(nb=f"{folder} finnes og er ikke en demo", en=f"{folder} exists and is not a demo"),
                next_step=Text(nb="Velg en annen mappe: lodd demo MAPPE", en="Choose another folder: lodd demo FOLDER"),
            )
        )
    shutil.rmtree(folder)


def _not_simulated() -> Problem:
    return Problem(
        Text(nb="nsw er et virkelig forsøk og blir ikke simulert", en="nsw is a real experiment and is not simulated"),
        next_step=Text(
            nb="lodd new nsw --example nsw, så lodd evaluate nsw",
            en="lodd new nsw --example nsw, then lodd evaluate nsw",
        ),
    )


def _say_files(files: Sequence[Path], *, json: bool) -> None:
    pages = [file for file in files if file.suffix == ".html"]
    if json:
        say_json({"files": [str(file) for file in files]})
        return
    for page in pages:
        say(Text(nb=f"Rapport: {page}", en=f"Report: {page}"), _LANGUAGE)
    if pages:
        _next(nb=f"åpne {pages[0]} i nettleseren", en=f"open {pages[-1]} in your browser")


if __name__ == "__main__":
    main()
