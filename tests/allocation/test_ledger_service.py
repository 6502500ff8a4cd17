"""What the live draw refuses, repeats, survives and shares."""

from __future__ import annotations

import multiprocessing
import os
import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lodd.allocation import (
    DrawService,
    amended_row,
    find_receipt,
    read_checkpoint,
    read_details,
    read_ledger,
    receipt_of,
    set_torn_aside,
    verify,
    write_checkpoint,
    write_ledger,
)
from lodd.allocation.ledger import LedgerFile
from lodd.allocation.state import LedgerState
from lodd.errors import DataError, LockError, LoddError, UsageError, VerificationError
from lodd.identity import synthetic_number
from lodd.protocol import lock_sha256
from lodd.protocol.canonical import canonical
from tests.allocation.ledger_world import BEACON, World, lock_of, ring, trial_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).begin()


def refusal(error: pytest.ExceptionInfo[LoddError]) -> str:
    """Every problem is said in both languages."""
    for problem in error.value.problems:
        assert problem.found.nb
        assert problem.found.en
        assert problem.found.nb != problem.found.en
    return error.value.render("en")


# Refusals -------------------------------------------------------------------------------------------------------------


def test_an_unknown_office(world: World) -> None:
    with pytest.raises(DataError) as error:
        world.person(1, office="n9")
    assert 'the office "n9" is not in the protocol' in refusal(error)


@pytest.mark.parametrize("now", [datetime(2021, 1, 1, 9, tzinfo=UTC), datetime(2022, 6, 1, 9, tzinfo=UTC)])
def test_outside_enrolment(world: World, now: datetime) -> None:
    world.now = now
    with pytest.raises(DataError) as error:
        world.person(1)
    assert "outside enrolment, 2020-01-01 to 2020-12-31" in refusal(error)


