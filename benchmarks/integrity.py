"""How often the tests of the draw's integrity raise an alarm: when the draw is fair, and when it is tampered with.

A Supported Employment trial of 800 people at 23 offices is simulated once; its lots are then drawn anew many times by
the real design, fairly or tampered with in one of the ways below, and tested as ``lodd evaluate`` tests them.

Run with ``python -m benchmarks.integrity [DRAWS]``; 500 draws take some minutes on two cores.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

import lodd.examples
from lodd.allocation import Design
from lodd.evaluation.integrity import integrity_tables
from lodd.protocol import Panel, Participants, Trial, load_trial
from lodd.protocol.months import MonthRange
from lodd.registers import build_panel_from
from lodd.simulate import load_settings, simulate

SEED, DRAWS, PEOPLE, REDRAWS, PROCESSES = 2014, 500, 800, 1_999, 2
TAMPERED = 5
"""One tampered draw for so many fair ones: a large share needs fewer draws than a small one."""
OUTCOMES = ("in_work", "earnings")
Arms = NDArray[np.int64]
Tampering = Callable[["World", Arms, np.random.Generator], Arms]


@dataclass(frozen=True)
class World:
    trial: Trial
    participants: Participants
    panel: Panel

    @property
    def office(self) -> NDArray[np.str_]:
        return self.participants.frame["office"].to_numpy().astype(str)


def fair(world: World, arms: Arms, rng: np.random.Generator) -> Arms:
    return arms


def rotation(world: World, arms: Arms, rng: np.random.Generator) -> Arms:
    """Every office gives the programme to every third person, beginning anywhere."""
    for office in np.unique(world.office):
        rows = np.flatnonzero(world.office == office)
        arms[rows] = (np.arange(len(rows)) + rng.integers(3)) % 3 == 0
    return arms


def again_at_one(world: World, arms: Arms, rng: np.random.Generator) -> Arms:
    """The largest office draws once more whenever the answer is the reference arm."""
    names, counts = np.unique(world.office, return_counts=True)
    return _again(world, arms, rng, world.office == names[counts.argmax()])


def again_everywhere(world: World, arms: Arms, rng: np.random.Generator) -> Arms:
    """Every office does so one time in ten."""
    return _again(world, arms, rng, rng.random(len(arms)) < 0.1)


def employable_at_three(world: World, arms: Arms, rng: np.random.Generator) -> Arms:
    """Three offices keep their numbers and give the programme to those who had worked most."""
    before = world.panel.matrix("in_work")[:, :12].mean(axis=1)
    for office in ("ak01", "bu01", "mr01"):
        rows = np.flatnonzero(world.office == office)
        arms[rows[np.argsort(-before[rows], kind="stable")]] = np.sort(arms[rows])[::-1]
    return arms


def _again(world: World, arms: Arms, rng: np.random.Generator, where: NDArray[np.bool_]) -> Arms:
    p = world.participants.frame["marginal_se"].to_numpy()
    return np.where(where & (arms == 0), rng.random(len(arms)) < p, arms).astype(np.int64)


KINDS: Mapping[str, Tampering] = {
    f.__name__: f for f in (fair, rotation, again_at_one, again_everywhere, employable_at_three)
}


@cache
def world() -> World:
    """Simulated once, with few outcomes and months."""
    folder = Path(lodd.examples.__file__).parent / "se"
    trial, settings = load_trial(folder).trial, load_settings(folder)
    assert settings.intake is not None
    settings = settings.model_copy(update={"intake": settings.intake.model_copy(update={"people": PEOPLE})})
    plan = trial.analysis
    window = plan.window.model_copy(update={"before": 12, "after": 12})
    changes = {"window": window, "periods": (MonthRange(1, 12),), "primary": (), "cumulative": (), "subgroups": ()}
    trial = trial.model_copy(
        update={
            "analysis": plan.model_copy(update={**changes, "families": (), "covariates": ("age", "female")}),
            "outcomes": {name: trial.outcomes[name] for name in OUTCOMES},
        }
    )
    made = simulate(trial, settings, seed=SEED, effect="none")
    return World(trial, made.participants, build_panel_from(trial, made.tables, made.participants))


def verdicts(kind: str, draw: int) -> dict[str, str]:
    """The verdict of every check on one draw."""
    here = world()
    design = Design.from_trial(here.trial)
    lots = design.redraw(design.history(here.participants), 1, SEED, first=draw)[0].astype(np.int64)
    arms = KINDS[kind](here, lots, np.random.default_rng([SEED, draw]))
    frame = here.participants.frame.with_columns(
        pl.Series("arm", [here.trial.arm_ids[k] for k in arms]), pl.int_range(1, pl.len() + 1).alias("draw_order")
    )
    drawn = Participants(frame, here.trial.arm_ids)
    found = integrity_tables(here.trial, drawn, here.panel, redraws=REDRAWS)["integrity"].filter(about="draw")
    tested = found.drop_nulls("p_value")
    return dict(zip(tested["check"], tested["verdict"], strict=True))


def main() -> int:
    """Prints the table; fails if fair draws raise the alarm more often than they should."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS
    started = time.perf_counter()
    print(f"Alarms of the tests of the draw, {draws} fair draws of {PEOPLE} people")
    print(f"{'draw':22}{'any look':>10}{'any alarm':>11}  alarms by check")
    false_alarms = 0.0
    with ProcessPoolExecutor(PROCESSES) as pool:
        for kind in KINDS:
            made = draws if kind == "fair" else max(1, draws // TAMPERED)
            found = list(pool.map(partial(verdicts, kind), range(made), chunksize=5))
            alarm = np.mean([("alarm" in one.values()) for one in found])
            look = np.mean([bool({"alarm", "look"} & set(one.values())) for one in found])
            counts = Counter(check for one in found for check, verdict in one.items() if verdict == "alarm")
            most = ", ".join(f"{check} {count / made:.2f}" for check, count in counts.most_common(4))
            print(f"{kind:22}{look:10.3f}{alarm:11.3f}  {most}", flush=True)
            false_alarms = float(alarm) if kind == "fair" else false_alarms
    limit = 0.05 + 2 * np.sqrt(0.05 * 0.95 / draws)
    print(f"fair draws alarm at most 5% + 2 Monte-Carlo errors: {'yes' if false_alarms <= limit else 'no'}", end="; ")
    print(f"{time.perf_counter() - started:.0f} s")
    return int(false_alarms > limit)


if __name__ == "__main__":
    sys.exit(main())
