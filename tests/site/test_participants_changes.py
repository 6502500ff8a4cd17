"""Errors noted, numbers linked, withdrawal: what is written, what is destroyed, what a restore brings back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lodd.errors import DataError
from lodd.identity import synthetic_number
from lodd.site.actions.draw import request_draw
from lodd.site.actions.follow_up import Entered, correct, record
from lodd.site.actions.participants import replay_erasures, withdraw
from lodd.site.erasures import Erasure, add_erasure, read_erasures
from lodd.site.installation import installation, use_installation
from lodd.site.models import AuditEvent, DrawRequest, FollowUp, LedgerDetail, LedgerEvent, LinkedNumber, Participant
from lodd.site.participants.programmes import own_programme
from tests.site.draw_story import close, drawn, problems
from tests.site.world import World

EN = {"accept-language": "en"}


@pytest.fixture
def journal(world: World, tmp_path: Path) -> Path:
    """A journal of this test's own."""
    here = installation()
    path = tmp_path / "apart" / "erasures.ndjson"
    use_installation(replace(here, config=replace(here.config, erasures=path)))
    return path


def followed(world: World, seed: int = 1) -> Participant:
    """Somebody with everything that can be known of a participant."""
    drawn(world.client("operator"), world.number(seed))
    one = Participant.objects.order_by("-seq")[0]
    client, actor = world.client("caseworker"), world.actor("operator")
    client.post(f"/participants/{one.seq}/error/", {"kind": "wrong_office", "note": "They live in another town."})
    new = {"old_number": world.number(seed).digits(), "new_number": synthetic_number(seed + 1000).digits()}
    client.post(f"/participants/{one.seq}/number/", new)
    programme = own_programme(installation().trial, one.arm, one.day)
    first = record(one, Entered("referral", one.day, programme), actor=actor)
    correct(first, Entered("referral", one.day, "other"), actor=actor)
    request_draw(
        world.number(seed), "n1", actor=actor, confirmed=["wants_work"], factors={"age": "20"}, caller="Ola Ås"
    )
    return Participant.objects.get(pk=one.pk)


def test_an_error_is_noted_beside_the_draw_which_stands(world: World) -> None:
    one = world.draw(1)
    client = world.client("caseworker", headers=EN)
    there = f"/participants/{one.seq}/error/"
    assert "The draw stands" in client.get(there).content.decode()
    response = client.post(there, {"kind": "ineligible", "note": "Has work already."}, follow=True)
    page = response.content.decode()
    assert "Error noted: The person is not in the target group" in page
    assert "Has work already." in page
    after = Participant.objects.get()
    assert (after.arm, after.receipt, after.not_waited_for) == (one.arm, one.receipt, True)
    assert LedgerEvent.objects.filter(kind="error_noted", about=one.seq).count() == 1
    assert world.client("manager").post(there, {"kind": "wrong_office", "note": ""}).status_code == 302
    assert world.client("county_lead").get(there).status_code == 403


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose what is wrong."),
        ({"kind": "other", "note": " "}, "Write what happened."),
        ({"kind": "other", "note": "x" * 501}, "at most 500"),
        ({"kind": "other", "note": f"It is {synthetic_number(3).grouped()}, I think"}, "identity number in it"),
        ({"kind": "other", "note": "ring 01 02 03-12345 now"}, "identity number in it"),
    ],
)
def test_a_note_that_cannot_be_kept_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    one = world.draw(1)
    assert said in problems(world.client("operator", headers=EN).post(f"/participants/{one.seq}/error/", given))
    assert LedgerEvent.objects.filter(kind="error_noted").count() == 0


def test_a_new_number_is_the_same_person(world: World) -> None:
    d_number, new = synthetic_number(5, kind="D-number"), synthetic_number(6)
    client = world.client("operator", headers=EN)
    drawn(client, d_number)
    one = Participant.objects.get()
    there = f"/participants/{one.seq}/number/"
    assert client.get(there).status_code == 200
    given = {"old_number": d_number.grouped(), "new_number": new.grouped()}
    assert client.post(there, given).status_code == 302
    assert client.post(there, given).status_code == 302
    assert LinkedNumber.objects.count() == LedgerEvent.objects.filter(kind="same_person").count() == 1
    again = drawn(client, new)
    assert "Drawn before." in again.content.decode()
    assert Participant.objects.count() == 1
    shown = client.post(f"/participants/{one.seq}/identity/", {"why": "refer"}).content.decode()
    assert shown.index(new.grouped()) < shown.index(d_number.grouped())
    back = {"old_number": new.grouped(), "new_number": d_number.grouped()}
    assert client.post(there, back).status_code == 302
    assert LinkedNumber.objects.count() == 1


def test_numbers_that_are_not_one_person_are_refused(world: World) -> None:
    one, _ = world.draw(1), world.draw(2)
    client = world.client("operator", headers=EN)
    there = f"/participants/{one.seq}/number/"
    refusals = {(2, 3): "not this participant", (1, 1): "two numbers are the same", (1, 2): "have been drawn already"}
    for (old, new), said in refusals.items():
        given = {"old_number": world.number(old).digits(), "new_number": world.number(new).digits()}
        assert said in problems(client.post(there, given))
    assert "only 2 digits" in problems(client.post(there, {"old_number": "", "new_number": "12"}))
    assert LinkedNumber.objects.count() == 0