def test_before_the_beacon_nobody_is_drawn(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(DataError) as error:
        world.person(1)
    assert "first event is not the public random value" in refusal(error)
    assert not world.lines


def test_the_beacon_is_typed_by_two_who_agree(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(DataError, match="different values"):
        world.service.record_beacon(("m1", "3 9 12"), ("m2", "3 9 13"))
    with pytest.raises(DataError, match="two different people"):
        world.service.record_beacon(("m1", "3 9 12"), ("m1", "3 9 12"))
    world.service.record_beacon(("m1", "AB cd"), ("m2", "ab  CD"))
    with pytest.raises(DataError, match="recorded already"):
        world.service.record_beacon(("m1", "ab cd"), ("m2", "ab cd"))
    assert read_ledger(world.ledger)[0].payload.value == "ab cd"


@pytest.mark.parametrize("by", ["stranger", "m1", "holder"])
def test_only_those_with_the_role_draw(world: World, by: str) -> None:
    with pytest.raises(DataError, match="does not have the role"):
        world.person(1, by=by)


def test_a_caseworker_draws_at_their_own_office_only(world: World) -> None:
    world.service.grant("cw", "caseworker", by="m2", office="n1")
    assert world.person(1, by="cw").first
    with pytest.raises(DataError, match="does not have the role"):
        world.person(2, office="n2", by="cw")
    world.service.revoke("cw", "caseworker", by="m2", office="n1")
    with pytest.raises(DataError, match="does not have the role"):
        world.person(3, by="cw")
    assert world.verified().ok


def test_roles_are_given_by_managers_and_kept_apart(world: World) -> None:
    with pytest.raises(DataError, match="does not have the role"):
        world.service.grant("friend", "operator", by="op")
    with pytest.raises(DataError, match="cannot both manage"):
        world.service.grant("m1", "key_holder", by="m2")
    with pytest.raises(DataError, match="cannot both manage"):
        world.service.grant("holder", "manager", by="m2")
    with pytest.raises(DataError, match="cannot lose it"):
        world.service.revoke("friend", "operator", by="m1")
    with pytest.raises(DataError, match="whole trial"):
        world.service.grant("other", "manager", by="m1", office="n1")


def test_a_name_that_no_event_may_hold(world: World) -> None:
    for name in ("Kari Nordmann", synthetic_number(1).digits(), ""):
        with pytest.raises(UsageError):
            world.service.grant(name, "operator", by="m1")
        with pytest.raises(UsageError):
            world.person(1, by=name)
    assert synthetic_number(1).digits().encode() not in world.ledger.read_bytes()


def test_the_clock_goes_backwards(world: World) -> None:
    world.wait(hours=2)
    world.person(1)
    world.wait(hours=-1)
    with pytest.raises(DataError) as error:
        world.person(2)
    assert "clock goes backwards: 2020-01-05 11:00:00 is before the last event, 2020-01-05 12:00:00" in refusal(error)
    assert world.verified().ok


def test_another_key_than_the_locks(world: World) -> None:
    with pytest.raises(LockError) as error:
        DrawService(world.trial, world.lock, ring(8), world.folder)
    assert 'the key "draw" is not the one that the lock commits to' in refusal(error)


def test_a_protocol_changed_since_the_lock(world: World) -> None:
    changed = trial_of(strata=["site"])
    with pytest.raises(LockError) as error:
        DrawService(changed, world.lock, world.keys, world.folder)
    assert "changed since the lock" in refusal(error)


def test_a_draw_made_elsewhere(tmp_path: Path) -> None:
    trial = trial_of(method="external", schedule=[])
    with pytest.raises(LoddError, match="drawn outside Lodd"):
        DrawService(trial, lock_of(trial, ring()), ring(), tmp_path)


def test_nothing_after_the_close_but_the_first_answer(world: World) -> None:
    told = world.person(1)
    world.service.close(by="m1")
    with pytest.raises(DataError, match="the draw is closed"):
        world.person(2)
    with pytest.raises(DataError, match="the draw is closed"):
        world.service.grant("late", "operator", by="m1")
    assert world.person(1).receipt == told.receipt
    assert world.verified().ok


# One person, one answer -----------------------------------------------------------------------------------------------


def test_both_numbers_of_one_person_drawn_is_an_error_beside_them(world: World) -> None:
    first, second = world.person(1), world.person(2)
    with pytest.raises(DataError, match=f"drawn already, in events {first.seq} and {second.seq}"):
        world.service.same_person(synthetic_number(1), synthetic_number(2), by="op")
    with pytest.raises(DataError, match="the two numbers are the same"):
        world.service.same_person(synthetic_number(3), synthetic_number(3), by="op")
    world.service.note_error(second.seq, "drawn_twice", by="op")
    with pytest.raises(DataError, match="has not given anybody an arm"):
        world.service.note_error(1, "drawn_twice", by="op")
    assert world.verified().ok


def test_numbers_linked_in_a_row_have_one_answer(world: World) -> None:
    link = world.service.same_person
    link(synthetic_number(1), synthetic_number(2), by="op")
    link(synthetic_number(2), synthetic_number(3), by="op")
    told = world.person(2)
    assert [world.person(n).seq for n in (1, 3)] == [told.seq] * 2
    assert world.verified().ok


def test_the_same_people_get_the_same_lots_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = World(tmp_path / "a").begin(), World(tmp_path / "b").begin()
    forwards = {n: one.person(n).arm for n in range(15)}
    backwards = {n: other.person(n).arm for n in reversed(range(15))}
    assert forwards == backwards


def test_a_receipt_is_found_however_it_is_written(world: World) -> None:
    told = world.person(1)
    events = read_ledger(world.ledger)
    assert told.receipt == receipt_of(events[told.seq - 1].hash)
    assert len(told.receipt) == 19
    for written in (told.receipt, told.receipt.lower(), f" {told.receipt.replace('-', ' ')} "):
        assert find_receipt(events, written) == events[told.seq - 1]
    misread = told.receipt.translate(str.maketrans("OIB", "018"))
    assert find_receipt(events, misread) == events[told.seq - 1]
    assert find_receipt(events, "AAAA-AAAA-AAAA-AAAA") is None
    for wrong in ("AAAA", told.receipt + "A", "9999-9999-9999-9999"):
        with pytest.raises(UsageError, match="not a receipt"):
            find_receipt(events, wrong)


# Amendments -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"approved_by": "m1"}, "two different people"),
        ({"approved_by": "op"}, "does not have the role"),
        ({"proposed_by": "holder"}, "holds or has held a key"),
        ({"beacon_round": "2020-01-04"}, "cannot be unknown"),
        ({"since": datetime(2020, 1, 4, tzinfo=UTC)}, "before it was decided"),
        ({"since": datetime(2021, 1, 4, tzinfo=UTC)}, "outside enrolment"),
    ],
)
def test_amendments_that_are_refused(world: World, values: dict, said: str) -> None:
    with pytest.raises(DataError, match=said):
        world.amend(**values)


