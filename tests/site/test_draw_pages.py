"""The draw's pages, as an operator and a caseworker use them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lodd.identity import synthetic_number
from lodd.site import policies
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, Caseworker, DrawRequest, LedgerEvent, Participant
from tests.site.draw_story import CONDITIONS, asked, close, drawn, problems, title, typed
from tests.site.world import World


def test_an_operator_draws(world: World) -> None:
    client = world.client("operator", headers={"accept-language": "en"})
    first = client.get("/draw/")
    assert first.status_code == 200
    assert b"NAV To" in first.content
    assert b"NAV Tre" not in first.content
    read_back = client.get(asked(client, world.number(1)))
    page = read_back.content.decode()
    assert "\N{NO-BREAK SPACE}".join(world.number(1).spoken_groups()) in page
    assert "Kari Ås (not on the office’s list before)" in page
    assert Participant.objects.count() == 0
    result = drawn(client, world.number(2))
    participant = Participant.objects.get()
    page = result.content.decode()
    arm = installation().trial.arms[participant.arm]
    assert f">{arm.label.en}</h1>" in page
    assert arm.next_step is not None
    assert arm.next_step.en in page
    assert participant.receipt in page
    assert "Kari Ås" in page
    assert participant.caseworker == Caseworker.objects.get(name="Kari Ås")


def test_a_caseworker_draws_for_themself(world: World) -> None:
    client = world.client("caseworker", headers={"accept-language": "nb"})
    page = client.get("/draw/").content.decode()
    assert 'name="caller"' not in page
    assert '<input type="hidden" name="office" value="n1"' in page
    result = drawn(client, world.number(1), caller="")
    assert Participant.objects.get().caseworker == Caseworker.objects.get(user=world.user("caseworker"))
    assert "Trukket" in result.content.decode()


def test_who_is_not_the_maker_finds_nothing(world: World) -> None:
    client = world.client("operator")
    there = asked(client, world.number(1))
    other = world.client("caseworker")
    for address in (there, there + "change/", there + "result/"):
        assert other.get(address).status_code == 404
    for address in (there, there + "change/", there + "cancel/"):
        assert other.post(address, typed(world.number(1))).status_code == 404
    assert world.client("operator_south").get(there).status_code == 403
    assert client.get("/draw/4b1d5a0e-0000-4000-8000-000000000000/").status_code == 404


def test_the_same_person_again_gets_the_first_result(world: World) -> None:
    client = world.client("operator", headers={"accept-language": "en"})
    drawn(client, world.number(1))
    first = Participant.objects.get()
    again = drawn(client, world.number(1), office="n2", caller="Ola").content.decode()
    assert "Drawn before. No new draw was made." in again
    assert first.receipt in again
    assert "NAV En" in again
    assert LedgerEvent.objects.filter(kind="repeated_request", about=first.seq).count() == 1


def test_double_click_back_and_reload_are_one_draw(world: World) -> None:
    client = world.client("operator")
    there = asked(client, world.number(1))
    one, two = client.post(there), client.post(there)
    assert one["Location"] == two["Location"] == there + "result/"
    assert client.get(there)["Location"] == there + "result/"
    assert client.get(there + "change/")["Location"] == there + "result/"
    assert client.post(there + "change/", typed(world.number(2)))["Location"] == there + "result/"
    assert client.post(there + "cancel/")["Location"] == there + "result/"
    assert [client.get(there + "result/").status_code for _ in range(2)] == [200, 200]
    assert LedgerEvent.objects.filter(kind__in=("draw", "repeated_request")).count() == 1


def test_the_result_before_the_draw_is_the_read_back(world: World) -> None:
    client = world.client("operator")
    there = asked(client, world.number(1))
    assert client.get(there + "result/")["Location"] == there


def test_change_brings_everything_back_and_gives_up_the_first_request(world: World) -> None:
    client = world.client("operator")
    there = asked(client, world.number(1))
    page = client.get(there + "change/").content.decode()
    assert world.number(1).grouped() in page
    assert "Kari Ås" in page
    assert page.count("checked") == len(CONDITIONS)
    new = client.post(there + "change/", typed(world.number(2), caller="kari  ås"))["Location"]
    old = DrawRequest.objects.get(pk=there.split("/")[2])
    assert (old.state, old.sealed, old.lot_id) == ("cancelled", "", "")
    assert Caseworker.objects.filter(office="n1", user=None).count() == 1
    assert client.post(there, follow=True).redirect_chain[-1][0] == "/draw/"
    client.post(new)
    assert installation().keys.lot_id(world.number(2)) == Participant.objects.get().lot_id


def test_a_cancelled_request_leaves_nothing(world: World) -> None:
    client = world.client("operator", headers={"accept-language": "en"})
    there = asked(client, world.number(1))
    page = client.post(there + "cancel/", follow=True).content.decode()
    assert "Nothing was drawn" in page
    request = DrawRequest.objects.get()
    assert (request.state, request.sealed, request.lot_id, request.confirmed) == ("cancelled", "", "", [])
    assert client.post(there)["Location"] == "/draw/"
    assert client.post(there + "cancel/").status_code == 302
    assert Participant.objects.count() == 0


def test_a_request_that_waited_too_long_is_emptied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("operator", headers={"accept-language": "en"})
    there, kept = asked(client, world.number(1)), asked(client, world.number(2))
    client.post(kept)
    monkeypatch.setattr(policies, "REQUEST_LIVES", timedelta(0))
    page = client.post(there, follow=True).content.decode()
    assert "ended without a draw" in page
    expired, answered = DrawRequest.objects.get(pk=there.split("/")[2]), DrawRequest.objects.get(pk=kept.split("/")[2])
    assert (expired.state, expired.sealed, expired.lot_id) == ("expired", "", "")
    assert answered.state == "answered"
    assert AuditEvent.objects.filter(action="draw.requests_expired").count() == 1
    client.get("/draw/")
    assert AuditEvent.objects.filter(action="draw.requests_expired").count() == 1


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"identity_number": ""}, "Enter the identity number."),
        ({"identity_number": "123"}, "only 3 digits"),
        ({"identity_number": "x" * 41}, "too long"),
        ({"office": ""}, "Choose the office."),
        ({"office": "s1"}, "s1 is not one"),
        ({"caller": ""}, "Enter who is calling"),
        ({"confirmed": ["wants_work"]}, "Not confirmed: Needs help to get work"),
        ({"confirmed": []}, "Tick what the caseworker confirms"),
    ],
)
def test_what_is_typed_wrongly_is_said_and_kept(world: World, other: dict[str, object], said: str) -> None:
    client = world.client("operator", headers={"accept-language": "en"})
    response = client.post("/draw/", typed(world.number(1), **other))
    assert said in problems(response)
    assert title(response).startswith("Error:")
    assert DrawRequest.objects.count() == 0
    if "identity_number" not in other:
        assert world.number(1).grouped() in response.content.decode()


def test_an_identity_number_is_no_name(world: World) -> None:
    response = world.client("operator").post("/draw/", typed(world.number(1), caller=world.number(2).grouped()))
    assert problems(response)
    assert Caseworker.objects.filter(user=None).count() == 0


def test_the_ledgers_refusal_is_said_in_the_readers_language_and_nothing_is_lost(world: World) -> None:
    client = world.client("operator", headers={"accept-language": "nb"})
    there = asked(client, world.number(1))
    close(world)
    response = client.post(there)
    assert response.status_code == 409
    assert "Trekningen er avsluttet." in problems(response)
    assert "\N{NO-BREAK SPACE}".join(world.number(1).spoken_groups()) in response.content.decode()
    assert DrawRequest.objects.get().state == "open"
    assert "avsluttet" in client.get("/draw/").content.decode()
    assert Participant.objects.count() == 0


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", b""),
        ("12345", b""),
        (synthetic_number(1).grouped(), b"check-right"),
        (synthetic_number(1, kind="D-number").digits(), b"D-number"),
        ("99999999999", b"check-wrong"),
        (synthetic_number(1).digits() + "1", b"check-wrong"),
    ],
)
def test_the_check_says_only_whether_the_digits_can_be_right(world: World, written: str, said: bytes) -> None:
    client = world.client("operator", headers={"accept-language": "en"})
    response = client.post("/draw/check/", {"identity_number": written})
    assert said in response.content
    assert synthetic_number(1).digits().encode() not in response.content
    assert client.get("/draw/check/").status_code == 405


def test_the_check_does_not_say_who_is_drawn(world: World) -> None:
    client = world.client("operator")
    before = client.post("/draw/check/", {"identity_number": world.number(1).digits()}).content
    world.draw(1)
    assert client.post("/draw/check/", {"identity_number": world.number(1).digits()}).content == before


def test_pages_ask_the_database_little(world: World) -> None:
    client = world.client("operator")
    client.get("/draw/")
    with CaptureQueriesContext(connection) as asked_for:
        client.get("/draw/")
    assert len(asked_for) <= 15
