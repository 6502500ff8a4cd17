"""Locked before looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lodd.errors import LockError, UsageError
from lodd.protocol import LOCK_FILE, compare, parse_trial, read_lock, write_lock
from lodd.protocol.canonical import sha256
from lodd.protocol.lock import lock_sha256, read_lock_file


def locked(text: str, folder: Path):
    write_lock(parse_trial(text.encode()).trial, folder)
    return read_lock(folder)


def prespecified(text: str, lock):
    return compare(parse_trial(text.encode()).trial, lock)


def test_lock_and_compare(trial, tmp_path: Path) -> None:
    written = write_lock(trial, tmp_path)
    assert read_lock(tmp_path) == written
    result = compare(trial, written)
    assert result.status["status"] == "locked"
    assert result.covers(
        "in_work", "curve", "primary:in_work:1..24:mean", "period:1..12", "family:work", "subgroup:age"
    )
    assert not result.covers("in_work", "primary:in_work:1..12:mean")
    assert not result.covers("unknown", "curve")
    assert result.differences == ()


def test_no_lock_means_exploratory(trial, tmp_path: Path) -> None:
    assert read_lock(tmp_path) is None
    result = compare(trial, None)
    assert result.status["status"] == "unlocked"
    assert not result.covers("in_work", "curve")


def test_never_overwritten(trial, tmp_path: Path) -> None:
    write_lock(trial, tmp_path)
    before = (tmp_path / LOCK_FILE).read_bytes()
    with pytest.raises(LockError, match="locked already"):
        write_lock(trial, tmp_path)
    assert (tmp_path / LOCK_FILE).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [LOCK_FILE]


def test_folder_that_is_not_there(trial, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_lock(trial, tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["not json", "{}", "changed"])
def test_damaged_lock(trial, tmp_path: Path, damage: str) -> None:
    write_lock(trial, tmp_path)
    file = tmp_path / LOCK_FILE
    if damage == "changed":
        content = json.loads(file.read_text())
        content["protocol"]["analysis"]["primary"][0]["months"] = "1..12"
        damage = json.dumps(content)
    file.write_text(damage)
    with pytest.raises(LockError, match="damaged"):
        read_lock(tmp_path)


def test_a_mended_label_breaks_no_promise(base: str, edited, tmp_path: Path) -> None:
    result = prespecified(edited(("A small trial", "A little trial"), ("Coaching", "Guidance")), locked(base, tmp_path))
    assert result.status["status"] == "differs"
    assert result.differences == ("arms.coaching.label.en", "trial.title.en")
    assert result.covers("in_work", "curve")


def test_new_outcome_is_exploratory_and_the_old_ones_are_not(base: str, edited, tmp_path: Path) -> None:
    more = edited(("[analysis]", '[outcomes.new]\nlabel = "x"\nany_of = ["in_work"]\n\n[analysis]'))
    result = prespecified(more, locked(base, tmp_path))
    assert result.covers("in_work", "curve")
    assert not result.covers("new", "curve")


def test_changed_definition_reaches_its_combinations(base: str, edited, tmp_path: Path) -> None:
    result = prespecified(edited(("at_least = 4", "at_least = 3")), locked(base, tmp_path))
    assert result.outcomes == {"hours", "in_programme"}


def test_changed_register_reaches_its_outcomes(base: str, edited, tmp_path: Path) -> None:
    result = prespecified(edited(("jobs.csv", "other.csv")), locked(base, tmp_path))
    assert result.outcomes == {"in_programme"}


@pytest.mark.parametrize(
    "change",
    [
        ('"0.30"', '"0.31"'),
        ("before = 12", "before = 13"),
        ('covariates = ["age",', 'covariates = ["sex",'),
        ("n2", "n3"),
    ],
)
def test_another_trial_or_method_makes_everything_exploratory(change, base: str, edited, tmp_path: Path) -> None:
    assert not prespecified(edited(change), locked(base, tmp_path)).covers("in_work", "curve")


def test_changed_entries_of_the_plan(base: str, edited, tmp_path: Path) -> None:
    lock = locked(base, tmp_path)
    assert not prespecified(edited(('["in_work", "hours"]', '["in_work"]')), lock).covers("in_work", "family:work")
    assert not prespecified(edited(('split = "median"', "split = [40]")), lock).covers("in_work", "subgroup:age")
    moved = prespecified(edited(("margin = 0.03", "margin = 0.05")), lock)
    assert moved.covers("in_work", "primary:in_work:1..24:mean")
    assert not moved.covers("in_work", "margin:in_work:1..24:mean")


def test_the_locks_own_hash_is_of_all_its_parts_and_of_the_file(trial, tmp_path) -> None:
    write_lock(trial, tmp_path)
    lock = read_lock_file(tmp_path / LOCK_FILE)
    assert lock_sha256(lock) == sha256(json.loads((tmp_path / LOCK_FILE).read_text()))
    changed = [replace(lock, commitments={"draw": "00"}), replace(lock, beacon={"source": "lottery", "round": "1"})]
    assert len({lock_sha256(lock), *map(lock_sha256, changed)}) == 3


def test_a_lock_file_that_is_not_there_is_said_so(tmp_path) -> None:
    with pytest.raises(LockError, match="cannot be read"):
        read_lock_file(tmp_path / "no.json")
