"""Files in one archive, with their hashes as the last of them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from typing import IO, Final

import polars as pl

MANIFEST: Final = "MANIFEST.sha256"


class Archive:
    """A zip file being written, everything in one folder. ``sha256sum -c MANIFEST.sha256`` checks it in the folder."""

    def __init__(self, file: IO[bytes], folder: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._folder = folder
        self._hashes: dict[str, str] = {}

    def add(self, name: str, parts: Iterable[bytes]) -> None:
        """A file of these parts, one after the other."""
        digest = hashlib.sha256()
        with self._zip.open(f"{self._folder}/{name}", "w", force_zip64=True) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
        self._hashes[name] = digest.hexdigest()

    def add_table(self, name: str, frame: pl.DataFrame) -> None:
        """A table, as CSV or Parquet by the name's ending."""
        buffer = io.BytesIO()
        if name.endswith(".csv"):
            frame.write_csv(buffer)
        else:
            frame.write_parquet(buffer)
        self.add(name, [buffer.getvalue()])

    def close(self) -> None:
        """Write the hashes and end."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._hashes.items()))
        self._zip.writestr(f"{self._folder}/{MANIFEST}", lines)
        self._zip.close()
