"""What can be wrong with a register's file, said so that its owner can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lodd.errors import DataError, Problem
from lodd.locale import Text, join_words, number

EXAMPLES = 3
"""How many row numbers a message shows."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the trial a problem is: a register, its file, and perhaps a column.

    ``diagnosis`` finds out what is wrong with a file that an engine could not read, if anything can be said.
    """

    register: str
    file: str
    diagnosis: Callable[[Place], DataError | None] | None = field(default=None, compare=False, repr=False)

    def at(self, column: str | None = None) -> str:
        name = f"registers.{self.register} ({self.file})"
        return f"{name}, {column}" if column else name


_LONGEST: Final = 60
"""Characters of a value that are quoted."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that something is wrong with: how many, and the numbers of the first few (the first row is 1)."""

    count: int
    rows: tuple[int, ...]
    values: tuple[str, ...] = ()

    def text(self) -> Text:
        """«3 rader (nr. 2, 5 og 7)», with the values found where they are known."""
        shown_nb = join_words([str(row) for row in self.rows], "nb")
        shown_en = join_words([str(row) for row in self.rows], "en")
        quoted = ", ".join(f"«{_clipped(value)}»" for value in self.values)
        return Text(
            nb=f"{number(self.count, 'nb')} {'rad' if self.count == 1 else 'rader'}"
            f" ({'nr.' if len(self.rows) == self.count else 'bl.a. nr.'} {shown_nb}{': ' + quoted if quoted else ''})",
            en=f"{number(self.count, 'en')} {'row' if self.count == 1 else 'rows'}"
            f" ({'no.' if len(self.rows) == self.count else 'among them no.'} {shown_en}"
            f"{': ' + quoted if quoted else ''})",
        )


def _clipped(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


def table_missing(register: str, given: Sequence[str]) -> DataError:
    return DataError(
        Problem(
            Text(nb="registeret er ikke gitt", en="the register is not given"),
            f"registers.{register}",
            Text(
                nb="en tabell for hvert register som brukes; gitt er " + (join_words(list(given), "nb") or "ingen"),
                en="a table for each register in use; given are " + (join_words(list(given), "en") or "none"),
            ),
        )
    )


def nobody_drawn() -> DataError:
    return DataError(
        Problem(
            Text(nb="ingen er trukket: listen over deltakere er tom", en="nobody was drawn: there are no participants"),
            "participants",
            Text(nb="minst én deltaker", en="at least one participant"),
        )
    )


def file_empty(place: Place) -> DataError:
    return DataError(
        Problem(
            Text(nb="filen er tom (0 byte)", en="the file is empty (0 bytes)"),
            place.at(),
            Text(
                nb="en fil med kolonnenavn; den kan ha null rader",
                en="a file with column names; it may have no rows",
            ),
            _AGAIN,
        )
    )


def file_kind(place: Place) -> DataError:
    return DataError(
        Problem(
            Text(nb="filtypen er ukjent", en="the kind of file is unknown"),
            place.at(),
            Text.same(".parquet, .csv, .csv.gz"),
            Text(nb="lag uttrekket på nytt som Parquet eller CSV", en="make the extract again as Parquet or CSV"),
        )
    )


def not_parquet(place: Place) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="filen heter .parquet, men er ikke en Parquet-fil",
                en="the file is called .parquet but is not a Parquet file",
            ),
            place.at(),
            Text(nb="en Parquet-fil; tekst skal hete .csv", en="a Parquet file; text is to be called .csv"),
            _AGAIN,
        )
    )


def truncated(place: Place) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="Parquet-filen er kuttet: slutten mangler",
                en="the Parquet file is cut off: its end is missing",
            ),
            place.at(),
            Text(nb="en hel fil", en="a whole file"),
            _AGAIN,
        )
    )


def unreadable(place: Place, reason: str) -> DataError:
    return DataError(
        Problem(
            Text(nb=f"filen kan ikke leses: {reason}", en=f"the file cannot be read: {reason}"),
            place.at(),
            Text(nb="en hel Parquet-fil, eller CSV i UTF-8", en="a whole Parquet file, or CSV in UTF-8"),
            _AGAIN,
        )
    )


