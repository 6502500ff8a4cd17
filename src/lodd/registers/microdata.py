"""Datasets of microdata.no: `NAME.csv` beside `NAME.json`, validated by its own tools before they are used."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Text
from lodd.protocol.microdata import TEMPORALITIES, Metadata, csv_file, json_file, read_metadata
from lodd.protocol.register import Register
from lodd.protocol.source import Csv
from lodd.registers import problems, source_problems
from lodd.registers.problems import Found, Place

PERSON: Final = "unit_id"
VALUE: Final = "value"
COLUMNS: Final = (PERSON, VALUE, "start", "stop", "attributes")
_PERIOD: Final = {"month": 7, "year": 4}
_NUMBERS: Final = ("LONG", "DOUBLE")
_WHOSE: Final = (
    re.compile(r"""(identifier:?\s*)(?:"[^"]*"|[^\s:"]+)"""),
    re.compile(r"(columns, got \d+: ).*", re.DOTALL),  # Arrow quotes the line
    re.compile(r"(column #0: .*invalid value ).*", re.DOTALL),
)
"""Where pseudonyms stand in what is said of a dataset."""


def described(dataset: str, folder: Path, place: Place) -> Metadata:
    """What the dataset's JSON file says. Raises DataError where it is not there, or says nothing that can be used."""
    try:
        return read_metadata(folder / json_file(dataset))
    except FileNotFoundError:
        raise source_problems.file_missing(place) from None
    except (OSError, ValueError) as error:
        reason = f"{Path(json_file(dataset)).name}: {error}".split("\n", 1)[0]
        raise problems.unreadable(place, reason) from error


def as_csv(register: Register) -> Register:
    """The dataset's data file as a register of CSV."""
    assert register.dataset is not None
    csv = Csv(delimiter=";", names=COLUMNS)
    return register.model_copy(update={"file": csv_file(register.dataset), "dataset": None, "csv": csv})


def check(register: Register, metadata: Metadata, place: Place) -> None:
    """Raises DataError where the protocol says something else of the dataset than its own description."""
    allowed = TEMPORALITIES.get(metadata.temporality, ())
    if register.temporality not in allowed:
        raise DataError(
            Problem(
                Text(
                    nb=f"datasettet har temporalityType {metadata.temporality}, protokollen «{register.temporality}»",
                    en=f"the dataset is of temporalityType {metadata.temporality}, "
                    f'the protocol says "{register.temporality}"',
                ),
                place.at(),
                Text.same(", ".join(allowed) or ", ".join(TEMPORALITIES)),
                Text(nb="rett `temporality` i trial.toml", en="mend `temporality` in trial.toml"),
            )
        )
    if VALUE in register.columns and metadata.data_type not in _NUMBERS:
        raise problems.wrong_type(place, VALUE, metadata.data_type, Text.same(", ".join(_NUMBERS)))


def validate(dataset: str, folder: Path, sha256: str, place: Place) -> None:
    """Validate the files, once for each content in a process.

    Raises:
        UsageError: microdata-tools is not installed.
        DataError: the files are not a sound dataset.
    """
    if errors := _errors(folder / dataset, sha256):
        found = Text(
            nb=f"datasettet er ikke gyldig ({len(errors)} feil): {errors[0]}",
            en=f"the dataset is not valid ({len(errors)} {'error' if len(errors) == 1 else 'errors'}): {errors[0]}",
        )
        allowed = Text(nb="det microdata-tools godtar", en="what microdata-tools accepts")
        step = Text(nb="rett datasettet", en="mend the dataset")
        raise DataError(Problem(found, place.at(), allowed, step))


@lru_cache(maxsize=64)
def _errors(dataset: Path, sha256: str) -> tuple[str, ...]:
    """What microdata-tools says is wrong; never whose row it is. Asked again when the files' hash is another."""
    validate_dataset = _validator()
    with tempfile.TemporaryDirectory(prefix="lodd-") as working, _unlogged():
        try:
            said: Sequence[str] = validate_dataset(
                dataset.name,
                working_directory=working,
                input_directory=str(dataset.parent),
                keep_temporary_files=True,  # to delete what it never wrote hides its errors; the folder goes anyway
            )
        except Exception as error:  # it passes on whatever it meets in a file that is no dataset
            said = [str(error).split("\n", 1)[0]]
    return tuple(_nobody_s(each) for each in said)


def _nobody_s(said: str) -> str:
    for whose in _WHOSE:
        said = whose.sub(r"\1…", said)
    return said


@contextmanager
def _unlogged() -> Iterator[None]:
    """Nothing is logged: microdata-tools logs what it also says, with tracebacks, as if they were the program's."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _validator() -> Any:
    try:
        return import_module("microdata_tools").validate_dataset
    except ImportError:
        raise UsageError(
            Problem(
                Text(nb="microdata-tools er ikke installert", en="microdata-tools is not installed"),
                next_step=Text(
                    nb="Installer det: pip install 'lodd[microdata]'", en="Install it: pip install 'lodd[microdata]'"
                ),
            )
        ) from None


def meant(table: ir.Table, register_id: str, register: Register, metadata: Metadata) -> ir.Table:
    """The rows with what stands for missing as missing; of facts, the person and the fact under the register's name."""
    value = table[VALUE].strip()
    if metadata.missing:
        value = ibis.ifelse(value.isin(metadata.missing), ibis.null("string"), value)
    stated = table.mutate(**{VALUE: value, PERSON: table[PERSON].strip()})
    if register.temporality != "fixed":
        return stated.drop("attributes")
    return stated.rename({register_id: VALUE}).drop("start", "stop", "attributes")


def outside_period(table: ir.Table, register: Register) -> ir.BooleanValue | None:
    """Which amounts are not for one month, or one year, as the register's `period` says; None where nothing says."""
    if register.temporality != "accumulated":
        return None
    length = _PERIOD[register.period]
    stop = table["stop"].strip()
    return stop.notnull() & (table["start"].strip().substr(0, length) != stop.substr(0, length))


def other_period(place: Place, register: Register, found: Found) -> DataError:
    """The error for amounts that are for more than the period."""
    rows, month = found.text(), register.period == "month"
    return DataError(
        Problem(
            Text(
                nb=f"{rows.nb} gjelder mer enn {'én måned' if month else 'ett år'}",
                en=f"{rows.en} {'is' if found.count == 1 else 'are'} for more than one {'month' if month else 'year'}",
            ),
            place.at("start, stop"),
            Text(
                nb=f'beløp innenfor {"en måned" if month else "et år"}, fordi `period = "{register.period}"`',
                en=f'amounts within a {register.period}: `period = "{register.period}"`',
            ),
            Text(nb="rett `period` i trial.toml", en="mend `period` in trial.toml"),
        )
    )