def test_who_has_given_a_key_away_still_knows_it(world: World) -> None:
    world.service.revoke("holder", "key_holder", by="m1")
    with pytest.raises(DataError, match="cannot both manage"):
        world.service.grant("holder", "manager", by="m1")


def test_an_amendment_waits_for_its_beacon_and_moves_nobody(world: World) -> None:
    told = [world.person(n) for n in range(10)]
    amendment = world.amend()
    waiting = [world.person(n) for n in range(10, 20)]
    world.wait(days=2)
    world.service.record_beacon(("m1", "x"), ("m2", "x"), amendment=amendment.seq)
    [world.person(n) for n in range(20, 30)]
    assert [world.person(n).arm for n in range(10)] == [answer.arm for answer in told]
    declared = {e.seq: e.payload.marginal for e in read_ledger(world.ledger) if e.payload.type == "draw"}
    assert {declared[answer.seq] for answer in waiting} == {("1/2", "1/4", "1/4")}
    assert set(list(declared.values())[20:]) == {("1/4", "1/2", "1/4")}
    assert world.verified().ok


def test_an_amendments_beacon_changes_later_lots(tmp_path: Path) -> None:
    arms = []
    for value in ("x", "y"):
        (tmp_path / value).mkdir()
        world = World(tmp_path / value).begin()
        amendment = world.amend()
        world.service.record_beacon(("m1", value), ("m2", value), amendment=amendment.seq)
        arms.append([world.person(n).arm for n in range(30)])
    assert arms[0] != arms[1]


def test_amended_probabilities_are_exact_decimals_for_known_places(world: World) -> None:
    for probability in ({"a": "0.5"}, {"a": "0.7", "b": "0.3"}, {"a": "0.7", "b": "0.2", "control": "0.1"}):
        row = amended_row(world.trial, "north", probability)
        with pytest.raises(DataError, match="probabilit"):
            world.service.amend(
                [row], date(2020, 2, 1), proposed_by="m1", approved_by="m2", beacon_source="s", beacon_round="r"
            )
    with pytest.raises(UsageError):
        amended_row(world.trial, "north", {"a": "1/2", "b": "0.2"})
    with pytest.raises(UsageError, match='no site or office "west"'):
        amended_row(world.trial, "west", {"a": "0.5", "b": "0.2"})
    assert amended_row(world.trial, "n1", {"a": "0.5", "b": "0.2"}).office == "n1"


def test_a_beacon_that_nothing_awaits(world: World) -> None:
    with pytest.raises(DataError, match="nothing awaits"):
        world.service.record_beacon(("m1", "1"), ("m2", "1"), amendment=99)
    with pytest.raises(DataError, match="nothing awaits"):
        world.service.record_beacon(("m1", "1"), ("m2", "1"), batch="b")


# The file -------------------------------------------------------------------------------------------------------------


