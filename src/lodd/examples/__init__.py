"""Trial folders that `lodd new` copies: `se` and `se-klar` (simulated), and `nsw` (a real experiment)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.protocol import PROTOCOL_FILE, Trial

EXAMPLES: Final = ("se", "se-klar", "nsw")
SCHEMA_FILE: Final = "trial.schema.json"


def new_folder(folder: Path, example: str) -> None:
    """Make a trial folder from an example, with the schema that lets editors complete and check `trial.toml`.

    The folder is made beside and renamed into place: whole or not at all.

    Raises:
        UsageError: no such example, the folder exists and is not empty, it cannot be made, or (``nsw``) the package
            that holds the data is not installed.
    """
    if example not in EXAMPLES:
        raise UsageError(_no_example(example))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(_taken(folder))
    beside = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        with as_file(files("lodd.examples").joinpath(example)) as source:
            for file in sorted(source.glob("*.toml")):
                shutil.copyfile(file, beside / file.name)
        (beside / SCHEMA_FILE).write_text(protocol_schema(), encoding="utf-8")
        if example in _BUILDERS:
            _BUILDERS[example](beside)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        found = Text(nb=f"kan ikke lage {folder}: {error.strerror}", en=f"cannot make {folder}: {error.strerror}")
        raise UsageError(Problem(found)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def protocol_schema() -> str:
    """The JSON Schema of `trial.toml`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Trial.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _nsw(folder: Path) -> None:
    from lodd.examples.nsw import write_data

    write_data(folder)


_BUILDERS: Final[Mapping[str, Callable[[Path], None]]] = {"nsw": _nsw}


def _no_example(example: str) -> Problem:
    found = Text(nb=f"det er ikke noe eksempel «{example}»", en=f'there is no example "{example}"')
    return Problem(found, "--example", Text.same(", ".join(EXAMPLES)))


def _taken(folder: Path) -> Problem:
    return Problem(
        Text(nb=f"{folder} finnes og er ikke tom", en=f"{folder} exists and is not empty"),
        next_step=Text(nb="Velg et annet navn.", en="Choose another name."),
    )


__all__ = ["EXAMPLES", "PROTOCOL_FILE", "SCHEMA_FILE", "new_folder", "protocol_schema"]
