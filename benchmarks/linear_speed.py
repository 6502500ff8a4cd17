"""Speed and memory of the batched core against a fast fixed-effects library, in one run.

1,296 fully observed outcome columns x 3,737 people x 100 strata x 20 covariates. Lodd computes strata fixed effects
with HC2 and exact leverages, those of the absorbed dummies included; pyfixest absorbs the strata and computes HC1, for
a subset of the outcomes in one multi-outcome ``feols`` (its time is proportional to the number of outcomes). Limits:
at least 300 times the rate per outcome, and below 300 MB at the peak.

Run with ``python -m benchmarks.linear_speed``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

# The products are thin: on a busy machine BLAS threads cost more in waiting for each other than they bring.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from lodd.evaluation import Effects, effects, strata_fixed_effects
from lodd.evaluation.design import Booleans, Floats, Integers

PEOPLE, OUTCOMES, STRATA, COVARIATES = 3_737, 1_296, 100, 20
SUBSET = 24
LIMIT_RATIO, LIMIT_MEGABYTES = 300.0, 300.0


def data(outcomes: int = OUTCOMES) -> tuple[Floats, Booleans, Integers, Floats]:
    """Outcomes (n, C), treated, strata, covariates."""
    rng = np.random.default_rng(20140501)
    strata = rng.integers(0, STRATA, PEOPLE)
    treated = rng.uniform(size=PEOPLE) < 0.35
    covariates = rng.normal(size=(PEOPLE, COVARIATES))
    signal = covariates @ rng.normal(size=(COVARIATES, outcomes)) / 5.0
    return signal + rng.normal(size=(PEOPLE, outcomes)), treated, strata, covariates


def lodd(y: Floats, treated: Booleans, strata: Integers, covariates: Floats) -> Effects:
    """One design, all columns."""
    design = strata_fixed_effects(treated, np.ones(len(treated), dtype=bool), strata, covariates=covariates)
    return effects(design, y)


def peer(y: Floats, treated: Booleans, strata: Integers, covariates: Floats) -> tuple[float, Floats]:
    """Seconds per outcome and standard errors of pyfixest's ``feols`` with HC1 (heteroskedasticity-robust)."""
    import pandas as pd
    import pyfixest

    columns = {f"y{c}": y[:, c] for c in range(SUBSET)} | {f"x{j}": covariates[:, j] for j in range(COVARIATES)}
    frame = pd.DataFrame(columns | {"d": treated.astype(float), "s": strata})
    controls = " + ".join(f"x{j}" for j in range(COVARIATES))

    def fit(outcomes: int) -> object:
        left = " + ".join(f"y{c}" for c in range(outcomes))
        return pyfixest.feols(f"{left} ~ d + {controls} | s", frame, vcov="HC1")

    fit(2)  # compile first
    seconds = shortest(lambda: fit(SUBSET), repeats=2)
    fitted = fit(SUBSET).to_list()  # type: ignore[attr-defined]
    return seconds / SUBSET, np.array([model.se()["d"] for model in fitted])


def shortest(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of some runs, which other work on the machine disturbs least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def allocated() -> float:
    """Megabytes that Python and NumPy allocate at the peak, the outcomes themselves included."""
    tracemalloc.start()
    lodd(*data())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def resident() -> tuple[float, float]:
    """Megabytes resident at the peak of a fresh process (Linux), and of one that only imports and makes the data."""
    return _resident("lodd(*data())"), _resident("data()")


def _resident(code: str) -> float:
    program = f"from benchmarks.linear_speed import data, lodd; {code}; print(open('/proc/self/status').read())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    peak = next(line for line in done.stdout.splitlines() if line.startswith("VmHWM:"))
    return float(peak.split()[1]) / 1e3


def main() -> bool:
    """Print the table; True if both limits hold."""
    y, *draw = data()
    mean_error = lodd(y, *draw).std_error.mean()
    seconds = shortest(lambda: lodd(y, *draw), repeats=9)
    peer_seconds, peer_errors = peer(y, *draw)
    largest = np.max(np.abs(same_as_peer(y, *draw) / peer_errors - 1))
    ratio = peer_seconds / (seconds / OUTCOMES)
    peak, (whole, before) = allocated(), resident()
    print(f"{OUTCOMES:,} outcomes x {PEOPLE:,} people x {STRATA} strata x {COVARIATES} covariates")
    print(f"  lodd, HC2, all columns          {seconds:8.3f} s   {1e3 * seconds / OUTCOMES:8.4f} ms each")
    print(f"  pyfixest, HC1, {SUBSET} columns       {peer_seconds * SUBSET:8.3f} s   {1e3 * peer_seconds:8.4f} ms each")
    print(f"  ratio of the rates              {ratio:8.0f}     limit: at least {LIMIT_RATIO:.0f}")
    print(f"  resident at the peak            {whole:8.0f} MB  limit: below {LIMIT_MEGABYTES:.0f}")
    print(f"    before anything is estimated  {before:8.0f} MB")
    print(f"    allocated by Python and NumPy {peak:8.0f} MB")
    print(f"  HC1 against pyfixest: largest relative difference {largest:.1e}")
    print(f"  mean HC2 standard error {mean_error:.5f}")
    return ratio >= LIMIT_RATIO and whole < LIMIT_MEGABYTES


def same_as_peer(y: Floats, treated: Booleans, strata: Integers, covariates: Floats) -> Floats:
    """Lodd's HC1 standard errors of the columns that the peer computes."""
    design = strata_fixed_effects(treated, np.ones(len(treated), dtype=bool), strata, covariates=covariates)
    return effects(design, y[:, :SUBSET], kind="HC1").std_error[0]


if __name__ == "__main__":
    sys.exit(not main())
