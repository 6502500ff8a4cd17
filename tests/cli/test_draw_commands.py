"""`lodd draw` as its users run it: what it answers and what it refuses. The whole story is docs/draw.md."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import lodd
import lodd.cli
import lodd.draw_cli
import lodd.outage_cli
from lodd.identity import synthetic_number

PROTOCOL = """
[trial]
id = "small"
title = "Small"
arms = ["control", "coaching"]
[arms.control]
label = { nb = "Kontroll", en = "Control" }
[arms.coaching]
label = { nb = "Veiledning", en = "Coaching" }
[enrolment]
opens = 2020-01-01
closes = 2099-12-31
[sites.north]
label = "North"
offices = [{ id = "n1", label = "One" }]
[draw]
method = "keyed"
schedule = [{ site = "north", from = 2020-01-01, probability = { coaching = "0.40" } }]
beacon = { source = "lottery", round = "Saturday" }
[analysis]
window = { before = 0, after = 1 }
"""


@pytest.fixture(autouse=True)
def english(monkeypatch) -> None:
    for module in (lodd.cli, lodd.draw_cli, lodd.outage_cli):
        monkeypatch.setattr(module, "_LANGUAGE", "en")


@pytest.fixture
def run(monkeypatch, capsys):
    """Exit code, output and errors of a command, with these lines on standard input."""

    def command(*arguments: object, lines: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        with pytest.raises(SystemExit) as exit_:
            lodd.cli.main([str(argument) for argument in arguments])
        seen = capsys.readouterr()
        return int(exit_.value.code or 0), seen.out, seen.err

    return command


@pytest.fixture
def opened(tmp_path: Path, run) -> list[object]:
    """A trial with keys, lock and beacon; gives the options that every command of it takes."""
    folder, keys = tmp_path / "small", tmp_path / "keys"
    folder.mkdir()
    (folder / "trial.toml").write_text(PROTOCOL, encoding="utf-8")
    assert run("draw", "keygen", keys, "--test")[0] == 0
    assert run("lock", folder, "--keys", keys)[0] == 0
    options = ["--folder", folder, "--keys", keys]
    assert run("draw", "beacon", "anna", "bjorn", *options, lines="1 2 3\n1 2 3\n")[0] == 0
    assert run("draw", "role", "olga", "--role", "operator", "--by", "anna", *options)[0] == 0
    return options


def number(index: int) -> str:
    return synthetic_number(index).digits()


def test_same_answer_again_and_its_receipt(run, opened) -> None:
    code, out, _ = run("draw", "person", "n1", "--by", "olga", "--json", *opened, lines=number(1))
    first = json.loads(out)
    assert code == 0
    again = json.loads(run("draw", "person", "n1", "--by", "olga", "--json", *opened, lines=number(1))[1])
    assert (again["arm"], again["receipt"], first["first"], again["first"]) == (
        first["arm"],
        first["receipt"],
        True,
        False,
    )
    assert run("draw", "receipt", first["receipt"], *opened[:2])[0] == 0
    assert run("draw", "receipt", "AAAA-AAAA-AAAA-AAAA", *opened[:2])[0] == 6


def test_refused(run, opened) -> None:
    person = ["draw", "person", "n1", "--by"]
    assert run(*person, "stranger", *opened, lines=number(1))[0] == 4
    code, _, said = run(*person, "olga", *opened, lines=number(1)[:-1])
    assert code == 4
    assert number(1)[:6] not in said
    assert run("draw", "person", "nowhere", "--by", "olga", *opened, lines=number(1))[0] == 4
    assert run("draw", "reveal", opened[1] / "out.key", *opened)[0] == 2
    assert run("draw", "beacon", "anna", "bjorn", *opened, lines="1\n2\n")[0] == 4
    bad = ["draw", "amend", "north", "--from", "2030-01-01", "--proposed-by", "anna", "--approved-by", "bjorn"]
    bad += ["--beacon-source", "x", "--beacon-round", "y", *opened]
    assert run(*bad, "--probability", "coaching")[0] == 2
    assert run(*bad, "--probability", "coaching=1.5")[0] == 2
    assert not (opened[1] / "out.key").exists()


def test_more_of_the_daily_work(run, opened) -> None:
    assert run("draw", "person", "n1", "--by", "olga", *opened, lines=number(1))[0] == 0
    assert run("draw", "same-person", "--by", "olga", *opened, lines=f"{number(1)}\n{number(2)}\n")[0] == 0
    assert "drawn earlier" in run("draw", "person", "n1", "--by", "olga", *opened, lines=number(2))[1]
    assert run("draw", "note-error", "3", "ineligible", "--by", "olga", *opened, lines="told us later\n")[0] == 0
    assert run("draw", "withdraw", "--by", "olga", *opened, lines=number(1))[0] == 0
    assert run("draw", "repair", *opened[:2])[1].startswith("The ledger is whole")
    with (opened[1] / "ledger.ndjson").open("ab") as ledger:
        ledger.write(b'{"torn')
    assert "torn line is now in" in run("draw", "repair", *opened[:2])[1]
    code, out, _ = run("draw", "verify", opened[1] / "ledger.ndjson", "--lock", opened[1] / "trial.lock.json", "--json")
    assert code == 0
    assert json.loads(out)["counts"]["withdrawal"] == 1


def test_slips(run, opened, tmp_path: Path) -> None:
    sheet = tmp_path / "slips.html"
    issue = ["draw", "outage-list", "n1", "--count", "3", "--out", sheet, "--by", "olga", *opened]
    assert run(*issue)[0] == 0
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert run(*issue)[0] == 2
    list_id = next(event.payload.list_id for event in read(opened[1]) if event.payload.type == "outage_issued")
    back = ["draw", "outage-return", list_id, "--by", "olga", *opened]
    assert run(*back, lines="1;x\n")[0] == 2
    assert run(*back, lines=f"1;{number(5)};2026-01-01T10:00\n")[0] == 2
    code, out, said = run(*back, "--void-unused", lines=f"2;{number(5)};1999-01-01T10:00+02:00\n")
    assert code == 4
    assert "Slip 2 is not recorded" in out
    assert "Slips unused: 1 and 3" in out  # the second was opened: it is not voided until somebody has looked
    assert said
    assert run("draw", "close", "--by", "anna", *opened)[0] == 4
    void = ["draw", "outage-void", list_id, "2", "--reason", "opened_out_of_period", "--by", "olga", *opened]
    assert run(*void)[0] == 0
    assert run(*void)[0] == 4
    assert run("draw", "close", "--by", "anna", *opened)[0] == 0


def test_no_identity_number_is_repeated(run, opened, tmp_path: Path) -> None:
    """Somebody puts it where the slip's number belongs, or in every place."""
    run("draw", "outage-list", "n1", "--count", "3", "--out", tmp_path / "s.html", "--by", "olga", *opened)
    list_id = next(event.payload.list_id for event in read(opened[1]) if event.payload.type == "outage_issued")
    secret = number(5)
    for line in (f"{secret};{secret};2026-01-01T10:00+01:00", f"{secret};1;2026-01-01T10:00+01:00", f"1;2;{secret}"):
        code, out, said = run("draw", "outage-return", list_id, "--by", "olga", *opened, lines=line)
        assert code in (2, 4)
        assert secret not in out + said
        assert str(int(secret)) not in out + said


