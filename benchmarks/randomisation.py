"""Speed and memory of randomisation inference against the matrix products that it is made of, and a peer; in one run.

1,296 outcome columns x 3,737 people x 10,000 redraws of keyed lots with varying probabilities; strata fixed effects
(100 strata, 20 covariates) refitted in every redraw with exact HC2, Westfall and Young's step-down in 24 families and
the largest t of 24 curves. Limits: at most 1.5 times the time of the three matrix products of that shape in single
precision, made on as many processors in the same chunks just before and after, and below 400 MB; with administrative
censoring, a mask for each of 72 event months, at most 10 times; per outcome and redraw at least 10,000 times the rate
of pyfixest's ``ritest`` (``randomization-t``, HC1). The other statistics are shown beside.

Run with ``python -m benchmarks.randomisation``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.linear_speed import COVARIATES, OUTCOMES, PEOPLE, STRATA
from lodd.allocation import DrawHistory
from lodd.allocation.redraw import redraw
from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.randomisation import Question, ask, fixed_effects, hajek, post_stratified
from lodd.evaluation.randomisation.counting import STEP, available_threads
from lodd.evaluation.randomisation.statistics import Statistic

DRAWS, FAMILIES, MONTHS, SEED = 10_000, 24, 72, 20140501
PEER_REDRAWS = 5
LIMIT_FULL, LIMIT_MASKED, LIMIT_RATE, LIMIT_MEGABYTES = 1.5, 10.0, 10_000.0, 400.0
Data = tuple[Floats, Integers, Floats, Floats]


def data() -> Data:
    """Outcomes (n, C), strata, covariates, probabilities (n, 2)."""
    rng = np.random.default_rng(SEED)
    strata = rng.integers(0, STRATA, PEOPLE)
    covariates = rng.normal(size=(PEOPLE, COVARIATES))
    share = np.linspace(0.2, 0.5, 9)[strata % 9]
    outcomes = covariates @ (rng.normal(size=(COVARIATES, OUTCOMES)) / 5.0)
    outcomes += rng.normal(size=outcomes.shape)
    return outcomes, strata, covariates, np.column_stack([1 - share, share])


def history(probability: Floats) -> DrawHistory:
    """Independent lots, as of a keyed draw."""
    actual = np.random.default_rng(SEED + 1).uniform(size=PEOPLE) < probability[:, 1]
    return DrawHistory(2, actual.astype(np.uint8), probability, np.arange(PEOPLE))


def asked(statistics: list[Statistic], probability: Floats, draws: int = DRAWS) -> Floats:
    """p-values of all columns, with step-down and the largest t in families of neighbouring columns."""
    drawn = history(probability)
    families = np.array_split(np.arange(OUTCOMES), FAMILIES)

    def redrawn(first: int, count: int) -> Booleans:
        return np.ascontiguousarray(redraw(drawn, count, SEED, first=first).T == 1)

    return ask(Question(statistics, families, families), redrawn, drawn.arm == 1, draws).p_value


def observed(months: int = MONTHS) -> Booleans:
    """(n, months): who is followed so far, drawn evenly over 43 months; everybody is for 36."""
    drawn = np.random.default_rng(SEED + 2).integers(0, 43, PEOPLE)
    return drawn[:, None] + np.arange(1, months + 1) <= 36 + 43


def masked(outcomes: Floats, strata: Integers, covariates: Floats) -> list[Statistic]:
    """A statistic for each event month, of the people followed so far."""
    columns = np.array_split(np.arange(OUTCOMES), MONTHS)
    return [
        fixed_effects(outcomes[:, month], people, strata, covariates=covariates)
        for month, people in zip(columns, observed().T, strict=True)
    ]


def products(draws: int = DRAWS) -> None:
    """Three products of columns x people with people x redraws, in single precision."""
    rng = np.random.default_rng(SEED)
    y = rng.standard_normal((OUTCOMES, PEOPLE), dtype=np.float32)
    d = rng.standard_normal((PEOPLE, STEP), dtype=np.float32)
    with ThreadPoolExecutor(available_threads()) as pool:
        list(pool.map(lambda _: y @ d, range(3 * draws // STEP)))


def seconds(run: Callable[[], object], repeats: int = 2) -> float:
    """Of the faster of some runs, which other work on the machine disturbs least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def peer(made: Data) -> float:
    """Seconds of pyfixest's ``ritest`` for one outcome and redraw."""
    import pandas as pd
    import pyfixest

    outcomes, strata, covariates, probability = made
    frame = pd.DataFrame({f"x{j}": covariates[:, j] for j in range(COVARIATES)})
    frame = frame.assign(y=outcomes[:, 0], s=strata, d=history(probability).arm.astype(float))
    fit = pyfixest.feols("y ~ d + " + " + ".join(f"x{j}" for j in range(COVARIATES)) + " | s", frame, vcov="HC1")

    def test(redraws: int) -> None:
        fit.ritest("d", reps=redraws, type="randomization-t", rng=np.random.default_rng(1))

    test(2)  # compile first
    return seconds(lambda: test(PEER_REDRAWS)) / PEER_REDRAWS


