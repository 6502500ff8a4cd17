"""What verdicts and findings are worth: how often each is given when the truth is known, over many simulated trials.

Trials of the design of an example (``se``: 3,737 people drawn one by one; ``se-klar``: 268 in small batches), with
fresh people and fresh lots, are evaluated as ``lodd evaluate`` does it, with few redraws. For each outcome of
:mod:`benchmarks.calibration_trials`:

- how often p < 5 %: the randomisation p, t's p, the randomisation p corrected within the family (no effect: test size);
- how often the 95 % interval covers the average effect over these people: HC2's, and that by test inversion;
- how often the simultaneous band covers the effect in all months 0-36 at once;
- in how many trials any outcome, or any month of any outcome, is *different* within its family (no effect: the
  family-wise error);
- how often each verdict is given.

``--catch-up``: how often the finding says who moved, when each is true.

Run with ``python -m benchmarks.calibration [--trials 1000] [--design se|se-klar] [--effect none|constant|heterogeneous]
[--catch-up]``; without design and effect, all of them.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, get_args

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two processes share two cores

import numpy as np
import polars as pl

from benchmarks.calibration_trials import MARGINS, DesignName, EffectName, Made, changing, declared, make, panel_of
from lodd.evaluation.estimates import estimate_all, estimates_frame
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan, plan_blocks, primary_values
from lodd.evaluation.randomisation import randomise
from lodd.evaluation.setting import setting_of
from lodd.evaluation.verdict import conclude
from lodd.evaluation.verdict.catch_up import change_of, judge_change
from lodd.progress import silent
from lodd.simulate import work_histories

SEED, TRIALS, REDRAWS, PROCESSES = 2017, 1_000, 199, 2
LEVEL: Final = 0.05
TRUTHS: Final = ("controls_caught_up", "treated_fell_back", "lasting", "none")
VERDICTS: Final = ("different", "different_but_small", "equivalent", "inconclusive")
MEASURES: Final = ("p redraws", "p t", "p family", "HC2 covers", "inverted covers", "band covers")
FAMILY: Final = ("any outcome", "any month")


@dataclass(frozen=True, slots=True)
class Seen:
    """One trial: 1 or 0 (NaN: does not apply) by (outcome, measure), and codes by (outcome, kind)."""

    hits: Mapping[tuple[str, str], float]
    codes: Mapping[tuple[str, str], str]


def look(design: DesignName, effect: EffectName, trial: int) -> Seen:
    """Simulate and evaluate one trial."""
    made = make(design, effect, SEED + trial)
    plan = Plan(made.trial, made.panel, made.locked, Notebook())
    setting = setting_of(made.trial, made.participants, made.panel, plan.notes)
    setting = replace(setting, estimators=(setting.main,))  # the companions are not looked at
    blocks = [block for block in plan_blocks(plan) if block.labels[0].role in ("primary", "curve")]
    rows = estimate_all(setting, blocks, plan.notes, silent)
    redrawn = randomise(
        made.trial, setting, made.participants, blocks, rows, notes=plan.notes, draws=REDRAWS, seed=SEED + trial
    )
    estimates = estimates_frame(made.trial, setting, rows, redrawn.columns)
    found = conclude(plan, setting, made.participants, estimates)
    main = estimates.filter("main")
    curves = main.filter(pl.col("event_month") >= 0, role="curve")
    inverted = redrawn.frames["inverted_intervals"].filter("main")
    hits: dict[tuple[str, str], float] = {}
    for outcome in MARGINS:
        row = main.filter(role="primary", outcome=outcome).row(0, named=True)
        shifted = inverted.filter(outcome=outcome).row(0, named=True)
        summary = ~np.isnan(primary_values(plan, made.trial.analysis.primary[list(MARGINS).index(outcome)]))
        effect_of = float(made.truth[outcome][summary][:, -36:].mean())
        hits |= {
            (outcome, "p redraws"): _below(row["p_randomisation"]),
            (outcome, "p t"): _below(row["p_value"]),
            (outcome, "p family"): _below(row["p_family"]),
            (outcome, "HC2 covers"): _covers(row["ci_low"], row["ci_high"], effect_of),
            (outcome, "inverted covers"): _covers(shifted["low"], shifted["high"], effect_of),
            (outcome, "band covers"): _band(made, curves.filter(outcome=outcome), outcome),
        }
    hits["family", "any outcome"] = max(hits[outcome, "p family"] for outcome in MARGINS)
    hits["family", "any month"] = float((curves["p_family"] < LEVEL).any())
    codes = {(verdict.outcome, "verdict"): verdict.code for verdict in found.verdicts}
    about = ("chance", "catch_up")
    codes |= {(f.outcome, f.rival): f"{f.status}: {f.why}" for f in found.findings if f.rival in about}
    return Seen(hits, codes)


def who_moved(design: DesignName, truth: str, trial: int) -> str:
    """What the catch-up finding on work says in one trial."""
    declared_trial, _, _ = declared(design)
    dates = declared_trial.analysis.explanations.catch_up if declared_trial.analysis.explanations else None
    assert dates is not None
    made = work_histories(declared_trial, changing(design, truth), seed=SEED + trial)
    empty = np.zeros_like(made.observed)
    panel = panel_of(declared_trial, made.participants, {"in_work": made.observed, "rare": empty, "earnings": empty})
    setting = setting_of(declared_trial, made.participants, panel, Notebook())
    early, late = (
        made.observed[:, months.first - made.window.first : months.last - made.window.first + 1].mean(axis=1)
        for months in (dates.early, dates.late)
    )
    change = change_of(setting, 1, early, late, adjusted=True)
    assert change is not None
    return ": ".join(judge_change(change))


def _below(p: float | None) -> float:
    return np.nan if p is None else float(p < LEVEL)


def _covers(low: float | None, high: float | None, truth: float) -> float:
    return np.nan if low is None or high is None else float(low <= truth <= high)


def _band(made: Made, curve: pl.DataFrame, outcome: str) -> float:
    """Is the effect over these people inside the band in every month that has one?"""
    shown = curve.filter(pl.col("band_low").is_not_null())
    if shown.is_empty():
        return np.nan
    column = shown["event_month"].to_numpy() - made.panel.window.first
    truth = np.nanmean(made.truth[outcome], axis=0)[column]
    rounding = 1e-9 * (1.0 + np.abs(truth))
    low, high = shown["band_low"].to_numpy() - rounding, shown["band_high"].to_numpy() + rounding
    return float(((low <= truth) & (truth <= high)).all())


def table(seen: Sequence[Seen]) -> Iterator[str]:
    """The measures by outcome, in per cent with Monte-Carlo standard errors, then verdicts and findings."""
    yield f"{'':10}" + "".join(f"{measure:>18}" for measure in MEASURES)
    for outcome in MARGINS:
        yield f"{outcome:10}" + "".join(_share([s.hits[outcome, measure] for s in seen]) for measure in MEASURES)
    yield f"{'family':10}" + "".join(f"{name:>14}{_share([s.hits['family', name] for s in seen])}" for name in FAMILY)
    for kind, order in (("verdict", VERDICTS), ("chance", ()), ("catch_up", ())):
        for outcome in MARGINS:
            counts = Counter(s.codes[outcome, kind] for s in seen)
            names = [name for name in order if counts[name]] or sorted(counts, key=lambda name: -counts[name])
            rest = [name for name in counts if name not in names]
            shares = (f"{name} {100 * counts[name] / len(seen):.1f} %" for name in [*names, *rest])
            yield f"{kind} {outcome}: " + "; ".join(shares)


def _share(hits: Sequence[float]) -> str:
    known = [hit for hit in hits if not np.isnan(hit)]
    if not known:
        return f"{'-':>18}"
    share = float(np.mean(known))
    return f"{100 * share:9.1f} (\N{PLUS-MINUS SIGN}{100 * (share * (1 - share) / len(known)) ** 0.5:.1f}) %"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--design", choices=get_args(DesignName))
    parser.add_argument("--effect", choices=get_args(EffectName))
    parser.add_argument("--catch-up", action="store_true")
    asked = parser.parse_args(arguments)
    designs = [asked.design] if asked.design else get_args(DesignName)
    choices = TRUTHS if asked.catch_up else [asked.effect] if asked.effect else get_args(EffectName)
    with ProcessPoolExecutor(PROCESSES) as pool:
        for design in designs:
            for choice in choices:
                _run(pool, design, choice, asked.trials, catch_up=asked.catch_up)
    return 0


def _run(pool: ProcessPoolExecutor, design: DesignName, choice: str, trials: int, *, catch_up: bool) -> None:
    start = time.perf_counter()
    one = partial(who_moved if catch_up else look, design, choice)  # choices are checked
    found = list(pool.map(one, range(trials), chunksize=5))
    took = f"{trials} trials of {design}, {'truth' if catch_up else 'effect'}: {choice}, seed {SEED}"
    print(f"{took}, {time.perf_counter() - start:.0f} s", flush=True)
    if catch_up:
        counts = Counter(found)
        print("  " + "; ".join(f"{name} {100 * count / trials:.1f} %" for name, count in counts.most_common()))
    else:
        print("\n".join(f"  {line}" for line in table(found)), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