@pytest.mark.parametrize(
    "arguments",
    [
        ["person", "{}", "--by", "olga"],
        ["person", "n1", "--by", "{}"],
        ["note-error", "{}", "ineligible", "--by", "olga"],
        ["role", "{}", "--role", "operator", "--by", "anna"],
        ["role", "x", "--role", "operator", "--by", "anna", "--office", "{}"],
        ["outage-return", "{}", "--by", "olga"],
        ["outage-list", "{}", "--by", "olga", "--out", "never.html"],
        [
            "amend",
            "{}",
            "--from",
            "2030-01-01",
            "--probability",
            "coaching=0.3",
            "--proposed-by",
            "anna",
            "--approved-by",
            "bjorn",
            "--beacon-source",
            "x",
            "--beacon-round",
            "y",
        ],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_an_identity_number_in_the_wrong_place_is_not_repeated(run, opened, arguments: list[str]) -> None:
    secret = number(1)
    code, out, said = run("draw", *(a.replace("{}", secret) for a in arguments), *opened, lines=secret)
    assert code in (2, 4)
    assert secret not in out + said


def test_slips_that_cannot_be_printed_are_not_drawn(run, opened, tmp_path: Path) -> None:
    issue = ["draw", "outage-list", "n1", "--by", "olga", *opened, "--out"]
    code, _, said = run(*issue, tmp_path / "nowhere" / "slips.html")
    assert code == 2
    assert "cannot write" in said
    assert run(*issue, tmp_path / "slips.html", "--from", "2019-01-01")[0] == 4
    assert not (tmp_path / "slips.html").exists()
    assert not any(event.payload.type == "outage_issued" for event in read(opened[1]))


def test_no_other_trials_key_is_revealed(run, opened, tmp_path: Path) -> None:
    """The other trial may still be drawing: whoever has its key foresees its lots."""
    assert run("draw", "close", "--by", "anna", *opened)[0] == 0
    assert run("draw", "keygen", tmp_path / "other", "--test")[0] == 0
    out = tmp_path / "out.key"
    code, _, said = run("draw", "reveal", out, *opened[:2], "--keys", tmp_path / "other")
    assert code == 5
    assert "it was not revealed" in said
    assert not out.exists()
    assert run("draw", "reveal", out, *opened)[0] == 0


def read(folder: Path):
    from lodd.allocation import read_ledger

    return read_ledger(folder / "ledger.ndjson")


def test_keys_need_a_beacon(run, tmp_path: Path) -> None:
    (tmp_path / "trial.toml").write_text(PROTOCOL.replace('beacon = { source = "lottery", round = "Saturday" }\n', ""))
    assert run("draw", "keygen", tmp_path / "keys", "--test", "--split")[0] == 0
    code, _, said = run("lock", tmp_path, "--keys", tmp_path / "keys")
    assert code == 3
    assert "no future public value" in said
    assert run("draw", "person", "n1", "--by", "x", "--folder", tmp_path, "--keys", tmp_path / "keys")[0] == 5


def test_a_batch(run, opened, tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    start, end = PROTOCOL.index("schedule ="), PROTOCOL.index("beacon =")
    text = (PROTOCOL[:start] + PROTOCOL[end:]).replace('"keyed"', '"complete"\nstrata = ["batch"]')
    (folder / "trial.toml").write_text(text, encoding="utf-8")
    keys = opened[3]
    options = ["--folder", folder, "--keys", keys]
    assert run("lock", folder, "--keys", keys)[0] == 0
    assert run("draw", "beacon", "anna", "bjorn", *options, lines="1\n1\n")[0] == 0
    assert run("draw", "role", "olga", "--role", "operator", "--by", "anna", *options)[0] == 0
    nominate = ["draw", "nominate", "b1", "--by", "olga", "--beacon-source", "lottery", "--beacon-round", "Sunday"]
    people = "\n".join(number(i) for i in range(3))
    assert run(*nominate, "--number", "control=x", *options, lines=people)[0] == 2
    assert run(*nominate, "--number", "control=1", "--number", "coaching=2", *options, lines=people)[0] == 0
    assert run("draw", "beacon", "anna", "bjorn", "--batch", "b1", *options, lines="9\n9\n")[0] == 0
    arms = [
        json.loads(run("draw", "person", "n1", "--by", "olga", "--json", *options, lines=number(i))[1])["arm"]
        for i in range(3)
    ]
    assert sorted(arms) == ["coaching", "coaching", "control"]
