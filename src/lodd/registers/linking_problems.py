"""What can be wrong with an extract that is to be linked. Rows are named; numbers never are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lodd.errors import DataError, Problem, UsageError
from lodd.identity import Setting
from lodd.locale import Text, join_words, number

KNOWN_NAMES: Final = (
    "fnr", "fodselsnummer", "fødselsnummer", "fodselsnr", "fødselsnr", "personnummer", "pnr",
    "identity_number", "national_id",
)  # fmt: skip
"""What columns of identity numbers are called; capitals do not matter."""
_EXAMPLES: Final = 5


def check_names(extracts: Sequence[Path]) -> None:
    """Raises UsageError where two extracts would be written to one file."""
    twice = [name for name, times in Counter(path.name for path in extracts).items() if times > 1]
    if twice:
        found = Text(nb=f"to uttrekk heter {twice[0]}", en=f"two extracts are called {twice[0]}")
        again = Text(
            nb="Koble dem hver for seg, til hver sin mappe.", en="Link them one by one, to folders of their own."
        )
        raise UsageError(Problem(found, next_step=again))


def taken(out: Path) -> UsageError:
    return UsageError(
        Problem(
            Text(nb=f"{out} finnes og er ikke tom", en=f"{out} exists and is not empty"),
            "--out",
            next_step=Text(nb="Velg en ny mappe.", en="Choose a new folder."),
        )
    )


def unwritable(out: Path, error: OSError) -> DataError:
    return DataError(
        Problem(
            Text(
                nb=f"kan ikke skrive til mappen ({error.strerror}); ingenting er skrevet",
                en=f"cannot write to the folder ({error.strerror}); nothing has been written",
            ),
            str(out),
        )
    )


def missing(path: Path) -> DataError:
    return DataError(Problem(Text(nb="fant ikke filen", en="the file is not there"), str(path)))


def unreadable(path: Path, kind: str) -> DataError:
    """``kind`` is the name of the reader's exception; its words are kept back, since they may quote a line."""
    return DataError(
        Problem(
            Text(
                nb=f"filen kan ikke leses ({kind}); hva som står der, blir ikke vist, fordi det kan være numre",
                en=f"the file cannot be read ({kind}); what it says is not shown, since that may be numbers",
            ),
            str(path),
            Text(
                nb="hel Parquet, eller CSV der alle linjer har like mange felter",
                en="whole Parquet, or CSV in which every line has as many fields",
            ),
            Text(nb="Se på --delimiter og --encoding.", en="Look at --delimiter and --encoding."),
        )
    )


def file_kind(path: Path) -> DataError:
    found = Text(nb="filtypen er ukjent", en="the kind of file is unknown")
    return DataError(Problem(found, str(path), Text.same(".parquet, .csv, .csv.gz")))


def check_header(path: Path, names: Sequence[str]) -> None:
    """Raises DataError where columns have no names, or two have the same."""
    if not any(names):
        found = Text(nb="første linje har ingen kolonnenavn", en="the first line has no column names")
        raise DataError(Problem(found, str(path)))
    if len(set(names)) < len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise DataError(
            Problem(Text(nb=f"to kolonner heter «{twice}»", en=f'two columns are called "{twice}"'), str(path))
        )


def number_column(path: Path, names: Sequence[str], asked: str | None) -> str:
    """The column of identity numbers: the one asked for, or the only one with a known name. Raises DataError."""
    candidates = [name for name in names if name == asked or (asked is None and name.lower() in KNOWN_NAMES)]
    if len(candidates) == 1:
        return candidates[0]
    # a file without a header line has numbers where the names should be
    columns = ", ".join(name for name in names if not any(sign.isdigit() for sign in name))
    if asked is not None:
        found = Text(nb=f"det er ingen kolonne «{asked}»", en=f'there is no column "{asked}"')
    else:
        found = Text(
            nb="det går ikke fram hvilken kolonne som har fødselsnummer",
            en="it does not show which column has the identity number",
        )
    raise DataError(
        Problem(found, str(path), Text.same(columns), Text(nb="Bruk --number KOLONNE.", en="Use --number COLUMN."))
    )


def check_columns(path: Path, names: Sequence[str], number: str, also: Mapping[str, str], drop: Sequence[str]) -> None:
    """Raises DataError for columns that are not there, and for new names that are taken."""
    for name in (*also, *drop):
        if name not in names:
            raise DataError(
                Problem(Text(nb=f"det er ingen kolonne «{name}»", en=f'there is no column "{name}"'), str(path))
            )
    if number in drop or number in also:
        both = Text(nb=f"«{number}» er selv nøkkelen", en=f'"{number}" is the key itself')
        raise DataError(Problem(both, str(path)))
    kept = [name for name in names if name not in (number, *also, *drop)]
    for new, times in Counter([*kept, "person_id", *also.values()]).items():
        if times > 1:
            raise DataError(
                Problem(
                    Text(nb=f"to kolonner ville hete «{new}»", en=f'two columns would be called "{new}"'),
                    str(path),
                    next_step=Text(nb=f"Utelat den ene: --drop {new}", en=f"Leave one out: --drop {new}"),
                )
            )


