"""Several at the same moment, by threads and by processes: never two draws, never a lost one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from lodd.site.actions.draw import request_draw
from lodd.site.models import DrawRequest, LedgerEvent, Participant
from tests.site.draw_story import asked, typed
from tests.site.world import World

Found = TypeVar("Found")
THREADS = 4
CONFIRMED = ["wants_work", "needs_help"]


def at_once(do: Callable[[int], Found]) -> list[Found]:
    """The same thing by several threads at the same moment, each with a connection of its own."""
    barrier = Barrier(THREADS)

    def run(thread: int) -> Found:
        barrier.wait()
        try:
            return do(thread)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_request_answered_by_many_is_one_draw(world: World) -> None:
    client = world.client("operator")
    there = asked(client, world.number(1))
    clients = [world.client("operator") for _ in range(THREADS)]
    answers = at_once(lambda thread: clients[thread].post(there)["Location"])
    assert answers == [there + "result/"] * THREADS
    assert LedgerEvent.objects.filter(kind="draw").count() == Participant.objects.count() == 1
    assert LedgerEvent.objects.filter(kind="repeated_request").count() == 0


def test_one_person_asked_for_by_many_is_one_draw(world: World) -> None:
    clients = [world.client(name) for name in ("operator", "caseworker", "caseworker_n2", "operator")]
    offices = ["n1", "n1", "n2", "n2"]
    rooms = [asked(one, world.number(1), office=office) for one, office in zip(clients, offices, strict=True)]
    answers = at_once(lambda thread: clients[thread].post(rooms[thread], follow=True))
    receipt = Participant.objects.get().receipt
    assert all(receipt in answer.content.decode() for answer in answers)
    assert LedgerEvent.objects.filter(kind="draw").count() == 1
    assert LedgerEvent.objects.filter(kind="repeated_request").count() == THREADS - 1
    assert DrawRequest.objects.filter(state="answered").count() == THREADS


def test_cancelling_and_drawing_at_once_end_in_one_of_the_two(world: World) -> None:
    client = world.client("operator")
    there = asked(client, world.number(1))
    clients = [world.client("operator") for _ in range(THREADS)]
    at_once(lambda thread: clients[thread].post(there + ("cancel/" if thread % 2 else "")).status_code)
    request = DrawRequest.objects.get()
    assert request.state in ("answered", "cancelled")
    assert Participant.objects.count() == (request.state == "answered")
    assert request.sealed == ""


_PROCESS = """
import sys
from lodd.site.preparation import start_django
start_django()
from lodd.identity import synthetic_number
from lodd.site.actions.base import Actor
from lodd.site.actions.draw import answer_request, request_draw
from lodd.site.models import DrawRequest, User
actor = Actor.of(User.objects.get(email="operator@example.org"))
print("ready", flush=True)
sys.stdin.readline()
same = answer_request(DrawRequest.objects.get(pk=sys.argv[1]), actor=actor)
own = request_draw(
    synthetic_number(2), "n1", actor=actor, confirmed=["wants_work", "needs_help"], factors={}, caller="Ola"
)
print(same.participant.receipt, answer_request(own, actor=actor).participant.receipt, flush=True)
"""


def test_processes_draw_as_one(world: World) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the crash test does this on PostgreSQL")
    actor = world.actor("operator")
    request = request_draw(world.number(1), "n1", actor=actor, confirmed=CONFIRMED, factors={})
    connection.close()
    command = [sys.executable, "-c", _PROCESS, str(request.pk)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, env=os.environ, **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        said.append(process.communicate(timeout=60)[0])
        assert process.returncode == 0
    assert said[0] == said[1]
    assert LedgerEvent.objects.filter(kind="draw").count() == Participant.objects.count() == 2
    assert LedgerEvent.objects.filter(kind="repeated_request").count() == 1


def test_a_second_request_while_one_is_typed(world: World) -> None:
    """The back button: two read-back pages of one person are two requests, and one draw."""
    client = world.client("operator")
    one, two = asked(client, world.number(1)), asked(client, world.number(1))
    assert one != two
    results = [client.post(there, follow=True).content.decode() for there in (one, two)]
    assert all(Participant.objects.get().receipt in page for page in results)
    assert client.post("/draw/", typed(world.number(1))).status_code == 302
