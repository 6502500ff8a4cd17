"""How long the site's pages take with many participants in the database: each page of each role, in process.

python -m benchmarks.site_pages [--people 100000] [--times 20]
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.running_site import ROOT, prepared

LIMIT_P95 = 100.0
PAGES = {
    "operator": ("home/", "draw/", "participants/", "participants/?state=drawn", "monitoring/"),
    "county_lead": ("home/", "participants/", "monitoring/"),
    "manager": ("home/", "participants/", "monitoring/", "schedule/", "decisions/"),
    "steward": ("participants/", "exports/"),
    "auditor": ("audit/",),
}


def fill(people: int) -> None:
    """Draw synthetic people through the ledger, in a few large turns, with their rows beside it."""
    from lodd.allocation import receipt_of
    from lodd.identity import synthetic_number
    from lodd.site.actions.base import audit, ledger_action
    from lodd.site.installation import installation
    from lodd.site.models import Participant

    world = _world()

    here, actor = installation(), world.World().actor("operator")
    confirmed = [condition.id for condition in here.trial.enrolment.eligibility]

    @ledger_action
    def some(start: int, count: int) -> None:
        rows = []
        for index in range(start, start + count):
            number, office = synthetic_number(index), ("n1", "n2")[index % 2]
            answer = here.service.draw(number, office, by=actor.ledger_id, confirmed=confirmed)
            event = here.service.live.last
            rows.append(
                Participant(
                    seq=answer.seq,
                    lot_id=event.payload.lot_id,
                    sealed=here.sealer.seal(number, f"participant:{answer.seq}"),
                    arm=answer.arm,
                    site="north",
                    office=office,
                    day=answer.drawn_at,
                    drawn_at=event.at,
                    receipt=receipt_of(event.hash),
                    conditional=list(event.payload.conditional),
                    drawn_by=actor.ledger_id,
                )
            )
        Participant.objects.bulk_create(rows)
        audit(actor, "benchmark.filled", count=count)

    for start in range(0, people, 5000):
        some(start, min(5000, people - start))


@cache
def _world() -> Any:
    """The people that the site's tests have, from their file."""
    specification = importlib.util.spec_from_file_location("world", ROOT / "tests/site/world.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def measure(client: Any, path: str, times: int) -> tuple[int, float, float, float]:
    """Status; milliseconds of the first time, and the median and 95th percentile of the others."""
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        status = client.get(f"/{path}").status_code
        took.append(1000 * (time.perf_counter() - began))
    return status, took[0], float(np.median(took[1:])), float(np.quantile(took[1:], 0.95))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lodd-pages-"))
    os.environ |= prepared(folder / "site", "") | {"LODD_HOSTS": "testserver"}
    from lodd.site.config import read_config
    from lodd.site.preparation import collect_static, prepare_database, start_django

    start_django()
    logging.getLogger("lodd").setLevel("WARNING")
    prepare_database(read_config())
    collect_static(read_config())
    world = _world()
    world.found()
    began = time.perf_counter()
    fill(chosen.people)
    print(f"{chosen.people} people drawn in {time.perf_counter() - began:.0f} s")
    print(f"{'who':<12}{'page':<28}{'status':>7}{'first ms':>10}{'p50 ms':>8}{'p95 ms':>8}")
    for who, paths in PAGES.items():
        client = world.World().client(who)
        for path in paths:
            status, first, p50, p95 = measure(client, path, chosen.times)
            print(f"{who:<12}{path:<28}{status:>7}{first:>10.0f}{p50:>8.1f}{p95:>8.1f}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