def files_differ(place: Place, first: str, other: str, columns: Sequence[str], others: Sequence[str]) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"{other} har andre kolonner enn {first}: {join_words(list(others), 'nb')}",
                en=f"{other} has other columns than {first}: {join_words(list(others), 'en')}",
            ),
            place.at(),
            Text(
                nb="de samme kolonnene i samme rekkefølge i alle filene: " + join_words(list(columns), "nb"),
                en="the same columns in the same order in all files: " + join_words(list(columns), "en"),
            ),
            _AGAIN,
        )
    )


def columns_missing(place: Place, missing: Sequence[str], there: Sequence[str]) -> DataError:
    problems = []
    for column in missing:
        near = difflib.get_close_matches(column, there, n=1, cutoff=0.5)
        step = Text(nb="rett trial.toml eller uttrekket", en="mend trial.toml or the extract")
        if near:
            step = Text(nb=f"mente du «{near[0]}»? Eller {step['nb']}", en=f'did you mean "{near[0]}"? Or {step["en"]}')
        found = Text(nb=f"kolonnen «{column}» er ikke i filen", en=f'the column "{column}" is not in the file')
        allowed = Text(
            nb="kolonnene i filen er " + join_words(list(there), "nb"),
            en="the columns of the file are " + join_words(list(there), "en"),
        )
        problems.append(Problem(found, place.at(), allowed, step))
    return DataError(problems)


def wrong_type(place: Place, column: str, found: str, allowed: Text) -> DataError:
    return DataError(
        Problem(
            Text(nb=f"kolonnen er av typen {found}", en=f"the column is of type {found}"),
            place.at(column),
            allowed,
            _AGAIN_TYPED,
        )
    )


def not_comparable(place: Place, column: str, found: Text, wanted: Text) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"kolonnen er {found['nb']}, men `where` sammenligner den med {wanted['nb']}",
                en=f"the column is {found['en']}, but `where` compares it with {wanted['en']}",
            ),
            place.at(column),
            Text(nb=f"en sammenligning med {found['nb']}", en=f"a comparison with {found['en']}"),
            Text(nb="rett `where` i trial.toml, eller uttrekket", en="mend `where` in trial.toml, or the extract"),
        )
    )


def unreadable_dates(place: Place, column: str, found: Found, months: bool, declared: str | None = None) -> DataError:
    """``declared``: another form that the protocol says, ``DD.MM.YYYY``."""
    en = ", ".join([*([declared] if declared else []), "YYYY-MM-DD", *(["YYYY-MM"] if months else [])])
    nb = en.replace("Y", "Å")
    rows = found.text()
    return DataError(
        Problem(
            Text(nb=f"{rows['nb']} kan ikke leses som dato", en=f"{rows['en']} cannot be read as dates"),
            place.at(column),
            Text(nb=f"datoer, eller tekst på formen {nb}", en=f"dates, or text of the form {en}"),
            _AGAIN_TYPED,
        )
    )


def not_numbers(place: Place, column: str, found: Found, sign: str = ".") -> DataError:
    comma = sign == ","
    rows = found.text()
    return DataError(
        Problem(
            Text(nb=f"{rows['nb']} kan ikke leses som tall", en=f"{rows['en']} cannot be read as numbers"),
            place.at(column),
            Text(
                nb=f"tall med {'komma' if comma else 'punktum'} som desimaltegn og uten skilletegn for tusen",
                en=f"numbers with a decimal {'comma' if comma else 'point'} and without separators for thousands",
            ),
            _AGAIN_TYPED,
        )
    )


def too_many_decimals(place: Place, column: str, found: Found, decimals: int) -> DataError:
    rows = found.text()
    return DataError(
        Problem(
            Text(
                nb=f"{rows['nb']} har flere enn {decimals} desimaler",
                en=f"{rows['en']} {'has' if found.count == 1 else 'have'} more than {decimals} decimals",
            ),
            place.at(column),
            Text(nb=f"høyst {decimals} desimaler, som erklært", en=f"at most {decimals} decimals, as declared"),
            Text(
                nb=f"øk `columns.{column}.decimals` i trial.toml, eller avrund i uttrekket",
                en=f"raise `columns.{column}.decimals` in trial.toml, or round in the extract",
            ),
        )
    )


def declared_too_finely(place: Place, column: str, decimals: int) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"verdien som er erklært for manglende, har flere enn {decimals} desimaler",
                en=f"the value declared for missing ones has more than {decimals} decimals",
            ),
            place.at(column),
            Text(nb=f"høyst {decimals} desimaler, som kolonnen", en=f"at most {decimals} decimals, as the column"),
            Text(nb=f"rett `columns.{column}` i trial.toml", en=f"mend `columns.{column}` in trial.toml"),
        )
    )


