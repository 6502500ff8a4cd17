"""Writes the page in both languages: readable by their owner alone, because examples name pseudonyms."""

from __future__ import annotations

import json
import os
from pathlib import Path

from lodd.errors import UsageError
from lodd.files import whole
from lodd.locale import LANGUAGES
from lodd.protocol.model import Trial
from lodd.registers.quality import Quality
from lodd.report.html import render_html
from lodd.report.quality.as_json import quality_as_json
from lodd.report.quality.page import NAME, quality_report
from lodd.report.write import unwritable


def write_quality_pages(trial: Trial, quality: Quality, folder: Path, *, as_json: bool = False) -> tuple[Path, ...]:
    """Write ``quality.nb.html`` and ``quality.en.html`` into a folder, and ``quality.json`` if asked; returns them.

    Only the owner may read the files (mode 0600).

    Raises:
        UsageError: the folder cannot be written to.
    """
    texts = {f"{NAME}.{language}.html": render_html(quality_report(trial, quality, language)) for language in LANGUAGES}
    if as_json:
        texts[f"{NAME}.json"] = json.dumps(quality_as_json(quality), ensure_ascii=False, indent=2) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_write_private(folder / name, text) for name, text in texts.items())
    except OSError as error:
        raise UsageError(unwritable(folder, error)) from error


def _write_private(path: Path, text: str) -> Path:
    with whole(path) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        beside.chmod(0o600)  # whatever the user's mask
    return path