def test_withdrawal_destroys_what_can_be_destroyed(world: World, journal: Path) -> None:
    one = followed(world)
    assert LedgerDetail.objects.exclude(salt="").count() >= 2
    client = world.client("caseworker", headers=EN)
    there = f"/participants/{one.seq}/withdraw/"
    assert "This is destroyed" in client.get(there).content.decode()
    assert "Confirm that the person withdraws" in problems(client.post(there, {}))
    assert Participant.objects.get().withdrawn_at is None
    assert not journal.exists()
    page = client.post(there, {"sure": "on"}, follow=True).content.decode()
    assert "Has withdrawn from the trial" in page
    after = Participant.objects.get()
    assert (after.sealed, after.caseworker, after.state) == ("", None, "withdrawn")
    assert (after.arm, after.office, after.receipt) == (one.arm, one.office, one.receipt)
    assert after.withdrawn_at is not None
    assert FollowUp.objects.count() == 0
    assert set(LinkedNumber.objects.values_list("sealed", flat=True)) == {""}
    assert set(LedgerDetail.objects.values_list("salt", "content")) == {("", "")}
    for request in DrawRequest.objects.all():
        assert (request.sealed, request.factors, request.caseworker) == ("", {}, None)
    assert set(DrawRequest.objects.values_list("state", flat=True)) == {"answered", "cancelled"}
    [line] = journal.read_text().splitlines()
    assert json.loads(line)["lot_id"] == one.lot_id
    assert json.loads(line)["seq"] == one.seq
    assert world.number(1).digits() not in line
    assert (journal.stat().st_mode & 0o777) == 0o600


def test_after_withdrawal_nothing_more_is_written_and_withdrawing_again_is_harmless(
    world: World, journal: Path
) -> None:
    one = followed(world)
    entry = FollowUp.objects.order_by("-pk")[0].pk
    withdraw(one, actor=world.actor("operator"))
    events = LedgerEvent.objects.count()
    client = world.client("operator", headers=EN)
    base = f"/participants/{one.seq}/"
    for address in ("follow-up/referral/", "number/", "withdraw/"):
        assert "has withdrawn" in client.get(base + address).content.decode(), address
    given = {"day": str(one.day), "programme": "other"}
    assert "has withdrawn" in problems(client.post(base + "follow-up/start/", given))
    numbers = {"old_number": world.number(1).digits(), "new_number": world.number(7).digits()}
    assert "has withdrawn" in problems(client.post(base + "number/", numbers))
    assert client.post(base + f"entries/{entry}/", given).status_code == 404
    assert client.post(base + "identity/", {"why": "refer"})["Location"] == base
    assert client.post(base + "withdraw/", {"sure": "on"}).status_code == 302
    assert LedgerEvent.objects.count() == events
    assert len(journal.read_text().splitlines()) == 1
    assert "withdrawn" in drawn(client, world.number(1)).content.decode()
    assert Participant.objects.get().sealed == ""


def test_without_a_journal_nobody_is_erased(world: World, tmp_path: Path) -> None:
    one = followed(world)
    (tmp_path / "file").touch()
    here = installation()
    use_installation(replace(here, config=replace(here.config, erasures=tmp_path / "file" / "erasures.ndjson")))
    response = world.client("operator", headers=EN).post(f"/participants/{one.seq}/withdraw/", {"sure": "on"})
    assert "nothing has been erased" in problems(response)
    assert Participant.objects.get().sealed == one.sealed != ""
    assert LedgerEvent.objects.filter(kind="withdrawal").count() == 0
    assert FollowUp.objects.count() == 2
    assert world.draw(50).seq == LedgerEvent.objects.count()


def test_after_a_restore_the_erasures_are_replayed(world: World, journal: Path) -> None:
    """The journal says somebody withdrew; the database, from before, still has them."""
    one, other = followed(world, 1), world.draw(2)
    here = installation()
    said = Erasure.of(one.lot_id, one.seq, by="u-nobodyknow", lock_sha256=here.lock_sha256, at=here.now())
    elsewhere = replace(said, lock_sha256="0" * 64, lot_id=other.lot_id)
    unknown = replace(said, lot_id="a" * 26)
    for erasure in (said, elsewhere, unknown, said):
        add_erasure(journal, erasure)
    read = read_erasures(journal, here.lock_sha256)
    assert read == [said, unknown, said]
    assert replay_erasures(read) == 1
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.sealed, one.state) == ("", "withdrawn")
    assert other.sealed
    assert LedgerEvent.objects.filter(kind="withdrawal", about=one.seq).count() == 1
    assert replay_erasures(read) == 0
    assert LedgerEvent.objects.filter(kind="withdrawal").count() == 1


def test_a_journal_that_a_crash_tore_goes_on(tmp_path: Path, world: World) -> None:
    here = installation()
    said = Erasure.of("a" * 26, 7, by="u-abcdefghij", lock_sha256=here.lock_sha256, at=here.now())
    path = tmp_path / "erasures.ndjson"
    add_erasure(path, said)
    path.write_bytes(path.read_bytes() + b'{"at":"20')
    add_erasure(path, replace(said, seq=8))
    assert [erasure.seq for erasure in read_erasures(path, here.lock_sha256)] == [7, 8]
    assert read_erasures(tmp_path / "none", here.lock_sha256) == []
    with pytest.raises(DataError):
        read_erasures(tmp_path, here.lock_sha256)


def test_after_the_close_errors_and_withdrawals_are_still_taken_and_links_are_not(world: World, journal: Path) -> None:
    one = world.draw(1)
    close(world)
    client = world.client("operator", headers=EN)
    base = f"/participants/{one.seq}/"
    numbers = {"old_number": world.number(1).digits(), "new_number": world.number(7).digits()}
    assert "The draw is closed" in problems(client.post(base + "number/", numbers))
    assert client.post(base + "error/", {"kind": "wrong_office", "note": ""}).status_code == 302
    assert client.post(base + "withdraw/", {"sure": "on"}).status_code == 302
    assert AuditEvent.objects.filter(action="participant.withdrawn").count() == 1
