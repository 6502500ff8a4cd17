"""Writing: both languages and the figures, the same bytes, nothing half-written."""

from pathlib import Path

import pytest
from lxml import etree

from lodd.errors import UsageError
from lodd.locale import Text
from lodd.report import write_report
from tests.report.builders import World, three_arm_world


def write(world: World, folder: Path, **more: object) -> tuple[Path, ...]:
    return write_report(world.trial, world.participants, world.evaluation, folder, **more)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_it_writes_both_reports_and_their_figures(tmp_path: Path) -> None:
    pages = write(three_arm_world(), tmp_path)
    assert [page.name for page in pages] == ["report.nb.html", "report.en.html"]
    names = {file.name for file in (tmp_path / "results" / "figures").iterdir()}
    assert {"flow.nb.svg", "levels-in_work.en.svg", "difference-in_work-ips.nb.svg"} <= names
    assert not [name for name in names if name.startswith(".")]


def test_figures_stand_alone_with_their_colours_and_words(tmp_path: Path) -> None:
    write(three_arm_world(), tmp_path)
    for file in (tmp_path / "results" / "figures").glob("*.svg"):
        root = etree.fromstring(file.read_bytes())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.findtext("{*}title")
        assert root.findtext("{*}desc")
        assert b"var(" not in file.read_bytes()


def test_the_same_evaluation_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(three_arm_world(), tmp_path / name)
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def tell(label: Text, done: int, total: int) -> None:
        told.append((label.en, done, total))

    write(three_arm_world(), tmp_path, progress=tell)
    assert told == [("Writing the report", i, 2) for i in range(3)]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(UsageError) as caught:
        write(three_arm_world(), tmp_path)
    assert "results" in caught.value.render("nb")
    assert "rapporten kan ikke skrives" in caught.value.render("nb")


def test_an_interrupted_write_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (page, _) = write(three_arm_world(), tmp_path)
    before = page.read_bytes()

    def fail(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UsageError, match="No space left"):
        write(three_arm_world(), tmp_path)
    assert page.read_bytes() == before
    assert not list((tmp_path / "results").rglob("*.part"))