def test_the_files_are_the_owners_only(world: World) -> None:
    world.person(1, on_behalf_of="somebody")
    for path in (world.ledger, world.folder / "ledger.details.ndjson"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_last_line_stops_the_draw_until_it_is_set_aside(world: World) -> None:
    told = world.person(1)
    with world.ledger.open("ab") as file:
        file.write(world.lines[-1][:40])
    with pytest.raises(DataError) as error:
        world.person(2)
    assert f"event {told.seq + 1} was not written to its end" in refusal(error)
    assert f"Events 1 to {told.seq} are whole" in refusal(error)
    assert world.kinds() == {"torn": told.seq + 1}
    aside = set_torn_aside(world.ledger)
    assert aside is not None
    assert aside.read_bytes() == world.lines[-1][:40]
    assert set_torn_aside(world.ledger) is None
    assert world.person(1).receipt == told.receipt
    assert world.verified().ok


def test_a_damaged_line_is_named_with_what_is_still_whole(world: World) -> None:
    for n in range(4):
        world.person(n)
    lines = world.lines
    lines[4] = b"\x00garbage" + lines[4][8:]
    world.ledger.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(DataError, match=r"event 5 cannot be read. Events 1 to 4 are whole"):
        world.another_service().draw(synthetic_number(1), "n1", by="op")
    with pytest.raises(DataError, match=r"event 5 cannot be read"):
        read_ledger(world.ledger)
    assert world.kinds() == {"unreadable": 5}


def test_a_broken_chain_stops_the_draw(world: World) -> None:
    world.person(1)
    lines = world.lines
    del lines[1]
    world.ledger.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(VerificationError, match="chain is broken at event 2"):
        world.another_service().draw(synthetic_number(1), "n1", by="op")
    with pytest.raises(VerificationError, match="shorter"):
        world.person(2)


def test_a_full_disk_leaves_the_file_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.person(1)
    before = world.ledger.read_bytes()
    real = os.pwrite

    def half(descriptor: int, content: bytes, offset: int) -> int:
        real(descriptor, content[:10], offset)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(DataError, match="No space left"):
        world.person(2)
    monkeypatch.undo()
    assert world.ledger.read_bytes() == before
    assert world.person(2).first
    assert world.verified().ok


def test_a_crash_after_writing_gives_the_same_answer_when_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LedgerFile._append

    def crash(*args: object) -> None:
        real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(LedgerFile, "_append", crash)
    with pytest.raises(KeyboardInterrupt):
        world.person(1)
    monkeypatch.undo()
    told = world.person(1)
    assert not told.first
    assert sum(b'"type":"draw"' in line for line in world.lines) == 1
    assert world.verified().ok


def test_an_unwritable_folder(tmp_path: Path) -> None:
    world = World(tmp_path)
    tmp_path.joinpath("ledger.ndjson").mkdir()
    with pytest.raises(DataError, match="cannot write"):
        world.begin()


def _draw_everybody(folder: Path, start: int, results) -> None:
    world = World(folder)
    told = [(n % 12, world.person(n % 12).receipt) for n in range(start, start + 12)]
    results.put(told)


def test_processes_that_draw_at_once_never_draw_anybody_twice(world: World) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_draw_everybody, args=(world.folder, 5 * k, results)) for k in range(3)]
    for worker in workers:
        worker.start()
    told = [pair for _ in workers for pair in results.get(timeout=60)]
    for worker in workers:
        worker.join(timeout=60)
    assert len(told) == 36
    assert len(set(told)) == 12
    assert sum(b'"type":"draw"' in line for line in world.lines) == 12
    assert sum(b'"type":"repeated_request"' in line for line in world.lines) == 24
    assert world.verified().ok


def test_two_services_see_each_other(world: World) -> None:
    other = world.another_service()
    told = world.person(1)
    assert other.draw(synthetic_number(1), "n2", by="op").seq == told.seq
    assert world.person(2).seq == told.seq + 2


# The verifier's own input ---------------------------------------------------------------------------------------------


def test_a_wrong_key_is_said_and_lots_are_not_judged_by_it(world: World) -> None:
    world.person(1)
    (world.folder / "other").mkdir()
    stranger = World(world.folder / "other", seed=9)
    result = verify(world.ledger, world.lock, stranger.revealed())
    assert [finding.kind for finding in result.findings] == ["key"]
    assert result.counts["not_recomputed"] == 1
    assert "was recomputed" in result.render("en")


def test_a_protocol_changed_in_the_lock(world: World) -> None:
    world.person(1)
    other = canonical(trial_of(strata=["site"]))
    with pytest.raises(LockError, match="damaged or was changed"):
        world.verified(protocol=other)
    relocked = lock_of(trial_of(strata=["site"]), world.keys)
    assert verify(world.ledger, relocked).findings[0].kind == "lock"


