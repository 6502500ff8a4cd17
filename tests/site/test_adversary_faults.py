"""Lost answers to commits, clocks that differ, a restore behind the back of the site, one key sent by several."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection

from lodd.errors import DataError
from lodd.site.actions.participants import replay_missed
from lodd.site.erasures import Erasure, add_erasure
from lodd.site.installation import installation, use_installation
from lodd.site.integrity import check_ledger
from lodd.site.models import IdempotentAnswer, LedgerEvent, Participant
from tests.site.api_world import Api, draw_body, system, token
from tests.site.draw_story import asked, drawn
from tests.site.world import World


def clock(world: World, start: datetime) -> list[datetime]:
    """The installation's clock shows the first of these."""
    shown = [start]
    use_installation(replace(installation(), clock=lambda: shown[0]))
    return shown


@pytest.mark.parametrize("kept", [True, False])
def test_a_commit_whose_answer_is_lost(world: World, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    client = world.client("operator", raise_request_exception=False)
    drawn(client, world.number(1))
    there = asked(client, world.number(2))
    commit = connection.commit

    def lost() -> None:
        if LedgerEvent.objects.filter(kind="draw").count() == 2:
            monkeypatch.undo()
            if kept:
                commit()
            raise OperationalError("connection lost")
        commit()

    monkeypatch.setattr(connection, "commit", lost)
    assert client.post(there).status_code == 500
    again = client.post(there, follow=True)
    assert again.status_code == 200
    drawn(client, world.number(3))
    assert Participant.objects.count() == LedgerEvent.objects.filter(kind="draw").count() == 3
    assert Participant.objects.order_by("-seq")[1].receipt in again.content.decode()
    assert check_ledger(installation()).answers == 3


def test_clocks_that_differ_a_little_refuse_nobody(world: World) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    shown = clock(world, now)
    first = world.draw(1)
    shown[0] = now - timedelta(seconds=2)
    second = world.draw(2)
    assert second.drawn_at == first.drawn_at
    shown[0] = now - timedelta(seconds=9)
    with pytest.raises(DataError):
        world.draw(3)
    shown[0] = now + timedelta(seconds=1)
    assert world.draw(3).drawn_at > first.drawn_at
    assert check_ledger(installation()).answers == 3


def test_the_day_of_a_draw_is_the_local_one_on_the_days_when_the_clocks_change(world: World) -> None:
    moments = [
        (datetime(2027, 3, 27, 22, 59, 59, tzinfo=UTC), "2027-03-27"),
        (datetime(2027, 3, 27, 23, 0, 0, tzinfo=UTC), "2027-03-28"),
        (datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), "2027-03-28"),
        (datetime(2027, 3, 28, 22, 0, 0, tzinfo=UTC), "2027-03-29"),
        (datetime(2027, 10, 30, 22, 0, 0, tzinfo=UTC), "2027-10-31"),
        (datetime(2027, 10, 31, 22, 59, 59, tzinfo=UTC), "2027-10-31"),
        (datetime(2027, 10, 31, 23, 0, 0, tzinfo=UTC), "2027-11-01"),
    ]
    shown = clock(world, moments[0][0])
    for seed, (moment, day) in enumerate(moments, 1):
        shown[0] = moment
        assert world.draw(seed).day.isoformat() == day


def test_whoever_a_restore_brought_back_is_erased_before_the_site_answers(world: World) -> None:
    here = installation()
    one, other = world.draw(1), world.draw(2)
    by = world.user("operator").ledger_id
    assert replay_missed() == 0
    gone = Erasure.of(one.lot_id, one.seq, by=by, lock_sha256=here.lock_sha256, at=here.now())
    add_erasure(here.config.erasure_journal, gone)
    assert replay_missed() == 1
    assert replay_missed() == 0
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.sealed, bool(other.sealed)) == ("", True)


def test_one_key_sent_at_the_same_moment(world: World) -> None:
    bearer, barrier = token(world, system(world)), Barrier(4)

    def send(seed: int) -> tuple[int, str]:
        barrier.wait()
        try:
            answer = Api(bearer).post("draws", draw_body(world, seed), key="one-key-for-all")
            return answer.status_code, str(answer.json().get("receipt"))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        same = list(pool.map(send, [1, 1, 1, 1]))
        barrier.reset()
        others = list(pool.map(send, [1, 2, 3, 4]))
    assert len(set(same)) == 1
    assert sorted(status for status, _ in others) == [201, 422, 422, 422]
    assert IdempotentAnswer.objects.count() == Participant.objects.count() == 1
