"""Every method of drawing, live and verified; what erasure leaves of it; and whole ledgers of invented people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest

from lodd.allocation import Design, DrawRequest, Verification, read_details, read_ledger, simulate_ledger, verify
from lodd.allocation.details import Detail, add_detail, erase_details
from lodd.allocation.ledger import Chain
from lodd.errors import DataError, UsageError
from lodd.identity import reveal_draw_key, synthetic_number
from lodd.protocol import lock_sha256
from tests.allocation.ledger_world import World, lock_of, ring, trial_of

MINIMISATION = {"method": "minimisation", "factors": ["office", "sex"], "strata": []}
BLOCKS = {"method": "blocks", "strata": ["office", "sex"]}
QUARTERS = {"a": "0.25", "b": "0.25"}
HALF = {"schedule": [{"site": site, "since": date(2020, 1, 1), "probability": QUARTERS} for site in ("north", "south")]}


def sex(n: int) -> dict[str, str]:
    return {"sex": "f" if n % 2 else "m"}


@pytest.fixture(params=[BLOCKS, MINIMISATION], ids=["blocks", "minimisation"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, HALF | request.param).begin()


def test_lots_that_depend_on_earlier_ones_are_recomputed_after_the_event_and_after_a_restart(world: World) -> None:
    for n in range(24):
        if n % 8 == 0:
            world.service = world.another_service()
        world.person(n, office=("n1", "s1")[n % 3 == 0], factors=sex(n))
    result = world.verified()
    assert result.ok, result.render("en")
    assert result.counts["recomputed"] == 24


def test_factor_values_are_not_in_the_chain_and_are_needed(world: World) -> None:
    with pytest.raises(DataError, match="sex"):
        world.person(1)
    world.person(1, factors={"sex": "unmistakable"})
    assert b"unmistakable" not in world.ledger.read_bytes()
    without = verify(world.ledger, world.lock, world.revealed())
    assert without.ok
    assert without.counts["without_factors"] == 1
    assert "and cannot be recomputed: 1" in without.render("en")


def test_withdrawal_destroys_and_the_chain_stays_whole(world: World) -> None:
    for n in range(8):
        world.person(n, factors=sex(n) | {"sex": f"value-{n}"} if n == 3 else sex(n), on_behalf_of=f"caller-{n}")
    world.person(3, on_behalf_of="caller-again")
    world.service.withdraw(synthetic_number(3), by="op")
    kept = (world.folder / "ledger.details.ndjson").read_bytes()
    assert b"value-3" not in kept
    assert b"caller-3" not in kept
    assert b"caller-again" not in kept
    assert b"caller-4" in kept
    with pytest.raises(DataError, match="withdrawn already"):
        world.service.withdraw(synthetic_number(3), by="op")
    world.service = world.another_service()
    for n in range(10, 16):
        world.person(n, factors=sex(n))
    assert not world.person(3, on_behalf_of="not kept").first
    assert b"not kept" not in (world.folder / "ledger.details.ndjson").read_bytes()
    result = world.verified()
    assert result.ok, result.render("en")
    assert 1 <= result.counts["without_factors"] <= 5
    assert result.counts["recomputed"] + result.counts["without_factors"] == 14


def test_a_crash_between_withdrawal_and_erasure_is_made_good(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.person(1, factors=sex(1), on_behalf_of="caller-1")
    monkeypatch.setattr(world.service.live, "erase", lambda about: 0)
    world.service.withdraw(synthetic_number(1), by="op")
    assert b"caller-1" in (world.folder / "ledger.details.ndjson").read_bytes()
    world.another_service().checkpoint()
    assert b"caller-1" not in (world.folder / "ledger.details.ndjson").read_bytes()


def test_lost_details_stop_a_draw_that_depends_on_them(world: World) -> None:
    world.person(1, factors=sex(1))
    (world.folder / "ledger.details.ndjson").unlink()
    with pytest.raises(DataError, match="missing for somebody drawn earlier"):
        world.another_service().draw(synthetic_number(2), "n1", by="op", confirmed=["wants_work"], factors=sex(2))
    assert set(world.kinds()) == {"details_missing"}


def test_details_that_were_changed_are_found(world: World) -> None:
    told = world.person(1, factors={"sex": "m"})
    path = world.folder / "ledger.details.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"sex":"m"', b'"sex":"f"'))
    assert world.kinds() == {"details_altered": told.seq}


def test_withdrawal_of_somebody_never_drawn(world: World) -> None:
    with pytest.raises(DataError, match="has not been drawn"):
        world.service.withdraw(synthetic_number(1), by="op")


# Batches --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def batches(tmp_path: Path) -> World:
    return World(tmp_path, {"method": "complete", "strata": ["batch"], "schedule": []}).begin()


def nominate(world: World, batch: str = "first", people: Iterable[int] = range(6), **values):
    given = {"by": "m1", "beacon_source": "The lottery", "beacon_round": f"for {batch}"} | values
    counts = given.pop("counts", {"control": 2, "a": 2, "b": 2})
    return world.service.nominate(batch, [synthetic_number(n) for n in people], counts, **given)


def test_a_batch_has_exactly_its_numbers(batches: World) -> None:
    nominate(batches)
    with pytest.raises(DataError, match="awaits its public random value"):
        batches.person(0)
    batches.service.record_beacon(("m1", "5"), ("op", "5"), batch="first")
    arms = [batches.person(n).arm for n in range(6)]
    assert sorted(arms) == ["a", "a", "b", "b", "control", "control"]
    with pytest.raises(DataError, match="batch"):
        batches.person(7)
    result = batches.verified()
    assert result.ok, result.render("en")
    assert batches.verified(key=False).ok


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"counts": {"control": 2, "a": 2}}, "do not fit 6 people"),
        ({"counts": {"control": 2, "a": 2, "b": 3}}, "do not fit 6 people"),
        ({"counts": {"c": 6}}, "unknown arm: c"),
        ({"by": "stranger"}, "does not have the role"),
        ({"beacon_round": "2020-01-04"}, "cannot be unknown"),
        ({"people": range(5), "batch": "b2"}, "do not fit 5 people"),
    ],
)
def test_batches_that_are_refused(batches: World, values: dict, said: str) -> None:
    with pytest.raises((DataError, UsageError), match=said):
        nominate(batches, **values)


def test_batches_have_no_schedule_to_amend(batches: World) -> None:
    with pytest.raises(DataError, match="no schedule to amend"):
        batches.amend()


def test_nobody_is_in_two_batches_or_twice_in_one(batches: World) -> None:
    nominate(batches)
    with pytest.raises(DataError, match="another batch: 3"):
        nominate(batches, "second", range(3, 9))
    with pytest.raises(DataError, match="nominated already"):
        nominate(batches, "first", range(10, 16))
    with pytest.raises(DataError, match="not sorted, or somebody is there twice"):
        nominate(batches, "third", [20, 20, 21], counts={"control": 1, "a": 1, "b": 1})


def test_other_methods_have_no_batches(world: World) -> None:
    with pytest.raises(DataError, match="draws one by one"):
        nominate(world)


# Invented people ------------------------------------------------------------------------------------------------------


def simulated(folder: Path, **draw) -> tuple[Verification, dict]:
    trial, keys = trial_of(**draw), ring(3)
    lock = lock_of(trial, keys, {})
    batch = "only" if trial.draw.method == "complete" else None
    requests = [
        DrawRequest(
            keys.lot_id(synthetic_number(n)),
            ("n1", "s1")[n % 2],
            date(2020, 3, 1) if batch else date(2020, 3, 1) + timedelta(days=n),
            sex(n // 2) if draw.get("factors") or "sex" in draw.get("strata", []) else {},
            batch,
        )
        for n in range(40)
    ]
    made = simulate_ledger(trial, lock, keys.lot_mac, requests, {"only": [10, 15, 15]})
    made.write(folder)
    again = simulate_ledger(trial, lock, keys.lot_mac, requests, {"only": [10, 15, 15]})
    assert again.events == made.events
    key = reveal_draw_key(keys, folder / "revealed.key")
    result = verify(folder / "ledger.ndjson", lock, key, details=read_details(folder / "ledger.details.ndjson"))
    sequencer = Design.from_trial(trial).sequencer(keys.lot_mac, bytes.fromhex(lock_sha256(lock)))
    if batch is None:
        assert [sequencer.draw(request) for request in requests] == list(made.lots)
    with pytest.raises(UsageError, match="cannot"):
        made.write(folder)
    return result, {"lots": made.lots}


@pytest.mark.parametrize(
    "draw",
    [{}, HALF | BLOCKS, HALF | MINIMISATION, {"method": "complete", "strata": ["batch"], "schedule": []}],
    ids=["keyed", "blocks", "minimisation", "complete"],
)
def test_a_simulated_ledger_is_verified_at_once(tmp_path: Path, draw: dict) -> None:
    result, _ = simulated(tmp_path, **draw)
    assert result.ok, result.render("en")
    assert result.counts["recomputed"] == 40
    assert "simulation without any public random value" in result.render("en")
    assert "simulering uten noe offentlig tilfeldig tall" in result.render("nb")


def test_draws_made_elsewhere_are_not_judged(tmp_path: Path) -> None:
    trial, keys = trial_of(method="external", schedule=[]), ring()
    lock = lock_of(trial, keys, {})
    (tmp_path / "ledger.ndjson").write_bytes(b"")
    result = verify(tmp_path / "ledger.ndjson", lock)
    assert not result.applicable
    assert not result.proven
    assert "does not apply" in result.render("en")


# Events and details ---------------------------------------------------------------------------------------------------


def test_lines_are_canonical_json_for_anybody(world: World) -> None:
    import hashlib

    world.person(1, factors=sex(1))
    amendment = world.amend(note="ærlig")
    assert amendment.payload.details
    head = lock_sha256(world.lock)
    for line in world.lines:
        event = json.loads(line)
        assert json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == line
        recorded = event.pop("hash")
        body = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert hashlib.sha256(body).hexdigest() == recorded
        assert event["previous"] == head
        head = recorded


def test_reading_gives_back_what_was_written(world: World) -> None:
    world.person(1, factors=sex(1))
    events = read_ledger(world.ledger, lock_sha256(world.lock))
    assert [event.line() for event in events] == world.lines
    chain = Chain(lock_sha256(world.lock))
    for event in events:
        chain.add(event.payload, at=event.at, by=event.by)
    assert tuple(chain.events) == events


def test_details_survive_a_torn_line_and_know_what_is_erased(tmp_path: Path) -> None:
    path = tmp_path / "d.ndjson"
    first, second = Detail("00" * 32, {"note": "one"}), Detail("11" * 32, {"note": "two"})
    assert read_details(path).kept == {}
    add_detail(path, first)
    with path.open("ab") as file:
        file.write(b'{"content":{"no')
    add_detail(path, second)
    assert read_details(path).kept == {first.sha256: first, second.sha256: second}
    assert erase_details(path, frozenset({first.sha256})) == 1
    assert erase_details(path, frozenset({first.sha256})) == 0
    after = read_details(path)
    assert after.erased == {first.sha256}
    assert after.content(first.sha256) is None
    assert after.content(second.sha256) == {"note": "two"}
    path.write_bytes(b"garbage\n")
    with pytest.raises(DataError, match="damaged"):
        read_details(path)
