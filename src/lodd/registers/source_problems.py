"""What can be wrong with where a register's records come from, said so that its owner can mend it."""

from __future__ import annotations

from collections.abc import Sequence

from lodd.errors import DataError, Problem
from lodd.locale import Text, join_words, number
from lodd.protocol.source import Csv
from lodd.registers.problems import Place

_AGAIN = Text(nb="hent eller lag uttrekket på nytt", en="fetch or make the extract again")
_DIALECT = Text(
    nb="rett filen, eller erklær i trial.toml hvordan den er skrevet (`csv`)",
    en="mend the file, or declare in trial.toml how it is written (`csv`)",
)


class FileMissingError(DataError):
    """There is no such file."""


def file_missing(place: Place) -> DataError:
    return FileMissingError(
        Problem(
            Text(nb="fant ikke registerfilen", en="the register's file is not there"),
            place.at(),
            Text(
                nb="en Parquet- eller CSV-fil, en mappe med slike, eller et mønster som «registers/*.parquet», "
                "regnet fra forsøksmappen",
                en="a Parquet or CSV file, a folder of such, or a pattern such as "
                '"registers/*.parquet", counted from the trial folder',
            ),
            Text(nb="legg filen der, eller rett `file` i trial.toml", en="put it there, or mend `file` in trial.toml"),
        )
    )


def no_header(place: Place) -> DataError:
    found = Text(nb="første linje er tom", en="the first line is empty")
    allowed = Text(
        nb="en første linje med kolonnenavn, eller kolonnene erklært i `csv.names`",
        en="a first line with column names, or the columns declared in `csv.names`",
    )
    return DataError(Problem(found, place.at(), allowed, _AGAIN))


def named_twice(place: Place, names: Sequence[str]) -> DataError:
    found = Text(
        nb=f"første linje har flere kolonner som heter {join_words(list(names), 'nb')}",
        en=f"the first line has several columns called {join_words(list(names), 'en')}",
    )
    allowed = Text(nb="ett navn på hver kolonne", en="a name of its own for each column")
    return DataError(Problem(found, place.at(), allowed, _AGAIN))


def nameless(place: Place, number: int, columns: int) -> DataError:
    found = Text(
        nb=f"kolonne {number} av {columns} har ikke noe navn i første linje",
        en=f"column {number} of {columns} has no name in the first line",
    )
    allowed = Text(
        nb="et navn på hver kolonne, og ikke noe skilletegn sist på linjen",
        en="a name for each column, and no delimiter at the end of the line",
    )
    step = Text(
        nb="lag uttrekket på nytt (i R: `write.csv(..., row.names = FALSE)`, i pandas: `index=False`)",
        en="make the extract again (in R: `write.csv(..., row.names = FALSE)`, in pandas: `index=False`)",
    )
    return DataError(Problem(found, place.at(), allowed, step))


def mac_line_ends(place: Place, name: str) -> DataError:
    found = Text(
        nb=f"{name} kan ikke leses: linjene slutter med CR alene",
        en=f"{name} cannot be read: its lines end with CR alone",
    )
    allowed = Text(nb="linjer som slutter med LF eller CR LF", en="lines that end with LF or CR LF")
    return DataError(Problem(found, place.at(), allowed, _AGAIN))


def wrong_delimiter(place: Place, declared: str, other: str) -> DataError:
    found = Text(
        nb=f"første linje har én kolonne når den deles ved «{declared}», men inneholder «{other}»",
        en=f'the first line is one column where it is divided at "{declared}", but holds "{other}"',
    )
    step = Text(nb="rett `csv.delimiter` i trial.toml", en="mend `csv.delimiter` in trial.toml")
    return DataError(Problem(found, place.at(), None, step))


def really_utf8(place: Place, declared: str) -> DataError:
    found = Text(
        nb=f"filen er i UTF-8, men erklært som {declared}: æ, ø og å ville bli gale",
        en=f"the file is in UTF-8 but declared as {declared}: letters such as æ, ø and å would come out wrong",
    )
    step = Text(nb='skriv `encoding = "utf-8"` i trial.toml', en='write `encoding = "utf-8"` in trial.toml')
    return DataError(Problem(found, place.at(), Text.same("utf-8"), step))


def wrong_encoding(place: Place, file: str, line: int, declared: Csv | None) -> DataError:
    name = declared.encoding if declared is not None else "utf-8"
    found = Text(
        nb=f"linje {number(line, 'nb')} i {file} kan ikke leses som {name.upper()}",
        en=f"line {number(line, 'en')} of {file} cannot be read as {name.upper()}",
    )
    allowed = Text(
        nb="CSV i UTF-8, eller i en annen tegnkoding som er erklært: latin-1 eller windows-1252",
        en="CSV in UTF-8, or in another encoding that is declared: latin-1 or windows-1252",
    )
    return DataError(Problem(found, place.at(), allowed, _DIALECT))


