"""An evaluation on disk: ``results/estimates.parquet`` for statistics programs, ``results/results.json`` for the rest.

Missing numbers are null. Both files are written beside and renamed into place, so that an interrupted run leaves the
results that were there.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from lodd.errors import DataError, Problem, UsageError
from lodd.evaluation.results import ESTIMATE_SCHEMA, Evaluation, JointTest, Note
from lodd.locale import Text

FORMAT: Final = 1
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
        results.mkdir(parents=True, exist_ok=True)
        for name, content in (("estimates.parquet", None), ("results.json", to_json(evaluation))):
            beside = results / f".{name}.{os.getpid()}"
            written.append((beside, results / name))
            if content is None:
                evaluation.estimates.write_parquet(beside)
            else:
                beside.write_text(content, encoding="utf-8")
        for beside, place in written:
            beside.replace(place)
    except OSError as error:
        raise UsageError(_unwritable(results, error)) from error
    finally:
        for beside, _ in written:
            beside.unlink(missing_ok=True)


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
        return _evaluation(estimates, data)
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(_unreadable(results, error)) from error


def to_json(evaluation: Evaluation) -> str:
    """Everything but the estimates, as JSON with sorted keys."""
    data = {
        "format": FORMAT,
        "balance_tests": [_without_nan(asdict(test)) for test in evaluation.balance_tests],
        "notes": [asdict(note) for note in evaluation.notes],
        **{name: dict(getattr(evaluation, name)) for name in MAPPINGS},
        **{name: _frame_to_json(getattr(evaluation, name)) for name in FRAMES},
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1) + "\n"


def _evaluation(estimates: pl.DataFrame, data: dict[str, Any]) -> Evaluation:
    tests = [
        JointTest(**{**_with_nan(test), "covariates": tuple(test["covariates"])}) for test in data["balance_tests"]
    ]
    kept: dict[str, Any] = {name: _frame_from_json(data[name]) for name in FRAMES}
    kept |= {name: data[name] for name in MAPPINGS}
    return Evaluation(
        estimates=estimates,
        balance_tests=tuple(tests),
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
