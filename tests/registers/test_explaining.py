"""What is said of a value: each kind of record that does not count, and how those that do add up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from lodd.protocol import Trial, month_index
from lodd.registers import build_panel_from
from lodd.registers.explained import headline, lines_of
from lodd.registers.explaining import Explanation, Subject, explain
from tests.registers.small import ABROAD, DEATHS, IN_WORK, JOBS, PAY, people_of, table, trial_of

MARCH = month_index(date(2015, 3, 1))
DRAWN = date(2015, 2, 10)
EMPLOYERS = JOBS | {"merge": {"by": ["employer"], "overlap": "latest"}}


def explained(trial: Trial, held: Mapping[str, pl.DataFrame], outcome: str = "y", month: int = MARCH) -> Explanation:
    panel = build_panel_from(trial, held, people_of(a=DRAWN))
    value = panel.frame.filter(pl.col("month") == date(month // 12, month % 12 + 1, 1))[outcome].item()
    rows = {
        name: [(i, row) for i, row in enumerate(each.to_dicts(), 1) if row["person_id"] == "a"]
        for name, each in held.items()
    }
    return explain(trial, Subject("a", DRAWN, rows), outcome, month, value)


def of_jobs(*records: tuple[Any, ...], register: Mapping[str, Any] = EMPLOYERS, **outcome: Any) -> Explanation:
    trial = trial_of({"jobs": register}, {"y": {"register": "jobs"} | (outcome or IN_WORK)})
    names = "person_id start stop employer hours record registered"
    return explained(trial, {"jobs": table(names, *(("a", *record, None, None, None, None)[:7] for record in records))})


def fates(explanation: Explanation, language: Any = "en") -> dict[int, str]:
    return {line.row: line.fate[language] for each in explanation.time_lines for line in each.lines}


def steps(explanation: Explanation, language: Any = "en") -> list[str]:
    return [step.said[language] for step in explanation.steps]


def day(written: int) -> date:
    return date(2015, written // 100, written % 100)


def test_a_total_that_reaches_its_threshold() -> None:
    found = of_jobs((day(101), None, "x", 3.0), (day(310), day(420), "y", 2.0))
    assert fates(found) == {1: "counts", 2: "counts"}
    assert steps(found) == [
        "Sum of hours in the register jobs, on the day of the month that gives most; at least 4?",
        "10 March 2015: 3 + 2 = 5 (rows 1 and 2).",
        "5 is at least 4.",
        "The value is 1.",
    ]
    assert steps(found, "nb") == [
        "Sum av hours i registeret jobs, den dagen i måneden som gir mest; minst 4?",
        "10. mars 2015: 3 + 2 = 5 (rad 1 og 2).",
        "5 er minst 4.",
        "Verdien er 1.",
    ]


def test_one_that_does_not_and_decimals_in_both_languages() -> None:
    found = of_jobs((day(101), None, "x", 0.9), (day(101), None, "y", 3.0))
    assert steps(found)[1:3] == ["1 March 2015: 0.9 + 3 = 3.9 (rows 1 and 2).", "3.9 is less than 4."]
    assert steps(found, "nb")[1:3] == ["1. mars 2015: 0,9 + 3 = 3,9 (rad 1 og 2).", "3,9 er mindre enn 4."]


def test_many_records_are_not_written_out() -> None:
    found = of_jobs(*((day(101), None, f"e{i}", 1.0) for i in range(9)))
    assert "… (9) = 9" in steps(found)[1]


def test_why_records_do_not_count() -> None:
    dated = EMPLOYERS | {"record": ["record"], "registered": "registered"}
    found = of_jobs(
        (day(101), None, "x", 5.0, "r1", day(101)),
        (day(101), None, "x", 6.0, "r1", day(201)),
        (day(101), None, "x", 6.0, "r1", day(201)),
        (None, None, "y", 5.0, "r2", day(101)),
        (day(201), day(101), "y", 5.0, "r3", day(101)),
        (day(501), None, "y", 5.0, "r4", day(101)),
        (day(105), day(303), "z", 5.0, "r5", day(101)),
        (day(304), day(305), "w", 5.5, "r6", day(101)),
        (day(101), None, "v", None, "r7", day(101)),
        (day(110), None, "x", 1.0, "r8", day(101)),
        register=dated | {"columns": {"hours": {"decimals": 1, "missing": "exclude"}}},
    )
    assert fates(found) == {
        1: "left out: corrected by row 2",
        2: "another row of the same employer stands for it",
        3: "left out: equal to row 2",
        4: "left out: no start date",
        5: "left out: it stops before it starts",
        6: "not active this month",
        7: "not active on 4 March 2015",
        8: "counts",
        9: "hours is missing",
        10: "counts",
    }
    assert steps(found)[1] == "4 March 2015: 5.5 + 1 = 6.5 (rows 8 and 10)."
    nb = fates(found, "nb")
    assert (nb[1], nb[7], nb[9]) == ("utelatt: rettet av rad 2", "ikke aktiv 4. mars 2015", "hours mangler")


@pytest.mark.parametrize(
    ("where", "nb", "en"),
    [
        ({"hours": {"at_least": 4}}, "hours er 3,5, skal være minst 4", "hours is 3.5, shall be at least 4"),
        (
            {"hours": {"at_least": 1, "below": 3}},
            "hours er 3,5, skal være minst 1 og under 3",
            "hours is 3.5, shall be at least 1 and below 3",
        ),
        ({"employer": ["y", "z"]}, "employer er x, skal være y eller z", "employer is x, shall be y or z"),
        ({"employer": {"not_in": ["x"]}}, "employer er x, skal være ikke x", "employer is x, shall be not x"),
        ({"record": "1"}, "record er tom, skal være 1", "record is empty, shall be 1"),
    ],
)
def test_conditions_that_are_not_met(where: dict[str, Any], nb: str, en: str) -> None:
    found = of_jobs((day(101), None, "x", 3.5), measure={"any": True, "where": where})
    assert fates(found) == {1: f"does not meet the condition: {en}"}
    assert fates(found, "nb") == {1: f"oppfyller ikke vilkåret: {nb}"}
    assert steps(found)[1:] == ["No rows count.", "The value is 0."]


def test_counts_and_different_values() -> None:
    jobs = ((day(101), None, "x", 3.0), (day(101), None, "y", 2.0), (day(101), day(201), "z", 2.0))
    assert steps(of_jobs(*jobs, measure={"count": True}))[:2] == [
        "Number of rows in the register jobs, on the day of the month that gives most.",
        "1 March 2015: rows 1 and 2.",
    ]
    assert steps(of_jobs(*jobs, measure={"count_distinct": "employer"}, counts="last day"))[:2] == [
        "Number of different employer in the register jobs, on the last day of the month.",
        "31 March 2015: x, y (rows 1 and 2).",
    ]
    assert steps(of_jobs(*jobs[:1], measure={"sum": "hours"}))[1:] == ["16 March 2015: 3 (row 1).", "The value is 3."]


def test_amounts_of_months_and_years() -> None:
    pay = table("person_id month amount", ("a", day(301), 100), ("a", day(331), 50), ("a", day(401), 9))
    outcomes = {"y": {"register": "pay", "measure": {"sum": "amount"}}}
    monthly = explained(trial_of({"pay": PAY}, outcomes), {"pay": pay})
    assert steps(monthly)[:2] == ["Sum of amount in the register pay, in the month.", "100 + 50 = 150 (rows 1 and 2)."]
    yearly = explained(trial_of({"pay": PAY | {"period": "year"}}, outcomes), {"pay": pay})
    assert steps(yearly)[1] == "(100 + 50 + 9) / 12 = 13.25 (rows 1, 2 and 3)."
    assert steps(yearly, "nb")[0] == "Sum av amount i registeret pay, i året."


def population(**others: pl.DataFrame) -> tuple[Trial, dict[str, pl.DataFrame]]:
    trial = trial_of(
        {"jobs": JOBS, "deaths": DEATHS, "abroad": ABROAD},
        {"y": {"register": "jobs"} | IN_WORK, "z": {"register": "jobs", "after_death": "zero"} | IN_WORK},
        window=(24, 24),
        population={"deaths": "deaths", "emigrations": "abroad"},
    )
    held = {
        "jobs": table("person_id start stop hours", ("a", day(101), None, 9.0)),
        "deaths": table("person_id day").with_columns(day=pl.lit(None, pl.Date)).clear(),
        "abroad": table("person_id start stop", ("b", day(101), None)),
    }
    return trial, held | others


def test_death_stays_abroad_and_coverage() -> None:
    dead = population(deaths=table("person_id day", ("a", day(215))))
    assert steps(explained(*dead))[-2:] == ["The person is dead when the month begins: the value is missing.",
                                            "The value is missing."]  # fmt: skip
    assert steps(explained(*dead, "z"), "nb")[-2:] == ["Personen er død ved månedens begynnelse: verdien er 0.",
                                                       "Verdien er 0."]  # fmt: skip
    abroad = population(abroad=table("person_id start stop", ("a", day(215), None)))
    found = explained(*abroad)
    assert steps(found)[-2] == "The person lives abroad when the month begins: the value is missing."
    assert [each.register for each in found.time_lines] == ["jobs", "abroad"]
    later = explained(*population(), month=MARCH + 23)
    assert steps(later)[-2:] == [
        "The register jobs covers 2015-01-01 to 2016-12-31, not the whole of this month: the value is missing.",
        "The value is missing.",
    ]


def test_combinations_go_into_their_parts() -> None:
    outcomes = {
        "work": {"register": "jobs"} | IN_WORK,
        "few": {"register": "jobs", "measure": {"any": True, "where": {"hours": {"below": 2}}}},
        "y": {"all_of": ["work"], "none_of": ["few"]},
    }
    jobs = table("person_id start stop hours", ("a", day(101), None, 5.0), ("a", day(101), None, 3.0),
                 ("a", day(101), day(120), 3.0))  # fmt: skip
    found = explained(trial_of({"jobs": JOBS}, outcomes), {"jobs": jobs})
    assert [(step.depth, step.said.en) for step in found.steps if "?" not in step.said.en] == [
        (0, '"work" (work):'),
        (1, "1 March 2015: 5 + 3 = 8 (rows 1 and 2)."),
        (1, "8 is at least 4."),
        (0, '"few" (few):'),
        (1, "No rows count."),
        (0, "The value is 1."),
    ]
    assert "All of work = 1 and none of few = 0? Yes." in steps(found)
    assert "Alle av work = 1 og ingen av few = 0? Ja." in steps(found, "nb")
    assert fates(found) == {1: "counts", 2: "counts", 3: "counts in none of the parts"}


def test_the_time_line_as_text() -> None:
    found = of_jobs((day(101), day(420), "x", 3.0), (day(310), None, "y", 2.0))
    assert headline(found, "en") == "y (y), March 2015, 1 month after the draw on 10 February 2015"
    assert headline(found, "nb", drawn=False) == "y (y), mars 2015"
    assert list(lines_of(found, "nb"))[:5] == [
        "jobs [jobs], 2014-03 – 2016-03:",
        "  rad 1  ··········██[█]█···········  2015-01-01 – 2015-04-20  employer x, hours 3",
        "         → teller",
        "  rad 2  ············[█]████████████  2015-03-10 – pågår       employer y, hours 2",
        "         → teller",
    ]
    before = explain(trial_of({"jobs": JOBS}, {"y": {"register": "jobs"} | IN_WORK}),
                     Subject("a", DRAWN, {"jobs": []}), "y", MARCH - 3, 0)  # fmt: skip
    assert headline(before, "nb").endswith("2 måneder før trekningen 10. februar 2015")
    assert list(lines_of(before, "en"))[1] == "  no records"


def test_records_of_other_years_are_counted_not_listed() -> None:
    old = [(date(2010, 1, i + 1), date(2010, 2, 1), f"e{i}", 1.0) for i in range(6)]
    found = of_jobs((day(101), None, "x", 5.0), *old)
    listed = list(lines_of(found, "en"))
    assert sum(line.startswith("  row") for line in listed) == 1
    assert "  … and 6 records outside these months" in listed


def test_what_was_not_known_yet_and_what_was_taken_back() -> None:
    dated = EMPLOYERS | {"record": ["record"], "registered": "registered"}
    register = dated | {"withdrawn": {"column": "employer", "values": ["void"]}}
    analysis = {"window": {"before": 1, "after": 2}, "as_of": day(331)}
    trial = trial_of({"jobs": register}, {"y": {"register": "jobs"} | IN_WORK}, analysis=analysis)
    rows = table(
        "person_id start stop employer hours record registered",
        ("a", day(101), None, "x", 5.0, "r1", day(101)),
        ("a", day(101), day(228), "x", 5.0, "r1", day(401)),
        ("a", day(101), None, "y", 9.0, "r2", day(101)),
        ("a", day(101), None, "void", 9.0, "r2", day(331)),
    )
    found = explained(trial, {"jobs": rows})
    assert fates(found) == {
        1: "counts",
        2: "left out: not registered yet on 31 March 2015",
        3: "left out: corrected by row 4",
        4: "left out: taken back (employer: void)",
    }
    nb = fates(found, "nb")
    assert (nb[2], nb[4]) == (
        "utelatt: ikke registrert ennå 31. mars 2015",
        "utelatt: trukket tilbake (employer: void)",
    )
    assert found.value == 1
