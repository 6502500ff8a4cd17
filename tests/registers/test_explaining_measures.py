"""What is said of means, largest and last values, several months, months since, first times and reference days."""

from __future__ import annotations

from datetime import date
from typing import Any

from lodd.registers.explained import lines_of
from lodd.registers.explaining import Subject, explain
from tests.registers.small import JOBS, PAY, VISITS, table, trial_of
from tests.registers.test_explaining import DRAWN, EMPLOYERS, MARCH, day, explained, fates, of_jobs, steps

FEW_HOURS = ((day(101), day(331), "x", 3.0), (day(310), day(320), "y", 2.0))


def test_a_mean() -> None:
    found = of_jobs(*FEW_HOURS, measure={"mean": "hours", "empty": "missing", "at_least": 3})
    assert steps(found) == [
        "Mean of hours in the register jobs, on the day of the month that gives most; at least 3?",
        "1 March 2015: 3 (row 1).",
        "3 is at least 3.",
        "The value is 1.",
    ]
    assert fates(found) == {1: "counts", 2: "not active on 1 March 2015"}
    plain = of_jobs(*FEW_HOURS, measure={"mean": "hours", "empty": "missing"})
    assert steps(plain, "nb")[0] == "Gjennomsnitt av hours i registeret jobs, den 16. i måneden."
    assert steps(plain)[1] == "16 March 2015: (3 + 2) / 2 = 2.5 (rows 1 and 2)."


def test_a_largest_and_a_last_value_are_of_one_record() -> None:
    largest = of_jobs(*FEW_HOURS, measure={"max": "hours", "empty": "zero"})
    assert fates(largest) == {1: "counts", 2: "not active on 1 March 2015"}
    assert steps(largest)[:2] == [
        "Largest hours in the register jobs, on the day of the month that gives most.",
        "1 March 2015: 3 (row 1).",
    ]
    on_the_16th = of_jobs(*FEW_HOURS, measure={"max": "hours", "empty": "zero"}, counts="day 16")
    assert fates(on_the_16th) == {1: "counts", 2: "another row has a larger value"}
    last = of_jobs(*FEW_HOURS, measure={"last": "hours", "empty": "zero"})
    assert fates(last, "nb") == {1: "en annen rad startet senere", 2: "teller"}
    assert steps(last) == [
        "hours of the row that started last in the register jobs, on the 16th of the month.",
        "16 March 2015: 2 (row 2).",
        "The value is 2.",
    ]


def test_a_month_without_records() -> None:
    before = (day(101), day(131), "x", 3.0)
    missing = of_jobs(before, measure={"mean": "hours", "empty": "missing"})
    assert steps(missing)[1:] == ["No rows: there is no value.", "The value is missing."]
    zero = of_jobs(before, measure={"max": "hours", "empty": "zero", "at_least": 2})
    assert steps(zero, "nb")[1:] == ["Ingen rader: verdien settes til 0.", "Verdien er 0."]


def test_several_months() -> None:
    trial = trial_of({"pay": PAY}, {"y": {"register": "pay", "measure": {"sum": "amount", "within": 3}}})
    rows = [("a", date(2014, 12, 1), 5), ("a", day(101), 7), ("a", day(301), 9)]
    found = explained(trial, {"pay": table("person_id month amount", *rows)})
    assert steps(found)[:2] == [
        "Sum of amount in the register pay, in the last 3 months.",
        "7 + 9 = 16 (rows 2 and 3).",
    ]
    assert fates(found) == {1: "not active this month", 2: "counts", 3: "counts"}
    early = explained(trial, {"pay": table("person_id month amount", *rows)}, month=MARCH - 1)
    assert steps(early)[-2:] == [
        "The register pay covers 2015-01-01 to 2016-12-31, not all of the 3 months: the value is missing.",
        "The value is missing.",
    ]
    assert "ikke alle de 3 månedene" in steps(early, "nb")[-2]


def test_months_since() -> None:
    trial = trial_of({"r": VISITS}, {"y": {"register": "r", "measure": {"months_since": "last", "empty": "missing"}}})
    found = explained(trial, {"r": table("person_id day", ("a", day(105)), ("a", day(120)), ("a", day(401)))})
    assert steps(found) == [
        "Months since the last month with a row in the register r.",
        "From January 2015 (rows 1 and 2): 2 months.",
        "The value is 2.",
    ]
    assert steps(found, "nb")[1] == "Fra januar 2015 (rad 1 og 2): 2 måneder."
    assert fates(found) == {1: "counts", 2: "counts", 3: "not active in the month counted from"}


def test_a_first_time_says_when() -> None:
    outcomes: dict[str, Any] = {
        "job": {"register": "jobs", "measure": {"any": True}},
        "first": {"first_of": "job", "from": 0},
        "ever": {"ever_of": "job"},
    }
    trial = trial_of({"jobs": JOBS}, outcomes)
    held = {"jobs": table("person_id start stop hours", ("a", day(201), day(210), 1.0), ("a", day(301), None, 1.0))}
    first = explained(trial, held, "first")
    assert steps(first)[-2:] == ["First month with job, from month 0: February 2015. No.", "The value is 0."]
    ever = explained(trial, held, "ever")
    assert steps(ever, "nb")[-2:] == ["Første måned med job, fra måned 1: mars 2015. Ja.", "Verdien er 1."]
    none = explained(trial, {"jobs": held["jobs"].head(0)}, "ever")
    assert steps(none)[-2] == "First month with job, from month 1: none so far. No."


def test_what_a_combination_does_not_know() -> None:
    outcomes: dict[str, Any] = {
        "paid": {"register": "jobs", "measure": {"mean": "hours", "empty": "missing", "at_least": 2}},
        "all": {"all_of": ["paid"]},
    }
    found = explained(trial_of({"jobs": JOBS}, outcomes), {"jobs": table("person_id start stop hours")}, "all")
    assert steps(found)[-2:] == ["All of paid = missing? That is unknown.", "The value is missing."]
    assert steps(found, "nb")[-2] == "Alle av paid = mangler? Det er ukjent."


def test_reference_days() -> None:
    measure = {"count": True, "since": "draw", "until": "ill"}
    trial = trial_of(
        {"jobs": EMPLOYERS}, {"y": {"register": "jobs", "measure": measure}}, facts={"ill": {"label": "x"}}
    )
    row = {"person_id": "a", "start": day(201), "stop": None, "employer": "x", "hours": 1.0}
    rows = {"jobs": [(1, row), (2, row | {"start": day(210), "employer": "y"})]}
    found = explain(trial, Subject("a", DRAWN, rows, {"ill": day(1231)}), "y", MARCH, 1)
    assert steps(found)[:3] == [
        "Number of rows in the register jobs, starting on or after the day of the draw, starting on or before "
        "the day ill, on the day of the month that gives most.",
        "The day of the draw: 10 February 2015.",
        "The day ill: 31 December 2015.",
    ]
    assert fates(found) == {1: "starts outside the days counted from", 2: "counts"}
    lacking = explain(trial, Subject("a", DRAWN, rows, {"ill": None}), "y", MARCH, None)
    assert steps(lacking, "nb")[-2:] == ["Personen mangler dagen ill: det finnes ingen verdi.", "Verdien er manglende."]
    assert list(lines_of(lacking, "nb"))
