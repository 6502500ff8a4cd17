"""The trials that :mod:`benchmarks.calibration` simulates: the designs of the examples, three outcomes, known effects.

Outcomes, month by month: *in_work* as the simulator has it; *rare*, a state of about one in seventy people; *earnings*,
pay in months of work, with wages between people as skewed as exp of a normal with standard deviation 0.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

import lodd.examples
from lodd.protocol import Lock, Participants, Prespecification, Trial, compare, load_trial
from lodd.protocol.analysis import Family, Primary
from lodd.protocol.months import MonthRange
from lodd.protocol.register import Population
from lodd.protocol.types import Panel, coverage_months
from lodd.simulate import SimulationSettings, load_settings, simulation_lock, work_histories
from lodd.simulate.settings import Effect

Floats = NDArray[np.float64]
DesignName = Literal["se", "se-klar"]
EffectName = Literal["none", "constant", "heterogeneous"]
MONTHS: Final = MonthRange(1, 36)
BEFORE: Final = 12
RARE, RARE_EFFECT, WAGE, SPREAD, GAIN = 0.015, 0.01, 20_000.0, 0.9, 1_000.0
MARGINS: Final[Mapping[str, str]] = {"in_work": "0.03", "rare": "0.01", "earnings": "1500"}


@dataclass(frozen=True, slots=True)
class Made:
    """One trial: what the evaluation sees, and the true effect (n, window) of the draw on everybody by outcome."""

    trial: Trial
    locked: Prespecification
    participants: Participants
    panel: Panel
    truth: Mapping[str, Floats]


@cache
def declared(design: DesignName) -> tuple[Trial, SimulationSettings, Prespecification]:
    """The example with the three outcomes in one family, followed for 36 months, and its lock."""
    folder = Path(lodd.examples.__file__).parent / design
    trial, settings = load_trial(folder).trial, load_settings(folder)
    plan = trial.analysis
    assert plan.explanations is not None
    explanations = plan.explanations.model_copy(
        update={"instruments": (), "work_practice": None, "target_group": None, "placement_months": None}
    )
    primary = tuple(Primary(outcome=name, months=MONTHS, margin=margin) for name, margin in MARGINS.items())
    window = plan.window.model_copy(update={"before": BEFORE, "after": MONTHS.last})
    changes = {
        "window": window, "primary": primary, "periods": (), "cumulative": (), "subgroups": (), "targets": (),
        "families": (Family(id="all", outcomes=tuple(MARGINS)),), "explanations": explanations,
        "covariates": ("age", "female", "in_work@-12..-1"),
    }  # fmt: skip
    outcomes = {name: trial.outcomes[name] for name in ("in_work", "earnings")}
    trial = trial.model_copy(
        update={
            "analysis": plan.model_copy(update=changes),
            "outcomes": outcomes | {"rare": trial.outcomes["higher_education"]},
            "population": Population(),
            "participation": None,
        }
    )
    lock: Lock = simulation_lock(trial)
    return trial, settings, compare(trial, lock)


def make(design: DesignName, effect: EffectName, seed: int) -> Made:
    """A trial with fresh people and lots. Effects: ``none``; ``constant``: the same amount of earnings for everybody,
    nothing else; ``heterogeneous``: the example's path for work, more rare states, gains of very different size."""
    trial, settings, locked = declared(design)
    choice: Literal["declared", "none"] = "declared" if effect == "heterogeneous" else "none"
    found = work_histories(trial, settings, seed=seed, effect=choice)
    rng = np.random.default_rng([seed, len(trial.arm_ids)])
    n = len(found.participants)
    work = [found.in_work[arm] for arm in trial.arm_ids]
    wage = WAGE * np.exp(SPREAD * rng.normal(size=(n, 1)) - SPREAD**2 / 2)
    after = np.arange(found.window.first, found.window.last + 1) >= 1
    gain = {"none": 0.0, "constant": GAIN, "heterogeneous": GAIN * rng.exponential(size=(n, 1))}[effect]
    latent = ndtr(rng.normal(size=(n, 1)))
    more = RARE_EFFECT if effect == "heterogeneous" else 0.0
    potential = {
        "in_work": work,
        "rare": [np.where(np.isnan(w), np.nan, latent < RARE + more * k * after) for k, w in enumerate(work)],
        "earnings": [w * wage + gain * k * after for k, w in enumerate(work)],
    }
    panel = panel_of(trial, found.participants, {name: _own(found.participants, p) for name, p in potential.items()})
    truth = {name: p[1] - p[0] for name, p in potential.items()}
    return Made(trial, locked, found.participants, panel, truth)


def panel_of(trial: Trial, participants: Participants, values: Mapping[str, Floats]) -> Panel:
    """A panel of (n, window) outcomes, without deaths and stays abroad other than as missing values."""
    window = trial.analysis.window.months
    n, months = len(participants), len(window)
    event = np.tile(np.arange(window.first, window.last + 1), n)
    calendar = np.repeat(participants.draw_month, months) + event
    columns = {name: pl.Series(matrix.ravel()).fill_nan(None) for name, matrix in values.items()}
    frame = pl.DataFrame(
        {
            "person_id": participants.frame["person_id"].gather(np.repeat(np.arange(n), months)),
            "month": pl.DataFrame({"y": calendar // 12, "m": calendar % 12 + 1}).select(pl.date("y", "m", 1))["date"],
            "event_month": event.astype(np.int32),
            "dead": np.zeros(n * months, dtype=bool),
            "abroad": np.zeros(n * months, dtype=bool),
            **columns,
        }
    )
    coverage = {name: coverage_months(trial, name) for name in values}
    return Panel(frame, window, {name: trial.outcomes[name] for name in values}, coverage)


def changing(design: DesignName, truth: str) -> SimulationSettings:
    """The example's settings with another path of work, for who moved between the early and the late months.

    ``controls_caught_up``: the effect fades because the reference arm rises; ``treated_fell_back``: it fades while the
    reference arm stays; ``lasting``: the effect stays; ``none``: there is none. The size is that of the example's peak.
    """
    trial, settings, _ = declared(design)
    dates = trial.analysis.explanations.catch_up if trial.analysis.explanations else None
    assert dates is not None
    peak = max(per_cent for effect in settings.effects for _, per_cent in effect.points if effect.state == "work")
    first, until, late = dates.early.first, dates.early.last, dates.late.first
    level = dict(settings.work.level)[0]
    low = level + 8.0
    high = low + peak if truth == "controls_caught_up" else low
    path = [*(p for p in settings.work.level if p[0] <= 0), (first, low), (until, low), (late, high), (72, high)]
    faded = truth in ("controls_caught_up", "treated_fell_back")
    points = ((0, 0.0), (first, peak), (until, peak), (late, 0.0 if faded else peak), (48, 0.0 if faded else peak))
    own = Effect(basis="assumption", arm=trial.arm_ids[1], state="work", points=points, slow=0.95)
    return settings.model_copy(
        update={
            "work": settings.work.model_copy(update={"level": tuple(path)}),
            "effects": () if truth == "none" else (own,),
        }
    )


def _own(participants: Participants, potential: list[Floats]) -> Floats:
    """(n, window) of the arm that each person was drawn to."""
    return np.asarray(np.choose(participants.arm_index[:, None], potential))
