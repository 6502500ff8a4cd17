"""The definition language's first times are those that the analysis of time to a first job follows."""

from __future__ import annotations

import random
from datetime import date

import numpy as np

from lodd.evaluation.further.first_time import _followed, _populations, lifetimes
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan
from lodd.protocol.lock import Prespecification
from lodd.registers import build_panel_from
from tests.properties.test_panel_crowd import EVENT, PEOPLE, SPELL, tables
from tests.registers.small import PAY, people_of, table, trial_of


def test_what_is_missing_without_a_record_is_not_followed() -> None:
    """Whoever has no pay would be lost to view, and those who have are not like them."""
    pay = {"register": "pay", "measure": {"mean": "amount", "at_least": 9, "empty": "missing"}}
    outcomes = {"paid": {"register": "pay", "measure": {"any": True}}, "well": pay, "low": {"none_of": ["well"]}}
    trial = trial_of({"pay": PAY}, outcomes, window=(1, 3))
    people = people_of(a=date(2015, 3, 1), b=date(2015, 3, 1))
    panel = build_panel_from(trial, {"pay": table("person_id month amount", ("a", "2015-03", 9))}, people)
    assert _followed(Plan(trial, panel, Prespecification(), Notebook())) == ["paid"]


def test_both_find_the_same_first_month() -> None:
    """A crowd of 40 with deaths, stays abroad and a register that ends before some can be followed to the end."""
    outcomes = {
        "job": {"register": "jobs", "measure": {"any": True, "where": {"employer": "x"}}, "counts": "day 16"},
        "first": {"first_of": "job"},
        "ever": {"ever_of": "job"},
    }
    population = {"deaths": "deaths", "emigrations": "abroad"}
    registers = {"jobs": SPELL, "abroad": SPELL, "deaths": EVENT}
    trial = trial_of(registers, outcomes, window=(1, 5), population=population)
    rng = random.Random(3)
    participants = people_of(**{person: date(2016, rng.randint(1, 5), rng.randint(1, 28)) for person in PEOPLE})
    held = {name: table for name, table in tables(5, "month").items() if name in registers}
    panel = build_panel_from(trial, held, participants)
    lives = lifetimes(Plan(trial, panel, Prespecification(), Notebook()), "job")
    first, ever = (panel.matrix(name)[:, panel.event_months >= 1] for name in ("first", "ever"))
    months = np.arange(1, 6)
    found = (lives.cause == 1)[:, None] & (lives.month[:, None] == months)
    assert ((first == 1) == found).all()
    # whoever dies or leaves before is another matter: a job after a stay abroad is one, if not surely the first
    followed = lives.cause == 1
    since = (lives.month[:, None] <= months)[followed]
    assert ((ever[followed] == 1) == (since & ~np.isnan(ever[followed]))).all()
    assert {0, 1} <= set(lives.cause.tolist())
    assert lives.cause.max() >= 2  # somebody dies or leaves first
    assert np.isnan(first).any()


def test_who_had_the_outcome_before_the_draw_is_asked_of_the_outcome_not_of_its_first_time() -> None:
    """Before month 1 a first job is 0 for everybody, also for those in a job."""
    outcomes = {
        "job": {"register": "jobs", "measure": {"any": True}, "counts": "day 16"},
        "first": {"first_of": "job"},
        "ever": {"ever_of": "first"},
    }
    trial = trial_of({"jobs": SPELL}, outcomes, window=(1, 3))
    people = people_of(a=date(2016, 3, 1), b=date(2016, 3, 1))
    rows = table("person_id start stop", ("a", date(2016, 1, 1), date(2016, 12, 31)))
    plan = Plan(trial, build_panel_from(trial, {"jobs": rows}, people), Prespecification(), Notebook())
    for outcome in outcomes:
        assert dict(_populations(plan, outcome))["without_before"].tolist() == [False, True]
