"""How often the 95 % intervals of the monthly effect on work cover the truth, over many simulated SE trials.

Every trial has fresh people, fresh lots and its own true effects (``lodd.simulate.work_histories``). Each estimator is
judged against its own estimand: the inverse-probability weighted (Hajek) difference against the average effect over the
people observed in that month, strata fixed effects against the same effects weighted by n p (1 - p) of the strata. The
intervals come from the estimators that ``lodd evaluate`` uses (HC2, t). As months of one trial are alike, the
Monte-Carlo error of the pooled coverage is computed from trials, not from months.

HC2 estimates the variance of a difference of two independent means. Where effects differ between people, the difference
over *these* people varies less than that (Neyman 1923), so coverage a little above 95 % is expected in the months with
an effect. Against the declared path - the effect in the population that the people are drawn from - the same intervals
are reported too.

Run with ``python -m benchmarks.coverage [TRIALS]``; 500 trials take some minutes on two cores.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

import lodd.examples
from lodd.evaluation import Design, effects, strata_fixed_effects, weighted
from lodd.protocol import Trial, load_trial
from lodd.simulate import SimulationSettings, WorkHistories, estimand_weights, load_settings, work_histories
from lodd.simulate.processes import path

Floats = NDArray[np.float64]
SEED, TRIALS, PROCESSES = 20140501, 500, 2
MONTHS = range(1, 73)
COVARIATES = ("age", "female", "higher_education_before")
LOW, HIGH = 0.93, 0.97
TREATED = "se"


@dataclass(frozen=True, slots=True)
class Row:
    """One estimator and what it is judged against."""

    estimator: str
    adjusted: bool
    estimand: str


ROWS = tuple(
    Row(estimator, adjusted, estimand)
    for estimator, own in (("hajek", "ate"), ("strata_fixed_effects", "strata_weighted"))
    for adjusted in (False, True)
    for estimand in (own, "declared path")
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial: (rows, months) estimate, standard error, critical value and truth."""

    estimate: Floats
    std_error: Floats
    critical: Floats
    truth: Floats

    @property
    def covered(self) -> NDArray[np.bool_]:
        return np.abs(self.estimate - self.truth) <= self.critical * self.std_error


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the months of a trial have in common: (n,) or, for outcomes and true differences, (n, months)."""

    observed: Floats
    difference: Floats
    treated: NDArray[np.bool_]
    strata: NDArray[np.int64]
    inverse: Floats
    covariates: Floats
    estimand_weights: Mapping[str, Floats]
    declared: Floats


def one_trial(seed: int) -> Outcome:
    """Simulate a trial and estimate the effect of every month by every estimator."""
    trial, settings = example()
    prepared = _prepared(work_histories(trial, settings, seed=seed), settings)
    columns = [list(_month(prepared, position)) for position in range(len(MONTHS))]
    found = np.array(columns).transpose(2, 1, 0)  # value, row, month
    return Outcome(*found)


@cache
def example() -> tuple[Trial, SimulationSettings]:
    folder = Path(lodd.examples.__file__).parent / "se"
    return load_trial(folder).trial, load_settings(folder)


def _prepared(histories: WorkHistories, settings: SimulationSettings) -> Prepared:
    participants, arms = histories.participants, histories.participants.arm_index
    marginal = participants.marginal
    assert marginal is not None
    months = slice(MONTHS[0] - histories.window.first, MONTHS[-1] - histories.window.first + 1)
    declared = [path(e.points, np.array(MONTHS), outside=0.0) for e in settings.effects_on("work", TREATED)]
    return Prepared(
        observed=histories.observed[:, months],
        difference=(histories.in_work[TREATED] - histories.in_work["control"])[:, months],
        treated=arms == 1,
        strata=participants.stratum_index,
        inverse=1 / marginal[np.arange(len(participants)), arms],
        covariates=_covariates(histories),
        estimand_weights=estimand_weights(participants, TREATED),
        declared=np.sum(declared, axis=0),
    )


def _covariates(histories: WorkHistories) -> Floats:
    """Baseline facts, and the share of the twelve months before the draw in work."""
    facts = histories.participants.frame.select(pl.col(COVARIATES).cast(pl.Float64)).to_numpy()
    first = -12 - histories.window.first
    before = histories.in_work["control"][:, first : first + 12].mean(axis=1)
    return np.column_stack([facts, before])


def _month(prepared: Prepared, position: int) -> Iterator[tuple[float, ...]]:
    """For each row: estimate, standard error, critical value, truth."""
    outcome, difference = prepared.observed[:, position], prepared.difference[:, position]
    seen = np.isfinite(outcome)
    weights = prepared.estimand_weights
    truths = {name: float(np.average(difference[seen], weights=weights[name][seen])) for name in weights}
    truths["declared path"] = float(prepared.declared[position])
    estimates = {}
    for estimator, adjusted in dict.fromkeys((row.estimator, row.adjusted) for row in ROWS):
        design = _design(prepared, estimator, seen, adjusted=adjusted)
        made = effects(design, np.where(seen, outcome, 0.0)[:, None])
        critical = float(stats.t.ppf(0.975, made.df[0]))
        estimates[estimator, adjusted] = (float(made.estimate[0, 0]), float(made.std_error[0, 0]), critical)
    for row in ROWS:
        yield (*estimates[row.estimator, row.adjusted], truths[row.estimand])


def _design(prepared: Prepared, estimator: str, seen: NDArray[np.bool_], *, adjusted: bool) -> Design:
    covariates = prepared.covariates if adjusted else None
    if estimator == "hajek":
        return weighted(prepared.treated, seen, weights=prepared.inverse, covariates=covariates)
    return strata_fixed_effects(prepared.treated, seen, prepared.strata, covariates=covariates)


def run(trials: int, seed: int) -> list[Outcome]:
    """All trials, in processes of one thread each."""
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(trials, dtype=np.uint32)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return list(pool.map(one_trial, seeds, chunksize=2))


def table(outcomes: list[Outcome]) -> list[tuple[Row, float, float, float]]:
    """For each row: coverage pooled over trials and months, its Monte-Carlo error clustered by trial, and the mean
    standard error over the standard deviation of the error of estimation."""
    covered = np.array([outcome.covered for outcome in outcomes])
    error = np.array([outcome.estimate - outcome.truth for outcome in outcomes])
    std_error = np.array([outcome.std_error for outcome in outcomes])
    by_trial = covered.mean(axis=2)
    monte_carlo = by_trial.std(axis=0, ddof=1) / np.sqrt(len(outcomes))
    ratio = (std_error.mean(axis=0) / error.std(axis=0, ddof=1)).mean(axis=1)
    return [(row, by_trial[:, i].mean(), monte_carlo[i], ratio[i]) for i, row in enumerate(ROWS)]


def main(trials: int = TRIALS, seed: int = SEED) -> bool:
    """Print the table; True if every estimator covers its own estimand 93-97 % of the time."""
    began = time.perf_counter()
    rows = table(run(trials, seed))
    print(f"Coverage of 95 % intervals, effect on in_work in months {MONTHS[0]}-{MONTHS[-1]}, {trials} SE trials")
    print(f"{'estimator':22}{'adjusted':10}{'estimand':18}{'coverage':>9}{'MC error':>10}{'SE / sd':>9}")
    for row, coverage, error, ratio in rows:
        adjusted = "yes" if row.adjusted else "no"
        print(f"{row.estimator:22}{adjusted:10}{row.estimand:18}{coverage:9.4f}{error:10.4f}{ratio:9.3f}")
    inside = all(LOW <= coverage <= HIGH for row, coverage, *_ in rows if row.estimand != "declared path")
    print(
        f"own estimands within {LOW:.0%}-{HIGH:.0%}: {'yes' if inside else 'NO'}; {time.perf_counter() - began:.0f} s"
    )
    return inside


if __name__ == "__main__":
    sys.exit(0 if main(*(int(word) for word in sys.argv[1:])) else 1)
