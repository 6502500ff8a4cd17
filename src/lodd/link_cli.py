"""`lodd link`: extracts keyed by identity number, made into extracts keyed by pseudonym."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Language, Text, join_words, number, preferred_language
from lodd.terminal import progress_shown, say, say_json

if TYPE_CHECKING:
    from lodd.registers.linking import Linked

_LANGUAGE: Language = preferred_language()


def _(nb: str, en: str) -> str:
    return Text(nb=nb, en=en)[_LANGUAGE]


HELP: Final = _(
    nb="Gjør uttrekk med fødselsnummer om til uttrekk med pseudonym.",
    en="Make extracts keyed by identity number into extracts keyed by pseudonym.",
)
Extracts = Annotated[
    list[Path],
    Parameter(help=_(nb="Uttrekk: Parquet, CSV eller .csv.gz.", en="Extracts: Parquet, CSV or .csv.gz.")),
]
Keys = Annotated[
    Path,
    Parameter(
        help=_(nb="Nøkkelmappe med nøkkelen for pseudonymer.", en="Key folder with the key for pseudonyms."),
    ),
]
Out = Annotated[Path, Parameter(help=_(nb="Mappen som lages.", en="The folder to make."))]
Cohort = Annotated[
    Path | None,
    Parameter(
        help=_(
            nb="participants.parquet: behold bare rader om disse personene.",
            en="participants.parquet: keep only rows of these people.",
        )
    ),
]
NumberColumn = Annotated[
    str | None,
    Parameter(
        name="--number",
        help=_(
            nb="Kolonnen med fødselsnummer, når den ikke har et vanlig navn.",
            en="The column with the identity number, if its name is not a usual one.",
        ),
    ),
]
Also = Annotated[
    tuple[str, ...],
    Parameter(
        name="--also",
        negative="",
        help=_(
            nb="Enda en kolonne med numre, og navnet på pseudonymet: partner_fnr=partner_id; kan gjentas.",
            en="One more column of numbers, and its pseudonym's name: partner_fnr=partner_id; may be repeated.",
        ),
    ),
]
Drop = Annotated[
    tuple[str, ...],
    Parameter(
        name="--drop",
        negative="",
        help=_(nb="En kolonne som utelates; kan gjentas.", en="A column to leave out; may be repeated."),
    ),
]
Delimiter = Annotated[
    str | None,
    Parameter(
        help=_(nb="Skilletegn i CSV (ellers: det første linje har flest av).", en="What separates fields in CSV.")
    ),
]
Encoding = Annotated[
    str, Parameter(help=_(nb="Tegnsett i CSV, for eksempel latin-1.", en="Encoding of CSV, latin-1 for instance."))
]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help=_(nb="Skriv JSON for skript.", en="Print JSON, for scripts."))
]


def link(
    extracts: Extracts,
    /,
    *,
    keys: Keys,
    out: Out,
    cohort: Cohort = None,
    number_column: NumberColumn = None,
    also: Also = (),
    drop: Drop = (),
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """The command; its help is ``HELP``."""
    from lodd.identity import load_keys
    from lodd.registers import linking
    from lodd.registers.linking_files import Dialect

    asked = linking.Asked(
        number=number_column,
        also=dict(map(_pair, also)),
        drop=drop,
        cohort=None if cohort is None else _people_of(cohort),
        dialect=Dialect(_separator(delimiter), encoding),
    )
    ring = load_keys(keys, need=["person_pseudonym"])
    with progress_shown(_LANGUAGE, quiet=json) as progress:
        linked = linking.link(extracts, ring, out, asked, progress=progress)
    if json:
        say_json({"out": str(out), "extracts": [asdict(each) for each in linked]})
        return
    for each in linked:
        for line in _lines(each):
            say(line, _LANGUAGE)
    _next(out, linked)


def _pair(written: str) -> tuple[str, str]:
    column, separator, name = written.partition("=")
    if not (separator and column and name):
        raise UsageError(
            Problem(Text.same(f"--also {written}"), allowed=Text(nb="KOLONNE=NYTT_NAVN", en="COLUMN=NEW_NAME"))
        )
    return column, name


def _separator(written: str | None) -> str | None:
    separator = "\t" if written in ("tab", "\\t") else written
    if separator is not None and len(separator) != 1:
        allowed = Text(nb="ett tegn, eller «tab»", en='one character, or "tab"')
        raise UsageError(Problem(Text.same(f"--delimiter {written}"), allowed=allowed))
    return separator


def _people_of(file: Path) -> frozenset[str]:
    """The pseudonyms of a file of participants."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return frozenset(map(str, pq.read_table(file, columns=["person_id"])["person_id"].to_pylist()))
    except (OSError, KeyError, pa.ArrowException):
        found = Text(nb="har ingen deltakere å lese", en="has no participants to read")
        allowed = Text(nb="en Parquet-fil med kolonnen person_id", en="a Parquet file with the column person_id")
        raise DataError(Problem(found, str(file), allowed)) from None