def test_checkpoints_are_the_trials_own(world: World) -> None:
    world.person(1)
    kept = world.service.checkpoint()
    assert world.verified(checkpoints=[kept]).ok
    for wrong, kind in (
        (replace(kept, count=3), "checkpoint_signature"),
        (replace(kept, signature="00"), "checkpoint_signature"),
        (replace(kept, signature="zz"), "checkpoint_signature"),
    ):
        assert world.kinds(checkpoints=[wrong]) == {kind: None}
    relocked = lock_of(world.trial, world.keys, BEACON | {"round": "2020-01-11"})
    (world.folder / "other").mkdir()
    other = DrawService(world.trial, relocked, world.keys, world.folder / "other", clock=lambda: world.now).checkpoint()
    assert world.kinds(checkpoints=[other]) == {"checkpoint_trial": None}


def test_checkpoints_are_kept_in_files(world: World) -> None:
    world.person(1)
    kept = world.service.checkpoint()
    (path,) = (world.folder / "checkpoints").iterdir()
    assert path.name == "000004.json"
    assert read_checkpoint(path) == kept
    for content in ("{}", "[]", "nonsense", '{"trial": 1, "lock_sha256": "", "count": 1, "head": "", "at": ""}'):
        path.write_text(content)
        with pytest.raises(DataError, match="not a checkpoint"):
            read_checkpoint(path)
    with pytest.raises(UsageError, match="cannot write"):
        write_checkpoint(kept, world.folder / "nowhere" / "c.json")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for act in (read_ledger, set_torn_aside):
        with pytest.raises(DataError, match="cannot read"):
            act(tmp_path / "none.ndjson")
    with pytest.raises(DataError, match="cannot read or write"):
        read_details(tmp_path)
    with pytest.raises(UsageError, match="cannot write"):
        write_ledger(tmp_path / "none" / "ledger.ndjson", [])


def test_a_lock_that_commits_to_no_key(world: World) -> None:
    world.person(1)
    assert {"no_commitment", "key", "lock"} <= world.kinds(commitments={}).keys()


def test_the_state_is_a_fold_of_the_events(world: World) -> None:
    told = world.person(1)
    events = read_ledger(world.ledger)
    state = LedgerState.of(lock_sha256(world.lock), events)
    assert (state.count, state.head) == (4, events[-1].hash)
    assert state.answer_to(events[-1].payload.lot_id).arm == told.arm
    assert state.pending_amendments == ()
    world.amend()
    assert LedgerState.of(lock_sha256(world.lock), read_ledger(world.ledger)).pending_amendments == (5,)


def test_what_is_off_is_listed_to_a_limit(world: World) -> None:
    for n in range(60):
        world.person(n)
    world.ledger.write_bytes(world.ledger.read_bytes().replace(b'"by":"op"', b'"by":"so"'))
    page = world.verified().render("nb")
    assert "Noe er galt. Antall funn: 120." in page
    assert "og flere funn: 80" in page
    assert "hendelse 4: innholdet er endret" in page


def test_an_empty_ledger_and_none_at_all(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(DataError, match="cannot read"):
        verify(world.ledger, world.lock)
    world.ledger.write_bytes(b"")
    result = world.verified()
    assert result.ok
    assert not result.proven


def test_the_result_as_json(world: World) -> None:
    import json

    world.person(1)
    content = json.loads(world.verified().to_json())
    assert content["ok"] is True
    assert content["counts"]["recomputed"] == 1
    assert content["not_proven"][0].keys() == {"nb", "en"}


def test_time_goes_on_within_a_ledger(world: World) -> None:
    world.person(1)
    world.wait(days=200)
    world.person(2)
    shares = [e.payload.marginal for e in read_ledger(world.ledger) if e.payload.type == "draw"]
    assert shares == [("1/2", "1/4", "1/4"), ("1/4", "1/2", "1/4")]
    assert world.verified().ok
    assert world.now - timedelta(days=200) == datetime(2020, 1, 5, 9, tzinfo=UTC)
