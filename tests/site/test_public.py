"""The public page: what anybody may know, cached, and nothing personal in it."""

from __future__ import annotations

import json

import pytest
from django.core.cache import cache

from lodd.locale import long_date
from lodd.site.installation import installation
from lodd.site.models import LedgerEvent, Participant, StoredCheckpoint
from tests.site.world import BEACON, World


def test_anybody_sees_what_the_trial_is_bound_to(world: World) -> None:
    world.draw(1)
    lock = installation().lock
    for language, words in (("nb", "Et lite forsøk"), ("en", "A small trial")):
        page = world.client().get("/", headers={"Accept-Language": language}).content.decode()
        for told in (words, lock.protocol_sha256, lock.commitments["draw"], lock.commitments["checkpoint"], BEACON):
            assert told in page
        assert StoredCheckpoint.objects.get().content["signature"] in page


def test_the_same_for_programs(world: World) -> None:
    world.draw(1)
    told = world.client().get("/public.json").json()
    assert told["draws"] == 1
    assert told["closed"] is False
    assert told["beacon"]["value"] == BEACON
    assert [(row["site"], row["office"], row["probability"]) for row in told["schedule"]] == [
        ("north", None, {"control": "0.60", "coaching": "0.40"}),
        ("south", None, {"control": "0.50", "coaching": "0.50"}),
    ]
    assert told["checkpoint"]["count"] == LedgerEvent.objects.count()


def test_nothing_of_a_person_or_of_those_who_work_with_them_is_public(world: World) -> None:
    drawn = world.draw(1)
    told = json.dumps(world.client().get("/public.json").json()) + world.client().get("/").content.decode()
    for secret in (drawn.lot_id, drawn.receipt, drawn.drawn_by, world.number(1).digits(), "u-"):
        assert secret not in told


def test_it_is_made_once_a_minute_and_known_pages_are_not_sent_again(world: World) -> None:
    client = world.client()
    first = client.get("/public.json")
    world.draw(1)
    second = client.get("/public.json")
    assert second.json() == first.json()
    assert client.get("/public.json", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    cache.clear()
    assert client.get("/public.json").json()["draws"] == 1
    assert client.get("/public.json", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_page_in_another_language_or_for_another_reader_is_another_page(world: World) -> None:
    stranger, operator = world.client(), world.client("operator")
    tags = {
        stranger.get("/", headers={"Accept-Language": "nb"}).headers["ETag"],
        stranger.get("/", headers={"Accept-Language": "en"}).headers["ETag"],
        operator.get("/", headers={"Accept-Language": "en"}).headers["ETag"],
    }
    assert len(tags) == 3
    assert "private" in stranger.get("/").headers["Cache-Control"]
    assert "public" in stranger.get("/public.json").headers["Cache-Control"]


def test_a_receipt_is_found_or_not_and_says_the_day_only(world: World) -> None:
    drawn = world.draw(1)
    client = world.client()
    for written in (drawn.receipt, drawn.receipt.lower().replace("-", " ")):
        page = client.post("/receipt/", {"receipt": written}, headers={"Accept-Language": "en"})
        text = page.content.decode()
        assert long_date(drawn.day, "en") in text
        assert "The receipt is in the ledger" in text
        for label in ("Coaching", "Control group", "NAV En", drawn.lot_id):
            assert label not in text
    other = client.post("/receipt/", {"receipt": "AAAA-AAAA-AAAA-AAAA"}, headers={"Accept-Language": "en"})
    assert "not in the ledger" in other.content.decode()


def test_receipts_of_other_events_are_nobodys(world: World) -> None:
    from lodd.allocation import receipt_of

    beacon = LedgerEvent.objects.get(seq=1)
    page = world.client().post("/receipt/", {"receipt": receipt_of(beacon.hash)}, headers={"Accept-Language": "en"})
    assert "not in the ledger" in page.content.decode()


@pytest.mark.parametrize("written", ["", "nonsense", "A" * 41, "øøøø-øøøø-øøøø-øøøø"])
def test_what_is_no_receipt_is_said_at_the_field(world: World, written: str) -> None:
    page = world.client().post("/receipt/", {"receipt": written}, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "There is a problem" in page.content.decode()
    assert "in the ledger" not in page.content.decode()


def test_before_the_beacon_is_known_the_page_says_so(world: World) -> None:
    """A trial that is just locked: nothing in the ledger."""
    from django.db import connection

    with connection.cursor() as cursor:
        connection.execute_wrappers.clear()  # what no action of the site's can do
        for statement in _without_triggers():
            cursor.execute(statement)
    installation().service.live.reset()
    told = world.client().get("/public.json").json()
    assert told["beacon"]["value"] is None
    assert told["checkpoint"] is None
    assert world.client().get("/", headers={"Accept-Language": "en"}).status_code == 200
    assert Participant.objects.count() == 0


def _without_triggers() -> list[str]:
    from django.db import connection

    if connection.vendor == "postgresql":
        return ["ALTER TABLE lodd_ledgerevent DISABLE TRIGGER USER", "TRUNCATE TABLE lodd_ledgerevent"]
    return ["DROP TRIGGER lodd_ledgerevent_delete", "DELETE FROM lodd_ledgerevent"]
