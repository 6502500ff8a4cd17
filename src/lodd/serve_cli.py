"""`lodd serve` and `lodd site`: the trial's site, and what those who run it need to do at its machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from lodd.errors import Problem, UsageError
from lodd.locale import Language, Text, preferred_language
from lodd.terminal import say

if TYPE_CHECKING:
    from lodd.site.config import SiteConfig

_LANGUAGE: Language = preferred_language()
_FINDINGS: Final = 2


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


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


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


def _configured(folder: Path | None, keys: Sequence[Path]) -> SiteConfig:
    from lodd.site.preparation import start_django
    from lodd.site.serving import configure

    config = configure(folder, keys)
    start_django()
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
    raise NotImplementedError(config)


def _refuse_weak(config: SiteConfig) -> None:
    pass


def _listen(host: str, port: int, workers: int | None, threads: int, *, path: str = "/") -> None:
    from lodd.site.serving import become_server

    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}{path}"
    say(Text(nb=f"Nettstedet svarer på {address}", en=f"The site answers on {address}"), _LANGUAGE)
    say(Text(nb="Stopp med Ctrl+C.", en="Stop with Ctrl+C."), _LANGUAGE)
    _close_connections()
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
