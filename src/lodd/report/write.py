"""Writes both reports and their figures into a trial folder's ``results/``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lodd.allocation import Verification
from lodd.errors import Problem, UsageError
from lodd.evaluation.results import Evaluation
from lodd.files import whole
from lodd.locale import LANGUAGES, Text
from lodd.progress import Progress, silent
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants, RegisterNote
from lodd.report.build import build_report
from lodd.report.html import render_html, standalone_svg
from lodd.report.model import Report

_WRITING = Text(nb="Skriver rapporten", en="Writing the report")


def write_report(
    trial: Trial,
    participants: Participants,
    evaluation: Evaluation,
    folder: Path,
    *,
    panel_notes: Sequence[RegisterNote] = (),
    truth: pl.DataFrame | None = None,
    verification: Verification | None = None,
    agrees: bool | None = None,
    progress: Progress = silent,
) -> tuple[Path, ...]:
    """Writes ``results/report.nb.html``, ``results/report.en.html`` and ``results/figures/*.svg``; returns the reports.

    Each file is written beside and renamed into place.

    Raises:
        UsageError: the folder cannot be written to.
    """
    results = folder / "results"
    pages: list[Path] = []
    try:
        (results / "figures").mkdir(parents=True, exist_ok=True)
        for step, language in enumerate(LANGUAGES):
            progress(_WRITING, step, len(LANGUAGES))
            report = build_report(
                trial,
                participants,
                evaluation,
                language,
                panel_notes=panel_notes,
                truth=truth,
                verification=verification,
                agrees=agrees,
            )
            _write_figures(report, results / "figures")
            pages.append(_write(results / f"report.{language}.html", render_html(report)))
    except OSError as error:
        raise UsageError(unwritable(results, error)) from error
    progress(_WRITING, len(LANGUAGES), len(LANGUAGES))
    return tuple(pages)


def _write_figures(report: Report, folder: Path) -> None:
    for figure in report.figures():
        drawn = standalone_svg(figure.wide, figure.headline, figure.alternative)
        _write(folder / f"{figure.id.removeprefix('fig-')}.{report.language}.svg", drawn)


def _write(path: Path, text: str) -> Path:
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return path


def unwritable(results: Path, error: OSError) -> Problem:
    """What is said when a folder's results cannot be written."""
    return Problem(
        found=Text(
            nb=f"rapporten kan ikke skrives: {error.strerror or error}",
            en=f"the report cannot be written: {error.strerror or error}",
        ),
        where=str(error.filename or results),
        allowed=Text(nb="en mappe som du kan skrive i", en="a folder that you may write in"),
        next_step=Text(
            nb="gi deg selv skrivetilgang, frigjør plass, eller bruk en annen mappe",
            en="give yourself write access, free some space, or use another folder",
        ),
    )
