"""Invented people with a known truth: participants and register extracts for a protocol, deterministic by seed.

``simulate`` draws people, lots (by the trial's own design) and lives by the settings in ``simulation.toml``, where
every block says which public fact it rests on or that it is an assumption. Each person has a history in every arm, and
these share their random numbers: they differ by the declared true effects and nothing else, so the true effect of every
estimand is known (``Simulation.truth``). What the registers show is the history of the arm that was drawn, with the
dirt of real extracts. With ``effect="none"`` nobody's work, pay, education or benefits depend on the draw at all; only
participation in programmes does. ``work_histories`` gives people and months in work alone, fast, for Monte Carlo.

Where to look: ``settings`` (what can be set), ``people`` (who), ``histories`` (states by month), ``spells``, ``jobs``
and ``welfare`` (days and records), ``reviews`` (the programme's scores), ``dirt`` (what is wrong in extracts),
``truth`` (what is right).
"""

from lodd.simulate.checks import check_settings, load_settings
from lodd.simulate.people import simulation_keys
from lodd.simulate.settings import SimulationSettings
from lodd.simulate.simulation import Simulation, WorkHistories, simulate, simulation_lock, work_histories
from lodd.simulate.store import write_simulation
from lodd.simulate.truth import TRUTH_SCHEMA, estimand_weights, true_effects

__all__ = [
    "TRUTH_SCHEMA",
    "Simulation",
    "SimulationSettings",
    "WorkHistories",
    "check_settings",
    "estimand_weights",
    "load_settings",
    "simulate",
    "simulation_keys",
    "simulation_lock",
    "true_effects",
    "work_histories",
    "write_simulation",
]
