"""The files of a register: one, those of a glob or of a folder, in the order in which their rows are numbered."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock, Thread
from typing import Final, Literal
from urllib.parse import unquote

KINDS: Final = (".parquet", ".csv", ".csv.gz")
_ONE_AT_A_TIME: Final = Lock()
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
_WHOLE: Final = re.compile(r"^(0|-?[1-9]\d{0,17})$")
PartitionType = Literal["int64", "date", "string"]


@dataclass(frozen=True, slots=True)
class Files:
    """Files below a folder. ``partitions`` holds, for each, the values that its folders' names say (`year=2015`)."""

    base: Path
    paths: tuple[Path, ...]

    def name(self, path: Path) -> str:
        """What messages and hashes call a file: its path from the folder that all are in."""
        return path.relative_to(self.base).as_posix()

    def partition(self, path: Path) -> dict[str, str | None]:
        """Column to value, as text; what Hive writes for a missing value is missing."""
        return {name: None if value == _NULL else unquote(value) for name, value in self._said(path)}

    def named_twice(self, path: Path) -> list[str]:
        """The columns that two folders of a file's path give (engines do not tell capitals from small letters)."""
        names = [name for name, _ in self._said(path)]
        plain = [name.casefold() for name in names]
        return [name for i, name in enumerate(names) if name.casefold() in plain[:i]]

    def _said(self, path: Path) -> list[tuple[str, str]]:
        parts = [part.partition("=") for part in path.relative_to(self.base).parts[:-1]]
        return [(unquote(name), value) for name, equals, value in parts if name and equals]


def find_files(folder: Path, pattern: str) -> Files:
    """The file, the files of the glob, or the data files of the folder and its folders.

    Names that begin with ``.`` or ``_`` are passed over in folders: other programs leave marks there.
    """
    whole = folder / pattern
    if whole.is_file():
        return Files(whole.parent, (whole,))
    if whole.is_dir():
        inside = (path for path in whole.rglob("*") if path.is_file() and not _is_mark(path.relative_to(whole)))
        return Files(whole, tuple(sorted(path for path in inside if path.name.lower().endswith(KINDS))))
    relative = whole.relative_to(whole.anchor)
    found = sorted(path for path in Path(whole.anchor).glob(str(relative)) if path.is_file())
    return Files(_fixed(whole), tuple(found))


def digest(files: Files) -> str:
    """SHA-256 of the file's bytes; of several files, of their names and hashes, in order."""
    hashes = []
    for path in files.paths:
        with path.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    if len(hashes) == 1:
        return hashes[0]
    named = "\n".join(f"{files.name(path)} {each}" for path, each in zip(files.paths, hashes, strict=True))
    return hashlib.sha256(named.encode()).hexdigest()


def digesting(files: Files) -> Callable[[], str]:
    """:func:`digest`, begun beside other work; what is returned waits for it, and raises what it raised.

    One file at a time is read for this: a disk that is asked for several at once gives none of them quickly. A thread
    that nobody waits for any more does not keep the process from ending.
    """
    found: Future[str] = Future()

    def work() -> None:
        try:
            with _ONE_AT_A_TIME:
                found.set_result(digest(files))
        except BaseException as error:
            found.set_exception(error)

    Thread(target=work, name="lodd-digest", daemon=True).start()
    return found.result


def head(path: Path, size: int) -> bytes:
    """The first bytes, decompressed."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return file.read(size)


def partition_types(partitions: Sequence[Mapping[str, str | None]]) -> dict[str, PartitionType]:
    """What the values of each partition column are: whole numbers, dates, or text (as soon as one is neither).

    A number with a leading zero is a code, and text.
    """
    return {name: _type([each[name] for each in partitions]) for name in partitions[0]}


def _type(values: Sequence[str | None]) -> PartitionType:
    given = [value for value in values if value is not None]
    if given and all(_WHOLE.match(value) for value in given):
        return "int64"
    return "date" if given and all(_is_date(value) for value in given) else "string"


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_mark(relative: Path) -> bool:
    return any(part.startswith((".", "_")) for part in relative.parts)


def _fixed(whole: Path) -> Path:
    """The folder above the first part of a glob that is not a plain name."""
    parts: list[str] = []
    for part in whole.parts[:-1]:
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return Path(*parts)