def text_or_integers(path: Path, name: str, column: pa.Array) -> pa.Array:
    """The column as text or whole numbers. Raises DataError for one of another type."""
    if pa.types.is_integer(column.type) or pa.types.is_string(column.type):
        return column
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_null(kind):
        return pa.array([None] * len(column), pa.string())
    raise DataError(
        Problem(
            Text(nb=f"«{name}» er av typen {column.type}", en=f'"{name}" is of the type {column.type}'),
            str(path),
            Text(nb="tekst, eller heltall", en="text, or whole numbers"),
        )
    )


def other_setting(path: Path, setting: Setting, rows: Sequence[int]) -> DataError:
    """Numbers of real people in a test, or invented ones in production."""
    shown = [number(row, language) for language in ("nb", "en") for row in rows[:_EXAMPLES]]
    nb, en = join_words(shown[: len(shown) // 2], "nb"), join_words(shown[len(shown) // 2 :], "en")
    more_nb, more_en = ("bl.a. ", "among them ") if len(rows) > _EXAMPLES else ("", "")
    if setting == "test":
        found = Text(
            nb=f"dette ser ut som numrene til virkelige personer (rad {more_nb}{nb}), og nøklene er for test",
            en=f"these look like the numbers of real people ({more_en}row {en}), and the keys are for tests",
        )
        allowed = Text(nb="syntetiske numre", en="synthetic numbers")
    else:
        found = Text(
            nb=f"dette er syntetiske numre (rad {more_nb}{nb}), og nøklene er for virkelige personer",
            en=f"these are synthetic numbers ({more_en}row {en}), and the keys are for real people",
        )
        allowed = Text(nb="virkelige personers numre", en="real people's numbers")
    next_step = Text(nb="Ingenting er skrevet. Bruk de riktige nøklene.", en="Nothing was written. Use the right keys.")
    return DataError(Problem(found, str(path), allowed, next_step))


def numbers_elsewhere(path: Path, name: str) -> DataError:
    return DataError(
        Problem(
            Text(nb=f"også «{name}» ser ut til å ha fødselsnumre", en=f'"{name}" seems to hold identity numbers too'),
            str(path),
            Text(nb="numre bare i kolonner som blir pseudonymer", en="numbers only in columns that become pseudonyms"),
            Text(
                nb=f"Ingenting er skrevet. Bruk --also {name}=NYTT_NAVN, eller --drop {name}.",
                en=f"Nothing was written. Use --also {name}=NEW_NAME, or --drop {name}.",
            ),
        )
    )


def changed(path: Path) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="filen ble endret mens den ble lest; ingenting er skrevet",
                en="the file changed while it was read; nothing was written",
            ),
            str(path),
            next_step=Text(nb="Vent til den er ferdig levert, og prøv igjen.", en="Wait until it is whole; try again."),
        )
    )


def eleven_digits(column: pa.Array) -> NDArray[np.uint8]:
    """(n, 11) the digits of those values that may be identity numbers; none for columns of other types.

    Also of whole numbers kept as decimals, as spreadsheets do, and of numbers written with spaces, stops or hyphens.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary, kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        texts = _as_text(column.drop_null())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        texts = column.cast(pa.string())
        length = pc.binary_length(texts)
        texts = texts.filter(pc.and_(pc.greater_equal(length, 11), pc.less_equal(length, 13)))
        texts = pc.replace_substring_regex(texts, r"\.0$|[ .-]", "")
    else:
        return np.zeros((0, 11), dtype=np.uint8)
    texts = texts.filter(pc.equal(pc.binary_length(texts), 11))
    digits = np.frombuffer("".join(texts.to_pylist()).encode(), dtype=np.uint8).reshape(-1, 11) - np.uint8(48)
    return digits[(digits <= 9).all(axis=1)]


def _as_text(column: pa.Array) -> pa.Array:
    """Whole numbers that could be eleven digits with zeros in front, as text."""
    values = column.cast(pa.float64(), safe=False)
    possible = pc.and_(pc.greater(values, 10**9), pc.less(values, 10**11))
    whole = values.filter(pc.and_(possible, pc.equal(values, pc.floor(values)))).cast(pa.int64())
    return pc.utf8_lpad(whole.cast(pa.string()), 11, "0")
