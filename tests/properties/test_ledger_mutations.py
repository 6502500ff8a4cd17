"""Whoever touches the ledger is found out: altered, dropped, swapped, inserted, duplicated and cut events.

Each mutation is tried in three ways: as it is; with the event's own hash made to fit; and with everything after it made
to fit too (numbers, hashes, the whole chain), as somebody could do who holds the file and knows the format. The last is
invisible to the chain alone: it takes a checkpoint that was kept outside.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lodd.allocation import Checkpoint, SlipRow, Verification, issue_slips, reconcile
from lodd.allocation.verify import Verifier
from lodd.identity import RevealedDrawKey, synthetic_number
from lodd.protocol import Lock, lock_sha256
from tests.allocation.ledger_world import World

Repair = Literal["none", "own", "all"]
EXAMPLES = 400
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@dataclass(frozen=True)
class Whole:
    """A ledger with every type of event that a keyed trial has, a checkpoint of all of it, and the revealed key."""

    lines: tuple[bytes, ...]
    lock: Lock
    key: RevealedDrawKey
    checkpoint: Checkpoint


@cache
def whole() -> Whole:
    with TemporaryDirectory() as folder:
        world = World(Path(folder)).begin()
        for index in range(8):
            world.person(index, office=("n1", "n2", "s1")[index % 3])
        world.person(2, on_behalf_of="somebody")
        world.service.same_person(synthetic_number(1), synthetic_number(90), by="op")
        world.service.note_error(5, "wrong_office", by="op")
        amendment = world.amend()
        world.wait(days=1)
        world.service.record_beacon(("m1", "17"), ("m2", "17"), amendment=amendment.seq)
        sheet = issue_slips(world.service, "s1", 3, by="op")
        world.wait(hours=3)
        opened = world.now - timedelta(hours=1)
        rows = [SlipRow(1, synthetic_number(20), opened), SlipRow(2, synthetic_number(2), opened)]
        reconcile(world.service, sheet.list_id, rows, by="op", confirmed=["wants_work"], void_unused=True)
        world.service.withdraw(synthetic_number(3), by="op")
        for index in range(30, 36):
            world.person(index)
        world.service.revoke("op", "operator", by="m1")
        world.service.close(by="m2")
        checkpoint = world.service.checkpoint()
        return Whole(tuple(world.lines), world.lock, world.revealed(), checkpoint)


def found(lines: list[bytes], *, checkpoint: bool = True, key: bool = True) -> dict[str, int | None]:
    """Kinds of finding to the first event found at. The short way and the long way must say the same, to the word."""
    short, long = (_verified(lines, checkpoint, key, glance) for glance in (True, False))
    assert short == long
    kinds: dict[str, int | None] = {}
    for finding in short.findings:
        kinds.setdefault(finding.kind, finding.seq)
    return kinds


def _verified(lines: list[bytes], checkpoint: bool, key: bool, glance: bool) -> Verification:
    base = whole()
    kept = [base.checkpoint] if checkpoint else []
    verifier = Verifier(base.lock, base.key if key else None, kept, glance=glance)
    for line in lines:
        verifier.read(line)
    return verifier.result()


def dumped(event: dict[str, Any]) -> bytes:
    return json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def hashed(event: dict[str, Any]) -> dict[str, Any]:
    """The event with the hash that fits it, by the documented rule (an independent implementation)."""
    body = {name: value for name, value in event.items() if name != "hash"}
    return event | {"hash": hashlib.sha256(dumped(body)).hexdigest()}


def repaired(events: list[dict[str, Any]], first: int, repair: Repair) -> list[bytes]:
    """The events' lines, with nothing made to fit, the event ``first`` alone, or all from there on."""
    if repair == "own" and first < len(events):
        events[first] = hashed(events[first])
    if repair == "all":
        head = lock_sha256(whole().lock)
        for position, event in enumerate(events):
            events[position] = hashed(event | {"seq": position + 1, "previous": head})
            head = events[position]["hash"]
    return [dumped(event) for event in events]


def copied() -> list[dict[str, Any]]:
    return [json.loads(line) for line in whole().lines]


places = st.integers(0, 10_000).map(lambda n: n % len(whole().lines))
repairs = st.sampled_from(["none", "own", "all"])


