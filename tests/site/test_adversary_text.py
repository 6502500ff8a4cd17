"""Identity numbers, and what cannot be seen, typed where they do not belong: on the pages and by programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection

from lodd.identity import synthetic_number
from lodd.site.free_text import has_unseen, holds_identity_number, is_identity_number
from lodd.site.models import ApiSystem, BeaconEntry, Caseworker, LedgerDetail, LedgerEvent, ScheduleProposal, User
from tests.site.api_world import Api, draw_body, system, token
from tests.site.draw_story import typed
from tests.site.other_trials import another_trial
from tests.site.world import BEACON, World

NUMBER = synthetic_number(4).digits()
APART = ["", " ", "-", "/", "_", ",", ":", " / ", "\u200b", "\u202e", "\u00ad"]
TURNED = "Kari\u202eNordmann"


def parted(between: str) -> str:
    return NUMBER[:6] + between + NUMBER[6:]


@pytest.mark.parametrize("between", APART)
def test_a_number_is_found_however_it_is_parted(between: str) -> None:
    assert holds_identity_number(f"ring {parted(between)}, takk")


def test_a_number_is_found_in_other_digits_and_among_more() -> None:
    assert holds_identity_number("".join(chr(0x0660 + int(digit)) for digit in NUMBER))
    assert holds_identity_number(f"12/{NUMBER[:6]}:{NUMBER[6:]}/7")


@pytest.mark.parametrize("text", ["", "ring 22 33 44 55", "kl. 10.30", "NAV Moss", "23/11/26, 12:45:00"])
def test_other_digits_are_let_through(text: str) -> None:
    assert not holds_identity_number(text)


def test_a_lottery_is_no_identity_number() -> None:
    assert not is_identity_number(BEACON)
    assert is_identity_number(f" {parted(' ')} ")
    assert not is_identity_number(f"{NUMBER} of the lottery")


def test_unseen_characters() -> None:
    assert has_unseen(TURNED)
    assert not has_unseen("Åse-Ánne O’Brien (vikar)")


@pytest.mark.parametrize("between", APART)
@pytest.mark.parametrize("name", ["caller", "name"])
def test_no_name_holds_a_number(world: World, name: str, between: str) -> None:
    if name == "caller":
        world.client("operator").post("/draw/", typed(world.number(7), caller=f"Kari {parted(between)}"))
        assert not Caseworker.objects.filter(name__startswith="Kari").exists()
    else:
        given = {"name": f"Kari {parted(between)}", "email": "kari@example.org", "language": "nb"}
        world.client("administrator").post("/accounts/new/", given)
        assert not User.objects.filter(name__startswith="Kari").exists()


def test_no_address_of_an_account_is_a_number(world: World) -> None:
    given = {"name": "Kari", "email": f"{NUMBER}@example.org", "language": "nb"}
    answer = world.client("administrator").post("/accounts/new/", given)
    assert "fødselsnummer" in answer.content.decode()
    assert not User.objects.filter(name="Kari").exists()


def test_no_name_has_what_nobody_sees(world: World) -> None:
    administrator = world.client("administrator")
    administrator.post("/accounts/new/", {"name": TURNED, "email": "kari@example.org", "language": "nb"})
    administrator.post("/systems/", {"name": TURNED, "place": "trial:", "per_minute": "600"})
    administrator.post("/systems/", {"name": parted("/"), "place": "trial:", "per_minute": "600"})
    world.client("operator").post("/draw/", typed(world.number(7), caller=TURNED))
    assert (
        Api(token(world, system(world))).post("draws", draw_body(world, caseworker={"name": TURNED})).status_code == 422
    )
    assert ApiSystem.objects.count() == 1
    assert not Caseworker.objects.filter(name__startswith="Kari").exists()
    assert not User.objects.filter(name__startswith="Kari").exists()


def test_nothing_that_becomes_public_is_a_number(world: World) -> None:
    manager = world.client("manager")
    share = {"places": ["north"], "share_coaching": "30", "effective_from": "2027-01-15", "note": ""}
    for source, round_ in ((f"Tipping {parted('/')}", "Lotto"), ("Norsk Tipping", NUMBER)):
        manager.post("/schedule/propose/", share | {"beacon_source": source, "beacon_round": round_})
    manager.post("/schedule/beacon/", {"value": NUMBER})
    assert not ScheduleProposal.objects.exists()
    assert not BeaconEntry.objects.filter(value__contains=NUMBER).exists()


def test_the_audit_logs_filter_takes_no_number_and_no_impossible_day(world: World) -> None:
    auditor = world.client("auditor")
    for asked in ("until=9999-12-31", "since=0001-01-01", f"actor={NUMBER}"):
        answer = auditor.get(f"/audit/?{asked}")
        assert answer.status_code == 200
        assert 'class="errors"' in answer.content.decode()
        assert auditor.get(f"/audit/events.csv?{asked}").status_code == 404


@pytest.mark.parametrize("factors", [{"note": NUMBER}, {NUMBER: "x"}, {"note": "angry"}])
def test_programs_can_leave_nothing_beside_the_ledger(world: World, factors: dict[str, str]) -> None:
    answer = Api(token(world, system(world))).post("draws", draw_body(world, factors=factors))
    assert answer.status_code == 422
    assert NUMBER not in answer.content.decode()
    assert not LedgerDetail.objects.exists()
    assert not LedgerEvent.objects.filter(kind="draw").exists()


def test_programs_can_make_no_stratum_of_their_own(world: World, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the other trial's ledger is emptied on SQLite only")
    text = '[facts.sex]\nlabel = { nb = "Kjønn", en = "Sex" }\n[facts.sex.categories]\n'
    text += 'man = { nb = "Mann", en = "Man" }\nwoman = { nb = "Kvinne", en = "Woman" }\n'
    another_trial(world, tmp_path, 'method = "blocks"\nblock_sizes = [2]\nstrata = ["site", "sex"]', "0.50", text)
    api = Api(token(world, system(world)))
    for value in ("Man", "man ", NUMBER, "m\u200ban", parted("/")):
        answer = api.post("draws", draw_body(world, factors={"sex": value}))
        assert answer.status_code == 422
        assert not re.search(r"\d{11}", answer.content.decode())
    assert api.post("draws", draw_body(world, factors={"sex": "man"})).status_code == 201
