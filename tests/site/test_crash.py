"""Workers are killed again and again while many clients ask for the same people: one draw each, none lost.

The short run is on SQLite; with ``LODD_TEST_CRASH=full`` it is the full one, on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.running_site import Client, Site, run_python, running
from lodd.identity import synthetic_number

pytestmark = pytest.mark.long
FULL = os.environ.get("LODD_TEST_CRASH") == "full"
PEOPLE, CLIENTS, TIMES, ANSWERS_A_KILL = (2000, 64, 3, 150) if FULL else (40, 8, 3, 40)
_READ = """
from lodd.site.preparation import start_django
start_django()
import json
from lodd.allocation.store import FolderStore
from lodd.site.installation import installation
from lodd.site.models import IdempotentAnswer, LedgerEvent, Participant
here = installation()
with here.service.live.turn():
    pass
print(json.dumps({
    "events": LedgerEvent.objects.count(),
    "head": here.service.live.state.count,
    "draws": LedgerEvent.objects.filter(kind="draw").count(),
    "repeated": LedgerEvent.objects.filter(kind="repeated_request").count(),
    "participants": [[p.lot_id, p.arm, p.receipt] for p in Participant.objects.all()],
}))
"""


@dataclass
class Heard:
    """What clients were answered: by person, arms and receipts."""

    answers: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    received: int = 0
    lost: int = 0
    others: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)


def ask(site: Site, heard: Heard, work: Sequence[tuple[int, str]]) -> None:
    """Each person of the list, until answered; a lost answer is asked for again with the same key."""
    client = Client(site)
    for person, key in work:
        number = synthetic_number(person).digits()
        for _ in range(400):
            try:
                status, answer = client.draw(number, key)
            except ConnectionError:
                with heard.lock:
                    heard.lost += 1
                time.sleep(0.05)
                continue
            if status in (200, 201):
                with heard.lock:
                    heard.received += 1
                    heard.answers[person].add((answer["arm"], answer["receipt"]))
                break
            with heard.lock:
                heard.others[status] += 1
            time.sleep(0.05)


@contextmanager
def killing(site: Site, heard: Heard) -> Iterator[list[int]]:
    """Kill a worker after every so many answers until the block ends; gives how many so far."""
    over, kills = threading.Event(), [0]

    def kill() -> None:
        while not over.wait(0.01):
            if heard.received >= ANSWERS_A_KILL * (kills[0] + 1):
                with suppress(OSError):
                    kills[0] += site.kill_worker(kills[0])

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield kills
    finally:
        over.set()
        killer.join()


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """PostgreSQL for the full run; SQLite otherwise."""
    from benchmarks.site_draws import database_of

    with database_of("postgresql" if FULL else "sqlite", folder) as url:
        yield url


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="workers are found through /proc")
def test_killed_workers_neither_lose_nor_repeat_a_draw(tmp_path: Path) -> None:
    heard = Heard()
    jobs = [(person, f"request-{person}-{n}") for n in range(TIMES) for person in range(1, PEOPLE + 1)]
    random.Random(1).shuffle(jobs)
    with database(tmp_path) as url, running(tmp_path / "site", url, workers=2) as site:
        with killing(site, heard) as kills:
            threads = [
                threading.Thread(target=ask, args=(site, heard, jobs[client::CLIENTS])) for client in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        kept = json.loads(run_python(site.environment, "-c", _READ).splitlines()[-1])
    sys.stdout.write(
        f"people {PEOPLE}, clients {CLIENTS}, answers {heard.received}, connections lost {heard.lost}, "
        f"workers killed {kills[0]}, other answers {dict(heard.others)}, draws {kept['draws']}, "
        f"repeated requests {kept['repeated']}\n"
    )
    assert kills[0] >= 1
    assert set(heard.others) <= {503}
    assert heard.received == len(jobs)
    assert all(len(answers) == 1 for answers in heard.answers.values())
    assert kept["draws"] == len(kept["participants"]) == len(heard.answers) == PEOPLE
    assert kept["head"] == kept["events"]
    in_ledger = {(arm, receipt) for _, arm, receipt in kept["participants"]}
    assert {answer for answers in heard.answers.values() for answer in answers} == in_ledger
