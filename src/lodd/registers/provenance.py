"""What a panel was made from: hashes of the definitions, the people and the extracts, and versions."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Final

from lodd.protocol.canonical import canonical_bytes, plain, sha256
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants
from lodd.registers.engines import Engine
from lodd.registers.reference_days import columns_of_reference
from lodd.version import __version__

_LIBRARIES = ("ibis-framework", "duckdb", "polars", "pyarrow", "numpy")
ENGINE: Final = "engine"
VALUES: Final = "values"
_SLICE: Final = 50_000
_WORDS = frozenset({"label", "description", "unit"})


def definitions_sha256(trial: Trial) -> str:
    """SHA-256 of everything in the protocol that decides a value of the panel, and of nothing else.

    Labels, the other parts of the plan and the order of entries do not change it.
    """
    as_of = trial.analysis.as_of
    outcomes = {name: _wordless(plain(outcome)) for name, outcome in trial.outcomes.items()}
    registers = {name: _wordless(plain(register)) for name, register in trial.registers.items()}
    return sha256(
        {
            "registers": registers,
            "outcomes": outcomes,
            "population": plain(trial.population),
            "participation": plain(trial.participation),
            "programmes": {arm: plain(declared.programmes) for arm, declared in trial.arms.items()},
            "window": plain(trial.analysis.window),
            **({"code_lists": _codes(trial)} if trial.code_lists else {}),
            **({} if as_of is None else {"as_of": as_of.isoformat()}),
        }
    )


def _codes(trial: Trial) -> dict[str, Any]:
    """What the codes mean, whether they stand in a file or in the protocol; not what they are called."""
    return {
        name: [plain(code_list.unknown), *(_wordless(plain(code)) for code in code_list.codes)]
        for name, code_list in trial.code_lists.items()
    }


def _wordless(entry: dict[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in entry.items() if key not in _WORDS}
    if "breaks" in said:
        said["breaks"] = [{key: value for key, value in each.items() if key not in _WORDS} for each in said["breaks"]]
    return said


def participants_sha256(trial: Trial, participants: Participants) -> str:
    """SHA-256 of who was drawn when, and of each person's days that outcomes count from."""
    days = [name for name in columns_of_reference(trial) if name in participants.frame.columns]
    found = hashlib.sha256(b"[")
    for number, some in enumerate(participants.frame.select("person_id", "drawn_at", *days).iter_slices(_SLICE)):
        rows = [[person, *(None if day is None else str(day) for day in its)] for person, *its in some.rows()]
        found.update((b"," if number else b"") + canonical_bytes(rows)[1:-1])
    found.update(b"]")
    return found.hexdigest()


def provenance_of(
    trial: Trial, participants: Participants, extracts: Iterable[tuple[str, str]], engine: Engine | None = None
) -> dict[str, str]:
    """``definitions``, ``participants``, ``extract:<register>`` (hashes), ``as_of``, ``version:<library>``, ``engine``.

    What is found with the panel itself, its ``values`` (``lodd.registers.hashing``), is added where it is built.
    """
    found = {"definitions": definitions_sha256(trial), "participants": participants_sha256(trial, participants)}
    found |= {f"extract:{register}": digest for register, digest in extracts}
    if trial.analysis.as_of is not None:
        found["as_of"] = trial.analysis.as_of.isoformat()
    if engine is not None:
        found[ENGINE] = f"{engine.name} {engine.version}"
    found |= {"version:python": platform.python_version(), "version:lodd": __version__}
    return found | {f"version:{name}": version(name) for name in _LIBRARIES}
