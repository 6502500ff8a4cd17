"""How many keyed draws a second a verification recomputes: 200,000 draws of the SE protocol, everything checked.

Reading, canonical form, hash and chain, the rules, the lot and both probability vectors, in one process.

Run with ``python -m benchmarks.verify_speed [DRAWS]``.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import lodd.examples
from lodd.allocation import DrawRequest
from lodd.allocation.recording import simulate_ledger
from lodd.allocation.verify import verify
from lodd.identity import reveal_draw_key, simulation_keys
from lodd.protocol import Trial, load_trial
from lodd.protocol.canonical import canonical, protocol_sha256
from lodd.protocol.lock import Lock

DRAWS, LIMIT, ROUNDS = 200_000, 50_000, 3


def main(draws: int = DRAWS) -> bool:
    """Print the rate and the limit; True when the limit is kept."""
    trial = load_trial(Path(lodd.examples.__file__).parent / "se").trial
    keys = simulation_keys(1)
    lock = Lock(protocol_sha256(trial), canonical(trial), "2014-04-01T12:00:00+00:00", "0", keys.commitments())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        revealed = reveal_draw_key(keys, folder / "revealed.key")
        simulate_ledger(trial, lock, keys.lot_mac, _requests(trial, draws)).write(folder)
        ledger = folder / "ledger.ndjson"
        seconds = min(_timed(ledger, replace(lock), revealed, draws) for _ in range(ROUNDS))
        size = ledger.stat().st_size
    rate = draws / seconds
    kept = rate >= LIMIT
    print(f"verify {draws:,} keyed draws ({size / 1e6:.0f} MB): {seconds:.2f} s, {rate:,.0f} draws a second")
    print(f"limit: at least {LIMIT:,} a second: {'kept' if kept else 'NOT KEPT'}")
    return kept


def _timed(ledger: Path, lock: Lock, revealed, draws: int) -> float:  # type: ignore[no-untyped-def]
    started = time.perf_counter()
    result = verify(ledger, lock, revealed)
    seconds = time.perf_counter() - started
    assert result.ok, result.render("en")
    assert result.counts["recomputed"] == draws
    return seconds


def _requests(trial: Trial, draws: int) -> Iterator[DrawRequest]:
    offices = sorted(trial.office_site)
    days = (trial.enrolment.closes - trial.enrolment.opens).days + 1
    for row in range(draws):
        lot_id = base64.b32encode(hashlib.sha256(str(row).encode()).digest())[:26].decode().lower()
        day: date = trial.enrolment.opens + timedelta(days=row * days // draws)
        yield DrawRequest(lot_id, offices[row % len(offices)], day)


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS) else 1)