def changes(value: Any) -> st.SearchStrategy[Any]:
    """Other values of the same form: what somebody would write instead."""
    if isinstance(value, dict):
        return st.sampled_from(sorted(value)).flatmap(
            lambda name: changes(value[name]).map(lambda changed: value | {name: changed})
        )
    if isinstance(value, list) and value:
        return st.integers(0, len(value) - 1).flatmap(
            lambda i: changes(value[i]).map(lambda changed: [*value[:i], changed, *value[i + 1 :]])
        )
    if isinstance(value, bool) or value is None:
        return st.sampled_from([True, False, None, "x"])
    if isinstance(value, int):
        return st.integers(1, 40)
    if isinstance(value, str):
        return st.one_of(st.sampled_from(_known_texts()), _one_letter_other(value))
    return st.just("x")


@cache
def _known_texts() -> list[str]:
    found: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            gather(part)

    gather(copied())
    return sorted(found)


def _one_letter_other(value: str) -> st.SearchStrategy[str]:
    if not value:
        return st.just("a")
    letters = st.tuples(st.integers(0, len(value) - 1), st.sampled_from("abcdef0123456789"))
    return letters.map(lambda change: value[: change[0]] + change[1] + value[change[0] + 1 :])


def test_the_ledger_as_it_is_has_nothing_wrong() -> None:
    assert found(list(whole().lines)) == {}
    types = {event["payload"]["type"] for event in copied()}
    assert len(types) == 12  # every type but nominations, which keyed trials do not have


@many
@given(places, repairs, st.data())
def test_an_altered_event_is_found(place: int, repair: Repair, data: st.DataObject) -> None:
    events = copied()
    altered = data.draw(changes(events[place]))
    assume(altered != events[place])
    events[place] = altered
    lines = repaired(events, place, repair)
    assume(lines != list(whole().lines))  # `all` may mend what was altered: a number, a hash
    assert found(lines)


@many
@given(places, st.integers(0, 10_000), st.integers(0, 255))
def test_an_altered_byte_is_found_and_named(place: int, where: int, byte: int) -> None:
    lines = list(whole().lines)
    line = bytearray(lines[place])
    assume(byte not in (line[where % len(line)], ord("\n")))
    line[where % len(line)] = byte
    lines[place] = bytes(line)
    assert place + 1 in found(lines, checkpoint=False).values()


@many
@given(places, repairs)
def test_a_dropped_event_is_found(place: int, repair: Repair) -> None:
    events = copied()
    del events[place]
    assert found(repaired(events, place, repair))


@many
@given(places, places, repairs)
def test_swapped_events_are_found(one: int, other: int, repair: Repair) -> None:
    assume(one != other)
    events = copied()
    events[one], events[other] = events[other], events[one]
    assert found(repaired(events, min(one, other), repair))


@many
@given(places, places, repairs, st.booleans())
def test_an_inserted_or_duplicated_event_is_found(source: int, place: int, repair: Repair, forged: bool) -> None:
    events = copied()
    event = json.loads(whole().lines[source])
    if forged and "lot_id" in event["payload"]:
        event["payload"]["lot_id"] = "a" * 26
    events.insert(place, event)
    assert found(repaired(events, place, repair))


@many
@given(places)
def test_a_cut_end_is_found_with_a_checkpoint_kept_outside(place: int) -> None:
    lines = list(whole().lines[:place])
    assert "checkpoint_cut" in found(lines)
    assert "checkpoint_cut" not in found(lines, checkpoint=False)


@many
@given(places, st.sampled_from(["control", "a", "b"]), st.booleans())
def test_a_changed_arm_is_found_by_the_key_alone(place: int, arm: str, checkpoint: bool) -> None:
    """Even when the whole chain is made anew and nobody kept a checkpoint."""
    events = copied()
    assume("arm" in events[place]["payload"] and events[place]["payload"]["arm"] != arm)
    events[place]["payload"]["arm"] = arm
    kinds = found(repaired(events, place, "all"), checkpoint=checkpoint)
    assert kinds["arm"] == place + 1
    assert "hash" not in kinds


