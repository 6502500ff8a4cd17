"""`assurance.toml` read: every mistake has its line, and records that no panel can be built from name their case."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lodd.errors import DataError, ProtocolError
from lodd.locale import LANGUAGES
from lodd.registers.assurance import parse_assurance, parse_month
from lodd.registers.assuring import assure
from tests.registers.small import DEATHS, IN_WORK, JOBS, PAY, trial_of

TRIAL = trial_of(
    {"jobs": JOBS, "pay": PAY | {"period": "year"}, "deaths": DEATHS},
    {
        "in_work": {"register": "jobs"} | IN_WORK,
        "pay": {"register": "pay", "measure": {"sum": "amount"}},
        "idle": {"none_of": ["in_work"]},
    },
    population={"deaths": "deaths"},
)
JOB = "records.jobs = [{ start = 2015-01-01, hours = 4.5 }]\n"


def holds(text: str) -> list[bool]:
    return [each.holds for each in assure(TRIAL, parse_assurance(TRIAL, text.encode()))]


def case(*lines: str) -> str:
    return '[[case]]\nsays = "one"\n' + "\n".join(lines) + "\n"


SAID = {
    case(JOB, "expect.in_work = { 2014-12 = 'missing', '2015-01..2015-03' = 1 }"): [True] * 4,
    case("drawn_at = 2015-02-01", JOB, "expect.in_work = { -1 = 0, '0..1' = 1, '+2' = 1 }"): [False, True, True, True],
    case("records.pay = [{ month = 2015-03-01, amount = 100 }]", "expect.pay = { 2015-02 = 8.333333 }"): [True],
    case("records.pay = [{ month = 2015-03-01, amount = 100 }]", "expect.pay = { 2015-02 = 8.333 }"): [False],
    case("expect.idle = { 2015-02 = 1, 2015-03 = 'missing' }"): [True, False],
    case("facts = { age = 40, name = 'x', share = 0.5 }", "expect.pay = { 2015-02 = 0, 2015-03 = 1 }"): [True, False],
}


def test_values_months_and_ranges() -> None:
    """All in one file: each case is a person of its own."""
    assert holds("".join(SAID)) == [value for values in SAID.values() for value in values]


WRONG = {
    "not TOML": ("[[case]\n", "assurance.toml:1", "not valid TOML"),
    "no cases": ("", "assurance.toml:1", ""),
    "a misspelt key": (case("expects.in_work = { 2015-03 = 1 }"), "assurance.toml:3", "expect"),
    "an unknown register": (case("records.job = []", "expect.in_work = { 1 = 1 }"), "assurance.toml:3", '"jobs"'),
    "an unknown column": (
        case("records.jobs = [{ start = 2015-01-01, hour = 1 }]", "expect.in_work = { 2015-03 = 1 }"),
        "assurance.toml:3 case[0].records.jobs[0].hour",
        'Did you mean "hours"?',
    ),
    "a person": (case("records.jobs = [{ person_id = 'a' }]", "expect.in_work = { 2015-03 = 1 }"), ":3", "one person"),
    "values of two kinds": (
        case("records.jobs = [{ hours = 1 }, { hours = '2' }]", "expect.in_work = { 2015-03 = 1 }"),
        "assurance.toml:3",
        "of different kinds",
    ),
    "an unknown outcome": (case("expect.in_wrk = { 2015-03 = 1 }"), "assurance.toml:3", 'Did you mean "in_work"?'),
    "no month": (case("", "expect.in_work = { 2015-13 = 1 }"), "assurance.toml:4", '"2015-13" is no month'),
    "backwards": (case("expect.in_work = { '2015-04..2015-03' = 1 }"), "assurance.toml:3", "is no month"),
    "from an unknown draw": (case("expect.in_work = { 3 = 1 }"), "assurance.toml:3", "Give drawn_at"),
    "half in work": (case("expect.in_work = { 2015-03 = 0.5 }"), "assurance.toml:3", "is never 0.5"),
    "another word": (case("expect.pay = { 2015-03 = 'none' }"), "assurance.toml:3", ""),
}


@pytest.mark.parametrize(("text", "where", "words"), WRONG.values(), ids=WRONG)
def test_mistakes(text: str, where: str, words: str) -> None:
    with pytest.raises(ProtocolError) as error:
        parse_assurance(TRIAL, text.encode())
    assert where in str(error.value)
    assert words in str(error.value)
    for problem in error.value.problems:
        assert all(problem.render(language) for language in LANGUAGES)


def test_records_that_no_panel_can_be_built_from() -> None:
    fine = case(JOB, "expect.in_work = { 2015-02 = 1 }")
    broken = case("records.jobs = [{ start = 2015-01-01 }]", "expect.in_work = { 2015-02 = 1 }")
    with pytest.raises(DataError, match=r"assurance\.toml, case 2 \(one\): registers\.jobs"):
        holds(fine + broken)


@pytest.mark.parametrize(
    ("written", "drawn_at", "month"),
    [("2015-03", None, 24182), ("3", date(2015, 1, 5), 24183), ("-1", date(2015, 1, 5), 24179),
     ("3", None, None), ("March", date(2015, 1, 5), None), ("2015-00", None, None)],
)  # fmt: skip
def test_months(written: str, drawn_at: Any, month: Any) -> None:
    assert parse_month(written, drawn_at) == month


def test_first_times_are_looked_for_from_before_the_months_that_are_asked_about() -> None:
    outcomes = {"job": {"register": "jobs", "measure": {"any": True}}, "first": {"first_of": "job", "from": -2}}
    trial = trial_of({"jobs": JOBS}, outcomes, window=(2, 3))
    jobs = "records.jobs = [{ start = 2015-02-01, stop = 2015-02-02 }, { start = 2015-06-01, stop = 2015-06-02 }]"
    text = case("drawn_at = 2015-03-10", jobs.replace(" }", ", hours = 1 }"), "expect.first = { 2015-06 = 0 }")
    (tested,) = assure(trial, parse_assurance(trial, text.encode()))
    assert tested.holds
