"""`lodd serve` and `lodd site`: the trial's site, and what those who run it need to do at its machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from lodd.errors import Problem, UsageError
from lodd.locale import Language, Text, number, preferred_language
from lodd.terminal import say

if TYPE_CHECKING:
    from lodd.site.checks import Finding
    from lodd.site.config import SiteConfig
    from lodd.site.integrity import Checked

_LANGUAGE: Language = preferred_language()


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


SERVE_HELP: Final = _(
    nb="Start nettstedet: trekning, oppfølging, overvåking.", en="Start the site: the draw, follow-up, monitoring."
)
site = App(name="site", help=_(nb="Drift av nettstedet.", en="Running the site."))

Folder = Annotated[
    Path | None,
    Parameter(
        help=_(
            nb="Forsøkets mappe (ellers: LODD_TRIAL, eller denne).", en="The trial's folder (or LODD_TRIAL, or here)."
        )
    ),
]
OptionFolder = Annotated[
    Path | None,
    Parameter(
        name="--folder",
        help=_(
            nb="Forsøkets mappe (ellers: LODD_TRIAL, eller denne).", en="The trial's folder (or LODD_TRIAL, or here)."
        ),
    ),
]
Keys = Annotated[
    tuple[Path, ...],
    Parameter(
        name="--keys",
        negative="",
        help=_(
            nb="Nøkkelmappe; gjenta for to halvdeler. Ellers LODD_KEYS.",
            en="Key folder; repeat for two halves. Otherwise LODD_KEYS.",
        ),
    ),
]


def serve(
    folder: Folder = None,
    *,
    port: Annotated[int, Parameter(help=_(nb="Porten som nettstedet svarer på.", en="The port to answer on."))] = 8000,
    host: Annotated[
        str, Parameter(help=_(nb="Adressen som nettstedet svarer på.", en="The address to answer on."))
    ] = "127.0.0.1",
    workers: Annotated[
        int | None,
        Parameter(
            help=_(
                nb="Antall prosesser (ellers: to på PostgreSQL, én på SQLite).",
                en="How many processes (default: two on PostgreSQL, one on SQLite).",
            )
        ),
    ] = None,
    threads: Annotated[
        int, Parameter(help=_(nb="Antall tråder i hver prosess.", en="How many threads in each process."))
    ] = 8,
    keys: Keys = (),
    check: Annotated[
        bool,
        Parameter(
            negative="",
            help=_(
                nb="Kontroller det som skal være på plass i produksjon; start ikke.",
                en="Check all that production must have; do not start.",
            ),
        ),
    ] = False,
    demo: Annotated[
        bool,
        Parameter(
            negative="",
            help=_(
                nb="Et oppdiktet forsøk med brukere i alle roller, i ./lodd-demo-site.",
                en="An invented trial with users of every role, in ./lodd-demo-site.",
            ),
        ),
    ] = False,
) -> None:
    _need_site()
    if demo:
        _serve_demo(folder, host, port)
        return
    config = _configured(folder, keys)
    if check:
        _check(config)
        return
    _refuse_weak(config)
    _prepare(config)
    _listen(host, port, workers, threads)


def _serve_demo(folder: Path | None, host: str, port: int) -> None:
    from lodd.site.demo import DEMO_FOLDER, make_or_continue
    from lodd.site.serving import configure

    where = (folder or DEMO_FOLDER).absolute()
    chosen = {"LODD_DEMO": "1", "LODD_PRODUCTION": "0", "LODD_DATABASE": ""}

    def fill(made: Path) -> None:
        config = configure(made, [made / "keys"], **chosen, LODD_SECRET="")
        _prepare(config)
        from lodd.site.demo.story import tell  # Django's tables must be ready first

        tell(config)

    made = make_or_continue(where, fill)
    config = configure(where, [where / "keys"], **chosen, LODD_SECRET="")
    if made:  # this process's Django knows the folder by its first name; the server's will not
        say(Text(nb=f"Laget et oppdiktet forsøk i {where}.", en=f"Made an invented trial in {where}."), _LANGUAGE)
    else:
        _prepare(config)
    say(
        Text(
            nb="Dette er en demo: bare syntetiske numre, og alle kan logge inn som hvem som helst.",
            en="This is a demo: synthetic numbers only, and anybody can sign in as anyone.",
        ),
        _LANGUAGE,
    )
    _listen(host, port, 1, 8, path="/demo/")


@site.command(
    help=_(
        nb="Lag en av de to første forsøkslederne, og skriv ut en lenke som virker én gang.",
        en="Make one of the two first trial managers, and print a link that works once.",
    )
)
def manager(
    email: Annotated[str, Parameter(help=_(nb="E-postadressen.", en="The e-mail address."))],
    name: Annotated[str, Parameter(help=_(nb="Navnet.", en="The name."))],
    *,
    folder: OptionFolder = None,
    keys: Keys = (),
) -> None:
    _need_site()
    _prepare(_configured(folder, keys), static=False)
    from lodd.site.founding import invite_manager

    path = invite_manager(email, name)
    say(
        Text(
            nb=f"{name} er forsøksleder. Lenken under virker én gang, i en uke; gi den bare til {name}:\n  {path}",
            en=f"{name} is a trial manager. The link below works once, for a week; give it to {name} only:\n  {path}",
        ),
        _LANGUAGE,
    )


@site.command(help=_(nb="Bring databasen til denne versjonen.", en="Bring the database to this version."))
def migrate(*, folder: OptionFolder = None, keys: Keys = ()) -> None:
    _need_site()
    _prepare(_configured(folder, keys))
    say(Text(nb="Databasen er av denne versjonen.", en="The database is of this version."), _LANGUAGE)


@site.command(help=_(nb="Ta en sikkerhetskopi av databasen.", en="Make a backup of the database."))
def backup(
    out: Annotated[Path, Parameter(help=_(nb="Filen som skrives.", en="The file to write."))],
    *,
    folder: OptionFolder = None,
    keys: Keys = (),
) -> None:
    _need_site()
    _configured(folder, keys, tables=True)
    from lodd.site.backup import backup as save
    from lodd.site.installation import installation

    saved = save(installation(), out)
    say(
        Text(
            nb=f"{out}: {number(saved.rows, 'nb')} rader, loggen til hendelse {number(saved.events, 'nb')}.\n"
            "Nøklene og LODD_SECRET er ikke med; uten dem kan ingen åpne identitetene. Ta vare på dem et annet sted.",
            en=f"{out}: {number(saved.rows, 'en')} rows, the ledger up to event {number(saved.events, 'en')}.\n"
            "The keys and LODD_SECRET are not in it; without them nobody opens the identities. Keep them elsewhere.",
        ),
        _LANGUAGE,
    )


@site.command(
    help=_(
        nb="Skriv forsøket som en mappe i en zip-fil, med pseudonymer: loggen, deltakerne og tiltakene.",
        en="Write the trial as a folder in a ZIP file, by pseudonym: ledger, participants, programmes.",
    )
)
def export(
    out: Annotated[Path, Parameter(help=_(nb="Filen eller mappen.", en="The file or folder."))],
    *,
    folder: OptionFolder = None,
    keys: Keys = (),
) -> None:
    _need_site()
    _configured(folder, keys, tables=True)
    from lodd.site.actions.exports import write_export

    file = write_export(out)
    say(
        Text(
            nb=f"Skrev {file}. Neste: pakk den ut, og kjør lodd draw verify og lodd evaluate i mappen.",
            en=f"Wrote {file}. Next: unpack it, and run lodd draw verify and lodd evaluate in the folder.",
        ),
        _LANGUAGE,
    )


@site.command(
    help=_(
        nb="Gjenopprett en sikkerhetskopi i en tom database, og kontroller den.",
        en="Restore a backup into an empty database, and check it.",
    )
)
def restore(
    file: Annotated[Path, Parameter(help=_(nb="Sikkerhetskopien.", en="The backup."))],
    *,
    folder: OptionFolder = None,
    keys: Keys = (),
) -> None:
    _need_site()
    _prepare(_configured(folder, keys), static=False)
    from lodd.site.backup import restore as load
    from lodd.site.installation import installation

    restored = load(installation(), file)
    _say_ledger(restored.checked)
    say(
        Text(
            nb=f"Slettet på nytt, fordi de har trukket seg siden: {restored.erased}.",
            en=f"Erased again, because they have withdrawn since: {restored.erased}.",
        ),
        _LANGUAGE,
    )


@site.command(
    name="check-ledger",
    help=_(
        nb="Kontroller loggen i databasen, og at deltakerne stemmer med den.",
        en="Check the ledger in the database, and the participants against it.",
    ),
)
def check_ledger(*, folder: OptionFolder = None, keys: Keys = ()) -> None:
    _need_site()
    _configured(folder, keys, tables=True)
    from lodd.site.installation import installation
    from lodd.site.integrity import check_ledger as whole_ledger

    _say_ledger(whole_ledger(installation()))


def _say_ledger(checked: Checked) -> None:
    say(
        Text(
            nb=f"Loggen er hel: {number(checked.events, 'nb')} hendelser, {number(checked.answers, 'nb')} trukket, "
            f"{number(checked.withdrawn, 'nb')} har trukket seg. Siste hendelse: {checked.head}",
            en=f"The ledger is whole: {number(checked.events, 'en')} events, {number(checked.answers, 'en')} drawn, "
            f"{number(checked.withdrawn, 'en')} withdrawn. Last event: {checked.head}",
        ),
        _LANGUAGE,
    )


def _configured(folder: Path | None, keys: Sequence[Path], *, tables: bool = False) -> SiteConfig:
    """``tables``: the database must be of this version already."""
    from lodd.site.preparation import check_migrated, start_django
    from lodd.site.serving import configure

    config = configure(folder, keys)
    start_django()
    if tables:
        check_migrated()
    return config


def _prepare(config: SiteConfig, *, static: bool = True) -> None:
    from lodd.site.preparation import collect_static, prepare_database, start_django

    start_django()
    from lodd.site.installation import installation

    assert installation().service  # the trial is locked, and the keys are its own
    prepare_database(config)
    if static:
        collect_static(config)


def _check(config: SiteConfig) -> None:
    """Say what was found; code 2 when something keeps the site from production."""
    from lodd.site.checks import errors, findings

    found = findings(config)
    _say_findings(found)
    if errors(found):
        sys.exit(UsageError.exit_code)


def _refuse_weak(config: SiteConfig) -> None:
    """In production: the tables first, then all the checks, or no start."""
    if not config.production:
        return
    from lodd.site.checks import errors, findings

    _prepare(config, static=False)
    weak = errors(findings(config))
    if weak:
        _say_findings(weak)
        raise UsageError(
            Problem(
                Text(
                    nb="nettstedet starter ikke i produksjon slik", en="the site does not start in production like this"
                ),
                next_step=Text(nb="Se alt: lodd serve --check", en="See everything: lodd serve --check"),
            )
        )


def _say_findings(found: Sequence[Finding]) -> None:
    marks = {
        "ok": _(nb="i orden", en="ok"),
        "warning": _(nb="merk", en="note"),
        "error": _(nb="FEIL", en="ERROR"),
    }
    widest = max(len(finding.what[_LANGUAGE]) for finding in found)
    for finding in found:
        what = finding.what[_LANGUAGE].ljust(widest)
        say(Text.same(f"{marks[finding.level]:<8} {what}  {finding.found[_LANGUAGE]}"), _LANGUAGE)


def _listen(host: str, port: int, workers: int | None, threads: int, *, path: str = "/") -> None:
    from lodd.site.serving import become_server

    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}{path}"
    say(Text(nb=f"Nettstedet svarer på {address}", en=f"The site answers on {address}"), _LANGUAGE)
    say(Text(nb="Stopp med Ctrl+C.", en="Stop with Ctrl+C."), _LANGUAGE)
    chosen = {"LODD_BIND": f"{shown}:{port}", "LODD_THREADS": str(threads)}
    if workers is not None:
        chosen["LODD_WORKERS"] = str(workers)
    become_server(os.environ | chosen)


def _need_site() -> None:
    if find_spec("django") is None or find_spec("allauth") is None or find_spec("gunicorn") is None:
        raise UsageError(
            Problem(
                Text(nb="nettstedet er ikke installert", en="the site is not installed"),
                next_step=Text(
                    nb="Fra kildekoden: make serve. Ellers: pip install 'lodd[site]'",
                    en="From the source: make serve. Otherwise: pip install 'lodd[site]'",
                ),
            )
        )
