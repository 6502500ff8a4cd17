"""Files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodd.files import whole


def test_written_and_replaced(tmp_path: Path) -> None:
    for words in ("one", "two"):
        with whole(tmp_path / "file") as beside:
            beside.write_text(words)
    assert (tmp_path / "file").read_text() == "two"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def write_half() -> None:
        with whole(tmp_path / "file") as beside:
            beside.write_text("half")
            raise RuntimeError

    (tmp_path / "file").write_text("old")
    with pytest.raises(RuntimeError):
        write_half()
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_once_is_never_over_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(FileExistsError), whole(tmp_path / "file", once=True) as beside:
        beside.write_text("new")
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
