"""Small trials made by hand: participants and panel without registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.evaluation import Evaluation, evaluate
from lodd.protocol.lock import Prespecification
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange, first_day, month_index
from lodd.protocol.types import Panel, Participants

OPENS = date(2015, 1, 1)


@dataclass(frozen=True)
class World:
    """A trial with its people and panel."""

    trial: Trial
    participants: Participants
    panel: Panel

    def evaluate(self, prespecification: Prespecification | None = None) -> Evaluation:
        return evaluate(self.trial, self.participants, self.panel, prespecification or Prespecification())

    def with_column(self, **columns: Any) -> World:
        """Participants' columns replaced or added."""
        series = [pl.Series(name, values) for name, values in columns.items()]
        return replace(
            self, participants=replace(self.participants, frame=self.participants.frame.with_columns(series))
        )

    def without(self, *names: str) -> World:
        return replace(self, participants=replace(self.participants, frame=self.participants.frame.drop(names)))

    def with_values(self, **matrices: Any) -> World:
        """Panel columns replaced, from (n, window) matrices."""
        series = [
            pl.Series(name, np.ravel(values)).cast(pl.Float64).fill_nan(None) for name, values in matrices.items()
        ]
        return replace(self, panel=replace(self.panel, frame=self.panel.frame.with_columns(series)))

    def with_state(self, **matrices: Any) -> World:
        series = [pl.Series(name, np.ravel(values).astype(bool)) for name, values in matrices.items()]
        return replace(self, panel=replace(self.panel, frame=self.panel.frame.with_columns(series)))

    def with_coverage(self, first: date, last: date) -> World:
        """Registers that cover other months; what lies outside becomes missing."""
        span = (month_index(first), month_index(last))
        panel = replace(self.panel, coverage=dict.fromkeys(self.panel.coverage, span))
        frame = panel.frame
        for name in panel.outcomes:
            values = np.where(panel.covered(name), panel.matrix(name), np.nan)
            frame = frame.with_columns(pl.Series(name, values.ravel()).fill_nan(None))
        return replace(self, panel=replace(panel, frame=frame))


def make_trial(arms: tuple[str, ...], window: tuple[int, int], changes: Mapping[str, Any]) -> Trial:
    analysis = {
        "window": {"before": window[0], "after": window[1]},
        "covariates": ["age", "region", "work@-2..-1"],
        "draws": 199,
        "periods": ["1..2"],
        "cumulative": ["pay"],
        "primary": [
            {"outcome": "work", "months": "1..3", "summary": "mean", "margin": 0.1},
            {"outcome": "pay", "months": "1..3", "summary": "sum"},
        ],
        "families": [{"id": "labour", "outcomes": ["work", "pay"]}, {"id": "again", "outcomes": ["work"]}],
        "subgroups": [{"id": "age", "by": "age", "split": "median"}],
    }
    shares = {arm: str(round(0.6 / (len(arms) - 1), 2)) for arm in arms[1:]}
    schedule = [
        {"site": "north", "from": "2015-01-01", "probability": shares},
        {"site": "south", "from": "2015-01-01", "probability": dict.fromkeys(arms[1:], "0.2")},
        {"site": "south", "from": "2015-07-01", "probability": dict.fromkeys(arms[1:], "0.3")},
    ]
    draw = {"method": "keyed", "strata": ["office"], "schedule": schedule}
    return Trial.model_validate(
        {
            "trial": {"id": "small", "title": "Small", "arms": list(arms)},
            "arms": {arm: {"label": arm, "programmes": [{"code": arm.upper()}]} for arm in arms},
            "enrolment": {"opens": "2015-01-01", "closes": "2015-12-31"},
            "sites": {
                "north": {"label": "North", "offices": [{"id": "n1", "label": "N1"}, {"id": "n2", "label": "N2"}]},
                "south": {"label": "South", "offices": [{"id": "s1", "label": "S1"}]},
            },
            "draw": draw | dict(changes.get("draw", {})),
            "registers": {"facts": {"file": "x.parquet", "temporality": "fixed"}},
            "population": {"deaths": "facts", "emigrations": "facts"},
            "participation": {"register": "facts", "code": "programme"},
            "outcomes": {
                "work": {"label": "Work", "register": "facts", "measure": {"any": True}},
                "pay": {"label": "Pay", "register": "facts", "measure": {"sum": "amount"}, "after_death": "zero"},
            },
            "analysis": analysis | dict(changes.get("analysis", {})),
        }
    )


