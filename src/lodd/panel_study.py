"""The panel of a trial folder: read where it belongs there, else built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lodd.progress import Progress, silent

if TYPE_CHECKING:
    from lodd.protocol import Panel
    from lodd.registers import PanelFile
    from lodd.registers.engines import Engine
    from lodd.study import Study


def panel_of(study: Study, *, rebuild: bool = False, engine: str | None = None, progress: Progress = silent) -> Panel:
    """The panel, read if it belongs to the protocol and the extracts as they are, else built and written.

    A panel that was built elsewhere, where the extracts are, is read where they are not, if it is of the same
    definitions and people and its values give its hash.

    Args:
        study: the trial folder.
        rebuild: build it in any case.
        engine: ``duckdb``, ``postgresql`` or ``spark``; else as ``LODD_ENGINE`` says, or DuckDB.
        progress: told of registers and columns.

    Raises:
        DataError: a register is missing, damaged or contradicts the protocol; the panel is another's or was changed.
        UsageError: no such engine, or it is not installed or cannot be reached.
    """
    from lodd.registers import brought_panel, build_panel, is_current, read_panel, write_panel
    from lodd.study import PANEL_FILE

    file, trial, people = study.folder / PANEL_FILE, study.trial, study.participants
    if file.exists() and not rebuild:
        if is_current(file, trial, study.folder, people):
            return read_panel(file, trial)
        if (brought := brought_panel(file, trial, study.folder, people)) is not None:
            return brought
    with _engine(engine, file) as chosen:
        panel = build_panel(trial, study.folder, people, engine=chosen, progress=progress)
    write_panel(panel, file)
    return panel


@contextmanager
def _engine(name: str | None, file: Path) -> Iterator[Engine]:
    """The engine; what DuckDB has no memory for lies beside the panel, as personal data do anyway."""
    from lodd.registers import problems
    from lodd.registers.engines import engine_of
    from lodd.registers.scratch import scratch_folder

    with ExitStack() as stack:
        if not file.parent.exists():
            stack.callback(_remove_empty, file.parent)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            scratch = stack.enter_context(scratch_folder(file.parent))
        except OSError as error:
            raise problems.unwritable(file, error) from error
        yield engine_of(name, temp_folder=scratch)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def panel_file_of(study: Study, *, memory: str | None = None, progress: Progress = silent) -> PanelFile:
    """The panel built a range of people at a time by DuckDB, and written; it is never whole in memory.

    Args:
        study: the trial folder.
        memory: such as ``512MB``; else ``LODD_MEMORY``, else 512 MB.
        progress: told of registers and ranges.

    Raises:
        DataError: a register is missing, damaged or contradicts the protocol; the disk is full.
        UsageError: not an amount of memory that is enough.
    """
    from lodd.registers import build_panel_file
    from lodd.study import PANEL_FILE

    file = study.folder / PANEL_FILE
    return build_panel_file(study.trial, study.folder, study.participants, file, memory=memory, progress=progress)
