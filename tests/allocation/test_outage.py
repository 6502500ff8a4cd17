"""Slips: issued, opened, reconciled."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from lodd.allocation import (
    SlipRow,
    issue_slips,
    read_ledger,
    reconcile,
    record_slip,
    sheet_html,
    unaccounted_slips,
    void_slips,
    write_ledger,
)
from lodd.allocation.ledger import Chain
from lodd.errors import DataError, UsageError
from lodd.identity import synthetic_number
from lodd.protocol import lock_sha256
from tests.allocation.ledger_world import World

YES = ["wants_work"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).begin()


def row(number: int, person: int, at: datetime) -> SlipRow:
    return SlipRow(number, synthetic_number(person), at)


def test_a_list_is_in_the_ledger_before_it_is_used_and_shows_no_arm_there(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 10, by="op")
    issued = read_ledger(world.ledger)[sheet.issued - 1]
    assert issued.payload.hashes == tuple(slip.sha256 for slip in sheet.slips)
    assert (sheet.since, sheet.until) == (date(2020, 1, 5), date(2020, 6, 30))
    assert b'"arm"' not in issued.line()
    assert {slip.arm for slip in issue_slips(world.service, "n1", 60, by="op", list_id="more").slips} == {
        "control",
        "a",
        "b",
    }
    result = world.verified()
    assert result.ok, result.render("en")


def test_slips_are_for_one_period(world: World) -> None:
    with pytest.raises(DataError, match="within one period"):
        issue_slips(world.service, "n1", 3, by="op", until=date(2020, 7, 2))
    with pytest.raises(DataError, match="before they were issued"):
        issue_slips(world.service, "n1", 3, by="op", since=date(2020, 1, 4))
    with pytest.raises(DataError, match="outside enrolment"):
        issue_slips(world.service, "n1", 3, by="op", since=date(2021, 1, 4))
    with pytest.raises(DataError, match="not in the protocol"):
        issue_slips(world.service, "n9", 3, by="op")
    with pytest.raises(UsageError, match="0 slips"):
        issue_slips(world.service, "n1", 0, by="op")
    issue_slips(world.service, "n1", 3, by="op")
    with pytest.raises(DataError, match="issued already"):
        issue_slips(world.service, "n1", 3, by="op")


def test_slips_issued_across_periods_are_found_afterwards(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 3, by="op")
    chain = Chain(lock_sha256(world.lock))
    for event in read_ledger(world.ledger):
        late = {"until": date(2020, 7, 2)} if event.seq == sheet.issued else {}
        chain.add(event.payload.model_copy(update=late), at=event.at, by=event.by)
    world.ledger.unlink()
    write_ledger(world.ledger, chain.events)
    assert world.kinds() == {"slip_period": sheet.issued}


def test_batches_have_no_slips(tmp_path: Path) -> None:
    world = World(tmp_path, {"method": "complete", "strata": ["batch"], "schedule": []}).begin()
    with pytest.raises(DataError, match="slips cannot be used"):
        issue_slips(world.service, "n1", 3, by="op")


def test_a_slip_is_the_persons_answer(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 3, by="op")
    opened = world.now + timedelta(hours=1)
    world.wait(hours=3)
    outcome = record_slip(world.service, sheet.list_id, row(1, 1, opened), by="op", confirmed=YES)
    assert (outcome.arm, outcome.stands) == (sheet.slips[0].arm, "slip")
    later = world.person(1, office="n2")
    assert (later.arm, later.receipt, later.first) == (outcome.arm, outcome.receipt, False)
    assert unaccounted_slips(world.service, sheet.list_id) == (2, 3)
    assert world.verified().ok
    with pytest.raises(DataError, match="neither used nor voided: 2"):
        world.service.close(by="m1")
    assert void_slips(world.service, sheet.list_id, [2, 3], by="op") == 2
    world.service.close(by="m1")
    assert world.verified().ok


@pytest.mark.parametrize(("hours", "opened_first"), [(-1, True), (1, False)])
def test_an_online_draw_recorded_before_stands(world: World, hours: int, opened_first: bool) -> None:
    sheet = issue_slips(world.service, "n1", 3, by="op")
    world.wait(hours=2)
    told = world.person(1)
    opened = world.now + timedelta(hours=hours)
    world.wait(hours=2)
    outcome = record_slip(world.service, sheet.list_id, row(1, 1, opened), by="op", confirmed=YES)
    assert (outcome.arm, outcome.receipt, outcome.stands) == (told.arm, told.receipt, "draw")
    assert outcome.opened_before_draw is opened_first
    voided = read_ledger(world.ledger)[-1].payload
    assert (voided.first, voided.reason) == (told.seq, "drawn_since" if opened_first else "drawn_before")
    assert world.verified().ok


def test_slips_that_cannot_be_recorded(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 3, by="op", until=date(2020, 1, 6))
    opened = world.now + timedelta(hours=1)

    def record(number: int, person: int, at: datetime, **values: object) -> None:
        record_slip(world.service, sheet.list_id, row(number, person, at), **({"by": "op", "confirmed": YES} | values))

    with pytest.raises(DataError, match="after it was recorded"):
        record(1, 1, opened)
    world.wait(days=5)
    with pytest.raises(DataError, match="was not issued"):
        record(4, 1, opened)
    with pytest.raises(DataError, match="but is valid 2020-01-05 to 2020-01-06"):
        record(1, 1, opened + timedelta(days=3))
    with pytest.raises(DataError, match="not confirmed"):
        record(1, 1, opened, confirmed=[])
    with pytest.raises(DataError, match="does not have the role"):
        record(1, 1, opened, by="m1")
    record(1, 1, opened)
    with pytest.raises(DataError, match="accounted for already"):
        record(1, 2, opened)
    with pytest.raises(DataError, match="was not issued"):
        reconcile(world.service, "no-list", [], by="op")
    assert world.verified().ok


def test_reconciliation_finds_unused_doubly_used_and_out_of_order_slips(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 8, by="op")
    start = world.now
    world.wait(days=1)
    rows = [
        row(1, 1, start + timedelta(hours=1)),
        row(3, 3, start + timedelta(hours=2)),
        row(2, 2, start + timedelta(hours=3)),
        row(4, 4, start + timedelta(hours=4)),
        row(4, 5, start + timedelta(hours=5)),
        row(7, 6, start + timedelta(hours=6)),
    ]
    report = reconcile(world.service, sheet.list_id, rows, by="op", confirmed=YES)
    assert [outcome.number for outcome in report.recorded] == [1, 3, 2, 4, 7]
    assert report.unused == (5, 6, 8)
    assert report.used_twice == (4,)
    assert report.out_of_order == (3, 7)
    assert [number for number, _ in report.refused] == [4]
    assert not report.clean
    assert world.person(5).first  # the second on slip 4 had no answer
    again = reconcile(world.service, sheet.list_id, [], by="op", void_unused=True)
    assert again.unused == (5, 6, 8)
    assert unaccounted_slips(world.service, sheet.list_id) == ()
    assert world.verified().ok


def test_slips_hold_until_the_schedule_is_amended(world: World) -> None:
    """A slip opened before keeps its probabilities; one opened afterwards would be of a period that is over."""
    sheet = issue_slips(world.service, "n1", 2, by="op")
    amendment = world.amend()
    world.wait(hours=2)
    before = world.now - timedelta(minutes=1)
    world.service.record_beacon(("m1", "1"), ("m2", "1"), amendment=amendment.seq)
    world.wait(hours=2)
    with pytest.raises(DataError, match="had been amended before the slip was opened"):
        record_slip(world.service, sheet.list_id, row(2, 2, world.now), by="op", confirmed=YES)
    record_slip(world.service, sheet.list_id, row(1, 1, before), by="op", confirmed=YES)
    assert read_ledger(world.ledger)[-1].payload.marginal == ("1/2", "1/4", "1/4")
    assert world.another_service().draw(synthetic_number(1), "n1", by="op").arm == sheet.slips[0].arm
    assert world.verified().ok


def test_minimisation_counts_people_on_slips(tmp_path: Path) -> None:
    shares = {"a": "0.25", "b": "0.25"}
    schedule = [{"site": site, "since": date(2020, 1, 1), "probability": shares} for site in ("north", "south")]
    world = World(
        tmp_path, {"method": "minimisation", "factors": ["office", "sex"], "strata": [], "schedule": schedule}
    ).begin()
    sheet = issue_slips(world.service, "n1", 4, by="op")
    world.wait(hours=2)
    for number in (1, 2, 3):
        opened = SlipRow(number, synthetic_number(number), world.now, factors={"sex": "f"})
        record_slip(world.service, sheet.list_id, opened, by="op", confirmed=YES)
    for n in range(10, 18):
        world.person(n, factors={"sex": "f"})
    result = world.verified()
    assert result.ok, result.render("en")
    assert result.counts["recomputed"] == 8


def test_the_sheet_says_in_both_languages_how_it_is_used(world: World) -> None:
    sheet = issue_slips(world.service, "n1", 2, by="op")
    page = sheet_html(world.trial, sheet)
    for said in ("NAV Nord", "før du åpner den", "before you open it", "5. januar 2020", "5 January 2020"):
        assert said in page
    label = world.trial.arms[sheet.slips[0].arm].label
    assert label.nb in page
    assert "http" not in page
