"""Referral, start and end: what may follow what, corrections, cross-over."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count, product
from typing import Any

import pytest
from django.http import HttpResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodd.errors import UsageError
from lodd.protocol.model import Arm
from lodd.site import policies
from lodd.site.actions.follow_up import CrossOverError, Entered, correct, effective, record, void
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, FollowUp, Participant
from lodd.site.participants.programmes import arm_of, own_programme
from lodd.site.policies import NotNowError
from tests.site.draw_story import problems
from tests.site.test_participants import set_back
from tests.site.world import World

KINDS = ("referral", "start", "end")
ALLOWED = {
    (),
    ("referral",), ("start",),
    ("referral", "referral"), ("referral", "start"), ("referral", "end"), ("start", "referral"), ("start", "end"),
    ("referral", "referral", "referral"), ("referral", "referral", "start"), ("referral", "referral", "end"),
    ("referral", "start", "referral"), ("referral", "start", "end"),
    ("referral", "end", "referral"), ("referral", "end", "start"),
    ("start", "referral", "referral"), ("start", "referral", "end"), ("start", "end", "referral"),
    ("start", "end", "start"),
}  # fmt: skip
"""Every course of up to three entries that makes sense, written out by hand."""


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_what_may_follow_what(length: int) -> None:
    for course in product(KINDS, repeat=length):
        if course in ALLOWED:
            policies.state_after(course)
        else:
            with pytest.raises(NotNowError):
                policies.state_after(course)


def test_every_state_has_its_row() -> None:
    assert set(policies.FOLLOW_UP_MOVES) == set(Participant.State.values)
    assert set(policies.REQUEST_MOVES) == {"open", "answered", "cancelled", "expired"}


def own(one: Participant) -> str:
    return own_programme(installation().trial, one.arm, one.day)


def other(one: Participant) -> str:
    return {"VEIL": "OPPF", "OPPF": "VEIL"}[own(one)]


def enter(world: World, one: Participant, kind: str, client_of: str = "caseworker", **values: Any) -> HttpResponse:
    client = world.client(client_of, headers={"accept-language": "en"})
    given: dict[str, Any] = {"day": str(installation().today), "programme": own(one), "reason": "work"} | values
    return client.post(f"/participants/{one.seq}/follow-up/{kind}/", given)


def test_a_whole_course(world: World) -> None:
    one = world.draw(1)
    client = world.client("caseworker", headers={"accept-language": "en"})
    form = client.get(f"/participants/{one.seq}/follow-up/referral/").content.decode()
    assert f'<option value="{own(one)}" selected>' in form
    for kind, state in (("referral", "referred"), ("start", "started"), ("end", "ended")):
        assert enter(world, one, kind).status_code == 302
        one.refresh_from_db()
        assert (one.state, one.state_since) == (state, installation().today)
    page = client.get(f"/participants/{one.seq}/").content.decode()
    for said in ("Referral", "Start in a programme", "End of a programme", "Got work", "Left"):
        assert said in page
    assert FollowUp.objects.get(kind="end").programme == own(one)
    assert FollowUp.objects.get(kind="end").by == world.user("caseworker").ledger_id
    assert AuditEvent.objects.filter(action="follow_up.recorded").count() == 3


def test_the_same_entry_twice_is_one(world: World) -> None:
    one = world.draw(1)
    assert [enter(world, one, "referral").status_code for _ in range(2)] == [302, 302]
    assert FollowUp.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("referral", {"day": ""}, "Enter the date."),
        ("referral", {"day": "31.02.2026"}, "Enter a date"),
        ("referral", {"day": "0001-01-01"}, "Enter a date"),
        ("referral", {"programme": ""}, "Choose the programme."),
        ("referral", {"programme": "nonsense"}, "nonsense"),
        ("start", {"day": "2020-01-02"}, "before the draw"),
        ("start", {"day": "2098-01-01"}, "in the future"),
        ("end", {}, "An end does not fit there"),
        ("end", {"reason": ""}, "Choose why it ended."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(world: World, kind: str, values: Any, said: str) -> None:
    one = world.draw(1)
    assert said in problems(enter(world, one, kind, **values))
    assert FollowUp.objects.count() == 0


def test_only_who_may_enters_and_only_known_kinds(world: World) -> None:
    one = world.draw(1)
    for name in ("caseworker_n2", "operator_south", "manager", "steward"):
        assert enter(world, one, "referral", client_of=name).status_code == 403
    assert enter(world, one, "party").status_code == 404
    assert enter(world, one, "referral", client_of="county_lead").status_code == 302


def test_another_groups_programme_is_asked_about_and_marked(world: World) -> None:
    one = world.draw(1)
    asked = enter(world, one, "start", programme=other(one))
    assert "the person was drawn to" in problems(asked)
    assert 'name="cross_over"' in asked.content.decode()
    assert FollowUp.objects.count() == 0
    assert enter(world, one, "start", programme=other(one), cross_over="on").status_code == 302
    page = world.client("caseworker", headers={"accept-language": "en"}).get(f"/participants/{one.seq}/")
    assert "Cross-over" in page.content.decode()
    assert AuditEvent.objects.get(action="follow_up.recorded").facts["cross_over"] is True
    assert enter(world, one, "end").status_code == 302
    assert FollowUp.objects.get(kind="end").arm == FollowUp.objects.get(kind="start").arm != one.arm


def test_a_programme_that_the_protocol_does_not_know_is_no_cross_over(world: World) -> None:
    one = world.draw(1)
    assert enter(world, one, "start", programme="other").status_code == 302
    assert FollowUp.objects.get().arm == ""


def test_a_correction_replaces_and_both_stay(world: World) -> None:
    one = world.draw(1)
    set_back(world, day=installation().today - timedelta(days=10))
    enter(world, one, "referral")
    first = FollowUp.objects.get()
    yesterday = installation().today - timedelta(days=1)
    client = world.client("caseworker", headers={"accept-language": "en"})
    there = f"/participants/{one.seq}/entries/{first.pk}/"
    assert str(first.day) in client.get(there).content.decode()
    assert client.post(there, {"day": str(yesterday), "programme": own(one)}).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.state_since) == ("referred", yesterday)
    assert [entry.day for entry in effective(one)] == [yesterday]
    assert FollowUp.objects.count() == 2
    page = client.get(f"/participants/{one.seq}/").content.decode()
    assert "(does not count)" in page
    for again in ({"day": str(yesterday), "programme": own(one)}, {"void": "1"}):
        assert "corrected already" in problems(client.post(there, again))
    assert client.get(f"/participants/{one.seq}/entries/9999/").status_code == 404


def test_an_entry_by_mistake_stops_counting(world: World) -> None:
    one = world.draw(1)
    enter(world, one, "referral")
    enter(world, one, "start")
    enter(world, one, "end")
    referral, start, end = FollowUp.objects.order_by("pk")
    client = world.client("operator", headers={"accept-language": "en"})
    assert client.post(f"/participants/{one.seq}/entries/{end.pk}/", {"void": "1"}).status_code == 302
    one.refresh_from_db()
    assert one.state == "started"
    assert "corrected already" in problems(client.post(f"/participants/{one.seq}/entries/{end.pk}/", {"void": "1"}))
    assert client.post(f"/participants/{one.seq}/entries/{start.pk}/", {"void": "1"}).status_code == 302
    assert client.post(f"/participants/{one.seq}/entries/{referral.pk}/", {"void": "1"}).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.state_since) == ("drawn", None)
    assert "Entered by mistake" in client.get(f"/participants/{one.seq}/").content.decode()


def test_what_later_entries_rest_on_is_not_voided(world: World) -> None:
    one = world.draw(1)
    enter(world, one, "start")
    enter(world, one, "end")
    start = FollowUp.objects.get(kind="start")
    client = world.client("operator", headers={"accept-language": "en"})
    assert "does not fit" in problems(client.post(f"/participants/{one.seq}/entries/{start.pk}/", {"void": "1"}))
    one.refresh_from_db()
    assert one.state == "ended"


def test_the_action_has_the_rules_not_only_the_form(world: World) -> None:
    one = world.draw(1)
    actor, today = world.actor("operator"), installation().today
    with pytest.raises(CrossOverError):
        record(one, Entered("start", today, other(one)), actor=actor)
    with pytest.raises(UsageError):
        record(one, Entered("start", today, "unknown"), actor=actor)
    record(one, Entered("start", today, own(one)), actor=actor)
    with pytest.raises(UsageError):
        record(one, Entered("end", today, reason="because"), actor=actor)
    assert FollowUp.objects.count() == 1


def test_programmes_have_dates(world: World) -> None:
    until, since = {"until": "2016-12-31"}, {"from": "2017-01-01"}
    arms = {
        "control": Arm.model_validate({"label": "C", "programmes": [{"code": "AB"} | until, {"code": "O"} | since]}),
        "coaching": Arm.model_validate({"label": "T", "programmes": [{"code": "AB"} | since, {"code": "SE"}]}),
    }
    trial = installation().trial.model_copy(update={"arms": arms})
    assert arm_of(trial, "AB", date(2016, 12, 31), "coaching") == "control"
    assert arm_of(trial, "AB", date(2017, 1, 1), "control") == "coaching"
    assert own_programme(trial, "control", date(2016, 12, 31)) == "AB"
    assert own_programme(trial, "control", date(2017, 1, 1)) == "O"
    assert own_programme(trial, "coaching", date(2017, 1, 1)) == ""
    with pytest.raises(UsageError):
        arm_of(trial, "O", date(2016, 12, 31), "control")
    with pytest.raises(UsageError):
        arm_of(trial, "XX", date(2017, 1, 1), "control")


_SEEDS = count(1_000_000)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_state_kept_is_the_state_of_the_entries(world: World, data: st.DataObject) -> None:
    """Whatever is entered, corrected and voided, in whichever order: the row says what the entries that count say."""
    one = world.draw(next(_SEEDS))  # somebody new in each example: the database goes on from one to the next
    actor, today = world.actor("operator"), installation().today
    set_back(world, day=today - timedelta(days=5))
    days = st.integers(0, 5).map(lambda back: today - timedelta(days=back))
    for _ in range(data.draw(st.integers(1, 6))):
        entered = Entered(data.draw(st.sampled_from(KINDS)), data.draw(days), own(one), "work")
        counting = effective(one)
        move = data.draw(st.sampled_from(["record", "correct", "void"]))
        try:
            if move == "record" or not counting:
                record(one, entered, actor=actor)
            elif move == "correct":
                chosen = data.draw(st.sampled_from(counting))
                correct(chosen, Entered(chosen.kind, entered.day, entered.programme, "work"), actor=actor)
            else:
                void(data.draw(st.sampled_from(counting)), actor=actor)
        except NotNowError:
            pass
        one.refresh_from_db()
        now = effective(one)
        assert one.state == policies.state_after(entry.kind for entry in now)
        assert one.state_since == (now[-1].day if now else None)
