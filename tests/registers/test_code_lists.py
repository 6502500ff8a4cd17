"""Conditions on the groups of a code list, as of the day that a record is about."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError, ProtocolError
from lodd.protocol import load_trial, parse_trial, protocol_sha256
from lodd.protocol.canonical import canonical, trial_from_canonical
from lodd.registers import reference_panel
from lodd.registers.reference_versions import RefusedError
from tests.registers.small import ABROAD, PAY, VISITS, notes, panel_of, people_of, table, trial_of, values

DAY = date(2015, 3, 7)
PEOPLE = people_of(a=DAY)
CODES = [
    {"code": "5311", "until": date(2015, 3, 31), "group": "caring", "groups": {"sector": "public"}},
    {"code": "5311", "from": date(2015, 4, 1), "group": "teaching", "groups": {"sector": "public"}},
    {"code": "0219", "from": date(2015, 2, 1), "group": "caring", "groups": {"sector": "private"}},
    {"code": "9999"},
]
WORK = ABROAD | {"file": "work.parquet"}


def trial(register: Any = WORK, unknown: str = "error", **where: Any):
    caring = {"caring": {"list": "occupations", "group": "caring"}}
    outcomes = {
        name: {"register": "work", "measure": {"count": True, "where": {"code": condition}}}
        for name, condition in (where or caring).items()
    }
    return trial_of(
        {"work": register}, outcomes, code_lists={"occupations": {"codes": CODES, "unknown": unknown}}
    )  # months: February to May 2015


def held(declared: Any, rows: pl.DataFrame):
    """The panel, which is also the slow one."""
    panel = panel_of(declared, PEOPLE, work=rows)
    slow = reference_panel(declared, {"work": rows.to_dicts()}, PEOPLE)
    assert panel.frame.select(slow.columns).equals(slow)
    return panel


def test_a_spell_is_of_the_day_that_it_started() -> None:
    rows = table(
        "person_id start stop code",
        ("a", date(2015, 3, 31), None, "5311"),
        ("a", date(2015, 4, 1), None, "5311"),
        ("a", date(2015, 5, 1), None, "0219"),
        ("a", date(2015, 5, 1), None, "9999"),
        ("a", date(2015, 5, 1), None, None),
    )
    several = {
        "caring": {"list": "occupations", "group": "caring"},
        "either": {"list": "occupations", "group": ["caring", "teaching"]},
        "public": {"list": "occupations", "group": "public", "by": "sector"},
    }
    panel = held(trial(**several), rows)
    assert values(panel, "caring") == [0, 1, 1, 2]
    assert values(panel, "either") == [0, 1, 2, 3]
    assert values(panel, "public") == [0, 1, 2, 2]


@pytest.mark.long
def test_an_event_is_of_its_day() -> None:
    rows = table("person_id day code", ("a", date(2015, 3, 31), "5311"), ("a", date(2015, 4, 1), "5311"))
    assert values(held(trial(VISITS | {"file": "work.parquet"}), rows), "caring") == [0, 1, 0, 0]


def test_an_amount_is_of_the_first_day_of_its_month() -> None:
    register = PAY | {"file": "work.parquet"}
    rows = table("person_id month amount code", *(("a", f"2015-{m:02}", 1, "5311") for m in (2, 3, 4, 5)))
    assert values(held(trial(register), rows), "caring") == [1, 1, 0, 0]


@pytest.mark.long
def test_an_amount_of_a_year_is_of_its_first_day() -> None:
    register = PAY | {"file": "work.parquet", "period": "year"}
    rows = table("person_id month amount code", ("a", "2015-07", 1, "5311"))
    assert values(held(trial(register), rows), "caring") == [1, 1, 1, 1]
    late = table("person_id month amount code", ("a", "2015-07", 1, "0219"))
    with pytest.raises(DataError, match=r"0219 2015-01-01"):
        panel_of(trial(register), PEOPLE, work=late)


@pytest.mark.parametrize(
    ("code", "day", "nb", "en"),
    [
        ("0219", date(2015, 1, 31), "0219 i perioden 2015-02-01..", "0219 in the period 2015-02-01.."),
        ("0210", date(2015, 2, 1), "kodene i bruk den dagen, som 0219", "the codes in use on that day, such as 0219"),
    ],
)
def test_a_code_that_the_list_does_not_have_that_day(code: str, day: date, nb: str, en: str) -> None:
    rows = table("person_id start stop code", ("z", day, None, "never"), ("a", day, None, code))
    with pytest.raises(DataError) as caught:
        panel_of(trial(), PEOPLE, work=rows)
    said = caught.value.render("nb"), caught.value.render("en")
    assert f"1 rad (nr. 2: «{code} {day}») har en kode som kodelisten occupations ikke har den dagen" in said[0]
    assert f"1 row (no. 2: «{code} {day}») has a code that the code list occupations does not have" in said[1]
    assert "registers.work" in said[1]
    assert nb in said[0]
    assert en in said[1]
    with pytest.raises(RefusedError):
        reference_panel(trial(), {"work": rows.to_dicts()}, PEOPLE)


def test_unknown_codes_may_be_left_out_and_are_counted() -> None:
    rows = table(
        "person_id start stop code",
        ("a", date(2015, 3, 1), None, "0000"),
        ("a", date(2015, 1, 1), None, "0219"),
        ("a", date(2015, 3, 1), None, "5311"),
        ("a", date(2015, 4, 1), date(2015, 3, 1), "no record"),
    )
    panel = held(trial(unknown="excluded"), rows)
    assert values(panel, "caring") == [0, 1, 1, 1]
    assert notes(panel, "work")["unknown_code:code"] == 2


@pytest.mark.long
def test_codes_of_records_that_do_not_count_need_not_be_known() -> None:
    rows = table("person_id start stop code", ("a", None, None, "x"), ("a", DAY, date(2015, 3, 1), "x"))
    assert values(held(trial(), rows), "caring") == [0, 0, 0, 0]


def test_numbers_are_no_codes() -> None:
    rows = table("person_id start stop code", ("a", DAY, None, 5311))
    with pytest.raises(DataError, match="compares it with text"):
        panel_of(trial(), PEOPLE, work=rows)


# Files and checks -----------------------------------------------------------------------------------------------------

FILE = """code;from;until;label_nb;label_en;group;sector
5311;;2015-03-31;Omsorgsarbeider;;caring;public
0219;2015-02-01;;;;caring;
"""


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    base = (Path(request.config.rootpath) / "tests" / "protocol" / "trial.toml").read_text(encoding="utf-8")
    asks = 'where = { code = { list = "jobs", group = "caring" } }'
    text = base.replace('measure = { sum = "hours", at_least = 4 }', f"measure = {{ any = true, {asks} }}", 1)
    (tmp_path / "trial.toml").write_text(text + '\n[code_lists.jobs]\nfile = "codes.csv"\n', encoding="utf-8")
    (tmp_path / "codes.csv").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_the_codes_of_a_file_are_part_of_the_protocol(folder: Path) -> None:
    trial = load_trial(folder).trial
    first, second = trial.code_lists["jobs"].codes
    assert (first.code, first.until, first.group, first.groups) == (
        "5311", date(2015, 3, 31), "caring", {"sector": "public"},
    )  # fmt: skip
    assert first.label is not None
    assert first.label.en == "Omsorgsarbeider"
    assert (second.code, second.since, second.groups) == ("0219", date(2015, 2, 1), {})
    assert trial_from_canonical(canonical(trial)) == trial
    before = protocol_sha256(trial)
    (folder / "codes.csv").write_text(FILE.replace("0219", "0218"), encoding="utf-8")
    assert protocol_sha256(load_trial(folder).trial) != before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("code;", "kode;", 'codes.csv has no column "code"'),
        ("until;", "from;", 'codes.csv has several columns called "from"'),
        ("0219;2015-02-01", "0219;1.2.2015", 'codes.csv:3: "1.2.2015" is no date'),
        ("0219;2015-02-01", ";2015-02-01", "codes.csv:3: the code is missing"),
        ("caring;\n", "caring\n", "codes.csv:3: too many or too few fields"),
        ("0219;2015-02-01", "5311;2015-03-31", "the code 5311 means two things on one day"),
        ("0219;2015-02-01;;", "0219;2015-02-01;2015-01-01;", "until before from"),
        ("caring", "cooking", 'there is no group "caring"'),
        (FILE.split("\n", 1)[1], "", "codes.csv has no codes"),
        ("caring;\n", '"caring;\n', "cannot be read"),
    ],
)
def test_what_a_file_may_not_say(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "codes.csv").write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(ProtocolError) as caught:
        load_trial(folder)
    assert said in caught.value.render("en")
    assert "trial.toml:" in caught.value.render("nb")


def test_no_file_another_encoding_and_both(folder: Path) -> None:
    (folder / "codes.csv").write_bytes(FILE.replace("Omsorg", "Førskole").encode("latin-1"))
    with pytest.raises(ProtocolError, match="is not UTF-8"):
        load_trial(folder)
    (folder / "codes.csv").unlink()
    with pytest.raises(ProtocolError, match="is not there"):
        load_trial(folder)
    with (folder / "trial.toml").open("a", encoding="utf-8") as file:
        file.write('codes = [{ code = "1" }]\n')
    with pytest.raises(ProtocolError, match='both "file" and "codes"'):
        load_trial(folder)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"list": "occupation", "group": "caring"}, 'no code list "occupation"'),
        ({"list": "occupations", "group": "carring"}, 'Did you mean "caring"?'),
        ({"list": "occupations", "group": "public", "by": "sectors"}, 'no grouping "sectors"'),
    ],
)
def test_what_a_condition_may_not_ask(where: dict[str, str], said: str) -> None:
    from lodd.protocol.checks import check_trial

    findings = check_trial(trial(x=where))
    shown = [text.en for finding in findings for text in (finding.found, finding.next_step) if text is not None]
    assert any(said in text for text in shown)


def test_a_condition_without_a_group_is_refused(folder: Path) -> None:
    text = (folder / "trial.toml").read_text(encoding="utf-8").replace(', group = "caring"', "")
    with pytest.raises(ProtocolError, match='"group" is missing'):
        parse_trial(text.encode())
