"""How a register's source is written, where it differs from what is taken for granted, and where it breaks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from lodd.protocol.base import ColumnName, Frozen, LocalText

DateFormat = Literal["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%m/%d/%Y", "%Y%m%d", "%d%m%Y"]


class Csv(Frozen):
    """How CSV files are written. Undeclared: a header line, UTF-8, ISO dates, a decimal point, and of comma,
    semicolon and tab the delimiter that the header line has most of.

    Numbers with separators for thousands are not read: 1.234 is either 1234 or 1.234, and nothing says which.
    """

    delimiter: Annotated[str, StringConstraints(pattern=r"^[^\w\s\"'.-]$|^\t$")] = Field(
        description='What stands between the fields: `";"`, `","`, `"|"`, a tab (`"\\t"`).'
    )
    decimal: Literal[".", ","] = Field(
        default=".", description="The decimal sign of the columns declared under `columns`."
    )
    quote: Literal['"', "'", ""] = Field(
        default='"',
        description="What stands around fields that hold a delimiter or a line break, doubled inside them; "
        "empty: nothing does.",
    )
    encoding: Literal["utf-8", "latin-1", "windows-1252"] = "utf-8"
    names: tuple[ColumnName, ...] = Field(
        default=(), description="The columns, in order, of files without a header line."
    )
    date_format: DateFormat = Field(
        default="%Y-%m-%d",
        description="How `start`, `stop` and `registered` are written: `%d` day and `%m` month with two digits, `%Y` "
        "year with four. ISO dates, and months as `YYYY-MM` or `YYYYMM`, are always read.",
    )
    missing: tuple[str, ...] = Field(
        default=("",), description="Values that mean missing, in any column; spaces around them do not count."
    )


class Break(Frozen):
    """A day on which a register changed so that months before and after it are not alike."""

    since: date = Field(alias="from", description="The first day after the break.")
    label: LocalText = Field(description="What changed, as a phrase.")
