"""Other probabilities, public values and the close: two people, never the past, never a lot seen before it is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from lodd.errors import DataError, UsageError
from lodd.site.actions.schedule import (
    BeaconStep,
    approve_schedule,
    close_trial,
    decline_schedule,
    enter_beacon,
    propose_schedule,
    take_back_schedule,
)
from lodd.site.forms.schedule import PercentField
from lodd.site.installation import installation, use_installation
from lodd.site.models import BeaconEntry, LedgerEvent, ScheduleProposal, StoredCheckpoint
from lodd.site.policies import NotNowError
from lodd.site.publication import publication
from tests.site.api_world import wrong_fields
from tests.site.world import World

EN = {"Accept-Language": "en"}


def _tomorrow(days: int = 1) -> Any:
    return installation().today + timedelta(days=days)


def _proposed(world: World, by: str = "manager", place: str = "n1", share: str = "0.7") -> ScheduleProposal:
    return propose_schedule(
        {place: {"coaching": share}},
        _tomorrow(),
        actor=world.actor(by),
        beacon_source="national lottery",
        beacon_round="the first Saturday of next year",
        note="too few places",
    )


def _in_days(days: int) -> None:
    """Let the days go by."""
    here = installation()
    later = here.now() + timedelta(days=days)
    use_installation(replace(here, clock=lambda: later))


# Proposals ------------------------------------------------------------------------------------------------------------


def test_approved_by_a_second_manager_and_in_force_when_its_value_is_known(world: World) -> None:
    proposal = approve_schedule(_proposed(world), actor=world.actor("manager_two"))
    assert proposal.state == "approved"
    assert LedgerEvent.objects.get(seq=proposal.amendment).kind == "amendment"
    assert publication()["amendments"][0]["in_force"] is False
    _in_days(2)
    enter_beacon("1 2 3", actor=world.actor("manager"), amendment=proposal.amendment)
    enter_beacon("1  2 3", actor=world.actor("manager_two"), amendment=proposal.amendment)
    told = publication()
    assert told["amendments"][0]["in_force"] is True
    own = [row for row in told["schedule"] if row["office"] == "n1"]
    assert [row["probability"]["coaching"] for row in own] == ["0.40", "0.7"]
    assert world.draw(1).marginal == ["3/10", "7/10"]
    assert world.draw(2, office="n2").marginal == ["3/5", "2/5"]


def test_nobody_approves_or_declines_their_own(world: World) -> None:
    proposal = _proposed(world)
    for decide in (approve_schedule, decline_schedule):
        with pytest.raises(PermissionDenied):
            decide(proposal, actor=world.actor("manager"))
    with pytest.raises(PermissionDenied):
        take_back_schedule(proposal, actor=world.actor("manager_two"))
    assert ScheduleProposal.objects.get().state == "proposed"


@pytest.mark.parametrize(("decide", "who"), [(decline_schedule, "manager_two"), (take_back_schedule, "manager")])
def test_what_is_decided_is_decided(world: World, decide: Any, who: str) -> None:
    proposal = decide(_proposed(world), actor=world.actor(who))
    for again, by in ((approve_schedule, "manager_two"), (decline_schedule, "manager_two"), (decide, who)):
        with pytest.raises(NotNowError):
            again(proposal, actor=world.actor(by))
    assert not LedgerEvent.objects.filter(kind="amendment").exists()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"days": 0}, DataError),
        ({"days": -1}, DataError),
        ({"days": 40_000}, DataError),
        ({"rows": {"nowhere": {"coaching": "0.5"}}}, UsageError),
        ({"rows": {"n1": {"coaching": "half"}}}, UsageError),
        ({"rows": {"n1": {"coaching": "0.0"}}}, (DataError, UsageError)),
        ({"rows": {"n1": {"other": "0.5"}}}, (DataError, UsageError)),
        ({"round": "The first  Saturday after the lock"}, DataError),
    ],
)
def test_what_cannot_be_is_not_proposed(world: World, change: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        propose_schedule(
            change.get("rows", {"n1": {"coaching": "0.5"}}),
            _tomorrow(change.get("days", 1)),
            actor=world.actor("manager"),
            beacon_source="national lottery",
            beacon_round=change.get("round", "another one"),
        )
    assert ScheduleProposal.objects.count() == 0


def test_a_day_that_has_passed_is_not_approved(world: World) -> None:
    proposal = _proposed(world)
    _in_days(3)
    with pytest.raises(DataError):
        approve_schedule(proposal, actor=world.actor("manager_two"))
    assert ScheduleProposal.objects.get().state == "proposed"


# Public values --------------------------------------------------------------------------------------------------------


def test_two_values_that_differ_are_both_given_up(world: World) -> None:
    proposal = approve_schedule(_proposed(world), actor=world.actor("manager_two"))
    events = LedgerEvent.objects.count()

    def typed(value: str, who: str) -> BeaconStep:
        return enter_beacon(value, actor=world.actor(who), amendment=proposal.amendment)

    assert typed("1 2 3", "manager") is BeaconStep.WAITING
    with pytest.raises(PermissionDenied):
        typed("1 2 3", "manager")
    assert typed("1 2 4", "manager_two") is BeaconStep.DIFFERED
    assert LedgerEvent.objects.count() == events
    assert not BeaconEntry.objects.filter(settled_at=None).exists()
    assert typed("1 2 4", "manager_two") is BeaconStep.WAITING
    assert typed("1 2 4", "manager") is BeaconStep.RECORDED
    with pytest.raises(DataError):
        typed("1 2 4", "manager")


def test_nothing_awaits_a_second_value_for_the_trial(world: World) -> None:
    with pytest.raises(DataError):
        enter_beacon("1", actor=world.actor("manager"))
    with pytest.raises(DataError):
        enter_beacon("1", actor=world.actor("manager"), amendment=99)


# The close ------------------------------------------------------------------------------------------------------------


def test_after_the_close_nobody_is_drawn_and_a_checkpoint_says_how_it_ended(world: World) -> None:
    world.draw(1)
    close_trial(actor=world.actor("manager"))
    assert publication()["closed"] is True
    assert StoredCheckpoint.objects.latest("count").count == LedgerEvent.objects.count()
    with pytest.raises(DataError):
        world.draw(2)
    with pytest.raises(DataError):
        close_trial(actor=world.actor("manager"))


# Pages ----------------------------------------------------------------------------------------------------------------


def _form(**other: Any) -> dict[str, Any]:
    return {
        "places": ["north", "s1"],
        "share_coaching": "33,3",
        "effective_from": _tomorrow().isoformat(),
        "beacon_source": "national lottery",
        "beacon_round": "another one",
        "note": "too few places",
    } | other


def test_the_story_of_a_change_by_the_pages(world: World) -> None:
    manager, second = world.client("manager", headers=EN), world.client("manager_two", headers=EN)
    answer = manager.post("/schedule/propose/", _form())
    proposal = ScheduleProposal.objects.get()
    assert answer.headers["Location"] == f"/schedule/proposals/{proposal.pk}/"
    assert proposal.rows == [{"place": place, "probability": {"coaching": "0.333"}} for place in ("north", "s1")]
    assert "another trial manager must decide" in manager.get(answer.headers["Location"]).content.decode()
    assert "Approve" in second.get(answer.headers["Location"]).content.decode()
    assert manager.post(answer.headers["Location"], {"decision": "approve"}).status_code == 403
    assert second.post(answer.headers["Location"], {"decision": "approve"}).status_code == 302
    amendment = ScheduleProposal.objects.get().amendment
    page = manager.get("/schedule/").content.decode()
    assert "awaits its public value" in page
    assert "33.3%" in page
    for client, said in ((manager, "Another person must type"), (second, "different values")):
        client.post(f"/schedule/beacon/{amendment}/", {"value": f"{said}"})
        assert said in client.get("/schedule/").content.decode()
    for client in (manager, second):
        client.post(f"/schedule/beacon/{amendment}/", {"value": "4 5 6"})
    assert LedgerEvent.objects.filter(kind="beacon", line__contains="4 5 6").count() == 1
    assert manager.get(f"/schedule/beacon/{amendment}/").status_code == 302


def test_who_has_typed_a_value_waits_for_another_and_the_value_is_not_shown(world: World) -> None:
    proposal = approve_schedule(_proposed(world), actor=world.actor("manager_two"))
    path = f"/schedule/beacon/{proposal.amendment}/"
    manager, second = world.client("manager", headers=EN), world.client("manager_two", headers=EN)
    manager.post(path, {"value": "secret-until-two"})
    assert "You have typed the value" in manager.get(path).content.decode()
    assert "secret-until-two" not in second.get(path).content.decode()
    manager.post(path, {"value": "secret-until-two"})
    assert BeaconEntry.objects.filter(settled_at=None).count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"share_coaching": "100"}, "share_coaching"),
        ({"share_coaching": "much"}, "share_coaching"),
        ({"effective_from": "2020-01-01"}, "effective_from"),
        ({"places": ["nowhere"]}, "places"),
        ({"places": []}, "places"),
        ({"beacon_round": "the first Saturday after the lock"}, "beacon_round"),
        ({"note": "for 010170 12345"}, "note"),
    ],
)
def test_a_mistake_is_said_at_its_field(world: World, change: dict[str, Any], field: str) -> None:
    page = world.client("manager", headers=EN).post("/schedule/propose/", _form(**change))
    assert page.status_code == 200
    assert wrong_fields(page) == {field}
    assert ScheduleProposal.objects.count() == 0


def test_the_trial_is_closed_by_its_name_only(world: World) -> None:
    manager = world.client("manager", headers=EN)
    assert wrong_fields(manager.post("/schedule/close/", {"confirmation": "yes"})) == {"confirmation"}
    assert not LedgerEvent.objects.filter(kind="close").exists()
    assert manager.post("/schedule/close/", {"confirmation": " small "}).status_code == 302
    assert LedgerEvent.objects.filter(kind="close").count() == 1
    assert manager.get("/schedule/close/").status_code == 302
    assert "The draw is closed" in manager.get("/schedule/").content.decode()


def test_others_read_the_schedule_and_change_nothing(world: World) -> None:
    proposal = _proposed(world)
    operator = world.client("operator", headers=EN)
    assert "Propose a change" not in operator.get("/schedule/").content.decode()
    assert operator.get(f"/schedule/proposals/{proposal.pk}/").status_code == 200
    for path in ("propose/", "beacon/", "close/", f"proposals/{proposal.pk}/"):
        assert operator.post(f"/schedule/{path}", {"decision": "approve"}).status_code == 403
    assert world.client("caseworker").get("/schedule/").status_code == 403


@given(st.decimals("0.0001", "99.9999", places=4))
def test_percentages_are_kept_exactly(percent: Any) -> None:
    from decimal import Decimal

    for written in (str(percent), str(percent).replace(".", ",") + " %"):
        assert Decimal(PercentField().clean(written)) * 100 == percent


# Systems --------------------------------------------------------------------------------------------------------------


def test_a_system_from_proposal_to_revocation_by_the_pages(world: World) -> None:
    from lodd.site.models import ApiSystem

    administrator, manager = world.client("administrator", headers=EN), world.client("manager", headers=EN)
    sent = {"name": "Journal", "place": "site:north", "issuer": "", "per_minute": "60"}
    assert administrator.post("/systems/", sent).status_code == 302
    system = ApiSystem.objects.get()
    assert (system.site, system.office, system.per_minute) == ("north", "", 60)
    assert "another system has this name" in administrator.post("/systems/", sent).content.decode().lower()
    assert administrator.post(f"/systems/{system.pk}/token/").status_code == 409
    assert "waits for a trial manager" in manager.get("/decisions/systems/").content.decode()
    assert manager.post(f"/decisions/systems/{system.pk}/", {"decision": "approve"}).status_code == 302
    page = administrator.post(f"/systems/{system.pk}/token/").content.decode()
    assert "lodd_" in page
    assert "lodd_" not in administrator.get("/systems/").content.decode()
    assert manager.post(f"/decisions/systems/{system.pk}/", {"decision": "revoke"}).status_code == 302
    assert "revoked" in administrator.get("/systems/").content.decode()
    assert administrator.post(f"/decisions/systems/{system.pk}/", {"decision": "approve"}).status_code == 403
    assert manager.post("/systems/", sent).status_code == 403
