"""Registers: where the records are, what their dates mean, and what is done where they are dirty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from lodd.protocol.base import ColumnName, Frozen, LocalText
from lodd.protocol.source import Break, Csv, Part

Temporality = Literal["status", "accumulated", "event", "fixed"]


class Coverage(Frozen):
    """The days that a register covers, both included. Months not wholly inside are missing, never zero."""

    since: date = Field(alias="from", description="First day covered.")
    until: date = Field(description="Last day covered.")


class Column(Frozen):
    """A numeric column that outcomes sum, and what a missing value in it means."""

    decimals: int = Field(
        default=0, ge=0, le=6, description="Decimals kept, exactly, as scaled integers; more is an error."
    )
    missing: Literal["error", "exclude"] | Decimal = Field(
        default="error",
        description="`error`: stop. `exclude`: the record is left out of sums of this column (and counted). A number: "
        "taken instead.",
    )


class Merge(Frozen):
    """Makes one relationship of several records, for instance one per employer, before anything is counted.

    Records that do not meet an outcome's `where` take no part in it: to ask how large the relationship's own value is,
    use `at_least`.
    """

    by: tuple[ColumnName, ...] = Field(min_length=1, description="Columns that name the relationship.")
    overlap: Literal["latest", "sum", "max"] = Field(
        default="latest",
        description="The value where a relationship's records overlap in time: that of the record that started last "
        "(among equals: ended last, then the largest), the sum, or the largest.",
    )


class Withdrawn(Frozen):
    """How a register says that a record was a mistake: its latest version has one of these values in a column."""

    column: ColumnName
    values: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        min_length=1, description="The values, as text; spaces around them do not count."
    )


class Register(Frozen):
    """One register: an extract keyed by pseudonym."""

    file: str | None = Field(
        default=None,
        description="Path from the trial folder: a Parquet or CSV file, a glob, or a folder of such files. Folders "
        "called `year=2015` give the column `year` (Hive's way of partitioning).",
    )
    dataset: str | None = Field(
        default=None,
        description="Instead of `file`, a microdata.no dataset: the path from the trial folder to the folder `NAME` "
        "with `NAME.csv` and `NAME.json`. Its columns `unit_id`, `value`, `start` and `stop` need not be said; "
        "a `fixed` one gives a fact that is called as the register. Needs `pip install 'lodd[microdata]'`.",
    )
    table: str | None = Field(
        default=None, description="Instead of `file`, a table or view of `database`: `name` or `schema.name`."
    )
    database: Annotated[str, StringConstraints(pattern=r"^(duckdb:.+|postgresql)$")] | None = Field(
        default=None,
        description="Where `table` is: `duckdb:` and the path from the trial folder, which is opened for reading only; "
        "or `postgresql`, the server that the engine of that name works on (never named in the protocol).",
    )
    parts: tuple[Part, ...] = Field(
        default=(),
        description="Instead of `file`, several sources, one after the other. Columns that not all of them have are "
        "left out; `person`, `start`, `stop` and `columns` are the register's own names.",
    )
    csv: Csv | None = Field(default=None, description="How the CSV files are written, where it is not as usual.")
    temporality: Temporality = Field(
        description="`status`: spells with start and stop. `accumulated`: amounts by month or year. `event`: things "
        "that happen on a day. `fixed`: facts that do not change. (After microdata.no, where `EVENT` is what "
        "is called `status` here.)"
    )
    label: LocalText | None = Field(default=None, description="A name for people, where the identifier is not enough.")
    covers: Coverage | None = Field(default=None, description="The days covered; required except for `fixed`.")
    breaks: tuple[Break, ...] = Field(
        default=(), description="Days from which the register is not what it was; outcomes that cross them are flagged."
    )
    person: ColumnName = Field(default="person_id", description="The pseudonym's column.")
    start: ColumnName | None = Field(
        default=None, description="`status`: first day. `event`: the day. `accumulated`: any day in the period."
    )
    stop: ColumnName | None = Field(
        default=None, description="`status` only: last day, included; empty or 9999-12-31 means ongoing."
    )
    period: Literal["month", "year"] = Field(
        default="month",
        description="`accumulated` only: what an amount is for. A year's amount counts with a twelfth in each month.",
    )
    record: tuple[ColumnName, ...] = Field(
        default=(), description="Columns that identify a record across corrections; only the latest version counts."
    )
    registered: ColumnName | None = Field(
        default=None,
        description="When a version of a record was registered: dates, moments, or text of the form `YYYY-MM-DD` or "
        "`YYYY-MM-DDThh:mm:ss`, without a zone in Norwegian time. Needed with `record` and for `analysis.as_of`.",
    )
    withdrawn: Withdrawn | None = Field(
        default=None,
        description='Records taken back: `{ column = "status", values = ["CANCELLED"] }`. A record whose latest '
        "version says so does not count.",
    )
    duplicates: Literal["drop", "keep", "error"] = Field(
        default="drop", description="Rows that are equal in every column: dropped (and counted), kept, or an error."
    )
    merge: Merge | None = Field(default=None, description="One relationship of several records (`status` only).")
    columns: Mapping[ColumnName, Column] = Field(
        default_factory=dict, description="Numeric columns that outcomes sum: decimals and missing values."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_dataset(cls, data: Any) -> Any:
        """A microdata.no dataset has columns of known names."""
        if not isinstance(data, Mapping) or not isinstance(data.get("dataset"), str):
            return data
        known = {"person": "unit_id"}
        if data.get("temporality") != "fixed":
            known["start"] = "start"
        if data.get("temporality") == "status":
            known["stop"] = "stop"
        return {**known, **data}

    @property
    def source(self) -> str:
        """Where the records are, as messages say it."""
        return self.file or self.dataset or self.table or " + ".join(part.file for part in self.parts)


class Participation(Frozen):
    """The register that shows who started in which programme; arms name the codes that count as taking them up."""

    register_id: str = Field(alias="register", description="A `status` register.")
    code: ColumnName = Field(description="Its column with the programme's code.")


class Population(Frozen):
    """Where deaths and stays abroad are found."""

    deaths: str | None = Field(default=None, description="An `event` register: the day of death.")
    emigrations: str | None = Field(default=None, description="A `status` register: spells of living abroad.")
