"""`lodd power`, as a user runs it: before the trial, after it, and with too little to go by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lodd
import lodd.cli
import lodd.power_cli
from lodd.examples import new_folder

ASSUMED = ("--assume", "in_work:mean=0.4,r2=0.3")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lodd.cli, lodd.power_cli):
        monkeypatch.setattr(module, "_LANGUAGE", "en")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main([str(argument) for argument in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture(scope="module")
def klar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("power") / "klar"
    new_folder(folder, "se-klar")
    return folder


def planning(folder: Path, written: str) -> None:
    """Declare what an outcome is expected to be."""
    protocol = folder / "trial.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("[outcomes.in_work]\n", f"[outcomes.in_work]\n{written}\n"), encoding="utf-8")


def test_before_the_trial(klar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("power", klar, *ASSUMED, "--people", 268, "--people", 1000, "--simulations", 100) == 0
    seen = capsys.readouterr().out
    assert "In work, months 1..36" in seen
    assert "80% power for" in seen
    assert "1,000" in seen
    assert "Equivalence (±5.00" in seen
    assert "covariates explain 30% of the variance; source: given here" in seen
    for language, words in (("nb", "blir ofte oversett"), ("en", "will often be missed")):
        page = (klar / f"results/power.{language}.html").read_text(encoding="utf-8")
        assert words in page
        assert page.count('<figure id="fig-power-1"') == 1
        assert f'href="power.{"en" if language == "nb" else "nb"}.html"' in page


def test_for_scripts(klar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("power", klar, *ASSUMED, "--simulations", 0, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "planned"
    eighty, ninety = said["power"]
    assert (eighty["people"], eighty["power"], ninety["power"]) == (268, 0.8, 0.9)
    assert 0.1 < eighty["smallest"] < ninety["smallest"] < 0.25
    assert eighty["smallest_simulated"] is None


def test_what_the_protocol_declares_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_folder(tmp_path / "klar", "se-klar")
    before = lodd.open(tmp_path / "klar").protocol_sha256
    planning(tmp_path / "klar", "planning = { mean = 0.4, sd = 0.41 }")
    assert lodd.open(tmp_path / "klar").protocol_sha256 != before
    assert run("power", tmp_path / "klar", "--simulations", 0, "--json") == 0
    row = json.loads(capsys.readouterr().out)["power"][0]
    assert (row["mean"], row["sd"], row["basis"]) == (0.4, 0.41, "declared")


@pytest.mark.parametrize("written", ["planning = { sd = 0 }", "planning = { r2 = 1 }", "planning = { spread = 1 }"])
def test_planning_that_cannot_be_is_refused_by_line(
    tmp_path: Path, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    new_folder(tmp_path / "klar", "se-klar")
    planning(tmp_path / "klar", written)
    assert run("check", tmp_path / "klar") == 3
    assert "trial.toml:" in capsys.readouterr().err


def test_unknown_spread_is_said_with_the_way_out(klar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("power", klar) == 4
    said = capsys.readouterr().err
    assert "it is not known how much the outcome varies: in_work" in said
    assert "planning = { mean = 0.3, sd = 0.4, r2 = 0.2 }" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--outcome", "happiness"), "not a primary outcome: happiness"),
        (("--people", "3"), "from 20 to 200000"),
        (("--simulations", "-1"), "from 0 to 100000"),
        (("--assume", "in_work:mean=lots"), 'cannot read "in_work:mean=lots"'),
        (("--assume", "in_work:mean=4"), "the outcome cannot vary like this"),
    ],
)
def test_what_cannot_be_is_refused(
    klar: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("power", klar, *([] if "--assume" in arguments else ASSUMED), *arguments) == 2
    assert said in capsys.readouterr().err


def test_how_many_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_folder(tmp_path / "se", "se")
    (tmp_path / "se/simulation.toml").unlink()
    assumed = (*ASSUMED, "--assume", "in_work_without_benefit:mean=0.2", "--simulations", 0, "--json")
    assert run("power", tmp_path / "se", *assumed) == 4
    assert "--people 1000" in capsys.readouterr().err
    assert run("power", tmp_path / "se", *assumed, "--people", 500) == 0


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_folder(tmp_path / "klar", "se-klar")
    (tmp_path / "klar/results").write_text("in the way")
    assert run("power", tmp_path / "klar", *ASSUMED, "--simulations", 0) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_after_the_trial_the_precision_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """NSW: 1,794 dollars with a standard error of 671: 80 % power for 2.8 standard errors, whatever was found."""
    new_folder(tmp_path / "nsw", "nsw")
    lodd.open(tmp_path / "nsw").evaluate(draws=199)
    assert run("power", tmp_path / "nsw") == 0
    seen = capsys.readouterr().out
    assert "Precision reached" in seen
    assert "nothing about what was found" in seen
    assert "1,794" not in seen
    assert "observed power" not in seen.lower()
    assert run("power", tmp_path / "nsw", "--json") == 0
    row = json.loads(capsys.readouterr().out)["precision"][0]
    assert row["smallest_80"] == pytest.approx(2.80 * row["std_error"], rel=0.01)
    assert "estimate" not in row
    assert run("power", tmp_path / "nsw", "--planned") == 4  # nothing is known of the months before


def test_results_of_another_protocol_are_not_used(tmp_path: Path) -> None:
    from lodd.errors import DataError

    new_folder(tmp_path / "nsw", "nsw")
    study = lodd.open(tmp_path / "nsw")
    study.evaluate(draws=199)
    protocol = tmp_path / "nsw/trial.toml"
    protocol.write_text(protocol.read_text(encoding="utf-8").replace("6..17", "6..16"), encoding="utf-8")
    with pytest.raises(DataError) as error:
        lodd.open(tmp_path / "nsw").precision()
    assert "lodd evaluate" in error.value.problems[0].render("en")
