"""Folders for intermediate results: private, and those of killed processes are removed by the next."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from lodd.registers import scratch

NOBODY = "4194999"  # more than a process can be called


def test_what_a_killed_process_left_among_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in (f"{scratch._own(NOBODY)}x", f"{scratch.PREFIX}another-machine-{NOBODY}-x", "lodd-x"):
        (tmp_path / name).mkdir()
    made = Path(scratch.lasting_folder())
    with scratch.temporary_folder() as folder:
        assert {path.name for path in tmp_path.iterdir()} == {
            Path(folder).name,
            made.name,
            f"{scratch.PREFIX}another-machine-{NOBODY}-x",
            "lodd-x",
        }
        assert made.stat().st_mode & 0o777 == Path(folder).stat().st_mode & 0o777 == 0o700
    assert not Path(folder).exists()