def _lines(linked: Linked) -> Iterator[Text]:
    yield Text(
        nb=f"{linked.file}: {number(linked.linked, 'nb')} av {number(linked.rows, 'nb')} rader er koblet, "
        f"{number(linked.people, 'nb')} personer.",
        en=f"{linked.file}: {number(linked.linked, 'en')} of {number(linked.rows, 'en')} rows are linked, "
        f"{number(linked.people, 'en')} people.",
    )
    if linked.left_out:
        nb, en = (_reasons(linked.left_out, language) for language in ("nb", "en"))
        yield Text(nb=f"  Utelatt: {nb}.", en=f"  Left out: {en}.")
    for column, rows in linked.also_empty.items():
        yield Text(
            nb=f"  {column}: {number(rows, 'nb')} rader uten gyldig nummer; pseudonymet er tomt der.",
            en=f"  {column}: {number(rows, 'en')} rows without a valid number; the pseudonym is empty there.",
        )
    if linked.cohort_not_seen:
        yield Text(
            nb=f"  {number(linked.cohort_not_seen, 'nb')} av de trukne er ikke i uttrekket.",
            en=f"  {number(linked.cohort_not_seen, 'en')} of the people drawn are not in the extract.",
        )


def _reasons(left_out: Mapping[str, int], language: Language) -> str:
    words = [f"{REASONS[reason][language]} {number(rows, language)}" for reason, rows in left_out.items()]
    return join_words(words, language)


def _next(out: Path, linked: Sequence[Linked]) -> None:
    listed = any(each.left_out for each in linked)
    say(
        Text(
            nb=f"Neste: flytt filene i {out} til registers/ i forsøksmappen"
            + ("; *.left-out.csv har radene som er utelatt" if listed else ""),
            en=f"Next: move the files in {out} to registers/ in the trial folder"
            + ("; *.left-out.csv has the rows left out" if listed else ""),
        ),
        _LANGUAGE,
    )


REASONS: Final[Mapping[str, Text]] = {
    "unmatched": Text(nb="ikke blant de trukne", en="not among the people drawn"),
    "empty": Text(nb="uten nummer", en="without a number"),
    "characters": Text(nb="andre tegn enn sifre", en="other characters than digits"),
    "other_digits": Text(nb="andre siffertegn", en="other digit characters"),
    "too_short": Text(nb="for få sifre", en="too few digits"),
    "too_long": Text(nb="for mange sifre", en="too many digits"),
    "impossible_month": Text(nb="umulig måned", en="impossible month"),
    "impossible_day": Text(nb="umulig dag", en="impossible day"),
    "no_leap_day": Text(nb="skuddårsdag i et vanlig år", en="leap day in a common year"),
    "control_digit_1": Text(nb="feil første kontrollsiffer", en="wrong first control digit"),
    "control_digit_2": Text(nb="feil siste kontrollsiffer", en="wrong last control digit"),
    "control_digits": Text(nb="feil kontrollsifre", en="wrong control digits"),
    "individual_number": Text(nb="individnummer som ikke er i bruk", en="individual number not in use"),
    "nav_internal": Text(nb="NAVs egne numre (NPID)", en="NAV's own numbers (NPID)"),
}
"""Why a row was left out; numbers of the other setting stop everything, and are not here."""
