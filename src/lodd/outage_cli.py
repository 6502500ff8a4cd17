"""`lodd draw outage-list` and `outage-return`: sealed slips for when the line is down, and what became of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TextIO

from cyclopts import Parameter

from lodd.draw_cli import By, Folder, Keys, draw, parsed_number, service_of
from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Language, Text, join_words, preferred_language
from lodd.terminal import say, warn

if TYPE_CHECKING:
    from lodd.allocation import DrawService, Reconciliation, SlipRow

_LANGUAGE: Language = preferred_language()
SlipReason = Literal["opened_out_of_period", "spoiled", "unused"]
_NO_SLIP: Final = 1_000
"""No list has so many slips; an identity number in a slip's place is never repeated in an answer."""


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


@draw.command(
    name="outage-list", help=_(nb="Lag lapper til forseglede konvolutter.", en="Make slips for sealed envelopes.")
)
def outage_list(
    office: Annotated[str, Parameter(help=_(nb="Kontorets id.", en="The office's id."))],
    *,
    out: Annotated[Path, Parameter(help=_(nb="HTML-filen som skrives ut.", en="The HTML file to print."))],
    count: Annotated[int, Parameter(help=_(nb="Antall lapper.", en="How many slips."))] = 20,
    by: By,
    since: Annotated[date | None, Parameter(name="--from", help=_(nb="Første dag.", en="First day."))] = None,
    until: Annotated[date | None, Parameter(help=_(nb="Siste dag.", en="Last day."))] = None,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    from lodd.allocation import issue_slips, sheet_html

    service = service_of(folder, keys)
    with _private(out) as file:  # there before the slips are drawn: a list that cannot be printed is of no use
        sheet = issue_slips(service, office, count, by=by, since=since, until=until)
        file.write(sheet_html(service.live.trial, sheet))
    say(
        Text(
            nb=f"Hendelse {sheet.issued}: {count} lapper i listen {sheet.list_id}, gyldige {sheet.since} til "
            f"{sheet.until}.\nSkriv ut {out}, legg hver lapp i sin konvolutt, og slett filen: den viser loddene.",
            en=f"Event {sheet.issued}: {count} slips in the list {sheet.list_id}, valid {sheet.since} to "
            f"{sheet.until}.\nPrint {out}, put each slip into its envelope, and delete the file: it shows the lots.",
        ),
        _LANGUAGE,
    )


@draw.command(
    name="outage-return",
    help=_(
        nb="Før inn brukte lapper; fra standard inn, en linje per konvolutt: nummer;fødselsnummer;åpnet "
        "(2026-05-01T10:00+02:00), og så hvem som ringte og navn=verdi for hver faktor, om de trengs.",
        en="Record used slips; from standard input, a line an envelope: number;identity number;opened "
        "(2026-05-01T10:00+02:00), then who called and name=value for each factor, where they are needed.",
    ),
)
def outage_return(
    list_id: Annotated[str, Parameter(help=_(nb="Listens navn.", en="The list's name."))],
    *,
    by: By,
    confirm: Annotated[
        tuple[str, ...],
        Parameter(negative="", help=_(nb="Vilkår som er bekreftet.", en="Conditions that are confirmed.")),
    ] = (),
    void_unused: Annotated[
        bool, Parameter(negative="", help=_(nb="Annuller lappene som er igjen.", en="Void the slips that are left."))
    ] = False,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    from lodd.allocation import reconcile

    service = service_of(folder, keys)
    rows = [_row(service, line) for line in sys.stdin.read().splitlines() if line.strip()]
    result = reconcile(service, list_id, rows, by=by, confirmed=confirm, void_unused=void_unused)
    _say_reconciliation(service, result)
    if result.refused:
        sys.exit(DataError.exit_code)


@draw.command(
    name="outage-void",
    help=_(nb="Annuller en lapp som ikke ga noen en gruppe.", en="Void a slip that gave nobody an arm."),
)
def outage_void(
    list_id: Annotated[str, Parameter(help=_(nb="Listens navn.", en="The list's name."))],
    number: Annotated[int, Parameter(help=_(nb="Lappens nummer.", en="The slip's number."))],
    *,
    reason: Annotated[SlipReason, Parameter(help=_(nb="Hvorfor.", en="Why."))],
    by: By,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    from lodd.allocation import void_slips

    void_slips(service_of(folder, keys), list_id, [number], reason, by=by)
    say(Text(nb=f"Lapp {number} er annullert.", en=f"Slip {number} is void."), _LANGUAGE)


def _row(service: DrawService, line: str) -> SlipRow:
    from lodd.allocation import SlipRow

    parts = [part.strip() for part in line.split(";")]
    try:
        number, person, opened = int(parts[0]), parts[1], datetime.fromisoformat(parts[2])
    except (ValueError, IndexError):
        number, opened = 0, datetime.min
    if opened.tzinfo is None or not 0 < number < _NO_SLIP:
        raise UsageError(
            Problem(
                Text(nb="en linje kan ikke leses", en="a line cannot be read"),
                "stdin",
                Text(
                    nb="nummer;fødselsnummer;åpnet, med tidssone: 3;…;2026-05-01T10:00+02:00",
                    en="number;identity number;opened, with its time zone: 3;…;2026-05-01T10:00+02:00",
                ),
            )
        )
    caller = next((part for part in parts[3:] if part and "=" not in part), None)
    factors = dict(part.split("=", 1) for part in parts[3:] if "=" in part)
    return SlipRow(number, parsed_number(service, person), opened, caller, factors)


def _say_reconciliation(service: DrawService, result: Reconciliation) -> None:
    for outcome in result.recorded:
        arm = service.live.trial.arms[outcome.arm].label
        stands = {
            "slip": Text(nb="lappen gjelder", en="the slip stands"),
            "draw": Text(nb="en trekning fra før gjelder", en="an earlier draw stands"),
        }[outcome.stands]
        say(
            Text(
                nb=f"Lapp {outcome.number}: {stands.nb}: {arm.nb}. Kvittering {outcome.receipt}.",
                en=f"Slip {outcome.number}: {stands.en}: {arm.en}. Receipt {outcome.receipt}.",
            ),
            _LANGUAGE,
        )
    for numbers, words in (
        (result.unused, Text(nb="ubrukte", en="unused")),
        (result.used_twice, Text(nb="BRUKT TO GANGER", en="USED TWICE")),
        (result.out_of_order, Text(nb="åpnet utenfor rekkefølgen", en="opened out of order")),
    ):
        if numbers:
            say(
                Text(
                    nb=f"Lapper {words.nb}: {_listed(numbers, 'nb')}", en=f"Slips {words.en}: {_listed(numbers, 'en')}"
                ),
                _LANGUAGE,
            )
    for number, problems in result.refused:
        warn(problems[0], _LANGUAGE)
        say(Text(nb=f"Lapp {number} er ikke ført inn.", en=f"Slip {number} is not recorded."), _LANGUAGE)


def _listed(numbers: Sequence[int], language: Language) -> str:
    return join_words([str(number) for number in numbers], language)


@contextmanager
def _private(file: Path) -> Iterator[TextIO]:
    """A new file that only its owner can read; gone again if what was to be in it fails.

    Raises:
        UsageError: there is such a file, or it cannot be made.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(Problem(Text(nb=f"{file} finnes fra før", en=f"{file} exists already"))) from None
    except OSError as error:
        found = Text(nb=f"kan ikke skrive {file}: {error.strerror}", en=f"cannot write {file}: {error.strerror}")
        raise UsageError(Problem(found)) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            yield handle
    except BaseException:
        file.unlink(missing_ok=True)
        raise
