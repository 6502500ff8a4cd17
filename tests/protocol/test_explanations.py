"""What findings look at, and priors: what the protocol may declare, and that the lock holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodd.errors import ProtocolError
from lodd.protocol import compare, parse_trial, write_lock

LAST = 'by = "age"\nsplit = "median"\n'
SOUND = """
[analysis.explanations]
work = "in_work"
instruments = ["in_work"]
placement_months = 3
catch_up = { early = "6..12", late = "19..24" }
"""


def with_explanations(*changes: tuple[str, str]) -> tuple[str, str]:
    written = SOUND
    for old, new in changes:
        assert old in written
        written = written.replace(old, new)
    return LAST, LAST + written


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (('work = "in_work"', 'work = "wrok"'), "explanations.work", 'no outcome "wrok"'),
        (('work = "in_work"', 'work_practice = "hours"'), "explanations.work_practice", "amount or a count"),
        (('["in_work"]', '["hours"]'), "explanations.instruments[0]", "amount or a count"),
        (('"6..12"', '"0..12"'), "catch_up.early", "before month 1"),
        (('"19..24"', '"12..24"'), "catch_up.late", "do not begin after 6..12"),
        (('"19..24"', '"19..30"'), "catch_up.late", "outside the window"),
        (("placement_months = 3", "placement_months = 0"), "placement_months", "at least 1"),
        (("placement_months = 3", 'target_group = "all"'), "target_group", 'no target group "all"'),
    ],
)
def test_flaws(edited, change: tuple[str, str], place: str, said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_trial(edited(with_explanations(change)).encode())
    english, norwegian = caught.value.render("en"), caught.value.render("nb")
    assert place in english
    assert said in english
    assert english != norwegian


def test_the_first_primary_outcome_is_work_unless_another_is_named(edited) -> None:
    edited_text = edited(with_explanations(('work = "in_work"\n', ""), ('"19..24"', '"19..30"')))
    with pytest.raises(ProtocolError, match="outside the window"):
        parse_trial(edited_text.encode())


def test_the_lock_holds_explanations_and_priors(edited, tmp_path: Path) -> None:
    prior = ("margin = 0.03", "margin = 0.03\nprior = { sd = 0.05 }")
    trial = parse_trial(edited(with_explanations(), prior).encode()).trial
    lock = write_lock(trial, tmp_path)
    entries = ("explanations", "prior:in_work:1..24:mean")
    assert compare(trial, lock).covers("in_work", *entries)
    wider = (prior[0], prior[1].replace("0.05", "0.5"))
    moved = with_explanations(('"6..12"', '"6..13"'))
    changed = compare(parse_trial(edited(moved, wider).encode()).trial, lock)
    assert changed.covers("in_work", "primary:in_work:1..24:mean")
    assert not any(changed.covers("in_work", entry) for entry in entries)


@pytest.mark.parametrize("prior", ["{ sd = 0 }", "{ sd = -1 }", "{ }", '{ sd = 1, shape = "flat" }'])
def test_a_prior_has_a_width_and_a_known_shape(edited, prior: str) -> None:
    with pytest.raises(ProtocolError, match="prior"):
        parse_trial(edited(("margin = 0.03", f"margin = 0.03\nprior = {prior}")).encode())


def test_without_them_a_locked_protocol_has_the_hash_it_had(trial) -> None:
    plan = trial.model_dump(exclude_defaults=True)["analysis"]
    assert "explanations" not in plan
    assert "prior" not in plan["primary"][0]
