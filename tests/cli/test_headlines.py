"""What `lodd evaluate` says at once: each primary outcome in its unit, also where there is nothing to say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lodd.headlines import VERDICTS, primary_lines, primary_rows
from tests.evaluation.conftest import World, make_world


def lines(world: World, language: str) -> list[str]:
    return [line[language] for line in primary_lines(world.trial, world.evaluate())]


def test_a_line_for_each_outcome_with_its_level() -> None:
    world = make_world(confidence="0.975")
    work, pay = lines(world, "nb")
    assert work.startswith("Work, måned 1..3: +")
    assert "prosentpoeng (97,5\N{NO-BREAK SPACE}% KI" in work
    assert " til " in work
    assert "Pay, måned 1..3: " in pay
    assert "(97.5% CI " in lines(world, "en")[0]


def test_several_arms_are_told_apart() -> None:
    shown = lines(make_world(arms=("control", "x", "y")), "en")
    assert [line.split(":")[0] for line in shown] == [
        "Work, months 1..3, x",
        "Work, months 1..3, y",
        "Pay, months 1..3, x",
        "Pay, months 1..3, y",
    ]


def test_an_outcome_that_does_not_vary_has_no_interval() -> None:
    world = make_world()
    constant = world.with_values(work=np.zeros((240, 7)))
    assert lines(constant, "en")[0] == "Work, months 1..3: 0.0 percentage points (without an interval)"
    assert lines(constant, "nb")[0] == "Work, måned 1..3: 0,0 prosentpoeng (uten usikkerhetsintervall)"


def test_what_cannot_be_estimated_is_said() -> None:
    unseen = make_world().with_values(work=np.full((240, 7), np.nan))
    assert lines(unseen, "en")[0] == "Work, months 1..3: cannot be estimated"
    assert lines(unseen, "nb")[0] == "Work, måned 1..3: kan ikke anslås"


def test_months_in_work_are_months() -> None:
    summed = make_world(primary=[{"outcome": "work", "months": "1..3", "summary": "sum"}])
    assert " months (95% CI " in lines(summed, "en")[0]
    assert " måneder (95" in lines(summed, "nb")[0]


def test_the_verdict_ends_the_line() -> None:
    world = make_world()
    evaluation = world.evaluate()
    codes = [verdict.code for verdict in evaluation.verdicts]
    for language, word in (("nb", "Konklusjon"), ("en", "Verdict")):
        shown = [line[language] for line in primary_lines(world.trial, evaluation)]
        assert [line.split(f". {word}: ")[1] for line in shown] == [VERDICTS[code][language] for code in codes]


def test_a_script_reads_the_verdict_and_its_p_value() -> None:
    world = make_world()
    evaluation = world.evaluate()
    rows = primary_rows(evaluation)
    assert [row["verdict"] for row in rows] == [verdict.code for verdict in evaluation.verdicts]
    assert {row["verdict_p_kind"] for row in rows} == {"randomisation_family"}
    constant = primary_rows(world.with_values(work=np.zeros((240, 7))).evaluate())[0]
    assert (constant["verdict"], constant["verdict_p"]) == ("not_estimated", None)
    none = primary_rows(replace(evaluation, verdicts=()))[0]
    assert none["verdict"] is None
