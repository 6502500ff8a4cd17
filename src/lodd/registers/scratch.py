"""Folders for intermediate results that hold personal data: nobody else can read them, and they go with their process.

What is large lies beside the results, where personal data are expected; else it is among the machine's temporary files.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PREFIX: Final = ".lodd-panel-"


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """A folder within ``beside``, readable by its owner alone, and gone afterwards however the block ends.

    One that a killed process on this machine has left there is removed first.

    Raises:
        OSError: it cannot be made.
    """
    with temporary_folder(beside) as folder:
        yield Path(folder)


def temporary_folder(beside: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """Such a folder, within ``beside`` or among the machine's temporary ones, for as long as it is held on to.

    Raises:
        OSError: it cannot be made.
    """
    within = Path(tempfile.gettempdir()) if beside is None else beside
    return tempfile.TemporaryDirectory(prefix=_prefix(within), dir=within)  # made with mode 0700


def lasting_folder() -> str:
    """Such a folder among the machine's temporary ones, for the caller to remove.

    Raises:
        OSError: it cannot be made.
    """
    within = Path(tempfile.gettempdir())
    return tempfile.mkdtemp(prefix=_prefix(within), dir=within)


def _prefix(within: Path) -> str:
    """What such folders' names begin with there, after those of killed processes were removed."""
    for left in within.glob(f"{_own('*')}*"):
        if _abandoned(left.name):
            shutil.rmtree(left, ignore_errors=True)
    return _own(str(os.getpid()))


def _own(process: str) -> str:
    """A process on another machine may have the same number."""
    machine = re.sub(r"[^A-Za-z0-9]", "_", platform.node())
    return f"{PREFIX}{machine}-{process}-"


def _abandoned(name: str) -> bool:
    number = name.split("-")[-2]
    if not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
