"""Forgeries by somebody who makes the whole chain anew and can sign it, so that no checkpoint helps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lodd.allocation import SlipRow, issue_slips, read_details, record_slip, void_slips
from lodd.allocation.verify import Verifier
from lodd.errors import DataError, LockError
from lodd.identity import synthetic_number
from lodd.protocol import Lock, lock_sha256, read_lock_file
from lodd.protocol.lock import lock_content
from tests.allocation.ledger_world import World
from tests.properties.test_ledger_mutations import dumped, hashed

MINIMISATION = {"method": "minimisation", "factors": ["office", "sex"]}
YES = ["wants_work"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).begin()


@pytest.fixture
def minimised(tmp_path: Path) -> World:
    world = World(tmp_path, MINIMISATION).begin()
    for index in range(4):
        world.person(index, factors={"sex": "fm"[index % 2]})
    return world


def forged(world: World, kind: str, *, envelope: Any = None, lock: Lock | None = None, **payload: Any) -> list[bytes]:
    """The ledger with its first event of a kind changed, and every number and hash made to fit."""
    events = [json.loads(line) for line in world.lines]
    event = next(event for event in events if event["payload"]["type"] == kind)
    event |= envelope or {}
    event["payload"] |= payload
    return chained(events, lock or world.lock)


def chained(events: list[dict[str, Any]], lock: Lock) -> list[bytes]:
    head, lines = lock_sha256(lock), []
    for position, content in enumerate(events):
        made = hashed(content | {"seq": position + 1, "previous": head})
        head = made["hash"]
        lines.append(dumped(made))
    return lines


def remade(world: World, order: list[int], *, extra: dict[str, Any] | None = None) -> list[bytes]:
    """These events (by number) in this order, and one more at the end, with every number and hash made to fit."""
    events = [json.loads(world.lines[number - 1]) for number in order]
    if extra is not None:
        events.append({"at": events[-1]["at"], "by": "op", "hash": "", "payload": extra})
    return chained(events, world.lock)


def kinds(world: World, lines: list[bytes], *, lock: Lock | None = None, key: bool = True) -> set[str]:
    details = read_details(world.folder / "ledger.details.ndjson")
    found = []
    for glance in (True, False):
        verifier = Verifier(lock or world.lock, world.revealed() if key else None, (), details, glance=glance)
        for line in lines:
            verifier.read(line)
        found.append(verifier.result().findings)
    assert found[0] == found[1]
    return {finding.kind for finding in found[0]}


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_times_at_the_calendars_ends_are_findings(world: World, at: str) -> None:
    world.person(1)
    assert "unreadable" in kinds(world, forged(world, "draw", envelope={"at": at}))
    assert "unreadable" in kinds(world, forged(world, "draw", day=at[:10]))


def test_a_slip_opened_at_a_time_of_no_zone(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 1, by="op")
    record_slip(world.service, sheet.list_id, SlipRow(1, synthetic_number(1), world.now), by="op", confirmed=YES)
    assert "unreadable" in kinds(world, forged(world, "outage_used", opened_at="2020-01-05T10:00:00"))
    shares = ["1/4", "1/2", "1/4"]
    assert kinds(world, forged(world, "outage_used", marginal=shares, conditional=shares), key=False) == {
        "marginal",
        "conditional",
    }


def test_a_batch_of_nobody(tmp_path: Path) -> None:
    world = World(tmp_path, {"method": "complete", "schedule": []}).begin()
    people = [synthetic_number(index) for index in range(3)]
    numbers = {"control": 1, "a": 1, "b": 1}
    world.service.nominate("b1", people, numbers, by="op", beacon_source="lottery", beacon_round="x")
    world.service.record_beacon(("m1", "5"), ("op", "5"), batch="b1")
    world.person(1)
    lines = forged(world, "nomination", counts=[0, 0, 0])
    assert "counts" in kinds(world, lines, key=False)
    assert "counts" in kinds(world, lines)


def test_nothing_happens_before_the_lock(world: World, tmp_path: Path) -> None:
    """A lock made afterwards, with a chain made anew to follow it."""
    world.person(1)
    late = replace(world.lock, locked_at="2020-01-05T10:01:00+01:00")
    assert kinds(world, forged(world, "beacon", lock=late), lock=late) >= {"before_lock"}
    (tmp_path / "early").mkdir()
    with pytest.raises(DataError, match="before the trial was locked"):
        World(tmp_path / "early", now=datetime(2019, 11, 1, tzinfo=UTC)).begin()


@pytest.mark.parametrize(
    "changed",
    [
        {"beacon": ["source"]},
        {"beacon": None},
        {"beacon": {"source": "The lottery"}},
        {"beacon": {"source": 3, "round": 4}},
        {"commitments": None},
        {"commitments": {"draw": 5}},
        {"locked_at": "yesterday"},
        {"locked_at": "2019-12-01T12:00:00"},
        {"locked_at": 5},
    ],
    ids=str,
)
def test_a_lock_of_another_form(world: World, changed: dict[str, Any]) -> None:
    file = world.folder / "trial.lock.json"
    file.write_text(json.dumps(lock_content(world.lock) | changed), encoding="utf-8")
    with pytest.raises(LockError, match="damaged or was changed"):
        read_lock_file(file)
    with pytest.raises(LockError, match="damaged or was changed"):
        Verifier(replace(world.lock, **changed))


def test_the_lock_itself_is_not_proven(world: World) -> None:
    said = [text.en for text in world.verified().not_proven]
    assert any("the lock that was published" in text and world.lock.locked_at in text for text in said)


def test_factors_are_never_left_out(minimised: World) -> None:
    """An arm that nobody can recompute is how a changed arm would hide."""
    assert minimised.verified().ok
    assert "no_factors" in kinds(minimised, forged(minimised, "draw", details=None))


def test_only_a_withdrawal_erases(minimised: World) -> None:
    file = minimised.folder / "ledger.details.ndjson"
    lines = file.read_bytes().splitlines()
    lines[2] = dumped({"details": json.loads(lines[2])["details"]})
    file.write_bytes(b"\n".join([*lines, b""]))
    assert minimised.kinds() == {"details_erased": 6}


def test_impossible_probabilities_of_a_draw_that_cannot_be_recomputed(minimised: World) -> None:
    minimised.service.withdraw(synthetic_number(0), by="op")
    verified = minimised.verified()
    assert verified.ok
    assert not any("probabilities" in text.en for text in verified.proven)
    for wrong in ([], ["1"], ["1/2", "1/2", "1/2"], ["1/3", "1/3", "0"]):
        assert kinds(minimised, forged(minimised, "draw", conditional=wrong)) == {"impossible"}


def test_slips_need_the_factors_that_later_lots_depend_on(minimised: World) -> None:
    sheet = issue_slips(minimised.service, "n1", 1, by="op")
    row = SlipRow(1, synthetic_number(20), minimised.now)
    with pytest.raises(DataError, match="sex"):
        record_slip(minimised.service, sheet.list_id, row, by="op", confirmed=YES)
    known = replace(row, factors={"sex": "f"})
    record_slip(minimised.service, sheet.list_id, known, by="op", confirmed=YES)
    minimised.person(30, factors={"sex": "f"})
    assert minimised.verified().ok
    assert "no_factors" in kinds(minimised, forged(minimised, "outage_used", details=None))


def test_a_slip_used_after_an_amendment_is_found(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 1, by="op")
    amendment = world.amend()
    world.wait(hours=2)
    opened = world.now - timedelta(hours=1)
    world.service.record_beacon(("m1", "1"), ("m2", "1"), amendment=amendment.seq)
    world.wait(hours=2)
    record_slip(world.service, sheet.list_id, SlipRow(1, synthetic_number(1), opened), by="op", confirmed=YES)
    assert world.verified().ok
    later = (opened + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert kinds(world, forged(world, "outage_used", opened_at=later)) == {"slip_amended"}


def test_a_known_round_is_known_however_it_is_written(world: World) -> None:
    with pytest.raises(DataError, match="is recorded already"):
        world.amend(beacon_source="the  Lottery", beacon_round=" 2020-01-04")


def test_a_role_that_was_revoked_is_no_role(world: World) -> None:
    world.service.grant("op2", "operator", by="m1")
    world.service.revoke("op", "operator", by="m1")
    world.person(1, by="op2")
    assert kinds(world, forged(world, "draw", envelope={"by": "op"})) == {"role"}


def test_two_numbers_linked_after_both_were_drawn(world: World) -> None:
    world.person(1)
    world.person(2)
    one, other = (json.loads(line)["payload"]["lot_id"] for line in world.lines[3:])
    link = {"new": other, "old": one, "type": "same_person"}
    assert kinds(world, remade(world, [1, 2, 3, 4, 5], extra=link)) == {"both_drawn"}
    assert kinds(world, remade(world, [1, 2, 3, 4], extra=link)) == set()


def test_a_batch_nominated_when_its_value_was_known(tmp_path: Path) -> None:
    world = World(tmp_path, {"method": "complete", "schedule": []}).begin()
    people = [synthetic_number(index) for index in range(3)]
    numbers = {"control": 1, "a": 1, "b": 1}
    world.service.nominate("b1", people, numbers, by="op", beacon_source="lottery", beacon_round="x")
    world.service.record_beacon(("m1", "5"), ("op", "5"), batch="b1")
    world.person(1)
    assert kinds(world, remade(world, [1, 2, 3, 4, 5, 6])) == set()
    assert kinds(world, remade(world, [1, 2, 3, 5, 4, 6])) >= {"no_target", "round_known"}


def test_a_draw_before_the_value_is_known(world: World) -> None:
    world.person(1)
    assert kinds(world, remade(world, [2, 3, 4, 1])) >= {"first_not_beacon", "no_beacon"}


def test_an_unused_slip_is_nobodys(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 1, by="op")
    void_slips(world.service, sheet.list_id, [1], by="op")
    assert kinds(world, forged(world, "outage_voided", lot_id="a" * 26)) == {"void_reason"}