def ragged(place: Place, file: str, line: int, fields: int, columns: Sequence[str]) -> DataError:
    """A line with too few or too many fields."""
    found = Text(
        nb=f"linje {number(line, 'nb')} i {file} kan ikke leses: den har {fields} felt, "
        f"men det er {len(columns)} kolonner",
        en=f"line {number(line, 'en')} of {file} cannot be read: it has {fields} "
        f"{'field' if fields == 1 else 'fields'}, but there are {len(columns)} columns",
    )
    allowed = Text(
        nb="ett felt for hver kolonne: " + join_words(list(columns), "nb"),
        en="a field for each column: " + join_words(list(columns), "en"),
    )
    return DataError(Problem(found, place.at(), allowed, _DIALECT))


def broken_line(place: Place, file: str, line: int, quote: str) -> DataError:
    """A quote that is not closed, or with text after it."""
    found = Text(
        nb=f"{file} kan ikke leses fra linje {number(line, 'nb')}: et {quote} står åpent eller midt i et felt",
        en=f"{file} cannot be read from line {number(line, 'en')}: a {quote} is not closed, or stands inside a field",
    )
    allowed = Text(
        nb=f"felt uten {quote}, eller med {quote} først og sist og doblet inni",
        en=f"fields without {quote}, or with {quote} first and last and doubled inside",
    )
    return DataError(Problem(found, place.at(), allowed, _DIALECT))


def mixed_line_ends(place: Place, file: str) -> DataError:
    found = Text(
        nb=f"{file} kan ikke leses: noen linjer slutter med CR LF, andre med LF",
        en=f"{file} cannot be read: some lines end with CR LF, others with LF",
    )
    allowed = Text(nb="den samme linjeslutten i hele filen", en="the same line ends in the whole file")
    return DataError(Problem(found, place.at(), allowed, _AGAIN))


def partition_clash(place: Place, columns: Sequence[str]) -> DataError:
    found = Text(
        nb=f"{join_words(list(columns), 'nb')} står både i mappenavn og som kolonne i filene",
        en=f"{join_words(list(columns), 'en')} stands both in the folders' names and as a column of the files",
    )
    allowed = Text(nb="kolonnen det ene stedet", en="the column in one of the places")
    step = Text(nb="kall mappene eller kolonnen noe annet", en="give the folders or the column another name")
    return DataError(Problem(found, place.at(), allowed, step))


def partition_twice(place: Place, file: str, column: str) -> DataError:
    found = Text(
        nb=f"to av mappene i stien {file} gir kolonnen {column}", en=f"two folders of {file} give the column {column}"
    )
    allowed = Text(nb="hvert navn én gang i en sti", en="each name once in a path")
    step = Text(
        nb="flytt filene dit de hører hjemme, eller kall den ene mappen noe annet",
        en="move the files to where they belong, or give one of the folders another name",
    )
    return DataError(Problem(found, place.at(), allowed, step))


def partitions_differ(place: Place, first: str, other: str) -> DataError:
    found = Text(
        nb=f"{other} ligger ikke i mapper med de samme navnene som {first}",
        en=f"{other} is not in folders of the same names as {first}",
    )
    allowed = Text(
        nb="de samme mappenavnene foran = i alle filers stier, for eksempel year=2015/month=3",
        en="the same names before = in the paths of all files, for instance year=2015/month=3",
    )
    return DataError(Problem(found, place.at(), allowed, _AGAIN))


def changed(place: Place, files: Sequence[str]) -> DataError:
    found = Text(
        nb=f"{join_words(list(files), 'nb')} ble endret mens registeret ble lest",
        en=f"{join_words(list(files), 'en')} changed while the register was read",
    )
    step = Text(
        nb="vent til uttrekket er ferdig levert, og prøv igjen", en="wait until the extract is whole; try again"
    )
    return DataError(Problem(found, place.at(), None, step))


def not_numbers(place: Place, column: str, people: int) -> DataError:
    """Pseudonyms that are not whole numbers cannot be found in a column of whole numbers."""
    found = Text(
        nb=f"kolonnen er heltall, men pseudonymene til {number(people, 'nb')} av deltakerne er det ikke",
        en=f"the column is of whole numbers, but the pseudonyms of {number(people, 'en')} of the participants are not",
    )
    allowed = Text(
        nb="samme skrivemåte av pseudonymet i alle registre og hos deltakerne",
        en="the pseudonym written alike in all registers and of the participants",
    )
    step = Text(
        nb="lag uttrekket på nytt med pseudonymet som tekst: nuller foran går tapt i tall",
        en="make the extract again with the pseudonym as text: leading zeros are lost in numbers",
    )
    return DataError(Problem(found, place.at(column), allowed, step))
