"""Breaks in registers: where they may be, and what the plan asks across them."""

from __future__ import annotations

import pytest

from lodd.errors import ProtocolError
from lodd.protocol import parse_trial
from lodd.protocol.breaks import crossings
from lodd.registers.provenance import definitions_sha256


@pytest.fixture
def broken(edited):
    """The small protocol with breaks of `jobs`: pairs of a day and what changed."""

    def text(*breaks: tuple[str, str]) -> str:
        listed = ", ".join(f'{{ from = {day}, label = "{label}" }}' for day, label in breaks)
        columns = "columns = { hours = { decimals = 1 } }\n"
        return edited((columns, f"{columns}breaks = [{listed}]\n"))

    return text


def crossed(text: str) -> list[tuple[str, str, str]]:
    trial = parse_trial(text.encode()).trial
    return [(each.outcome, str(each.months), str(each.broken.since)) for each in crossings(trial)]


def warnings(text: str) -> str:
    return "\n".join(problem.render("en") for problem in parse_trial(text.encode()).warnings)


def test_primary_outcomes_and_covariates_that_cross(broken) -> None:
    """Enrolment is January to December 2020: months 1..24 are 2020-02 to 2022-12, -12..-1 are 2019-01 to 2020-11."""
    text = broken(("2020-06-01", "a-ordningen"))
    assert crossed(text) == [("in_work", "1..24", "2020-06-01"), ("in_work", "-12..-1", "2020-06-01")]
    said = warnings(text)
    assert 'analysis.primary[0].months: "in_work" over months 1..24 crosses the break in the register jobs' in said
    assert "on 1 June 2020 (a-ordningen)" in said
    assert "analysis.covariates[1]" in said


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2019-01-02", ["-12..-1"]),  # the first of the months is broken itself
        ("2020-02-01", ["-12..-1"]),  # nobody's month 1 is earlier
        ("2020-02-02", ["1..24", "-12..-1"]),
        ("2020-12-01", ["1..24"]),  # nobody's month -1 is later
        ("2022-12-31", ["1..24"]),
    ],
)
def test_the_first_and_the_last_day_that_count(broken, day: str, found: list[str]) -> None:
    assert [months for _, months, _ in crossed(broken((day, "x")))] == found


def test_combinations_cross_what_their_parts_do(edited) -> None:
    text = edited(
        ("columns = { hours = { decimals = 1 } }\n",
         'columns = { hours = { decimals = 1 } }\nbreaks = [{ from = 2020-06-01, label = "x" }]\n'),
        ('outcome = "in_work"\nmonths', 'outcome = "in_work_alone"\nmonths'),
    )  # fmt: skip
    assert ("in_work_alone", "1..24", "2020-06-01") in crossed(text)


@pytest.mark.parametrize(
    ("outcome", "months", "found"),
    [
        ('register = "jobs"\nmeasure = { any = true, within = 3 }', "1..1", [True, True, False]),
        ('register = "jobs"\nmeasure = { any = true, within = 2 }', "1..1", [True, False, False]),
        ('register = "jobs"\nmeasure = { months_since = "last", at_least = 2, empty = "zero" }', "1..1", [True] * 3),
        ('first_of = "in_work"', "12..12", [True, False, False]),
        ('ever_of = "in_work"\nfrom = -2', "1..1", [True, True, True]),
        ('any_of = ["in_work"]', "1..1", [True, False, False]),
    ],
)
def test_months_that_an_outcome_looks_back_to_cross(edited, outcome: str, months: str, found: list[bool]) -> None:
    """Enrolment is January to December 2020: month 1 of the first drawn is February 2020."""
    for day, expected in zip(("2020-02-02", "2019-12-02", "2019-11-02"), found, strict=True):
        text = edited(
            ("columns = { hours = { decimals = 1 } }\n",
             f'columns = {{ hours = {{ decimals = 1 }} }}\nbreaks = [{{ from = {day}, label = "x" }}]\n'),
            ('outcome = "in_work"\nmonths = "1..24"', f'outcome = "back"\nmonths = "{months}"'),
            ("[analysis]\n", f'[outcomes.back]\nlabel = "Back"\n{outcome}\n\n[analysis]\n'),
        )  # fmt: skip
        assert any(name == "back" for name, _, _ in crossed(text)) is expected, day


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (["2019-01-01"], "the break is outside the coverage"),
        (["2023-01-01"], "> 2019-01-01, <= 2022-12-31"),
        (["2020-06-01", "2020-06-01"], "not in the order of their days"),
    ],
)
def test_breaks_that_cannot_be(broken, days: list[str], said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_trial(broken(*((day, "x") for day in days)).encode())
    assert said in caught.value.render("en")


def test_what_a_break_is_called_does_not_change_the_panel(broken, base: str) -> None:
    one, other, moved = (
        definitions_sha256(parse_trial(broken(pair).encode()).trial)
        for pair in (("2020-06-01", "x"), ("2020-06-01", "y"), ("2020-07-01", "x"))
    )
    assert one == other != moved
