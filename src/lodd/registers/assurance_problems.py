"""What can be wrong with `assurance.toml`, and with asking for an explanation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lodd.errors import DataError, Problem, ProtocolError, UsageError
from lodd.locale import Text, number
from lodd.protocol.checks.finding import Finding, listed, nearest
from lodd.protocol.checks.finding import Path as Place

_MONTHS = Text(
    nb='en måned: 2015-03, eller regnet fra trekningen: 12 eller -1; flere: "2015-03..2015-06"',
    en='a month: 2015-03, or counted from the draw: 12 or -1; several: "2015-03..2015-06"',
)


def no_file(folder: Path, name: str) -> Problem:
    return Problem(
        Text(nb=f"det er ingen {name} i {folder}", en=f"there is no {name} in {folder}"),
        next_step=Text(
            nb="Skriv noen tilfeller; docs/define.nb.md viser hvordan. Eksemplene fra «lodd new» har dem.",
            en="Write some cases; docs/define.md shows how. The examples of `lodd new` have them.",
        ),
    )


def no_month(place: Place, written: str, without_draw: bool) -> Finding:
    step = Text(nb="Oppgi drawn_at for å regne fra trekningen.", en="Give drawn_at to count from the draw.")
    found = Text(nb=f"«{written}» er ingen måned", en=f'"{written}" is no month')
    return Finding(place, found, _MONTHS, step if without_draw else None)


def not_binary(place: Place, outcome: str, value: str) -> Finding:
    found = Text(nb=f"«{outcome}» er aldri {value}", en=f'"{outcome}" is never {value}')
    return Finding(place, found, Text.same('0, 1, "missing"'))


def person_named(place: Place, name: str) -> Finding:
    found = Text(
        nb=f"«{name}» oppgis ikke: et tilfelle er én person", en=f'"{name}" is not given: a case is one person'
    )
    return Finding(place, found)


def mixed(name: str) -> Text:
    return Text(nb=f"«{name}» har verdier av ulike slag", en=f'"{name}" has values of different kinds')


def fails(failed: int, total: int) -> ProtocolError:
    return ProtocolError(
        Problem(
            Text(
                nb=f"{number(failed, 'nb')} av {number(total, 'nb')} forventede verdier stemmer ikke",
                en=f"{number(failed, 'en')} of {number(total, 'en')} expected values do not hold",
            ),
            "assurance.toml",
            None,
            Text(
                nb="Rett definisjonen i trial.toml, eller tilfellet, om det er det som er feil.",
                en="Mend the definition in trial.toml, or the case, if that is what is wrong.",
            ),
        )
    )


def no_outcome(name: str, known: Iterable[str]) -> UsageError:
    names = list(known)
    found = Text(nb=f"utfallet «{name}» finnes ikke", en=f'there is no outcome "{name}"')
    return UsageError(Problem(found, "", listed(names), nearest(name, names)))


def no_such_month(written: str) -> UsageError:
    return UsageError(Problem(Text(nb=f"«{written}» er ingen måned", en=f'"{written}" is no month'), "", _MONTHS))


def outside_window(written: str, first: str, last: str) -> UsageError:
    found = Text(
        nb=f"{written} er utenfor månedene som følges for denne personen",
        en=f"{written} is outside the months that this person is followed",
    )
    return UsageError(Problem(found, "", Text(nb=f"{first} til {last}", en=f"{first} to {last}")))


def no_person() -> DataError:
    """The pseudonym asked for is not repeated: it may be a number written by mistake."""
    return DataError(
        Problem(
            Text(nb="ingen av de trukne har dette pseudonymet", en="nobody who was drawn has this pseudonym"),
            "participants.parquet",
            Text(
                nb="et pseudonym (person_id), aldri et fødselsnummer",
                en="a pseudonym (person_id), never an identity number",
            ),
        )
    )


def not_your_own(folder: Path, owner: str) -> DataError:
    return DataError(
        Problem(
            Text(nb=f"mappen tilhører {owner}, ikke deg", en=f"the folder belongs to {owner}, not to you"),
            str(folder),
            Text(
                nb="bare eieren av mappen får se enkeltpersoners opplysninger",
                en="only the owner of the folder may see what is known of single people",
            ),
        )
    )


def open_to_all(file: Path) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="alle brukere av maskinen kan lese filen; enkeltpersoners opplysninger vises ikke fra en slik mappe",
                en="every user of the machine can read the file; what is known of single people is not shown from it",
            ),
            str(file),
            next_step=Text(nb="Steng mappen for andre: chmod -R o= MAPPE", en="Close the folder: chmod -R o= FOLDER"),
        )
    )


def no_log(file: Path, error: OSError) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"oppslaget kan ikke logges ({error.strerror}), og blir derfor ikke vist",
                en=f"the look-up cannot be logged ({error.strerror}), and is therefore not shown",
            ),
            str(file),
        )
    )
