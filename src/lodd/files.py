"""Files that are whole or not there: written beside their place and then moved into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole(path: Path, *, once: bool = False) -> Iterator[Path]:
    """A name beside ``path`` to write to; what is there when the block ends takes the place of ``path``.

    If the block fails, ``path`` is as it was and nothing is left beside it.

    Args:
        once: never over another file.

    Raises:
        FileExistsError: with ``once``, there is a file already.
        OSError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        if once:
            os.link(beside, path)
        else:
            beside.replace(path)
    finally:
        with suppress(OSError):  # a folder that cannot be written cannot be cleaned either, and holds nothing of ours
            beside.unlink(missing_ok=True)
