"""`lodd draw`: the draw from the command line, for trials without the site, for rehearsals, and for auditors.

Identity numbers and beacon values are read from standard input (or asked for), never from arguments, which other users
of the machine can see. No command shows a lot before it is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from lodd.errors import LockError, Problem, UsageError, VerificationError
from lodd.locale import Language, Text, preferred_language
from lodd.terminal import say, say_json

if TYPE_CHECKING:
    from lodd.allocation import DrawService
    from lodd.identity import IdentityNumber, KeyRing
    from lodd.protocol import Lock, Trial

_LANGUAGE: Language = preferred_language()


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


draw = App(
    name="draw",
    help=_(
        nb="Trekk lodd, og kontroller dem etterpå.",
        en="Draw lots, and verify them afterwards.",
    ),
)

Folder = Annotated[
    Path, Parameter(name="--folder", help=_(nb="Forsøkets mappe (ellers: denne).", en="The trial's folder."))
]
Keys = Annotated[
    tuple[Path, ...],
    Parameter(
        name="--keys",
        negative="",
        help=_(
            nb="Nøkkelmappe; gjenta for to halvdeler. Ellers fra miljøvariabler.",
            en="Key folder; repeat for two halves. Otherwise from the environment.",
        ),
    ),
]
By = Annotated[str, Parameter(help=_(nb="Id-en til den som gjør dette.", en="The id of whoever does this."))]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help=_(nb="Skriv JSON for skript.", en="Print JSON, for scripts."))
]
RoleName = Literal["manager", "operator", "caseworker", "key_holder"]
ErrorKind = Literal["wrong_person", "ineligible", "wrong_office", "wrong_factor", "drawn_twice", "other"]
Pairs = Annotated[
    tuple[str, ...], Parameter(negative="", help=_(nb="navn=verdi; kan gjentas.", en="name=value; may be repeated."))
]


@draw.command(help=_(nb="Lag forsøkets nøkler.", en="Make the trial's keys."))
def keygen(
    folder: Annotated[Path, Parameter(help=_(nb="Ny mappe for nøklene.", en="New folder for the keys."))],
    *,
    split: Annotated[
        bool,
        Parameter(negative="", help=_(nb="Del trekningsnøkkelen på to.", en="Split the draw key between two holders.")),
    ] = False,
    test: Annotated[
        bool, Parameter(negative="", help=_(nb="Bare syntetiske numre.", en="Synthetic identity numbers only."))
    ] = False,
) -> None:
    from lodd.identity import generate_keys

    made = generate_keys(folder, setting="test" if test else "production", split_draw_key=split)
    say(
        Text(
            nb=f"Laget {len(made.files)} nøkkelfiler i {folder}, som bare du kan lese.",
            en=f"Made {len(made.files)} key files in {folder}, which only you can read.",
        ),
        _LANGUAGE,
    )
    if split:
        say(
            Text(
                nb="Flytt draw-half-1.key og draw-half-2.key til hver sin person; begge trengs for å trekke.",
                en="Move draw-half-1.key and draw-half-2.key to two people; both are needed to draw.",
            ),
            _LANGUAGE,
        )
    say(Text(nb=f"Neste: lodd lock --keys {folder}", en=f"Next: lodd lock --keys {folder}"), _LANGUAGE)


@draw.command(help=_(nb="Gi noen en rolle, eller ta den tilbake.", en="Grant a role to somebody, or revoke it."))
def role(
    person: Annotated[str, Parameter(help=_(nb="Id-en til den det gjelder.", en="The id of the person."))],
    role_name: Annotated[RoleName, Parameter(name="--role", help=_(nb="Rollen.", en="The role."))],
    *,
    by: By,
    office: Annotated[
        str | None, Parameter(help=_(nb="Ett kontor (ellers: alle).", en="One office (else: all)."))
    ] = None,
    revoke: Annotated[bool, Parameter(negative="", help=_(nb="Ta rollen tilbake.", en="Revoke it."))] = False,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    service = service_of(folder, keys)
    event = (service.revoke if revoke else service.grant)(person, role_name, by=by, office=office)
    _said_event(event.seq, Text(nb="rollen er ført inn", en="the role is recorded"))


@draw.command(
    help=_(
        nb="Før inn det offentlige tilfeldige tallet; to personer skriver det hver for seg.",
        en="Record the public random value; two people type it, each for themselves.",
    )
)
def beacon(
    first: Annotated[str, Parameter(help=_(nb="Id-en til den første.", en="The id of the first."))],
    second: Annotated[str, Parameter(help=_(nb="Id-en til den andre.", en="The id of the second."))],
    *,
    amendment: Annotated[
        int | None, Parameter(help=_(nb="Endringens nummer i loggen.", en="The amendment's number in the ledger."))
    ] = None,
    batch: Annotated[str | None, Parameter(help=_(nb="Puljens navn.", en="The batch's name."))] = None,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    service = service_of(folder, keys)
    values = [_ask(Text(nb=f"Tallet, skrevet av {who}", en=f"The value, typed by {who}")) for who in (first, second)]
    event = service.record_beacon((first, values[0]), (second, values[1]), amendment=amendment, batch=batch)
    _said_event(event.seq, Text(nb="tallet er ført inn", en="the value is recorded"))


@draw.command(help=_(nb="Trekk en person.", en="Draw a person."))
def person(
    office: Annotated[str, Parameter(help=_(nb="Kontorets id.", en="The office's id."))],
    *,
    by: By,
    confirm: Annotated[
        tuple[str, ...],
        Parameter(negative="", help=_(nb="Vilkår som er bekreftet.", en="Conditions that are confirmed.")),
    ] = (),
    factor: Pairs = (),
    on_behalf_of: Annotated[str | None, Parameter(help=_(nb="Hvem som ringte.", en="Who called."))] = None,
    folder: Folder = Path(),
    keys: Keys = (),
    json: Json = False,
) -> None:
    service = service_of(folder, keys)
    number = _number(service)
    answer = service.draw(number, office, by=by, confirmed=confirm, factors=_pairs(factor), on_behalf_of=on_behalf_of)
    if json:
        say_json({"arm": answer.arm, "receipt": answer.receipt, "day": f"{answer.drawn_at}", "first": answer.first})
        return
    label = service.live.trial.arms[answer.arm].label
    again = Text(nb="", en="") if answer.first else Text(nb=" (trukket tidligere)", en=" (drawn earlier)")
    say(
        Text(
            nb=f"{label.nb}{again.nb}\nTrukket {answer.drawn_at}. Kvittering {answer.receipt}.",
            en=f"{label.en}{again.en}\nDrawn {answer.drawn_at}. Receipt {answer.receipt}.",
        ),
        _LANGUAGE,
    )


@draw.command(
    name="same-person",
    help=_(nb="To numre er samme person (først det gamle).", en="Two numbers are one person (the old one first)."),
)
def same_person(*, by: By, folder: Folder = Path(), keys: Keys = ()) -> None:
    service = service_of(folder, keys)
    old, new = _number(service), _number(service)
    event = service.same_person(old, new, by=by)
    _said_event(event.seq, Text(nb="numrene er koblet", en="the numbers are linked"))


@draw.command(
    name="note-error",
    help=_(nb="Noter en feil ved siden av et svar; svaret står.", en="Note a mistake beside an answer; it stands."),
)
def note_error(
    about: Annotated[int, Parameter(help=_(nb="Svarets nummer i loggen.", en="The answer's number in the ledger."))],
    kind: Annotated[ErrorKind, Parameter(help=_(nb="Slags feil.", en="Kind of mistake."))],
    *,
    by: By,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    service = service_of(folder, keys)
    note = _ask(Text(nb="Merknad (lagres utenfor loggen)", en="Note (kept outside the ledger)"))
    event = service.note_error(about, kind, by=by, note=note or None)
    _said_event(event.seq, Text(nb="feilen er notert", en="the mistake is noted"))


@draw.command(help=_(nb="Endre sannsynlighetene fra en dato.", en="Change the probabilities from a date."))
def amend(
    place: Annotated[str, Parameter(help=_(nb="Sted eller kontor.", en="Site or office."))],
    since: Annotated[date, Parameter(name="--from", help=_(nb="Første dag.", en="First day."))],
    *,
    probability: Pairs,
    proposed_by: By,
    approved_by: By,
    beacon_source: Annotated[str, Parameter(help=_(nb="Hvem som gir tallet ut.", en="Who publishes the value."))],
    beacon_round: Annotated[str, Parameter(help=_(nb="Hvilket tall, senere.", en="Which one, later."))],
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    from lodd.allocation import amended_row

    service = service_of(folder, keys)
    row = amended_row(service.live.trial, place, _pairs(probability))
    event = service.amend(
        [row],
        since,
        proposed_by=proposed_by,
        approved_by=approved_by,
        beacon_source=beacon_source,
        beacon_round=beacon_round,
    )
    _said_event(event.seq, Text(nb="endringen er ført inn", en="the amendment is recorded"))
    say(
        Text(
            nb=f"Den gjelder når tallet er ført inn: lodd draw beacon … --amendment {event.seq}",
            en=f"It takes effect when its value is recorded: lodd draw beacon … --amendment {event.seq}",
        ),
        _LANGUAGE,
    )


@draw.command(
    help=_(
        nb="Nominer en pulje med faste antall; numrene leses fra standard inn, ett per linje.",
        en="Nominate a batch with fixed numbers; identity numbers from standard input, one a line.",
    )
)
def nominate(
    batch: Annotated[str, Parameter(help=_(nb="Puljens navn.", en="The batch's name."))],
    *,
    number: Pairs,
    by: By,
    beacon_source: Annotated[str, Parameter(help=_(nb="Hvem som gir tallet ut.", en="Who publishes the value."))],
    beacon_round: Annotated[str, Parameter(help=_(nb="Hvilket tall, senere.", en="Which one, later."))],
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    service = service_of(folder, keys)
    members = [parsed_number(service, line) for line in sys.stdin.read().split("\n") if line.strip()]
    counts = {arm: _whole(value) for arm, value in _pairs(number).items()}
    event = service.nominate(batch, members, counts, by=by, beacon_source=beacon_source, beacon_round=beacon_round)
    _said_event(event.seq, Text(nb="puljen er ført inn", en="the batch is recorded"))


@draw.command(help=_(nb="Personen trekker seg; det som kan slettes, blir slettet.", en="Withdraw; erase what can be."))
def withdraw(*, by: By, folder: Folder = Path(), keys: Keys = ()) -> None:
    service = service_of(folder, keys)
    event = service.withdraw(_number(service), by=by)
    _said_event(event.seq, Text(nb="personen har trukket seg", en="the person has withdrawn"))


@draw.command(help=_(nb="Signer et sjekkpunkt, til oppbevaring utenfor.", en="Sign a checkpoint, to be kept outside."))
def checkpoint(*, folder: Folder = Path(), keys: Keys = ()) -> None:
    made = service_of(folder, keys).checkpoint()
    say(
        Text(
            nb=f"Sjekkpunkt etter hendelse {made.count}. Legg filen et sted som ikke driver forsøket.",
            en=f"Checkpoint after event {made.count}. Keep the file with somebody who does not run the trial.",
        ),
        _LANGUAGE,
    )


@draw.command(help=_(nb="Lukk trekningen for godt.", en="Close the draw for good."))
def close(*, by: By, folder: Folder = Path(), keys: Keys = ()) -> None:
    event = service_of(folder, keys).close(by=by)
    _said_event(event.seq, Text(nb="trekningen er lukket", en="the draw is closed"))
    say(Text(nb="Neste: lodd draw reveal", en="Next: lodd draw reveal"), _LANGUAGE)


@draw.command(
    help=_(
        nb="Offentliggjør trekningsnøkkelen, etter at trekningen er lukket.",
        en="Reveal the draw key, after the draw is closed.",
    )
)
def reveal(
    out: Annotated[Path, Parameter(help=_(nb="Filen som skrives.", en="The file to write."))],
    *,
    folder: Folder = Path(),
    keys: Keys = (),
) -> None:
    from lodd.allocation import LEDGER_FILE, Close, read_ledger
    from lodd.identity import load_keys, reveal_draw_key
    from lodd.protocol import lock_sha256

    lock = _locked_trial(folder)[1]
    if not any(isinstance(event.payload, Close) for event in read_ledger(folder / LEDGER_FILE, lock_sha256(lock))):
        raise UsageError(
            Problem(
                Text(nb="trekningen er ikke lukket", en="the draw is not closed"),
                "ledger.ndjson",
                Text(
                    nb="nøkkelen offentliggjøres først etterpå: den viser alle lodd",
                    en="the key is revealed only afterwards: it shows every lot",
                ),
                Text(nb="Lukk først: lodd draw close", en="Close first: lodd draw close"),
            )
        )
    ring = load_keys(*keys, need=["draw"])
    if ring.commitments()["draw"] != lock.commitments.get("draw"):
        raise LockError(_not_this_trials_key())
    reveal_draw_key(ring, out)
    say(Text(nb=f"Nøkkelen er skrevet til {out}.", en=f"The key is written to {out}."), _LANGUAGE)


@draw.command(
    help=_(
        nb="Sett til side en siste linje som en stans midt i skrivingen har revet av.",
        en="Set aside a last line that a crash in mid-writing has torn.",
    )
)
def repair(*, folder: Folder = Path()) -> None:
    from lodd.allocation import LEDGER_FILE, set_torn_aside

    aside = set_torn_aside(folder / LEDGER_FILE)
    if aside is None:
        say(Text(nb="Loggen er hel; ingenting er gjort.", en="The ledger is whole; nothing was done."), _LANGUAGE)
    else:
        say(Text(nb=f"Den avrevne linjen ligger nå i {aside}.", en=f"The torn line is now in {aside}."), _LANGUAGE)


@draw.command(help=_(nb="Finn svaret som en kvittering hører til.", en="Find the answer that a receipt is of."))
def receipt(
    written: Annotated[str, Parameter(help=_(nb="Kvitteringen.", en="The receipt."))], *, folder: Folder = Path()
) -> None:
    from lodd.allocation import find_receipt, read_ledger

    event = find_receipt(read_ledger(folder / "ledger.ndjson"), written)
    if event is None:
        raise VerificationError(
            Problem(Text(nb="ingen hendelse har denne kvitteringen", en="no event has this receipt"), written)
        )
    _said_event(
        event.seq, Text(nb=f"kvitteringen står i loggen ({event.at:%Y-%m-%d})", en="the receipt is in the ledger")
    )


@draw.command(
    help=_(
        nb="Kontroller en logg mot låsen, uten nett: hvert lodd, hver sannsynlighet.",
        en="Verify a ledger against its lock, offline: every lot, every probability.",
    )
)
def verify(
    ledger: Annotated[Path, Parameter(help=_(nb="Loggen.", en="The ledger."))],
    *,
    lock: Annotated[Path, Parameter(help=_(nb="trial.lock.json", en="trial.lock.json"))] = Path("trial.lock.json"),
    key: Annotated[Path | None, Parameter(help=_(nb="Den offentliggjorte nøkkelen.", en="The revealed key."))] = None,
    checkpoint: Annotated[
        tuple[Path, ...],
        Parameter(negative="", help=_(nb="Sjekkpunkt som er oppbevart utenfor.", en="A checkpoint kept outside.")),
    ] = (),
    details: Annotated[
        Path | None, Parameter(help=_(nb="Det som står utenfor loggen.", en="What stands outside the ledger."))
    ] = None,
    json: Json = False,
) -> None:
    from lodd.allocation import read_checkpoint, read_details
    from lodd.allocation import verify as verified
    from lodd.identity import read_revealed_key
    from lodd.protocol import read_lock_file

    result = verified(
        ledger,
        read_lock_file(lock),
        read_revealed_key(key) if key else None,
        [read_checkpoint(file) for file in checkpoint],
        read_details(details) if details else None,
    )
    sys.stdout.write(result.to_json() + "\n" if json else result.render(_LANGUAGE))
    if not result.ok:
        sys.exit(VerificationError.exit_code)


def service_of(folder: Path, keys: Sequence[Path]) -> DrawService:
    from lodd.allocation import DrawService

    trial, lock = _locked_trial(folder)
    return DrawService(trial, lock, _ring(keys), folder)


def _ring(keys: Sequence[Path]) -> KeyRing:
    from lodd.identity import load_keys

    return load_keys(*keys, need=["draw", "lot_pseudonym", "checkpoint"])


def _locked_trial(folder: Path) -> tuple[Trial, Lock]:
    from lodd.protocol import load_trial, read_lock

    trial, lock = load_trial(folder).trial, read_lock(folder)
    if lock is None:
        raise LockError(
            Problem(
                Text(nb="forsøket er ikke låst", en="the trial is not locked"),
                next_step=Text(nb="Lås det først: lodd lock --keys …", en="Lock it first: lodd lock --keys …"),
            )
        )
    return trial, lock


def _not_this_trials_key() -> Problem:
    return Problem(
        Text(
            nb="trekningsnøkkelen er ikke den som låsen binder forsøket til; den er ikke offentliggjort",
            en="the draw key is not the one that the lock commits to; it was not revealed",
        ),
        next_step=Text(nb="Oppgi mappen med dette forsøkets nøkler.", en="Name the folder of this trial's keys."),
    )


def _number(service: DrawService) -> IdentityNumber:
    return parsed_number(service, _ask(Text(nb="Fødselsnummer", en="Identity number")))


def parsed_number(service: DrawService, written: str) -> IdentityNumber:
    from lodd.identity import parse_identity_number

    return parse_identity_number(written, service.live.keys.setting)


def _ask(question: Text) -> str:
    """One line of standard input; the question is shown only to a person."""
    if sys.stdin.isatty():
        sys.stderr.write(f"{question[_LANGUAGE]}: ")
        sys.stderr.flush()
    return sys.stdin.readline().strip()


def _pairs(written: Sequence[str]) -> dict[str, str]:
    found = dict(pair.partition("=")[::2] for pair in written)
    if wrong := [pair for pair in written if "=" not in pair]:
        raise UsageError(Problem(Text(nb=f"«{wrong[0]}» er ikke navn=verdi", en=f'"{wrong[0]}" is not name=value')))
    return found


def _whole(value: str) -> int:
    if not value.isdecimal():
        raise UsageError(Problem(Text(nb=f"«{value}» er ikke et helt tall", en=f'"{value}" is not a whole number')))
    return int(value)


def _said_event(seq: int, what: Text) -> None:
    say(Text(nb=f"Hendelse {seq}: {what.nb}.", en=f"Event {seq}: {what.en}."), _LANGUAGE)