def too_large(place: Place, column: str, found: Found) -> DataError:
    rows = found.text()
    return DataError(
        Problem(
            Text(nb=f"{rows['nb']} har for store tall", en=f"{rows['en']} hold numbers that are too large"),
            place.at(column),
            Text(
                nb="tall som kan regnes helt nøyaktig (opptil 15 sifre, desimalene medregnet)",
                en="numbers that can be counted exactly (up to 15 digits, decimals included)",
            ),
            Text(nb="se etter feil i uttrekket, eller erklær færre desimaler", en=_LOOK),
        )
    )


def total_too_large(place: Place, column: str) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="verdiene til én person blir til sammen for store til å regnes nøyaktig",
                en="the values of one person add up to more than can be counted exactly",
            ),
            place.at(column),
            Text(
                nb="summer under 9 007 199 254 740 992, talt i siste erklærte desimal",
                en="sums below 9,007,199,254,740,992, counted in the last declared decimal",
            ),
            Text(nb="se etter feil i uttrekket, eller erklær færre desimaler", en=_LOOK),
        )
    )


def missing_values(place: Place, column: str, found: Found) -> DataError:
    rows = found.text()
    return DataError(
        Problem(
            Text(
                nb=f"{rows['nb']} mangler verdi",
                en=f"{rows['en']} {'lacks' if found.count == 1 else 'lack'} a value",
            ),
            place.at(column),
            Text(nb='en verdi i hver rad, fordi `missing = "error"`', en='a value in every row: `missing = "error"`'),
            Text(
                nb=f'fyll ut i uttrekket, eller erklær `columns.{column}.missing = "exclude"` eller et tall',
                en=f'fill in the extract, or declare `columns.{column}.missing = "exclude"` or a number',
            ),
        )
    )


def duplicate_rows(place: Place, found: Found) -> DataError:
    rows = found.text()
    return DataError(
        Problem(
            Text(
                nb=f"{rows['nb']} er lik en tidligere rad i alle kolonner",
                en=f"{rows['en']} {'equals' if found.count == 1 else 'equal'} an earlier row in every column",
            ),
            place.at(),
            Text(nb='ingen like rader, fordi `duplicates = "error"`', en='no equal rows: `duplicates = "error"`'),
            Text(
                nb='fjern dem i uttrekket, eller erklær `duplicates = "drop"` eller "keep"',
                en='remove them from the extract, or declare `duplicates = "drop"` or "keep"',
            ),
        )
    )


def unwritable(path: Path, error: OSError) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"panelet kan ikke skrives: {error.strerror or error}",
                en=f"the panel cannot be written: {error.strerror or error}",
            ),
            str(path),
            Text(nb="en mappe du kan skrive i, med plass", en="a folder that you may write to, with room"),
            Text(nb="rett tilgangen eller velg en annen mappe", en="mend the access or choose another folder"),
        )
    )


def no_panel(path: Path) -> DataError:
    return DataError(
        Problem(Text(nb="det er ikke noe panel her", en="there is no panel here"), str(path), None, _PANEL)
    )


def not_a_panel(path: Path) -> DataError:
    return DataError(
        Problem(
            Text(nb="filen er kuttet eller ikke et panel", en="the file is cut off or not a panel"),
            str(path),
            Text(nb="en fil skrevet av `lodd panel`", en="a file written by `lodd panel`"),
            _PANEL,
        )
    )


def other_definitions(path: Path) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="panelet er laget etter andre definisjoner enn dem i trial.toml",
                en="the panel was made by other definitions than those in trial.toml",
            ),
            str(path),
            Text(
                nb="et panel av de samme registrene, utfallene, tiltakskodene og månedene",
                en="a panel of the same registers, outcomes, programme codes and months",
            ),
            _PANEL,
        )
    )


_PANEL = Text(nb="kjør `lodd panel`", en="run `lodd panel`")
_AGAIN = Text(nb="hent eller lag uttrekket på nytt", en="fetch or make the extract again")
_AGAIN_TYPED = Text(nb="rett trial.toml, eller lag uttrekket på nytt", en="mend trial.toml, or make the extract again")
_LOOK = "look for mistakes in the extract, or declare fewer decimals"