def everything() -> Floats:
    """The benchmark's own work, from data to p-values."""
    outcomes, strata, covariates, probability = data()
    people = np.ones(PEOPLE, dtype=bool)
    return asked([fixed_effects(outcomes, people, strata, covariates=covariates)], probability)


def resident() -> float:
    """Megabytes resident at the peak of a fresh process (Linux) that does it all."""
    program = "from benchmarks.randomisation import everything; everything(); print(open('/proc/self/status').read())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    peak = next(line for line in done.stdout.splitlines() if line.startswith("VmHWM:"))
    return float(peak.split()[1]) / 1e3


def compared(run: Callable[[], object], repeats: int = 2) -> tuple[float, float]:
    """Seconds of a run, and how many times that of the products just before and after; the best of some."""
    found = []
    for _ in range(repeats):
        before, took, after = seconds(products, 1), seconds(run, 1), seconds(products, 1)
        found.append((took, 2 * took / (before + after)))
    return min(found, key=lambda pair: pair[1])


def main() -> bool:
    """Print the table; True if all limits hold."""
    made = data()
    outcomes, strata, covariates, probability = made
    people = np.ones(PEOPLE, dtype=bool)
    work: dict[str, Callable[[], list[Statistic]]] = {
        f"strata fixed effects, {COVARIATES} covariates": lambda: [
            fixed_effects(outcomes, people, strata, covariates=covariates)
        ],
        f"  a mask for each of {MONTHS} months": lambda: masked(outcomes, strata, covariates),
        "Hajek, nine probabilities": lambda: [hajek(outcomes, people, probability)],
        "post-stratified": lambda: [post_stratified(outcomes, people, strata)],
    }
    print(
        f"{OUTCOMES:,} outcomes x {PEOPLE:,} people x {DRAWS:,} redraws, {FAMILIES} families, HC2 t refitted each time"
    )
    print(f"  {'three matrix products of that shape':<40}{seconds(products):7.1f} s")
    found = {name: compared(lambda make=make: asked(make(), probability)) for name, make in work.items()}
    limits = dict(zip(found, (LIMIT_FULL, LIMIT_MASKED), strict=False))
    for name, (took, times) in found.items():
        limit = f"  limit: {limits[name]:.1f}" if name in limits else ""
        print(f"  {name:<40}{took:7.1f} s {times:6.2f} times{limit}")
    full = next(iter(found.values()))[0]
    rate, megabytes = peer(made) / (full / OUTCOMES / DRAWS), resident()
    print(f"  {'rate against ritest, randomization-t':<40}{rate:9,.0f} times  limit: at least {LIMIT_RATE:,.0f}")
    print(f"  {'resident at the peak':<40}{megabytes:7.0f} MB  limit: below {LIMIT_MEGABYTES:.0f}")
    held = all(found[name][1] <= limit for name, limit in limits.items())
    return held and rate >= LIMIT_RATE and megabytes < LIMIT_MEGABYTES


if __name__ == "__main__":
    sys.exit(not main())
