"""`lodd check` on ten broken protocols: the messages as a user sees them, in both languages.

The stored text is written again with LODD_UPDATE_SNAPSHOTS=1, and then read with one's own eyes in the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import lodd.cli
from lodd.locale import LANGUAGES, Language

BASE = Path(__file__).parents[1] / "protocol" / "trial.toml"
SNAPSHOTS = Path(__file__).parent / "snapshots"
JOBS = 'until = 2022-12-31 }\nstart = "start"\nstop = "stop"\ncolumns'
BROKEN = {
    "a misspelt key": [("covariates", "covariats")],
    "a gap and an overlap in the schedule": [
        ("until = 2020-06-30", "until = 2020-06-15"),
        ('{ site = "south", from = 2020-01-01,', '{ site = "south", from = 2020-01-01, until = 2020-12-31,'),
        ("},\n]", '},\n  { site = "south", from = 2020-12-01, probability = { coaching = "0.1", subsidy = "0.1" } }]'),
    ],
    "a probability above one and one written as a float": [('"0.40"', '"1.40"'), ('"0.30"', "0.30")],
    "probabilities above one together": [('"0.40"', '"0.95"')],
    "an outcome of an unknown register": [('register = "jobs"', 'register = "employment"')],
    "outcomes in a circle": [
        ('all_of = ["in_work"]', 'all_of = ["busy"]'),
        ("[analysis]", '[outcomes.busy]\nlabel = "Busy"\nany_of = ["in_work_alone"]\n\n[analysis]'),
    ],
    "a family, a primary and a subgroup of unknown outcomes": [
        ('outcomes = ["in_work", "hours"]', 'outcomes = ["in_work", "ours"]'),
        ('outcome = "in_work"', 'outcome = "at_work"'),
        ('by = "age"', 'by = "wages@-12..-1"'),
    ],
    "months outside the window": [('months = "1..24"', 'months = "1..48"')],
    "a summary that nobody can complete": [(JOBS, JOBS.replace("2022-12-31", "2021-06-30"))],
    "not TOML": [('id = "small"', 'id = "small')],
}


def broken(edits: list[tuple[str, str]]) -> str:
    text = BASE.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def seen_by_user(folder: Path, language: Language, monkeypatch, capsys) -> str:
    monkeypatch.setattr(lodd.cli, "_LANGUAGE", language)
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main(["check", str(folder)])
    return f"{capsys.readouterr().err}(exit code {exit_.value.code})\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages(language: Language, tmp_path: Path, monkeypatch, capsys) -> None:
    seen = ""
    for name, edits in BROKEN.items():
        (tmp_path / "trial.toml").write_text(broken(edits), encoding="utf-8")
        seen += f"## {name}\n{seen_by_user(tmp_path, language, monkeypatch, capsys)}\n"
    stored = SNAPSHOTS / f"check.{language}.txt"
    if os.environ.get("LODD_UPDATE_SNAPSHOTS"):
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(seen, encoding="utf-8")
    assert seen == stored.read_text(encoding="utf-8")
    assert seen.count("(exit code 3)") == len(BROKEN)
    assert "Traceback" not in seen
