"""A simulated trial is drawn through the ledger: it verifies at once, and the report says what that shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lodd
from lodd.errors import LockError
from lodd.examples import new_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("verified") / "klar"
    new_folder(folder, "se-klar")
    study = lodd.open(folder)
    study.simulate(seed=5)
    study.evaluate(strict=True)
    return folder


def report(folder: Path, language: str) -> str:
    lodd.open(folder).report()
    page = (folder / f"results/report.{language}.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", page)


def test_every_lot_is_recomputed(folder: Path) -> None:
    result = lodd.open(folder).verification()
    assert result is not None
    assert result.ok
    assert result.counts["recomputed"] == result.counts["answers"] == 268
    assert lodd.open(folder).participants_agree()


def test_report_states_the_result_and_its_limits(folder: Path) -> None:
    page = report(folder, "en")
    assert "The draw has been verified" in page
    assert "268 of the 268 lots were recomputed" in page
    assert "this is a simulation without any public random value" in page
    assert "Trekningen er kontrollert" in report(folder, "nb")


def test_report_warns_when_a_draw_was_altered(folder: Path) -> None:
    ledger = folder / "ledger.ndjson"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole.replace(b'"arm":"control"', b'"arm":"se-klar"', 1))
    try:
        page = report(folder, "en")
        assert "The draw does not stand up to verification" in page
        assert "The participants are not those of the ledger" in page
    finally:
        ledger.write_bytes(whole)


def test_nothing_to_verify_without_a_ledger(folder: Path, tmp_path: Path) -> None:
    new_folder(tmp_path / "se", "se")
    study = lodd.open(tmp_path / "se")
    assert study.verification() is None
    assert study.participants_agree() is None


def test_simulating_again_keeps_the_lock(folder: Path) -> None:
    before = (folder / "trial.lock.json").read_bytes()
    study = lodd.open(folder)
    study.simulate(seed=6)
    assert (folder / "trial.lock.json").read_bytes() == before
    result = lodd.open(folder).verification()
    assert result is not None
    assert result.ok


def test_no_invented_people_under_a_real_beacon(tmp_path: Path) -> None:
    folder = tmp_path / "se"
    new_folder(folder, "se")
    protocol = folder / "trial.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace('method = "keyed"', 'method = "keyed"\nbeacon = { source = "a", round = "b" }'))
    study = lodd.open(folder)
    study.lock()
    with pytest.raises(LockError, match="real public value"):
        study.simulate()
