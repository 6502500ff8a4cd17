"""CSV that is not written as usual: read, and made what the rest of the room takes for granted.

Text in another encoding, with other quotes or without a header line is copied once, a chunk at a time, to Parquet,
which every engine reads alike. Dates and numbers are then put into the usual form: ISO, with a decimal point.
"""

from __future__ import annotations

import codecs
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from lodd.protocol.register import Register
from lodd.protocol.source import Csv, DateFormat
from lodd.registers.files import head
from lodd.registers.scratch import temporary_folder

_BLOCK: Final = 8 * 2**20
_ORDER: Final[dict[DateFormat, tuple[int, int, int]]] = {
    "%Y-%m-%d": (0, 5, 8),
    "%d.%m.%Y": (6, 3, 0),
    "%d/%m/%Y": (6, 3, 0),
    "%d-%m-%Y": (6, 3, 0),
    "%m/%d/%Y": (6, 0, 3),
    "%Y%m%d": (0, 4, 6),
    "%d%m%Y": (4, 2, 0),
}
"""Where the year, the month and the day begin."""
_CODECS: Final = {"utf-8": "utf-8", "latin-1": "iso8859-1", "windows-1252": "cp1252"}
_SWAPPED: Final = str.maketrans(",.", ".,")


def codec(csv: Csv | None) -> str:
    """Python's name for the encoding, a byte order mark left out."""
    name = _CODECS[csv.encoding] if csv is not None else "utf-8"
    return "utf-8-sig" if name == "utf-8" else name


def is_unusual(csv: Csv | None) -> bool:
    """Must the file be copied before an engine reads it?"""
    return csv is not None and (csv.encoding != "utf-8" or csv.quote != '"' or bool(csv.names))


def is_utf8(head: bytes) -> bool:
    """Is this text in UTF-8, and in nothing less? True says that another encoding was declared by mistake."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not head.isascii()


def copied(paths: Sequence[Path], columns: Sequence[str], csv: Csv, reader: object) -> list[Path]:
    """The files as Parquet files of text, which are deleted with the ``reader``.

    Raises:
        pyarrow.ArrowInvalid, UnicodeDecodeError: a file is not what is declared.
    """
    folder = temporary_folder()
    weakref.finalize(reader, folder.cleanup)
    schema = pa.schema([(name, pa.string()) for name in columns])
    copies = [Path(folder.name) / f"{number}.parquet" for number in range(len(paths))]
    for path, copy in zip(paths, copies, strict=True):
        with pq.ParquetWriter(copy, schema, compression="zstd") as writer:
            for batch in _batches(path, columns, csv):
                writer.write_batch(batch)
    return copies


def _batches(path: Path, columns: Sequence[str], csv: Csv) -> Iterator[pa.RecordBatch]:
    header = 0 if csv.names else 1
    read = pacsv.ReadOptions(
        column_names=list(columns), skip_rows=header, block_size=_BLOCK, encoding=_CODECS[csv.encoding]
    )
    parse = pacsv.ParseOptions(
        delimiter=csv.delimiter, quote_char=csv.quote or False, newlines_in_values=bool(csv.quote)
    )
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), null_values=[""], strings_can_be_null=True
    )
    if _holds_nothing(path, header):
        return iter(())
    return iter(pacsv.open_csv(str(path), read, parse, convert))


def _holds_nothing(path: Path, header: int) -> bool:
    """No line after the header? Arrow's reader does not open such a file."""
    lines = head(path, _BLOCK).splitlines()
    return not any(line.strip() for line in lines[header:])


def as_usual(table: ir.Table, register: Register) -> ir.Table:
    """The columns without spaces around them, what means missing as missing, ISO dates, a decimal point in numbers."""
    csv = register.csv
    texts = [name for name, kind in table.schema().items() if kind.is_string()]
    columns: dict[str, Any] = {name: table[name].strip().nullif("") for name in texts}
    if csv is None:
        return table.mutate(**columns)
    columns = {name: _stated(text, csv) for name, text in columns.items()}
    for name in columns.keys() & _dated(register):
        columns[name] = _iso(columns[name], csv.date_format)
    if csv.decimal == ",":
        for name in columns.keys() & set(register.columns):
            columns[name] = columns[name].translate(",.", ".,")
    return table.mutate(**columns)


def as_written(register: Register, column: str, value: str) -> str:
    """A value as the file has it: the other way round than :func:`as_usual`, for messages."""
    if register.csv is None:
        return value
    if column in register.columns and register.csv.decimal == ",":
        return value.translate(_SWAPPED)
    if column in _dated(register) and value[4:8:3] == "--" and len(value) == len("2015-03-01"):
        return register.csv.date_format.replace("%Y", value[:4]).replace("%m", value[5:7]).replace("%d", value[8:])
    return value


def date_form(register: Register) -> str | None:
    """How days are written, where it is declared: ``DD.MM.YYYY``."""
    if register.csv is None or register.csv.date_format == "%Y-%m-%d":
        return None
    return register.csv.date_format.replace("%d", "DD").replace("%m", "MM").replace("%Y", "YYYY")


def decimal_sign(register: Register, column: str) -> str:
    """The decimal sign of a column."""
    return register.csv.decimal if register.csv is not None and column in register.columns else "."


def _dated(register: Register) -> set[str]:
    return {name for name in (register.start, register.stop, register.registered) if name is not None}


def _stated(text: ir.StringValue, csv: Csv) -> ir.StringValue:
    plain = text.strip()
    return ibis.ifelse(plain.isin(["", *csv.missing]), ibis.null("string"), plain)


def _iso(text: ir.StringValue, written: DateFormat) -> ir.StringValue:
    """Text of the declared form as an ISO date (a time of day after it stays); other text as it is."""
    if written == "%Y-%m-%d":
        return text
    plain, (year, month, day) = text.strip(), _ORDER[written]
    pattern = written.replace(".", r"\.").replace("%Y", r"\d{4}").replace("%m", r"\d{2}").replace("%d", r"\d{2}")
    length = len(written) + 2  # a year's four digits are written with two characters
    parts = (plain.substr(year, 4), plain.substr(month, 2), plain.substr(day, 2))
    iso = parts[0] + "-" + parts[1] + "-" + parts[2] + plain.substr(length)
    return ibis.ifelse(plain.re_search(rf"^{pattern}([ T]\d{{2}}:\d{{2}}(:\d{{2}})?)?$"), iso, text)
