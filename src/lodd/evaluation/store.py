"""An evaluation on disk: ``results/estimates.parquet`` and ``results/tables/`` for statistics programs, and
``results/results.json`` for the rest.

Missing numbers are null. Every file is written beside and renamed into place, so that an interrupted run leaves the
results that were there; ``results.json`` comes last and names the tables that belong to it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from lodd.errors import DataError, Problem, UsageError
from lodd.evaluation.conclusions import Finding, Verdict
from lodd.evaluation.conclusions_json import conclusion_from_json, conclusion_to_json
from lodd.evaluation.results import ESTIMATE_SCHEMA, Evaluation, JointTest, Note
from lodd.locale import Text

FORMAT: Final = 3
TABLES: Final = "tables"
FRAMES: Final = ("balance", "draw_shares", "draw_shares_site", "take_up", "flow", "cohort")
MAPPINGS: Final = ("lock", "versions", "timings", "provenance")
_TYPES: Final[Mapping[str, pl.DataType]] = {
    str(dtype): dtype for dtype in (pl.String(), pl.Float64(), pl.Int64(), pl.Int32(), pl.Boolean(), pl.Date())
}


def write_results(evaluation: Evaluation, folder: Path) -> None:
    """Write an evaluation into ``folder/results``.

    Raises:
        UsageError: the folder cannot be written to.
    """
    results = folder / "results"
    written: list[tuple[Path, Path]] = []
    try:
        (results / TABLES).mkdir(parents=True, exist_ok=True)
        for place, content in _files(evaluation, results):
            beside = place.with_name(f".{place.name}.{os.getpid()}")
            written.append((beside, place))
            if isinstance(content, str):
                beside.write_text(content, encoding="utf-8")
            else:
                content.write_parquet(beside)
        for beside, place in written:
            beside.replace(place)
        _remove_old_tables(evaluation, results / TABLES)
    except OSError as error:
        raise UsageError(_unwritable(results, error)) from error
    finally:
        for beside, _ in written:
            beside.unlink(missing_ok=True)


def _files(evaluation: Evaluation, results: Path) -> Iterator[tuple[Path, pl.DataFrame | str]]:
    for name, table in evaluation.tables.items():
        yield results / TABLES / f"{name}.parquet", table
    yield results / "estimates.parquet", evaluation.estimates
    yield results / "results.json", to_json(evaluation)


def _remove_old_tables(evaluation: Evaluation, folder: Path) -> None:
    """Tables of an earlier evaluation that this one does not have."""
    for file in folder.glob("*.parquet"):
        if file.stem not in evaluation.tables:
            file.unlink()
    with suppress(OSError):  # it stays unless it is empty
        folder.rmdir()


def read_results(folder: Path) -> Evaluation:
    """Read back exactly what :func:`write_results` wrote.

    Raises:
        DataError: the files are missing, broken or of another version.
    """
    results = folder / "results"
    try:
        estimates = pl.read_parquet(results / "estimates.parquet")
        data = json.loads((results / "results.json").read_text(encoding="utf-8"))
        if data["format"] != FORMAT or dict(estimates.schema) != dict(ESTIMATE_SCHEMA):
            raise ValueError("another version of Lodd wrote them")
        tables = {name: pl.read_parquet(results / TABLES / f"{name}.parquet") for name in data["tables"]}
        return _evaluation(estimates, tables, data)
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(_unreadable(results, error)) from error


def to_json(evaluation: Evaluation) -> str:
    """Everything but the estimates, as JSON with sorted keys."""
    data = {
        "format": FORMAT,
        "tables": list(evaluation.tables),
        "balance_tests": [_without_nan(asdict(test)) for test in evaluation.balance_tests],
        "notes": [asdict(note) for note in evaluation.notes],
        "verdicts": [conclusion_to_json(verdict) for verdict in evaluation.verdicts],
        "findings": [conclusion_to_json(finding) for finding in evaluation.findings],
        **{name: dict(getattr(evaluation, name)) for name in MAPPINGS},
        **{name: _frame_to_json(getattr(evaluation, name)) for name in FRAMES},
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1) + "\n"


def _evaluation(estimates: pl.DataFrame, tables: Mapping[str, pl.DataFrame], data: dict[str, Any]) -> Evaluation:
    tests = [
        JointTest(**{**_with_nan(test), "covariates": tuple(test["covariates"])}) for test in data["balance_tests"]
    ]
    kept: dict[str, Any] = {name: _frame_from_json(data[name]) for name in FRAMES}
    kept |= {name: data[name] for name in MAPPINGS}
    return Evaluation(
        estimates=estimates,
        tables=dict(tables),
        balance_tests=tuple(tests),
        verdicts=tuple(conclusion_from_json(Verdict, found) for found in data["verdicts"]),
        findings=tuple(conclusion_from_json(Finding, found) for found in data["findings"]),
        notes=tuple(Note(**note) for note in data["notes"]),
        **kept,
    )


def _frame_to_json(frame: pl.DataFrame) -> dict[str, Any]:
    columns = {name: [_plain(value) for value in frame[name].to_list()] for name in frame.columns}
    return {"types": [[name, str(dtype)] for name, dtype in frame.schema.items()], "columns": columns}


def _frame_from_json(data: dict[str, Any]) -> pl.DataFrame:
    columns = {}
    for name, written in data["types"]:
        dtype, values = _TYPES[written], data["columns"][name]
        if dtype == pl.Date:
            values = [None if value is None else date.fromisoformat(value) for value in values]
        columns[name] = pl.Series(name, values, dtype=dtype)
    return pl.DataFrame(columns)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, date) else value


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _with_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in values.items()}


def _unwritable(results: Path, error: OSError) -> Problem:
    return Problem(
        found=Text(
            nb=f"Resultatene kan ikke skrives: {error.strerror}", en=f"The results cannot be written: {error.strerror}"
        ),
        where=str(results),
        next_step=Text(
            nb="Gi skrivetilgang til mappa, eller velg en annen", en="Make the folder writable, or choose another"
        ),
    )


def _unreadable(results: Path, error: Exception) -> Problem:
    return Problem(
        found=Text(nb=f"Resultatene kan ikke leses: {error}", en=f"The results cannot be read: {error}"),
        where=str(results),
        next_step=Text(nb="Lag dem på nytt: lodd evaluate", en="Make them again: lodd evaluate"),
    )
