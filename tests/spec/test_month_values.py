"""What a month's value means: records in, values out.

Each case is one person (drawn in March 2015, followed from January to May) with the records written out, the outcome,
and its value in each of the five months. `.` is a missing value. The fast panel and the reference both give it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl
import pytest

from lodd.registers import build_panel_from, reference_panel
from tests.registers.small import ABROAD, COVERS, DEATHS, JOBS, PAY, VISITS, people_of, table, trial_of, values


class Case(NamedTuple):
    says: str
    register: dict[str, Any]
    columns: str
    records: list[tuple[Any, ...]]
    outcome: dict[str, Any]
    expected: str


def on(text: str) -> date:
    """ "0301" is 1 March 2015; "160301" is 1 March 2016."""
    year, day = (2000 + int(text[:2]), text[2:]) if len(text) == 6 else (2015, text)
    return date(year, int(day[:2]), int(day[2:]))


ENDLESS = date(9999, 12, 31)
EMPLOYERS = {"merge": {"by": ["employer"], "overlap": "latest"}}
IN_WORK = {"measure": {"sum": "hours", "at_least": 4}}
HOURS = {"measure": {"sum": "hours"}}
ANY = {"measure": {"any": True}}
COUNT = {"measure": {"count": True}}

JOB = "start stop employer hours"
CASES = [
    Case(
        "3 hours early in the month and 2 in another job late are never 5",
        EMPLOYERS, JOB,
        [(on("0301"), on("0310"), "x", 3.0), (on("0320"), on("0331"), "y", 2.0)],
        {"measure": {"sum": "hours", "at_least": 5}}, "0 0 0 0 0",
    ),
    Case(
        "3 hours and 2 on the same days are 5",
        EMPLOYERS, JOB,
        [(on("0301"), on("0310"), "x", 3.0), (on("0310"), on("0331"), "y", 2.0)],
        {"measure": {"sum": "hours", "at_least": 5}}, "0 0 1 0 0",
    ),
    Case(
        "a change of job is never 75 hours",
        EMPLOYERS, JOB,
        [(on("0101"), on("0315"), "x", 37.5), (on("0316"), None, "y", 37.5)],
        HOURS | {"counts": "any day"}, "37.5 37.5 37.5 37.5 37.5",
    ),
    Case(
        "the same employer twice is one relationship, with the value of the record that started last",
        EMPLOYERS, JOB,
        [(on("0101"), None, "x", 30.0), (on("0310"), on("0420"), "x", 20.0)],
        HOURS, "30 30 20 20 30",
    ),
    Case(
        "... or the sum, if so declared",
        {"merge": {"by": ["employer"], "overlap": "sum"}}, JOB,
        [(on("0101"), None, "x", 30.0), (on("0310"), on("0420"), "x", 20.0)],
        HOURS, "30 30 50 50 30",
    ),
    Case(
        "... or the largest",
        {"merge": {"by": ["employer"], "overlap": "max"}}, JOB,
        [(on("0101"), None, "x", 30.0), (on("0310"), on("0420"), "x", 20.0)],
        HOURS, "30 30 30 30 30",
    ),
    Case(
        "two employers are two relationships; two records of one employer are one",
        EMPLOYERS, JOB,
        [(on("0101"), on("0228"), "x", 9.0), (on("0201"), on("0315"), "x", 9.0), (on("0301"), on("0301"), "y", 9.0)],
        COUNT, "1 1 2 0 0",
    ),
    Case(
        "a record that names no employer is a relationship of its own",
        EMPLOYERS, JOB,
        [(on("0101"), on("0131"), None, 9.0), (on("0101"), on("0131"), None, 9.1)],
        COUNT, "2 0 0 0 0",
    ),
    Case(
        "of records that start on the same day the last to end counts, then the largest; after coverage none has ended",
        EMPLOYERS, JOB,
        [(on("0101"), date(2018, 1, 1), "x", 3.0), (on("0101"), ENDLESS, "x", 1.0), (on("0101"), on("0410"), "x", 9.0)],
        HOURS, "3 3 3 3 3",
    ),
    Case(
        "0.9 + 3.1 is at least 4",
        EMPLOYERS, JOB,
        [(on("0105"), on("0105"), "x", 0.9), (on("0105"), on("0105"), "y", 3.1)],
        IN_WORK, "1 0 0 0 0",
    ),
    Case(
        "9999-12-31 and an empty stop are ongoing",
        {}, JOB,
        [(on("0401"), ENDLESS, "x", 4.0), (on("0501"), None, "y", 4.0)],
        COUNT, "0 0 0 1 2",
    ),
    Case(
        "a spell that began long before the register covers anything counts where it is covered",
        {}, JOB,
        [(date(1980, 1, 1), on("0215"), "x", 4.0)],
        IN_WORK, "1 1 0 0 0",
    ),
    Case("a leap day is a day", {"covers": COVERS}, JOB, [(on("160229"), on("160229"), "x", 9.0)],
         ANY | {"counts": "last day"}, "0 1 0 0 0"),
    Case(
        "a plain sum is taken on day 16",
        {}, JOB,
        [(on("0116"), on("0215"), "x", 10.0), (on("0317"), on("0416"), "x", 20.0)],
        HOURS, "10 0 0 20 0",
    ),
    Case(
        "the first day of the month",
        {}, JOB,
        [(on("0101"), on("0101"), "x", 10.0), (on("0202"), on("0401"), "x", 20.0)],
        HOURS | {"counts": "first day"}, "10 0 20 20 0",
    ),
    Case(
        "the last day of the month",
        {}, JOB,
        [(on("0131"), on("0227"), "x", 10.0), (on("0331"), on("0430"), "x", 20.0)],
        HOURS | {"counts": "last day"}, "10 0 20 20 0",
    ),
    Case(
        "where the total is below zero on some days, the days without records are the largest, zero",
        {}, JOB,
        [(on("0101"), on("0228"), "x", -3.0), (on("0301"), on("0310"), "x", -3.0)],
        HOURS | {"counts": "any day"}, "-3 -3 0 0 0",
    ),
    Case(
        "only records that meet `where` take part, also in their relationship",
        EMPLOYERS | {"columns": {"hours": {"decimals": 1}, "share": {"decimals": 0}}}, JOB + " share",
        [(on("0101"), on("0531"), "x", 30.0, 100), (on("0301"), on("0531"), "x", 10.0, 20)],
        {"measure": {"sum": "hours", "where": {"share": {"at_least": 50}}}}, "30 30 30 30 30",
    ),
    Case(
        "a missing value meets no condition, not even `not_in`",
        {}, JOB,
        [(on("0101"), on("0331"), None, 9.0), (on("0201"), on("0430"), "y", 9.0), (on("0501"), on("0531"), "x", 9.0)],
        {"measure": {"count": True, "where": {"employer": {"not_in": ["x"]}}}}, "0 1 1 1 0",
    ),
    Case(
        "... also where nothing that is recorded could be among the values",
        {"columns": {"hours": {"decimals": 1, "missing": "exclude"}}}, JOB,
        [(on("0101"), on("0131"), "x", 9.0), (on("0101"), on("0228"), "y", None)],
        {"measure": {"count": True, "where": {"hours": {"not_in": [Decimal("2.25")]}}}}, "1 0 0 0 0",
    ),
    Case(
        "different values, each once; a missing one is none",
        {}, JOB,
        [(on("0101"), on("0228"), "x", 9.0), (on("0101"), on("0131"), "x", 9.0), (on("0115"), on("0331"), "y", 9.0),
         (on("0101"), on("0531"), None, 9.0)],
        {"measure": {"count_distinct": "employer"}}, "2 2 1 0 0",
    ),
    Case(
        "a record whose hours are missing is left out of the sum but is still a record",
        {"columns": {"hours": {"decimals": 1, "missing": "exclude"}}}, JOB,
        [(on("0101"), on("0228"), "x", None), (on("0101"), on("0131"), "y", 5.0)],
        COUNT, "2 1 0 0 0",
    ),
    Case(
        "... or has the hours that are declared for it",
        {"columns": {"hours": {"decimals": 1, "missing": "7.5"}}}, JOB,
        [(on("0101"), on("0228"), "x", None), (on("0101"), on("0131"), "y", 5.0)],
        HOURS, "12.5 7.5 0 0 0",
    ),
]  # fmt: skip

MONTHLY = [
    Case(
        "amounts of a month are summed; refunds count against them",
        PAY, "month amount", [(on("0101"), 100), (on("0131"), 50), (on("0215"), -20), (date(2014, 12, 31), 7)],
        {"measure": {"sum": "amount"}}, "150 -20 0 0 0",
    ),
    Case(
        "a year's amount counts with a twelfth in each month, exactly",
        PAY | {"period": "year"}, "month amount", [(2015, 100), (2016, 900)],
        {"measure": {"sum": "amount"}}, " ".join([str(100 / 12)] * 5),
    ),
    Case(
        "a twelfth reaches a threshold that it equals",
        PAY | {"period": "year", "columns": {"amount": {"decimals": 1}}}, "month amount", [(2015, 1.2)],
        {"measure": {"sum": "amount", "at_least": "0.1"}}, "1 1 1 1 1",
    ),
    Case("months as text", PAY, "month amount", [("2015-02", 5), ("2015-04", 6), (None, 7)],
         {"measure": {"sum": "amount"}}, "0 5 0 6 0"),
    Case("months as numbers", PAY, "month amount", [(201502, 5), (201504, 6)], {"measure": {"any": True}}, "0 1 0 1 0"),
    Case("events of a month", VISITS, "day kind", [(on("0101"), "x"), (on("0131"), "x"), (on("0531"), "y")],
         {"measure": {"count": True}}, "2 0 0 0 1"),
    Case("different kinds of event", VISITS, "day kind", [(on("0101"), "x"), (on("0131"), "x"), (on("0131"), "y")],
         {"measure": {"count_distinct": "kind"}}, "2 0 0 0 0"),
]  # fmt: skip


def show(values_: list[Any]) -> str:
    return " ".join("." if value is None else f"{value:.17g}".removesuffix(".0") for value in values_)


@pytest.mark.parametrize("case", CASES + MONTHLY, ids=lambda case: case.says)
def test_month_value(case: Case) -> None:
    register = case.register if "temporality" in case.register else JOBS | case.register
    trial = trial_of({"r": register}, {"y": {"register": "r"} | case.outcome}, window=(2, 2))
    rows = table("person_id " + case.columns, *(("a", *record) for record in case.records))
    drawn = date(2016, 3, 7) if "leap" in case.says else date(2015, 3, 7)
    participants = people_of(a=drawn)
    panel = build_panel_from(trial, {"r": rows}, participants)
    reference = reference_panel(trial, {"r": rows.to_dicts()}, participants)
    expected = show([float(word) for word in case.expected.split()])
    assert show(reference["y"].to_list()) == expected
    assert show(values(panel, "y")) == expected


EXITS = [
    # after_death, after_emigration, in work, in work (as part of `none_of`)
    ("missing", "missing", "1 1 . . .", "0 0 . . ."),
    ("zero", "missing", "1 1 . 0 0", "0 0 . 0 0"),
    ("missing", "zero", "1 1 0 . .", "0 0 0 . ."),
    ("zero", "zero", "1 1 0 0 0", "0 0 0 0 0"),
]


@pytest.mark.parametrize(("death", "emigration", "in_work", "out_of_work"), EXITS)
def test_death_and_emigration(death: str, emigration: str, in_work: str, out_of_work: str) -> None:
    """Abroad on 1 March and 1 April, dead on 31 March: abroad in March, dead from April; records go on regardless."""
    rules = {"after_death": death, "after_emigration": emigration}
    outcomes = {
        "in_work": {"register": "jobs", "measure": {"any": True}} | rules,
        "out_of_work": {"none_of": ["in_work"]} | rules,
    }
    trial = trial_of(
        {"jobs": JOBS, "deaths": DEATHS, "abroad": ABROAD},
        outcomes,
        window=(2, 2),
        population={"deaths": "deaths", "emigrations": "abroad"},
    )
    tables = {
        "jobs": table("person_id start stop hours", ("a", on("0101"), None, 9.0)),
        "deaths": table("person_id day", ("a", on("0331")), ("a", on("0501"))),
        "abroad": table("person_id start stop", ("a", on("0202"), on("0415"))),
    }
    participants = people_of(a=on("0307"))
    panel = build_panel_from(trial, tables, participants)
    reference = reference_panel(trial, {k: v.to_dicts() for k, v in tables.items()}, participants)
    assert panel.frame.equals(reference.select(panel.frame.columns))
    assert show(values(panel, "in_work")) == in_work
    assert show(values(panel, "out_of_work")) == out_of_work
    assert values(panel, "dead") == [False, False, False, True, True]
    assert values(panel, "abroad") == [False, False, True, True, False]


def test_death_on_the_first_day_is_in_that_month() -> None:
    trial = trial_of({"deaths": DEATHS}, {"died": {"register": "deaths", "measure": {"any": True}}},
                     population={"deaths": "deaths"})  # fmt: skip
    deaths = table("person_id day", ("a", on("0301")))
    panel = build_panel_from(trial, {"deaths": deaths}, people_of(a=on("0307")))
    assert values(panel, "dead") == [False, False, True, True]
    assert values(panel, "died") == [0, 1, None, None]


def test_a_month_that_is_not_wholly_covered_is_missing() -> None:
    jobs = JOBS | {"covers": {"from": on("0202"), "until": on("0430")}}
    pay = PAY | {"covers": {"from": on("0301"), "until": on("0530")}}
    outcomes = {
        "job": {"register": "jobs", "measure": {"any": True}},
        "paid": {"register": "pay", "measure": {"any": True}},
        "both": {"all_of": ["job", "paid"]},
    }
    trial = trial_of({"jobs": jobs, "pay": pay}, outcomes, window=(2, 2))
    tables = {
        "jobs": table("person_id start stop hours", ("a", on("0101"), None, 9.0)),
        "pay": table("person_id month amount", *(("a", on(f"0{m}01"), 9) for m in range(1, 6))),
    }
    panel = build_panel_from(trial, tables, people_of(a=on("0307"), b=on("0307")))
    assert show(values(panel, "job")) == ". . 1 1 ."
    assert show(values(panel, "paid")) == ". . 1 1 ."
    assert show(values(panel, "both")) == ". . 1 1 ."
    assert show(values(panel, "both", "b")) == ". . 0 0 ."
    assert panel.coverage["both"] == panel.coverage["paid"]


def test_participation_counts_when_the_programme_began_while_its_code_was_in_use() -> None:
    programmes = {"se": [{"code": "SE", "from": on("0201"), "until": on("0331")}], "control": [{"code": "7"}]}
    trial = trial_of({"programmes": ABROAD}, {}, window=(2, 2), programmes=programmes,
                     participation={"register": "programmes", "code": "code"})  # fmt: skip
    rows = table(
        "person_id start stop code",
        ("a", on("0131"), None, "SE"),  # too early: never counts
        ("b", on("0331"), on("0401"), "SE"),  # goes on counting after the code went out of use
        ("c", on("0401"), None, "SE"),  # too late
        ("d", on("0501"), None, "7"),
    )
    panel = build_panel_from(trial, {"programmes": rows}, people_of(**dict.fromkeys("abcd", on("0307"))))
    assert [values(panel, "participates_se", person) for person in "abcd"] == [
        [0, 0, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0],
    ]  # fmt: skip
    assert values(panel, "participates_control", "d") == [0, 0, 0, 0, 1]
    assert panel.frame.schema["participates_se"] == pl.UInt8
