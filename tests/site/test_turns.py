"""Threads that share a turn get each their own answer; what one of them breaks is done again without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from lodd.errors import DataError
from lodd.site.actions.base import Actor, audit, ledger_action
from lodd.site.actions.draw import draw_person
from lodd.site.actions.turns import SharedTurns
from lodd.site.installation import installation
from lodd.site.integrity import check_ledger
from lodd.site.models import AuditEvent, LedgerEvent, Participant
from tests.site.world import World


class Desk:
    """A turn in memory: what is written is kept when the turn ends without an error."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.turn: list[str] = []
        self.turns = 0
        self.free = threading.Event()
        self.free.set()
        self._one = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        with self._one:
            self.turns += 1
            self.turn = []
            self.free.wait(5)
            yield
            self.kept += self.turn

    def mark(self) -> object:
        return len(self.turn)


def together(shared: SharedTurns, desk: Desk, works: list[Callable[[], Any]]) -> list[Any]:
    """All of them while the desk is held; what each was given."""
    given: list[Any] = [None] * len(works)

    def ask(place: int) -> None:
        try:
            given[place] = shared.run(works[place])
        except Exception as error:
            given[place] = error

    desk.free.clear()
    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    desk.free.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    return given


def writes(desk: Desk, what: str, error: Exception | None = None, *, first: bool = True) -> Callable[[], str]:
    def work() -> str:
        if first:
            desk.turn.append(what)
        if error is not None:
            raise error
        return what

    return work


def test_those_who_wait_share_the_next_turn() -> None:
    desk = Desk()
    shared = SharedTurns(desk.take, desk.mark)
    names = [f"work {n}" for n in range(9)]
    assert together(shared, desk, [writes(desk, name) for name in names]) == names
    assert sorted(desk.kept) == names
    assert desk.turns == 2  # the first alone, the others together


def test_a_plain_refusal_is_its_own_only() -> None:
    desk = Desk()
    shared = SharedTurns(desk.take, desk.mark)
    refusal = DataError([])
    works = [writes(desk, "a"), writes(desk, "b"), writes(desk, "no", refusal, first=False), writes(desk, "c")]
    assert together(shared, desk, works) == ["a", "b", refusal, "c"]
    assert sorted(desk.kept) == ["a", "b", "c"]
    assert desk.turns == 2


@pytest.mark.parametrize("error", [DataError([]), RuntimeError("broken")])
def test_what_broke_after_writing_is_undone_and_the_others_are_done_again(error: Exception) -> None:
    desk = Desk()
    shared = SharedTurns(desk.take, desk.mark)
    works = [writes(desk, "a"), writes(desk, "b"), writes(desk, "half", error), writes(desk, "c")]
    assert together(shared, desk, works) == ["a", "b", error, "c"]
    assert sorted(desk.kept) == ["a", "b", "c"]


def test_a_turn_that_cannot_be_kept_is_tried_by_each_alone() -> None:
    desk = Desk()
    losses = iter([False, True, False, False, False])

    @contextmanager
    def take() -> Iterator[None]:
        with desk.take():
            yield
            if next(losses):
                raise OSError("the disk")

    shared = SharedTurns(take, desk.mark)
    names = ["a", "b", "c", "d"]
    assert together(shared, desk, [writes(desk, name) for name in names]) == names
    assert sorted(desk.kept) == names


def test_many_threads_at_once_lose_nothing() -> None:
    desk = Desk()
    shared = SharedTurns(desk.take, desk.mark)
    found: list[int] = []

    def ask(start: int) -> None:
        found.extend(shared.run(lambda n=start + k: desk.turn.append(str(n)) or n) for k in range(50))

    threads = [threading.Thread(target=ask, args=(1000 * t,)) for t in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(desk.kept) == len(set(desk.kept)) == len(found) == 800
    assert desk.turns <= 800


def test_draws_that_share_a_turn_are_the_same_draws(world: World) -> None:
    """Real actions on the real database, one of them refused and one that fails after it wrote."""
    operator = world.actor("operator")
    confirmed = [condition.id for condition in installation().trial.enrolment.eligibility]

    def draw(seed: int, said: list[str]) -> Any:
        return draw_person(world.number(seed), "n1", actor=operator, confirmed=said, factors={}, caseworker=None)

    @ledger_action
    def fails() -> None:
        audit(Actor("nobody"), "thing.done")
        draw(99, confirmed)
        raise RuntimeError("after the write")

    given: dict[object, Any] = {}

    def ask(name: object, work: Callable[[], Any]) -> None:
        try:
            given[name] = work()
        except Exception as error:
            given[name] = error
        finally:
            connection.close()

    works: dict[object, Callable[[], Any]] = {seed: (lambda seed=seed: draw(seed, confirmed)) for seed in range(1, 13)}
    works |= {"again": lambda: draw(1, confirmed), "refused": lambda: draw(50, []), "fails": fails}
    threads = [threading.Thread(target=ask, args=pair) for pair in works.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert isinstance(given["refused"], DataError)
    assert isinstance(given["fails"], RuntimeError)
    arms = {seed: given[seed].participant for seed in range(1, 13)}
    assert given["again"].participant == arms[1]
    assert Participant.objects.count() == LedgerEvent.objects.filter(kind="draw").count() == 12
    assert not AuditEvent.objects.filter(action="thing.done").exists()
    assert AuditEvent.objects.filter(action="draw.made").count() == 12
    live = installation().service.live
    with live.turn():  # whoever failed last has left the ledger in memory to be read again
        assert check_ledger(installation()).events == live.state.count
