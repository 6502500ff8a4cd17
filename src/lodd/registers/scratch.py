"""A folder for intermediate results that hold personal data: nobody else can read it, and it goes with its process.

It lies beside the results, where personal data are expected, and not in the machine's folder for temporary files.
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
    for left in beside.glob(f"{_own('*')}*"):
        if _abandoned(left.name):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_own(str(os.getpid())), dir=beside) as folder:  # made with mode 0700
        yield Path(folder)


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
