"""Measures that a kind of register has no answer to, or that say too little or too much: refused, or warned of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lodd.errors import ProtocolError
from lodd.protocol import parse_trial
from lodd.protocol.canonical import canonical, trial_from_canonical
from lodd.protocol.checks import check_trial
from lodd.protocol.outcome import Condition, Measure, Outcome
from lodd.protocol.types import coverage_months
from tests.registers.small import JOBS, PAY, VISITS, trial_of

YEARLY = PAY | {"period": "year"}
MERGED = JOBS | {"merge": {"by": ["employer"], "overlap": "sum"}}
MEAN = {"mean": "hours", "empty": "missing"}

PARTS = [
    ("{ mean = 'hours' }", "the protocol must say what it then is"),
    ("{ sum = 'hours', empty = 'zero' }", 'takes no "empty"'),
    ("{ months_since = 'last', empty = 'missing', within = 12 }", 'takes no "within"'),
    ("{ sum = 'hours', max = 'hours' }", "exactly one of any, count, count_distinct, sum, mean, max, last"),
    ("{ sum = 'hours', within = 1 }", "at least 2"),
    ("{ months_since = 'next', empty = 'missing' }", "last, first"),
    ("{ sum = 'hours', where = { x = { at_mst = 3 } } }", "at_least, below, at_most, above"),
    ("{ max = 'houres', empty = 'zero' }", 'Did you mean "hours"'),
]


@pytest.mark.parametrize(("measure", "said"), PARTS)
def test_a_measure_that_is_not_whole(edited, measure: str, said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_trial(edited(('{ sum = "hours", at_least = 4 }', measure.replace("'", '"'))).encode())
    assert said in str(caught.value)


KINDS = [
    ({"r": PAY}, {"last": "amount", "empty": "zero"}, "measure.last", "no order within a month"),
    ({"r": YEARLY}, {"sum": "amount", "within": 12}, "measure.within", "only years"),
    ({"r": YEARLY}, {"months_since": "last", "empty": "missing"}, "measure.months_since", "only years"),
    ({"r": YEARLY}, {"sum": "amount", "since": "draw"}, "measure.since", "only years"),
    ({"r": JOBS}, MEAN | {"within": 3}, "measure.within", "no one meaning"),
    ({"r": MERGED}, {"last": "hours", "empty": "zero"}, "measure.last", 'overlap = "sum"'),
    ({"r": JOBS}, {"months_since": "last", "empty": "zero"}, "measure.empty", "cannot also mean never"),
    ({"r": JOBS}, {"any": True, "since": "ill"}, "measure.since", 'no date "ill"'),
    ({"r": JOBS}, MEAN | {"at_least": "0.25"}, "measure.at_least", "more decimals"),
]  # fmt: skip
SOUND = [
    ({"r": PAY}, {"mean": "amount", "empty": "missing", "within": 12}),
    ({"r": VISITS}, {"months_since": "last", "empty": "zero", "at_least": 12}),
    ({"r": MERGED}, {"max": "hours", "empty": "zero", "within": 3}),
    ({"r": JOBS}, {"any": True, "since": "draw", "until": "draw"}),
]


def findings(registers: dict[str, Any], measure: dict[str, Any]) -> list[tuple[str, str]]:
    trial = trial_of(registers, {"y": {"register": "r", "unit": "x", "measure": measure}})
    return [(".".join(map(str, f.path)), f.found.en) for f in check_trial(trial) if not f.warning]


@pytest.mark.parametrize(("registers", "measure", "place", "said"), KINDS)
def test_what_a_register_has_no_answer_to(registers: Any, measure: Any, place: str, said: str) -> None:
    ((path, found),) = findings(registers, measure)
    assert path == f"outcomes.y.{place}"
    assert said in found


@pytest.mark.parametrize(("registers", "measure"), SOUND)
def test_what_it_has(registers: Any, measure: Any) -> None:
    assert findings(registers, measure) == []


def test_first_times_look_from_inside_the_window_at_what_is_1_or_0() -> None:
    outcomes = {
        "hours": {"register": "r", "unit": "x", "measure": {"sum": "hours"}},
        "work": {"register": "r", "measure": {"any": True}},
        "of_number": {"first_of": "hours"},
        "of_nothing": {"ever_of": "wrk"},
        "late": {"first_of": "work", "from": 3},
        "round": {"ever_of": "round"},
    }
    said = {".".join(map(str, f.path)): f.found.en for f in check_trial(trial_of({"r": JOBS}, outcomes, window=(1, 2)))}
    assert said["outcomes.of_number.first_of"] == '"hours" is a number, not 1 or 0'
    assert said["outcomes.of_nothing.ever_of"] == 'there is no outcome "wrk"'
    assert said["outcomes.late.from"] == "month 3 is outside the window"
    assert said["outcomes.round"] == "outcomes form a circle: round → round"


@pytest.mark.parametrize(
    "outcome", [{"first_of": "a", "ever_of": "b"}, {"first_of": "a", "all_of": ["b"]}, {"from": 2}]
)
def test_an_outcome_is_of_one_kind(outcome: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="outcome_one_kind"):
        Outcome.model_validate({"label": "x"} | outcome)
    with pytest.raises(ValueError, match="outcome_from"):
        Outcome.model_validate({"label": "x", "all_of": ["a"], "from": 2})


def test_what_the_draw_does_not_protect_is_warned_of() -> None:
    outcomes = {
        "mean": {"register": "r", "measure": MEAN | {"at_least": 4}},
        "ever": {"ever_of": "mean"},
        "since": {"register": "r", "measure": {"any": True, "since": "ill"}},
    }
    plan = {"window": {"before": 1, "after": 12}, "primary": [{"outcome": "ever", "months": "1..12", "margin": "0.1"}]}
    trial = trial_of({"r": JOBS}, outcomes, facts={"ill": {"label": "Ill"}}, analysis=plan)
    said = {".".join(map(str, f.path)): f.found.en for f in check_trial(trial) if f.warning}
    assert "only the others are compared" in said["analysis.primary.0.outcome"]
    assert "the draw may have moved it" in said["outcomes.since.measure.since"]


def test_adding_up_months_that_overlap_is_warned_of() -> None:
    outcomes = {
        "paid": {"register": "r", "unit": "kr", "measure": {"sum": "amount", "within": 3}},
        "month": {"register": "r", "unit": "kr", "measure": {"sum": "amount"}},
    }
    primary = {"outcome": "paid", "months": "1..12", "summary": "sum", "margin": 9}
    plan = {"window": {"before": 1, "after": 12}, "primary": [primary], "cumulative": ["month", "paid"]}
    trial = trial_of({"r": PAY}, outcomes, analysis=plan)
    said = {".".join(map(str, f.path)): f.found.en for f in check_trial(trial) if "looks 3 months back" in f.found.en}
    assert sorted(said) == ["analysis.cumulative.1", "analysis.primary.0.summary"]


def test_months_before_the_register_are_not_within_it() -> None:
    """The register covers January 2015 on: three months are known from March."""
    outcomes = {
        "paid": {"register": "r", "unit": "kr", "measure": {"sum": "amount", "within": 3}},
        "any": {"register": "r", "measure": {"any": True}},
        "lately": {"register": "r", "measure": {"any": True, "within": 3}},
        "both": {"all_of": ["any", "lately"]},
        "ever": {"ever_of": "lately"},
    }
    trial = trial_of({"r": PAY}, outcomes)
    first = {name: coverage_months(trial, name)[0] - 12 * 2015 for name in outcomes}
    assert first == {"paid": 2, "any": 0, "lately": 2, "both": 2, "ever": 2}


def test_dates_and_numbers_are_limits_and_keep_apart_in_the_lock(edited) -> None:
    old = 'where = { programme = ["COACH", "SUB"] }'
    new = "where = { start = { at_least = 2015-01-01, below = 2016-01-01 }, level = { above = 4, at_most = 5.50 } }"
    trial = parse_trial(edited((old, new)).encode()).trial
    measure = trial.outcomes["in_programme"].measure
    assert measure is not None
    start, level = measure.where["start"], measure.where["level"]
    assert isinstance(start, Condition)
    assert isinstance(level, Condition)
    assert start.limits == {"at_least": date(2015, 1, 1), "below": date(2016, 1, 1)}
    assert level.limits == {"above": Decimal(4), "at_most": Decimal("5.5")}
    form = canonical(trial)
    assert form["outcomes"]["in_programme"]["measure"]["where"]["start"]["below"] == "2016-01-01"
    assert trial_from_canonical(form) == trial
    with pytest.raises(ProtocolError, match="a number"):
        parse_trial(edited((old, 'where = { level = { at_least = "four" } }')).encode())


def test_day_rules() -> None:
    rules = {
        name: Outcome(label="x", register="r", measure=Measure.model_validate(measure)).day_rule
        for name, measure in {
            "mean": MEAN,
            "mean limit": MEAN | {"at_least": 1},
            "last": {"last": "h", "empty": "zero"},
            "max": {"max": "h", "empty": "zero"},
            "since": {"months_since": "last", "empty": "missing"},
        }.items()
    }
    assert rules == {
        "mean": "day 16", "mean limit": "any day", "last": "day 16", "max": "any day", "since": "any day",
    }  # fmt: skip
