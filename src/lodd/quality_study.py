"""The registers of a trial folder checked, and the page on them written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lodd.errors import DataError, UsageError
from lodd.progress import Progress, silent
from lodd.protocol import PARTICIPANTS_FILE, Participants, read_participants

if TYPE_CHECKING:
    from lodd.registers.quality import Quality
    from lodd.study import Study


def check_quality(
    study: Study, *, out: Path | None = None, as_json: bool = False, progress: Progress = silent
) -> tuple[Quality, tuple[Path, ...]]:
    """Check every declared register, and write ``quality.nb.html`` and ``quality.en.html``.

    Args:
        study: the trial's folder; nobody need be drawn yet, and registers may be missing.
        out: the folder for the pages, if other than ``results``.
        as_json: write ``quality.json`` too.
        progress: told of each register.

    Raises:
        DataError: ``participants.parquet`` is damaged or contradicts the protocol.
        UsageError: the pages cannot be written.
    """
    from lodd.registers.quality import check_registers
    from lodd.report.quality import write_quality_pages

    quality = check_registers(study.trial, study.folder, _drawn(study), progress=progress)
    written = write_quality_pages(study.trial, quality, out or study.folder / "results", as_json=as_json)
    return quality, written


def _drawn(study: Study) -> Participants | None:
    """The people drawn, with facts from `fixed` registers where those can be read; None before anybody is drawn."""
    if not (study.folder / PARTICIPANTS_FILE).exists():
        return None
    try:
        return study.participants
    except (DataError, UsageError):
        return read_participants(study.trial, study.folder)
