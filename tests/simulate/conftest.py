from __future__ import annotations

from pathlib import Path

import pytest

import lodd.examples
from lodd.protocol import MonthRange, Trial, load_trial
from lodd.simulate import Simulation, SimulationSettings, load_settings, simulate
from lodd.simulate.histories import History
from lodd.simulate.simulation import history_of

EXAMPLES = Path(lodd.examples.__file__).parent
OUTCOMES = ("in_work", "hours", "earnings", "in_programme", "in_work_in_programme", "aap", "higher_education")


@pytest.fixture(scope="session")
def trial() -> Trial:
    return load_trial(EXAMPLES / "se").trial


@pytest.fixture(scope="session")
def settings() -> SimulationSettings:
    return load_settings(EXAMPLES / "se")


@pytest.fixture(scope="session")
def few(settings: SimulationSettings) -> SimulationSettings:
    """The Supported Employment example with 240 people and more dirt."""
    assert settings.intake is not None
    return settings.model_copy(
        update={
            "intake": settings.intake.model_copy(update={"people": 240}),
            "dirt": settings.dirt.model_copy(update={"duplicates": 0.02, "overlaps": 0.05, "never_drawn": 0.02}),
        }
    )


@pytest.fixture(scope="session")
def short(trial: Trial) -> Trial:
    """The protocol with fewer outcomes and months: panels take less time."""
    plan = trial.analysis
    analysis = plan.model_copy(
        update={
            "window": plan.window.model_copy(update={"before": 18, "after": 36}),
            "periods": (MonthRange(1, 5), MonthRange(6, 18)),
            "primary": plan.primary[:1],
            "cumulative": ("earnings",),
        }
    )
    outcomes = {name: trial.outcomes[name] for name in OUTCOMES}
    return trial.model_copy(update={"analysis": analysis, "outcomes": outcomes})


@pytest.fixture(scope="session")
def simulation(short: Trial, few: SimulationSettings) -> Simulation:
    return simulate(short, few, seed=11)


@pytest.fixture(scope="session")
def history(short: Trial, few: SimulationSettings) -> History:
    """The lives behind ``simulation``."""
    return history_of(short, few, seed=11)
