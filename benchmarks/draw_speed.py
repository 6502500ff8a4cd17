"""10,000 redraws of the Supported Employment trial's 3,737 people, by each method, against a plain loop in one run.

The loop takes one redraw at a time: for keyed lots one vector comparison, for blocks a permutation per block, for
minimisation a walk through the people with ordinary floats. It is timed on a few redraws, and its time is proportional
to their number. Limits: keyed lots and blocks below 1 s, minimisation by four factors below 60 s. Live draws (one after
the other, through the sequencer) are timed too.

Run with ``python -m benchmarks.draw_speed``.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import lodd.examples
from lodd.allocation import Design, DrawHistory, DrawRequest
from lodd.protocol import Trial, load_trial
from lodd.protocol.types import Participants
from lodd.simulate import load_settings
from lodd.simulate.people import enrol
from lodd.simulate.processes import Streams

SE = Path(lodd.examples.__file__).parent / "se"
REDRAWS = 10_000
FACTORS = ("office", "female", "education", "main_reason")
Arms = NDArray[np.uint8]


@dataclass(frozen=True)
class World:
    """A design and the people that it drew."""

    design: Design
    history: DrawHistory
    requests: list[DrawRequest]


def main() -> bool:
    """Print the table; True if all limits hold."""
    trial, people = load_trial(SE).trial, enrolled()
    halves = [
        row.model_copy(update={"probability": {"se": Decimal("0.50" if i % 2 else "0.25")}})
        for i, row in enumerate(trial.draw.schedule)
    ]
    blocks = {"method": "blocks", "block_sizes": (4, 8), "schedule": tuple(halves)}
    table = [
        ("keyed", world(trial, people), plain_keyed, 300, 1.0),
        ("blocks of 4 and 8", world(trial, people, **blocks), plain_blocks, 20, 1.0),
        ("minimisation", world(trial, people, method="minimisation", factors=FACTORS), plain_minimisation, 2, 60.0),
    ]
    print(f"{REDRAWS:,} redraws of {people.height:,} people")
    print(f"  {'':18} {'redraws':>10} {'limit':>8} {'plain loop':>12} {'ratio':>7} {'live draws':>14}")
    kept = [report(*row) for row in table]
    return all(kept)


def report(name: str, made: World, loop: Callable[[DrawHistory, int], Arms], few: int, limit: float) -> bool:
    seconds = shortest(lambda: made.design.redraw(made.history, REDRAWS, seed=1), repeats=1 if limit > 1 else 3)
    plain = shortest(lambda: loop(made.history, few), repeats=1) * REDRAWS / few
    live = len(made.requests) / shortest(lambda: draw_live(made), repeats=2)
    print(
        f"  {name:18} {seconds:8.2f} s {limit:6.0f} s {plain:10.1f} s {plain / seconds:7.1f} {live:10,.0f} a second",
        flush=True,
    )
    return seconds < limit


def enrolled() -> pl.DataFrame:
    """The people of the simulated trial, with their facts, in the order that they come."""
    return enrol(load_trial(SE).trial, load_settings(SE), Streams(20140501)).participants.frame.select(
        "office", "site", "drawn_at", "female", "education", "main_reason"
    )


def world(trial: Trial, people: pl.DataFrame, **draw: Any) -> World:
    design = Design.from_trial(trial.model_copy(update={"draw": trial.draw.model_copy(update=draw)}))
    drawn = design.allocate(np.random.default_rng(1), people)
    history = design.history(Participants(drawn, design.arms))
    names = [name for name in FACTORS if name != "office"]
    values = people.with_columns(pl.col(name).cast(pl.String) for name in names).iter_rows(named=True)
    requests = [
        DrawRequest(f"{i:026d}", row["office"], row["drawn_at"], {name: row[name] for name in names})
        for i, row in enumerate(values)
    ]
    return World(design, history, requests)


def draw_live(made: World) -> None:
    key = hashlib.sha256(b"benchmark").digest()
    sequencer = made.design.sequencer(lambda message: hmac.digest(key, message, "sha256"), bytes(32))
    for request in made.requests:
        sequencer.draw(request)


def plain_keyed(history: DrawHistory, count: int) -> Arms:
    rng, share = np.random.default_rng(1), history.probability[:, 1]
    return np.array([rng.random(len(history)) < share for _ in range(count)], dtype=np.uint8)


def plain_blocks(history: DrawHistory, count: int) -> Arms:
    rng, lots = np.random.default_rng(1), np.empty((count, len(history)), dtype=np.uint8)
    for number in range(count):
        for urn in history.urns:
            start = 0
            while start < len(urn.rows):
                size = rng.integers(len(urn.sizes))
                rows = urn.rows[start : start + int(urn.sizes[size])]
                block = rng.permutation(np.repeat([0, 1], urn.counts[size]))
                lots[number, rows] = block[: len(rows)]
                start += int(urn.sizes[size])
    return lots


def plain_minimisation(history: DrawHistory, count: int) -> Arms:
    rng, lots = np.random.default_rng(1), np.empty((count, len(history)), dtype=np.uint8)
    sequence = history.sequence
    assert sequence is not None
    for number in range(count):
        totals = np.zeros((int(sequence.levels.max()) + 1, 2)).tolist()
        for row, levels in zip(sequence.rows.tolist(), sequence.levels.tolist(), strict=True):
            p = history.probability[row].tolist()
            gap = [sum(abs(totals[f][0] + (1 - k) / p[0] - totals[f][1] - k / p[1]) for f in levels) for k in (0, 1)]
            least = min(gap)
            tied = [p[k] * (gap[k] < least + 1e-7) for k in (0, 1)]
            share = (1 - sequence.coin) / (1 - min(p))
            arm = int(rng.random() < (1 - share) * tied[1] / sum(tied) + share * p[1])
            lots[number, row] = arm
            for f in levels:
                totals[f][arm] += 1 / p[arm]
    return lots


def shortest(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of some runs, which other work on the machine disturbs least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    sys.exit(not main())
