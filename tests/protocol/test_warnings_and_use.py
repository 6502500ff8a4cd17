"""What is doubtful but allowed, and a protocol read from a folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lodd.errors import UsageError
from lodd.protocol import Baseline, MonthRange, load_trial, parse_trial, protocol_sha256
from lodd.protocol.checks import check_trial
from lodd.protocol.types import known_register
from tests.registers.small import DEATHS, JOBS, PAY, trial_of


def warnings(text: str) -> str:
    return "\n".join(problem.render("en") for problem in parse_trial(text.encode()).warnings)


def test_sound_protocol_has_no_warnings(base: str) -> None:
    assert warnings(base) == ""


def test_no_primary(base: str) -> None:
    start = base.index("[[analysis.primary]]")
    assert "no primary outcome" in warnings(base[:start])


def test_no_margin(edited) -> None:
    assert "no margin" in warnings(edited(("margin = 0.03\n", "")))


def test_minimisation_of_unequal_arms(edited) -> None:
    assert "schedule[0].probability: minimisation keeps unequal" in warnings(
        edited(('"keyed"', '"minimisation"\nfactors = ["office"]'))
    )


def test_people_lost_to_the_end_of_a_register(edited) -> None:
    text = edited(
        ("covers = { from = 2019-01-01, until = 2022-12-31 }", "covers = { from = 2019-01-01, until = 2022-10-31 }")
    )
    said = warnings(text)
    assert "people drawn in 2 of 12 months of enrolment cannot be followed through 1..24" in said
    assert "the registers cover 2019-01 to 2022-10" in said


def test_unknown_parts_are_found_when_registers_differ(edited) -> None:
    text = edited(("from = 2019-01-01, until = 2022-12-31 }", "from = 2019-06-01, until = 2022-12-31 }"))
    assert "covariates[1]: people drawn in 5 of 12 months" in warnings(text)


def test_as_of_names_the_registers_that_cannot_be_rebuilt(edited) -> None:
    said = warnings(edited(("[analysis]\n", "[analysis]\nas_of = 2022-10-31\n")))
    assert 'analysis.as_of: without "registered" these are used as they are now, not as they were: jobs' in said
    assert "the registers cover 2019-01 to 2022-10" in said  # nothing was known of later months


def test_as_of_is_in_the_hash_only_where_it_is_said(base: str, edited) -> None:
    later = parse_trial(edited(("[analysis]\n", "[analysis]\nas_of = 2022-10-31\n")).encode()).trial
    assert protocol_sha256(later) != protocol_sha256(parse_trial(base.encode()).trial)
    assert known_register(later, "jobs").covers != later.registers["jobs"].covers


def test_default_day_rules(trial) -> None:
    assert trial.outcomes["hours"].day_rule == "day 16"
    assert trial.outcomes["in_work"].day_rule == "any day"
    assert trial.outcomes["in_programme"].day_rule == "any day"
    assert trial.outcomes["hours"].model_copy(update={"counts": "last day"}).day_rule == "last day"


@pytest.mark.parametrize(
    ("measure", "aggregate", "column", "binary"),
    [
        ("any = true", "any", None, True),
        ("count = true", "count", None, False),
        ('count_distinct = "programme"', "count_distinct", "programme", False),
        ('count_distinct = "programme", at_least = 2', "count_distinct", "programme", True),
        (
            'any = true, where = { programme = { not_in = ["X"] }, level = { below = 5 }, paid = true }',
            "any",
            None,
            True,
        ),
    ],
)
def test_measures(edited, measure: str, aggregate: str, column: str | None, binary: bool) -> None:
    old = 'measure = { any = true, where = { programme = ["COACH", "SUB"] } }'
    unit = "" if binary else 'unit = "programmes"\n'
    text = edited((old, f"{unit}measure = {{ {measure} }}"), ('none_of = ["in_programme"]\n', ""))
    outcome = parse_trial(text.encode()).trial.outcomes["in_programme"]
    assert outcome.measure is not None
    assert (outcome.measure.aggregate, outcome.measure.column, outcome.binary) == (aggregate, column, binary)


def test_baseline_reads_back() -> None:
    assert Baseline.parse("age") == Baseline("age")
    assert Baseline.parse("in_work@-12..-1") == Baseline("in_work", MonthRange(-12, -1))
    assert [str(Baseline.parse(text)) for text in ("age", "x@-2..-1")] == ["age", "x@-2..-1"]


def test_folder(base: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no trial\.toml"):
        load_trial(tmp_path)
    (tmp_path / "trial.toml").write_text(base, encoding="utf-8")
    assert load_trial(tmp_path).trial.trial.id == "small"


def test_external_and_complete_need_no_schedule(base: str) -> None:
    start, end = base.index("schedule = ["), base.index("[participation]")
    for method in ("external", "complete"):
        text = (base[:start] + base[end:]).replace('"keyed"', f'"{method}"')
        assert parse_trial(text.encode()).trial.draw.schedule == ()


def test_outcome_measured_in_facts(edited) -> None:
    from lodd.errors import ProtocolError

    facts = '[registers.facts]\nfile = "f.csv"\ntemporality = "fixed"\n\n[outcomes.hours]'
    text = edited(
        ("[outcomes.hours]", facts),
        ('register = "jobs"\nmeasure = { sum = "hours" }', 'register = "facts"\nmeasure = { count = true }'),
    )
    with pytest.raises(ProtocolError, match="baseline facts, not outcomes"):
        parse_trial(text.encode())


@pytest.mark.parametrize(("months", "doubtful"), [("-12..-1", True), ("-24..-11", True), ("-24..-12", False)])
def test_yearly_amounts_of_the_year_of_the_draw(months: str, doubtful: bool) -> None:
    """The amount of 2016 is in each of its months, also in those before a draw in December."""
    pay = PAY | {"period": "year", "covers": {"from": date(2012, 1, 1), "until": date(2019, 12, 31)}}
    outcomes = {"pay": {"register": "pay", "unit": "kroner", "measure": {"sum": "amount"}}}
    plan = {"window": {"before": 24, "after": 2}, "covariates": [f"pay@{months}"]}
    findings = check_trial(trial_of({"pay": pay}, outcomes, analysis=plan))
    assert any("a twelfth of the year's amount" in finding.found.en for finding in findings) is doubtful
    assert all(finding.warning for finding in findings)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (date(2016, 12, 31), []),
        (
            date(2016, 11, 30),
            ["the register ends on 30 November 2016, but outcomes are measured until 31 December 2016"],
        ),
    ],
)
def test_deaths_that_are_known_for_a_shorter_time_than_the_outcomes(ends: date, said: list[str]) -> None:
    deaths = DEATHS | {"covers": {"from": date(2015, 1, 1), "until": ends}}
    outcomes = {"job": {"register": "jobs", "measure": {"any": True}}}
    trial = trial_of({"jobs": JOBS, "deaths": deaths}, outcomes, population={"deaths": "deaths"})
    found = [finding.found.en for finding in check_trial(trial) if "ends on" in finding.found.en]
    assert [each.partition(":")[0] for each in found] == said