def make_participants(trial: Trial, n: int, rng: np.random.Generator) -> Participants:
    office = rng.choice(["n1", "n2", "s1"], n)
    drawn_at = [OPENS + timedelta(days=int(day)) for day in rng.integers(0, 365, n)]
    period = [
        "2015-07-01" if o == "s1" and d >= date(2015, 7, 1) else "2015-01-01"
        for o, d in zip(office, drawn_at, strict=True)
    ]
    arms = len(trial.arm_ids)
    other = np.where(office == "s1", np.where(np.array(period) == "2015-07-01", 0.3, 0.2), round(0.6 / (arms - 1), 2))
    marginal = np.column_stack([1 - other * (arms - 1), *[other] * (arms - 1)])
    arm = (rng.uniform(size=n)[:, None] > np.cumsum(marginal, axis=1)[:, :-1]).sum(axis=1)
    frame = pl.DataFrame(
        {
            "person_id": [f"p{i:05d}" for i in range(n)],
            "arm": [trial.arm_ids[k] for k in arm],
            "site": ["south" if o == "s1" else "north" for o in office],
            "office": office.tolist(),
            "stratum": [f"{o}:{p}" for o, p in zip(office, period, strict=True)],
            "drawn_at": drawn_at,
            **{f"marginal_{name}": marginal[:, k] for k, name in enumerate(trial.arm_ids)},
            "age": rng.integers(20, 60, n),
            "region": rng.choice(["a", "b", "c"], n).tolist(),
        }
    )
    return Participants(frame, trial.arm_ids)


def make_panel(trial: Trial, participants: Participants, rng: np.random.Generator) -> Panel:
    window = trial.analysis.window.months
    n, months = len(participants), len(window)
    event = np.tile(np.arange(window.first, window.last + 1), n)
    calendar = np.repeat(participants.draw_month, months) + event
    treated = np.repeat(participants.arm_index, months) * (event > 0)
    tendency = np.repeat(rng.normal(size=n), months)
    frame = pl.DataFrame(
        {
            "person_id": np.repeat(participants.frame["person_id"].to_numpy(), months).tolist(),
            "month": [first_day(int(month)) for month in calendar],
            "event_month": event.astype(np.int32),
            "dead": np.zeros(n * months, dtype=bool),
            "abroad": np.zeros(n * months, dtype=bool),
            "work": (tendency + rng.normal(size=n * months) + 0.5 * treated > 0.5).astype(float),
            "pay": np.round(20_000 + 3_000 * tendency + 500 * rng.normal(size=n * months) + 1_000 * treated),
            **{
                f"participates_{arm}": ((np.repeat(participants.arm_index, months) == k) & (event > 0)).astype(float)
                for k, arm in enumerate(trial.arm_ids)
            },
        }
    )
    columns = ["work", "pay", *(f"participates_{arm}" for arm in trial.arm_ids)]
    always = (month_index(date(2000, 1, 1)), month_index(date(2030, 1, 1)))
    return Panel(frame, MonthRange(window.first, window.last), trial.outcomes, dict.fromkeys(columns, always))


def make_world(
    n: int = 240,
    *,
    arms: tuple[str, ...] = ("control", "se"),
    window: tuple[int, int] = (2, 4),
    seed: int = 1,
    draw: Mapping[str, Any] | None = None,
    **analysis: Any,
) -> World:
    rng = np.random.default_rng(seed)
    trial = make_trial(arms, window, {"draw": draw or {}, "analysis": analysis})
    participants = make_participants(trial, n, rng)
    return World(trial, participants, make_panel(trial, participants, rng))


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    """Makes a small trial: ``world(n, arms=..., draw={...}, **analysis)``."""
    return make_world


@pytest.fixture(scope="session")
def small(world: Callable[..., World]) -> World:
    return world()


@pytest.fixture(scope="session")
def evaluated(small: World) -> Evaluation:
    return small.evaluate()
