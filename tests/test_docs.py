"""The documents are true: the tutorial's commands run, links lead somewhere, every option and command is described."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lodd.protocol.register import Register

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def run_blocks(document: str, folder: Path, *, one_shell: bool = False) -> str:
    """Run a document's commands in a folder, as a reader would; gives what they saw."""
    blocks = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / "docs" / document).read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 7
    if one_shell:
        blocks = [("sh", "\n".join(text for _, text in blocks))]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LODD_LANG": "en"}
    seen = ""
    for kind, text in blocks:
        command = ["bash", "-euo", "pipefail", "-c", text] if kind == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        seen += done.stdout + done.stderr
    return seen


def test_tutorial_runs(tmp_path: Path) -> None:
    """The English one; the test below holds the Norwegian one to the same commands."""
    assert "estimnad" in run_blocks("tutorial.md", tmp_path)
    assert (tmp_path / "klar/results/report.nb.html").exists()


def test_the_story_of_a_draw_runs(tmp_path: Path) -> None:
    seen = run_blocks("draw.md", tmp_path, one_shell=True)
    assert "(drawn earlier)" in seen
    assert "Slip 1: the slip stands" in seen
    assert "Slip 2: an earlier draw stands" in seen
    sound, broken = seen.split("exit code 6")[0].rsplit("Verification of the draw", 1)
    assert "Nothing was found to be wrong" in sound
    assert "event 4" in broken
    assert "exit code 6" in seen


def test_the_story_of_an_outcome_runs(tmp_path: Path) -> None:
    """And shows what the page says that it shows."""
    seen = run_blocks("define.md", tmp_path)
    page = (ROOT / "docs/define.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(.*?)\n```", page, re.DOTALL)
    assert shown in seen
    assert "exit code 3" in seen
    assert "expected values in 10 cases hold" in seen.split("exit code 3")[1]
    assert "expected values in 12 cases hold" in seen
    assert "From: known on 1 June 2015" in seen
    assert "The look-up is logged" in seen
    assert "500 of 501 rows are linked" in seen


def test_the_story_of_an_outcome_has_the_same_commands_in_both_languages() -> None:
    english, norwegian = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("define.md", "define.nb.md"))
    blocks = r"```(?:sh|python)\n.*?```"
    assert re.findall(blocks, norwegian, re.DOTALL) == re.findall(blocks, english, re.DOTALL)


def test_the_page_on_registers_shows_the_same_in_both_languages_and_what_it_declares_can_be_read() -> None:
    english, norwegian = (
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("registers.md", "registers.nb.md")
    )
    blocks, beside = (
        [re.sub(r" +# .*", "", block) for block in re.findall(r"```(?:sh|toml)\n.*?```", page, re.DOTALL)]
        for page in (english, norwegian)
    )
    assert beside == blocks
    declared = [tomllib.loads(block[8:-3]) for block in blocks if block.startswith("```toml")]
    register = declared[0]["registers"]["employment"]
    for more in declared[1:]:
        if more.keys() <= Register.model_fields.keys():
            Register.model_validate({key: value for key, value in register.items() if key not in more} | more)
    options = set(re.findall(r"(--[a-z-]+)", " ".join(block for block in blocks if block.startswith("```sh"))))
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert {option for option in options if option not in page} == set()


def test_both_tutorials_have_the_same_commands() -> None:
    def commands(name: str) -> list[str]:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        return [
            line
            for block in re.findall(r"```(?:sh|python|toml)\n(.*?)```", text, re.DOTALL)
            for line in block.splitlines()
        ]

    norwegian = [line for line in commands("tutorial.nb.md") if not line.startswith("export")]
    assert [line.replace("kode", "exit code") for line in norwegian] == commands("tutorial.md")


def test_the_story_has_the_same_commands_in_both_languages() -> None:
    english, norwegian = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("draw.md", "draw.nb.md"))
    assert re.findall(r"```.*?```", norwegian, re.DOTALL) == re.findall(r"```.*?```", english, re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_every_command_of_the_makefile_is_described() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \w+", makefile, re.MULTILINE), target


def test_every_command_is_in_the_reference() -> None:
    from lodd.cli import app
    from lodd.draw_cli import draw

    for language in ("commands.md", "commands.nb.md"):
        page = (ROOT / "docs/reference" / language).read_text(encoding="utf-8")
        for prefix, commands in (("lodd", app), ("lodd draw", draw)):
            for name in commands:
                if not name.startswith("-"):
                    assert f"## `{prefix} {name}`" in page
