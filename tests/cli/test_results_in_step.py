"""The report is of the protocol, the people and the extracts as they are; a broken-off simulation is not used."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import lodd
from lodd.errors import DataError
from lodd.evaluation import read_results
from lodd.examples import new_folder


@pytest.fixture
def nsw(tmp_path: Path) -> Path:
    new_folder(tmp_path / "nsw", "nsw")
    lodd.open(tmp_path / "nsw").evaluate()
    return tmp_path / "nsw"


def made(folder: Path) -> float:
    """When the results on disk were made."""
    return (folder / "results/results.json").stat().st_mtime_ns


def test_results_in_step_are_kept(nsw: Path) -> None:
    before = made(nsw)
    lodd.open(nsw).lock()  # after the results were seen: they stay results without a lock
    lodd.open(nsw).report()
    assert made(nsw) == before
    assert read_results(nsw).lock["status"] == "unlocked"


def test_a_changed_protocol_is_evaluated_anew(nsw: Path) -> None:
    protocol = nsw / "trial.toml"
    text = protocol.read_text(encoding="utf-8").replace('months = "6..17"\nsummary = "mean"', 'months = "6..11"')
    protocol.write_text(text, encoding="utf-8")
    lodd.open(nsw).report()
    shown = read_results(nsw).estimates.filter(role="primary", outcome="any_earnings")
    assert set(shown["months"]) == {"6..11"}


def test_a_margin_set_after_the_lock_is_said_to_be(nsw: Path) -> None:
    lodd.open(nsw).lock()
    protocol = nsw / "trial.toml"
    text = protocol.read_text(encoding="utf-8").replace('summary = "sum"', 'summary = "sum"\nmargin = 500', 1)
    protocol.write_text(text, encoding="utf-8")
    lodd.open(nsw).report()
    assert "The margin is not in the locked plan" in (nsw / "results/report.en.html").read_text(encoding="utf-8")
    assert "Marginen står ikke i den låste planen" in (nsw / "results/report.nb.html").read_text(encoding="utf-8")


def test_changed_participants_are_evaluated_anew(nsw: Path) -> None:
    file = nsw / "participants.parquet"
    frame = pl.read_parquet(file)
    swap = {"control": "supported_work", "supported_work": "control"}
    frame.with_columns(pl.col("arm").replace(swap)).write_parquet(file)
    lodd.open(nsw).report()
    row = read_results(nsw).estimates.filter(role="primary", outcome="earnings", adjusted=False).to_dicts()[0]
    assert round(row["estimate"]) == -1794


def test_a_changed_extract_is_evaluated_anew(nsw: Path) -> None:
    before = made(nsw)
    file = nsw / "registers/earnings_after.parquet"
    pl.read_parquet(file).with_columns(pl.lit(0.0).alias("amount")).write_parquet(file)
    lodd.open(nsw).report()
    assert made(nsw) != before


def test_a_simulation_that_was_broken_off_is_refused_and_made_again(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "klar"
    new_folder(folder, "se-klar")
    move = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        moved = move(self, target)
        if target.name == "participants.parquet":
            raise KeyboardInterrupt
        return moved

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            lodd.open(folder).simulate()
    with pytest.raises(DataError) as caught:
        lodd.open(folder).evaluate()
    assert "was interrupted" in caught.value.render("en")
    assert "ble avbrutt" in caught.value.render("nb")
    lodd.open(folder).simulate()
    assert len(lodd.open(folder).participants) == 268
