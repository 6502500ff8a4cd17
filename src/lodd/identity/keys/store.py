"""Key files and variables: read only when nobody else can read them, written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from lodd.identity.keys import problems
from lodd.identity.keys.hidden import Hidden
from lodd.identity.keys.record import Key, read, written

VARIABLE_PREFIX: Final = "LODD_KEY_"
_SUFFIX: Final = ".key"
_MOST_BYTES: Final = 4096


class Found(NamedTuple):
    """A key and where it was: a file's path or a variable's name."""

    where: str
    key: Key


def file_name(key: Key) -> str:
    """``draw.key``, ``draw-half-1.key``, ``sealing-2.key``."""
    number = key.half or key.serial
    return f"{key.kind.replace('_', '-')}{f'-{number}' if number else ''}{_SUFFIX}"


def keys_in_folder(folder: Path) -> Iterator[Found]:
    """The keys in the folder's ``*.key`` files.

    Raises:
        KeyMaterialError: folder or file is missing, a link, another's, open to others, or no key.
    """
    _check_folder(folder)
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        yield Found(str(path), _key(str(path), _protected_text(path)))


def keys_in_variables(environment: Mapping[str, str] | None) -> Iterator[Found]:
    """The keys in variables named ``LODD_KEY_<KIND>``, each holding a key file's text (``os.environ`` if None).

    Raises:
        KeyMaterialError: a variable holds no key, or one of another kind than its name says.
    """
    for name in sorted(os.environ if environment is None else environment):
        if name.startswith(VARIABLE_PREFIX):
            key = _key(name, Hidden((os.environ if environment is None else environment)[name]))
            if not name.startswith(f"{VARIABLE_PREFIX}{key.kind.upper()}"):
                raise problems.wrong_variable(name, key.kind)
            yield Found(name, key)


def write_folder(folder: Path, keys: Sequence[Key], public: Mapping[str, str]) -> None:
    """A new folder (0700) with one file (0600) a key and the ``public`` files: written beside, then renamed into place.

    Raises:
        KeyMaterialError: the folder has something in it, or cannot be written.
    """
    _check_system(folder)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir(mode=0o700)
        for key in keys:
            _write_private(beside / file_name(key), written(key))
        for name, text in public.items():
            _write_private(beside / name, Hidden(text))
        beside.rename(folder)
    except OSError as error:
        taken = error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
        raise problems.at(folder, "exists" if taken else "cannot_write", error.strerror or "") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def add_file(folder: Path, key: Key) -> None:
    """One more key into a folder that has some, never over another."""
    write_once(folder / file_name(key), written(key))


def write_once(path: Path, text: Hidden[str], mode: int = 0o600) -> None:
    """Write beside and link into place: whole or not at all, and never over another file.

    Raises:
        KeyMaterialError: the file exists, or cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write_private(beside, text)
        beside.chmod(mode)
        os.link(beside, path)
    except FileExistsError:
        raise problems.at(path, "exists") from None
    except OSError as error:
        raise problems.at(path, "cannot_write", error.strerror or "") from None
    finally:
        with suppress(OSError):
            beside.unlink()


def _key(where: str, text: Hidden[str]) -> Key:
    key = read(text)
    if isinstance(key, str):
        raise problems.flawed(where, key)
    return key


def _write_private(path: Path, text: Hidden[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text.expose())
        file.flush()
        os.fsync(file.fileno())


def _check_system(path: Path) -> None:
    if os.name != "posix":
        raise problems.at(path, "no_owner_rights")


def _check_folder(folder: Path) -> None:
    _check_system(folder)
    try:
        status = folder.lstat()
    except FileNotFoundError:
        raise problems.at(folder, "folder_missing") from None
    except OSError as error:
        raise problems.at(folder, "cannot_read", error.strerror or "") from None
    if stat.S_ISLNK(status.st_mode):
        raise problems.at(folder, "symlink")
    if not stat.S_ISDIR(status.st_mode):
        raise problems.at(folder, "folder_missing")
    _check_owner_only(folder, status)


def _check_owner_only(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise problems.at(path, "not_owner")
    if status.st_mode & 0o077:
        raise problems.unprotected(path, stat.S_IMODE(status.st_mode), folder=stat.S_ISDIR(status.st_mode))


def _protected_text(path: Path) -> Hidden[str]:
    """The text of a file that only its owner can read. Checked on the open file, so that it cannot be swapped."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        linked = error.errno == errno.ELOOP
        raise problems.at(path, "symlink" if linked else "cannot_read", error.strerror or "") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise problems.at(path, "not_a_file")
        _check_owner_only(path, status)
        return Hidden(file.read(_MOST_BYTES).decode("utf-8", errors="replace"))
