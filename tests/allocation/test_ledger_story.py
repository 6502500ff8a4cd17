"""A trial from its beacon to its verification, as the people in it live it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lodd.allocation import (
    SlipRow,
    find_receipt,
    issue_slips,
    read_ledger,
    reconcile,
    sheet_html,
)
from lodd.errors import DataError
from lodd.identity import synthetic_number
from tests.allocation.ledger_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).begin()


def test_from_the_beacon_to_the_verification(world: World) -> None:
    service = world.service
    answers = [world.person(index) for index in range(20)]
    again = world.person(3, office="n2")
    assert (again.arm, again.receipt, again.seq, again.first) == (*_told(answers[3]), False)

    service.same_person(synthetic_number(4), synthetic_number(104), by="op")
    assert world.person(104).receipt == answers[4].receipt
    service.note_error(answers[5].seq, "wrong_office", by="op", note="Should have been Moss")

    amendment = world.amend(since=world.now + timedelta(days=3))
    world.wait(days=10)
    before = world.person(30)
    service.record_beacon(("m1", "17"), ("op", "17"), amendment=amendment.seq)
    after = world.person(31)

    sheet = issue_slips(service, "n1", 3, by="op")
    page = sheet_html(world.trial, sheet)
    assert page.count("<section>") == 4
    world.wait(hours=5)
    opened = world.now - timedelta(hours=2)
    rows = [SlipRow(1, synthetic_number(40), opened), SlipRow(2, synthetic_number(3), opened)]
    report = reconcile(service, sheet.list_id, rows, by="op", confirmed=["wants_work"], void_unused=True)
    assert [(outcome.number, outcome.stands) for outcome in report.recorded] == [(1, "slip"), (2, "draw")]
    assert report.unused == (3,)
    assert report.clean
    assert world.person(40).arm == sheet.slips[0].arm == report.recorded[0].arm

    service.withdraw(synthetic_number(5), by="op")
    checkpoint = service.checkpoint()
    service.close(by="m1")

    result = world.verified(checkpoints=[checkpoint])
    assert result.ok, result.render("en")
    assert result.counts["answers"] == 23
    assert result.counts["recomputed"] == 22
    events = read_ledger(world.ledger)
    shares = {event.seq: event.payload.marginal for event in events if event.payload.type == "draw"}
    assert shares[before.seq] == ("1/2", "1/4", "1/4")
    assert shares[after.seq] == ("1/4", "1/2", "1/4")
    assert find_receipt(events, answers[7].receipt.lower().replace("-", " ")).seq == answers[7].seq
    assert Counter(event.payload.type for event in events)["repeated_request"] == 3


def _told(answer) -> tuple[str, str, int]:
    return answer.arm, answer.receipt, answer.seq


def test_one_byte_changed_is_named(world: World) -> None:
    answers = [world.person(index) for index in range(5)]
    content = world.ledger.read_bytes()
    line = world.lines[answers[2].seq - 1]
    other = {"control": b'"arm":"a"', "a": b'"arm":"b"', "b": b'"arm":"a"'}[answers[2].arm]
    world.ledger.write_bytes(content.replace(line, line.replace(f'"arm":"{answers[2].arm}"'.encode(), other)))
    assert world.kinds() == {"hash": answers[2].seq, "arm": answers[2].seq}
    assert world.kinds(key=False) == {"hash": answers[2].seq}


def test_the_page_says_what_is_not_shown(world: World) -> None:
    world.person(1)
    text = world.verified().render("en")
    for said in ("signed checkpoint", "3 9 12", "real people", "not closed"):
        assert said in text
    assert "Ingenting galt er funnet" in world.verified().render("nb")
    kept = world.service.checkpoint()
    world.person(2)
    assert "after event 4, the last under a checkpoint" in world.verified(checkpoints=[kept]).render("en")


def test_people_are_drawn_only_when_conditions_are_confirmed(world: World) -> None:
    with pytest.raises(DataError, match="not confirmed: Wants work"):
        world.person(1, confirmed=[])
    assert len(world.lines) == 3


def test_the_day_is_the_day_in_the_trials_zone(world: World) -> None:
    world.now = datetime(2020, 3, 1, 23, 30, tzinfo=UTC)
    assert world.person(1).drawn_at == date(2020, 3, 2)
    assert world.verified().ok
