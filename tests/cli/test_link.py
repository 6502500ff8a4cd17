"""`lodd link` as a data steward runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import lodd.cli
import lodd.link_cli
from lodd.identity import Slip, generate_keys, synthetic_number
from lodd.link_cli import REASONS
from lodd.registers.linking import REASONS as CODES


def run(*words: Any) -> int:
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main(["link", *map(str, words)])
    return int(exit_.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generate_keys(tmp_path / "keys", setting="test")
    numbers = [synthetic_number(i).digits() for i in (0, 1, 1, 2)]
    partners = [synthetic_number(i).digits() for i in (5, 6, 7)]
    frame = pl.DataFrame({"FNR": [*numbers, "1"], "spouse": [*partners, "", ""], "note": "n", "hours": range(5)})
    frame.write_csv(tmp_path / "jobs.csv", separator="\t")
    return tmp_path


def test_from_numbers_to_pseudonyms(folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lodd.link_cli, "_LANGUAGE", "en")
    words = (folder / "jobs.csv", "--keys", folder / "keys")
    also = ("--also", "spouse=spouse_id", "--drop", "note", "--delimiter", "tab")
    assert run(*words, "--out", folder / "all", *also) == 0
    seen = capsys.readouterr()
    assert "jobs.csv: 4 of 5 rows are linked, 3 people." in seen.out
    assert "Left out: too few digits 1." in seen.out
    assert "spouse: 2 rows without a valid number" in seen.out
    assert "Linking jobs.csv" in seen.err
    table = pl.read_csv(folder / "all/jobs.csv", separator="\t")
    assert table.columns == ["person_id", "spouse_id", "hours"]
    table.head(1).with_columns(arm=pl.lit("se")).write_parquet(folder / "participants.parquet")
    cohort = ("--cohort", folder / "participants.parquet")
    assert run(*words, "--out", folder / "some", *also, *cohort, "--json") == 0
    (extract,) = json.loads(capsys.readouterr().out)["extracts"]
    assert (extract["linked"], extract["left_out"]) == (1, {"unmatched": 3, "too_short": 1})


def test_in_norwegian_and_what_to_do_next(folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lodd.link_cli, "_LANGUAGE", "nb")
    pl.DataFrame({"person_id": ["a", "b"]}).write_parquet(folder / "p.parquet")
    words = (folder / "jobs.csv", "--keys", folder / "keys", "--out", folder / "out", "--drop", "spouse")
    assert run(*words, "--cohort", folder / "p.parquet") == 0
    seen = capsys.readouterr().out
    assert "0 av 5 rader er koblet, 0 personer" in seen
    assert "Utelatt: ikke blant de trukne 4 og for få sifre 1." in seen
    assert "2 av de trukne er ikke i uttrekket" in seen
    assert "registers/ i forsøksmappen; *.left-out.csv har radene som er utelatt" in seen


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--also", "spouse"), 2),
        (("--delimiter", "ab"), 2),
        (("--cohort", "nothing.parquet"), 4),
        (("--number", "x"), 4),
        ((), 4),  # the spouses' numbers
    ],
)
def test_mistakes(folder: Path, words: tuple[str, ...], code: int, capsys: Any) -> None:
    assert run(folder / "jobs.csv", "--keys", folder / "keys", "--out", folder / "out", *words) == code
    assert "Traceback" not in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_every_reason_has_words() -> None:
    assert set(CODES) - set(REASONS) == {"", "real_in_test", "synthetic_in_production", "not_drawable"}
    assert set(REASONS) <= {*Slip.__args__, "unmatched"}
