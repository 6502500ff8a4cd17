"""How a register's source is written, where it differs from what is taken for granted, and where it breaks."""

from __future__ import annotations

from collections.abc import Mapping
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
    encoding: Literal["utf-8", "latin-1", "windows-1252"] = Field(
        default="utf-8", description="The file's encoding; a byte order mark before UTF-8 is passed over."
    )
    names: tuple[ColumnName, ...] = Field(
        default=(), description="The columns, in order, of files without a header line."
    )
    date_format: DateFormat = Field(
        default="%Y-%m-%d",
        description="How `start`, `stop` and `registered` are written: `%d` day and `%m` month with two digits, `%Y` "
        "year with four. ISO dates, and months as `YYYY-MM` or `YYYYMM`, are always read.",
    )
    missing: tuple[str, ...] = Field(
        default=("",),
        description="Values that mean missing, in any column, besides empty ones; spaces around values do not count.",
    )


class Part(Frozen):
    """One of the sources of a register that was kept in several ways, one after the other."""

    file: str = Field(description="Path from the trial folder, as a register's `file`.")
    csv: Csv | None = Field(default=None, description="As a register's `csv`.")
    since: date | None = Field(
        default=None, alias="from", description="First day that it counts for; required but for the first part."
    )
    until: date | None = Field(
        default=None,
        description="Last day that it counts for; required but for the last part. Records are cut to these days, and "
        "those wholly outside them do not count.",
    )
    temporality: Literal["status", "accumulated"] | None = Field(
        default=None,
        description="Where it is another than the register's: `accumulated` for monthly records in a register of "
        "spells, each of which then holds for its month.",
    )
    person: ColumnName | None = Field(default=None, description="What it calls the register's `person`.")
    start: ColumnName | None = Field(default=None, description="What it calls the register's `start`.")
    stop: ColumnName | None = Field(default=None, description="What it calls the register's `stop`.")
    columns: Mapping[ColumnName, ColumnName] = Field(
        default_factory=dict, description="The register's names of other columns, and what this part calls them."
    )


class Break(Frozen):
    """A day on which a register changed so that months before and after it are not alike."""

    since: date = Field(alias="from", description="The first day after the break.")
    label: LocalText = Field(description="What changed, as a phrase.")