def test_what_the_rules_find_without_any_checkpoint() -> None:
    """The chain made anew by somebody who knows the format: what each rule still sees."""
    cases: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("draw", "role", {"by": "stranger"}, {}),
        ("draw", "unreadable", {"at": "2020-02-30T09:00:00Z"}, {}),
        ("draw", "unreadable", {"at": "2020-01-05T24:00:00Z"}, {}),
        ("draw", "not_canonical", {"at": "2020-01-05T09:00:00+00:00"}, {}),
        ("draw", "clock", {"at": "2020-01-04T09:00:00Z"}, {}),
        ("draw", "unreadable", {}, {"day": "2020-02-30"}),
        ("draw", "unreadable", {}, {"eligible": False}),
        ("draw", "batch", {}, {"batch": "b1"}),
        ("draw", "drawn_already", {}, {"lot_id": copied()[6]["payload"]["lot_id"]}),
        ("draw", "unknown_office", {}, {"office": "n9"}),
        ("draw", "wrong_day", {}, {"day": "2020-02-05"}),
        ("draw", "outside_enrolment", {}, {"day": "2021-02-05"}),
        ("draw", "unknown_arm", {}, {"arm": "c"}),
        ("draw", "conditional", {}, {"conditional": ["1/4", "1/2", "1/4"]}),
        ("draw", "marginal", {}, {"marginal": ["1/4", "1/2", "1/4"]}),
        ("beacon", "wrong_beacon", {}, {"round": "another"}),
        ("beacon", "two_people", {}, {"entered_by": ["m2", "m2"]}),
        ("beacon", "arm", {}, {"value": "4 9 12"}),
        ("amendment", "two_people", {}, {"proposed_by": "m2"}),
        ("amendment", "key_holder", {}, {"proposed_by": "holder"}),
        ("amendment", "retroactive", {}, {"effective_from": "2020-01-01"}),
        ("amendment", "round_known", {}, {"beacon_round": "2020-01-04"}),
        ("outage_issued", "slips", {}, {"hashes": ["0" * 64] * 3}),
        ("outage_issued", "slips", {}, {"office": "n1"}),
        ("outage_issued", "slip_period", {}, {"until": "2020-01-01"}),
        ("outage_used", "slip_office", {}, {"office": "n1"}),
        ("outage_used", "wrong_day", {}, {"day": "2020-01-08"}),
        ("outage_used", "slip_hash", {}, {"salt": "0" * 64}),
        ("outage_used", "slip_again", {}, {"number": 2}),
        ("outage_voided", "void_reason", {}, {"first": 4}),
        ("withdrawal", "no_answer", {}, {"about": 2}),
        ("error_noted", "no_answer", {}, {"about": 1}),
        ("repeated_request", "not_first_answer", {}, {"first": 4}),
        ("close", "close_count", {}, {"answers": 3}),
        ("close", "role", {"by": "op"}, {}),
    ]
    for kind, expected, envelope, payload in cases:
        events = copied()
        event = next(event for event in events if event["payload"]["type"] == kind)
        event |= envelope
        event["payload"] |= payload
        kinds = found(repaired(events, 0, "all"), checkpoint=False)
        assert expected in kinds, (kind, expected, kinds)


def test_without_the_key_the_schedule_is_still_followed() -> None:
    assert found(list(whole().lines), key=False) == {}
    for field, expected in (("marginal", "marginal"), ("conditional", "conditional")):
        events = copied()
        drawn = [event for event in events if event["payload"]["type"] == "draw"]
        for event, shares in ((drawn[0], ["1/4", "1/2", "1/4"]), (drawn[-1], ["1/2", "1/4", "1/4"])):
            before = event["payload"][field]
            event["payload"][field] = shares
            place = events.index(event)
            assert found(repaired(copied_with(events), 0, "all"), checkpoint=False, key=False) == {expected: place + 1}
            event["payload"][field] = before


def copied_with(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(event) for event in events]


def test_amended_rows_that_no_schedule_could_have() -> None:
    for change in ({"site": "west"}, {"probability": {"a": "0.5"}}, {"probability": {"a": "0.5", "b": "0.5"}}):
        events = copied()
        event = next(event for event in events if event["payload"]["type"] == "amendment")
        event["payload"]["rows"][0] |= change
        assert any(kind.startswith("amended") for kind in found(repaired(events, 0, "all"), checkpoint=False))
