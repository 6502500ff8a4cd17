"""Lodd runs a register-based randomised trial of a welfare programme, from the draw to the verdict.

``lodd.open("my-trial")`` opens a trial folder as a :class:`lodd.study.Study`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lodd.version import __version__

if TYPE_CHECKING:
    from lodd.study import Study

__all__ = ["__version__", "open"]


def open(folder: str | Path) -> Study:  # noqa: A001 - `lodd.open` is how a user says it
    """Open a trial folder; see :func:`lodd.study.open_study`."""
    from lodd.study import open_study

    return open_study(folder)
