"""The registers of a trial folder checked, and the page on them written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lodd.errors import DataError, LoddError, UsageError
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
    from lodd.registers.quality import Finding, check_registers
    from lodd.report.quality import write_quality_pages

    participants, refused = _drawn(study)
    quality = check_registers(study.trial, study.folder, participants, progress=progress)
    if refused is not None and not _facts_at_fault(study, quality):
        found = tuple(Finding("", "refused", "error", "stops", problem=problem) for problem in refused.problems)
        quality = replace(quality, findings=(*quality.findings, *found))
    written = write_quality_pages(study.trial, quality, out or study.folder / "results", as_json=as_json)
    return quality, written


def _drawn(study: Study) -> tuple[Participants | None, LoddError | None]:
    """The people drawn, None before anybody is; with facts from `fixed` registers, or why they cannot be had."""
    from lodd.registers.engines.problems import EngineFailedError

    if not (study.folder / PARTICIPANTS_FILE).exists():
        return None, None
    try:
        return study.participants, None
    except EngineFailedError:
        raise  # says nothing of the facts
    except (DataError, UsageError) as error:
        return read_participants(study.trial, study.folder), error


def _facts_at_fault(study: Study, quality: Quality) -> bool:
    """Is it said of a register already why its facts cannot be had?"""
    fixed = [one for one in quality.registers if study.trial.registers[one.register].temporality == "fixed"]
    return any(finding.severity == "error" for one in fixed for finding in one.findings)
