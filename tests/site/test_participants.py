"""The list of participants, finding one, and seeing who somebody is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lodd.identity import synthetic_number
from lodd.site.actions.base import audit, ledger_action
from lodd.site.actions.participants import link_number
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, Participant
from lodd.site.participants.tasks import OpenTasks, open_tasks
from tests.site.draw_story import problems, title
from tests.site.world import World


def receipts(client: Client, address: str) -> set[str]:
    page = client.get(address).content.decode()
    return {one.receipt for one in Participant.objects.all() if one.receipt in page}


@ledger_action
def set_back(world: World, **values: object) -> None:
    """Make participants look older than they are."""
    Participant.objects.update(**values)
    audit(world.actor("manager"), "test.set_back")


def test_everybody_sees_their_own_reach(world: World) -> None:
    here, there, south = world.draw(1), world.draw(2, office="n2"), world.draw(3, office="s1", by="operator_south")
    expected = {
        "caseworker": {here},
        "caseworker_n2": {there},
        "operator": {here, there},
        "county_lead": {here, there},
        "county_lead_south": {south},
        "manager": {here, there, south},
        "steward": {here, there, south},
    }
    for name, seen in expected.items():
        client = world.client(name)
        assert receipts(client, "/participants/") == {one.receipt for one in seen}, name
        for one in (here, there, south):
            assert client.get(f"/participants/{one.seq}/").status_code == (200 if one in seen else 403), name
    for name in ("auditor", "administrator", "nobody"):
        assert world.client(name).get("/participants/").status_code == 403
    assert world.client("manager").get("/participants/999/").status_code == 404


def test_the_list_is_narrowed_down(world: World) -> None:
    ones = [world.draw(seed, office=office) for seed, office in ((1, "n1"), (2, "n2"), (3, "n1"), (4, "n2"))]
    client = world.client("operator")
    today = installation().today
    for given, holds in {
        "office=n1": lambda one: one.office == "n1",
        "arm=coaching": lambda one: one.arm == "coaching",
        "state=drawn": lambda one: True,
        "state=started": lambda one: False,
        "state=without_referral": lambda one: False,
        f"since={today}": lambda one: True,
        f"until={today - timedelta(days=1)}": lambda one: False,
        "since=nonsense": lambda one: True,
        "office=s1": lambda one: True,
        "page=999": lambda one: True,
    }.items():
        expected = {one.receipt for one in ones if holds(one)}
        assert receipts(client, f"/participants/?{given}") == expected, given
    manager = world.client("manager")
    assert receipts(manager, "/participants/?site=south") == set()
    assert len(receipts(manager, "/participants/?site=north")) == 4


def test_long_lists_go_page_by_page_and_are_not_counted_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ones = [world.draw(seed).receipt for seed in range(1, 6)]
    monkeypatch.setattr("lodd.site.participants.listing.PAGE", 2)
    monkeypatch.setattr("lodd.site.participants.listing.SHOWN", 4)
    client = world.client("operator", headers={"accept-language": "en"})
    assert receipts(client, "/participants/") == set(ones[3:])
    assert receipts(client, "/participants/?page=2") == set(ones[1:3])
    page = client.get("/participants/?page=9").content.decode()
    assert "Page 2 of 2" in page
    assert "Only the last" in page


def test_one_is_found_by_receipt_pseudonym_and_number_and_never_in_an_address(world: World) -> None:
    one = world.draw(1)
    client = world.client("operator")
    linked = synthetic_number(9)
    link_number(one, world.number(1), linked, actor=world.actor("operator"))
    written = [
        one.receipt,
        one.receipt.lower().replace("-", " "),
        one.lot_id,
        installation().keys.lot_id(linked),
        world.number(1).digits(),
        world.number(1).grouped(),
        linked.digits(),
    ]
    for looked_for in written:
        response = client.post("/participants/find/", {"looked_for": looked_for})
        assert response["Location"] == f"/participants/{one.seq}/", looked_for
    assert client.get("/participants/find/").status_code == 405
    assert AuditEvent.objects.filter(action="participant.searched", subject=f"participant:{one.seq}").count() == 3


def test_who_is_out_of_reach_is_not_found(world: World) -> None:
    one = world.draw(1, office="n2")
    client = world.client("caseworker", headers={"accept-language": "en"})
    said = {
        problems(client.post("/participants/find/", {"looked_for": looked_for}))
        for looked_for in (world.number(1).digits(), world.number(2).digits(), one.receipt, "ABCD-EFGH-IJKL-MNOP")
    }
    assert len(said) == 1
    assert "Nobody who was drawn in your area" in said.pop()


@pytest.mark.parametrize(
    ("name", "looked_for", "said"),
    [
        ("operator", "", "Enter what to look for."),
        ("operator", "hello", "neither a receipt (16 characters), a pseudonym"),
        ("operator", "12345678901", "no month"),
        ("steward", synthetic_number(1).digits(), "neither a receipt (16 characters) nor a pseudonym"),
    ],
)
def test_what_cannot_be_looked_for_is_said(world: World, name: str, looked_for: str, said: str) -> None:
    client = world.client(name, headers={"accept-language": "en"})
    assert said in problems(client.post("/participants/find/", {"looked_for": looked_for}))


def test_an_identity_is_shown_to_who_says_why_and_it_is_noted(world: World) -> None:
    one = world.draw(1)
    client = world.client("caseworker")
    there = f"/participants/{one.seq}/identity/"
    assert client.get(there).status_code == 405
    refused = client.post(there, {"why": "curious"})
    assert world.number(1).grouped() not in refused.content.decode()
    assert problems(refused)
    shown = client.post(there, {"why": "refer"})
    assert world.number(1).grouped() in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert "N" not in title(shown) or world.number(1).digits() not in title(shown)
    [noted] = AuditEvent.objects.filter(action="identity.shown", subject=f"participant:{one.seq}")
    assert (noted.actor, noted.facts) == (world.user("caseworker").ledger_id, {"why": "refer"})
    assert world.client("county_lead").post(there, {"why": "refer"}).status_code == 403
    assert world.client("caseworker_n2").post(there, {"why": "refer"}).status_code == 403
    assert problems(client.post(there, {"why": "steward"}))
    assert world.client("steward").post(there, {"why": "steward"}).status_code == 200


def test_the_page_never_shows_who_it_is_by_itself(world: World) -> None:
    one = world.draw(1)
    page = world.client("caseworker").get(f"/participants/{one.seq}/").content.decode()
    assert world.number(1).digits() not in page.replace("\N{NO-BREAK SPACE}", "")


def test_open_tasks_are_those_over_the_days(world: World) -> None:
    world.draw(1)
    user = world.user("county_lead")
    days = installation().trial.enrolment.referral_days
    assert days == 14
    assert open_tasks(user) == OpenTasks(0, 0)
    set_back(world, day=installation().today - timedelta(days=days))
    assert open_tasks(user) == OpenTasks(0, 0)
    set_back(world, day=installation().today - timedelta(days=days + 1))
    assert open_tasks(user) == OpenTasks(1, 0)
    assert open_tasks(world.user("caseworker")).any
    assert not open_tasks(world.user("caseworker_n2")).any
    assert not open_tasks(world.user("manager")).any
    client = world.client("caseworker", headers={"accept-language": "en"})
    assert "Referral is overdue" in client.get("/participants/?state=without_referral").content.decode()
    set_back(world, state="referred", state_since=installation().today - timedelta(days=days + 1))
    assert open_tasks(user) == OpenTasks(0, 1)
    assert len(receipts(client, "/participants/?state=without_start")) == 1
    set_back(world, not_waited_for=True)
    assert open_tasks(user) == OpenTasks(0, 0)


def test_the_number_of_queries_does_not_grow_with_the_list(world: World) -> None:
    def queries() -> int:
        client = world.client("operator")
        client.get("/participants/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/participants/")
        return len(asked)

    world.draw(1)
    few = queries()
    for seed in range(2, 12):
        world.draw(seed)
    assert queries() == few <= 12
    one = Participant.objects.first()
    assert one is not None
    client = world.client("operator")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/participants/{one.seq}/")
    assert len(asked) <= 18
