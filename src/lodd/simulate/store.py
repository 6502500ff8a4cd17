"""A simulation written as a trial folder has it: everything or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from lodd.allocation import DETAILS_FILE, LEDGER_FILE
from lodd.errors import Problem, UsageError
from lodd.identity import reveal_draw_key
from lodd.locale import Text
from lodd.protocol import FIDELITY_FILE, PARTICIPANTS_FILE
from lodd.protocol.lock import LOCK_FILE, lock_text
from lodd.protocol.model import Trial
from lodd.simulate.checks import unwritable_registers
from lodd.simulate.people import simulation_keys
from lodd.simulate.simulation import Simulation

TRUTH_FILE: Final = "truth.parquet"
FACTS_FILE: Final = "simulation.json"
KEY_FILE: Final = "revealed.key"
UNFINISHED_FILE: Final = ".simulation-unfinished"
"""Is there while files are being moved into place; if it stays, they are of two simulations."""


def write_simulation(simulation: Simulation, trial: Trial, folder: Path) -> None:
    """Write participants, the registers' files where the trial says, reviews, the truth, and ``simulation.json``.

    The files are made in a folder beside the others and moved into place when all of them are whole;
    ``simulation.json`` last, so that an interrupted run never passes for a finished one: ``.simulation-unfinished``
    stays until the next one. The same simulation gives the same bytes. Scores of reviews that somebody else put there
    stay, and are never written over.

    Raises:
        UsageError: the folder cannot be written, or a register's file is not one Parquet or CSV file in the folder; it
            has scores that were not simulated, and the simulation has scores too.
    """
    files = _files(simulation, trial)
    old_reviews = _reviews_of_old(folder)
    if FIDELITY_FILE in files and not old_reviews and (folder / FIDELITY_FILE).exists():
        raise UsageError(_somebodys_reviews())
    beside = folder / ".simulating"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        for name, frame in files.items():
            _write(frame, beside / name)
        facts = json.dumps(simulation_facts(simulation), indent=2, sort_keys=True) + "\n"
        (beside / FACTS_FILE).write_text(facts, encoding="utf-8")
        drawn = _write_draws(simulation, folder, beside)
        (folder / UNFINISHED_FILE).touch()
        for name in (FACTS_FILE, DETAILS_FILE, *old_reviews):
            (folder / name).unlink(missing_ok=True)
        for name in (*files, *drawn, FACTS_FILE):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (beside / name).replace(folder / name)
        (folder / UNFINISHED_FILE).unlink()
    except OSError as error:
        found = Text(
            nb=f"kan ikke skrive i {folder}: {error.strerror}", en=f"cannot write in {folder}: {error.strerror}"
        )
        raise UsageError(Problem(found)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_draws(simulation: Simulation, folder: Path, beside: Path) -> list[str]:
    """The ledger, the draw key (revealed: everybody can make it), and the lock if the folder has none."""
    simulation.ledger.write(beside)
    reveal_draw_key(simulation_keys(), beside / KEY_FILE)
    if not (folder / LOCK_FILE).exists():
        (beside / LOCK_FILE).write_text(lock_text(simulation.lock), encoding="utf-8")
    return [name for name in (LEDGER_FILE, DETAILS_FILE, KEY_FILE, LOCK_FILE) if (beside / name).exists()]


def simulation_facts(simulation: Simulation) -> Mapping[str, Any]:
    """What ``simulation.json`` says: that this is invented, from which seed and settings, and with how much dirt."""
    return {
        "simulated": True,
        "seed": simulation.seed,
        "effect": simulation.effect,
        "settings_sha256": simulation.settings_sha256,
        "people": len(simulation.participants),
        "rows": {register: table.height for register, table in simulation.tables.items()},
        "dirt": simulation.counts,
        "reviews": 0 if simulation.fidelity is None else simulation.fidelity.frame.height,
    }


def _reviews_of_old(folder: Path) -> tuple[str, ...]:
    """The scores' file, if an earlier simulation wrote it (or was writing when it was interrupted)."""
    if (folder / UNFINISHED_FILE).exists():
        return (FIDELITY_FILE,)
    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        return (FIDELITY_FILE,) if facts["reviews"] else ()
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _somebodys_reviews() -> Problem:
    found = Text(
        nb="filen har skårer som ikke er simulert; de blir ikke skrevet over",
        en="the file holds scores that were not simulated; they are not written over",
    )
    todo = Text(
        nb="Simuler i en egen mappe, eller fjern [fidelity] fra simulation.toml.",
        en="Simulate in a folder of its own, or remove [fidelity] from simulation.toml.",
    )
    return Problem(found, FIDELITY_FILE, None, todo)


def _files(simulation: Simulation, trial: Trial) -> dict[str, pl.DataFrame]:
    if problems := list(unwritable_registers(trial, simulation.tables)):
        raise UsageError(problems)
    files = {PARTICIPANTS_FILE: simulation.participants.frame, TRUTH_FILE: simulation.truth}
    if simulation.fidelity is not None:
        files[FIDELITY_FILE] = simulation.fidelity.frame
    return files | {trial.registers[register].file or "": table for register, table in simulation.tables.items()}


def _write(frame: pl.DataFrame, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(file, compression="zstd", statistics=False)
