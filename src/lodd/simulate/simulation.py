"""A whole trial invented: participants, their registers, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.allocation import SimulatedLedger
from lodd.locale import Text
from lodd.progress import Progress, silent
from lodd.protocol.canonical import canonical, protocol_sha256
from lodd.protocol.lock import Lock
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.types import FidelityScores, Panel, Participants
from lodd.simulate.calendar import Calendar
from lodd.simulate.checks import check_settings
from lodd.simulate.dirt import Counts, with_dirt
from lodd.simulate.histories import EffectChoice, History
from lodd.simulate.jobs import earnings_table, employment_table, job_spells
from lodd.simulate.people import enrol, simulation_keys
from lodd.simulate.processes import Streams
from lodd.simulate.reviews import fidelity_reviews
from lodd.simulate.settings import SimulationSettings
from lodd.simulate.truth import true_effects
from lodd.simulate.welfare import (
    benefits_table,
    deaths_table,
    education_table,
    emigrations_table,
    programmes_table,
)
from lodd.version import __version__

Tables = Mapping[str, pl.DataFrame]
_PEOPLE: Final = Text(nb="Finner opp deltakere og trekker lodd", en="Inventing participants and drawing lots")
_LIVES: Final = Text(nb="Skriver livsløp", en="Writing life histories")
_TRUTH: Final = Text(nb="Regner ut den sanne effekten", en="Computing the true effect")


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated trial: everything that a real one would have, and the truth that it would not."""

    participants: Participants
    tables: Tables
    """Register id to extract, dirt included."""
    truth: pl.DataFrame
    """As ``TRUTH_SCHEMA``: the true effect of every estimand over these people, from their clean histories."""
    seed: int
    effect: EffectChoice
    settings_sha256: str
    lock: Lock
    """What the lots were drawn under."""
    ledger: SimulatedLedger
    counts: Counts = field(default_factory=dict)
    """Rows of each kind of dirt, by register."""
    fidelity: FidelityScores | None = None
    """The reviews' scores, where the settings say how the programme is delivered."""


@dataclass(frozen=True, slots=True)
class WorkHistories:
    """What a Monte Carlo needs: people, and for each arm (n, event months) in work or not (NaN: not observed)."""

    participants: Participants
    window: MonthRange
    in_work: Mapping[str, NDArray[np.float64]]

    @property
    def observed(self) -> NDArray[np.float64]:
        """(n, event months) of the arm that each person was drawn to."""
        chosen = self.participants.arm_index[:, None]
        return np.asarray(np.choose(chosen, [self.in_work[arm] for arm in self.participants.arms]))


def simulate(
    trial: Trial,
    settings: SimulationSettings,
    *,
    seed: int,
    effect: EffectChoice = "declared",
    lock: Lock | None = None,
    progress: Progress = silent,
) -> Simulation:
    """Invent a trial by its protocol: the same seed and lock give the same trial, to the byte.

    Args:
        lock: the trial's, if it is locked; default: :func:`simulation_lock`.
        effect: ``"declared"``: the settings' true paths. ``"none"``: exactly no effect on work, hours, earnings,
            education and benefits, for anyone; participation in programmes still differs by arm, as drawn.

    Raises:
        ProtocolError: the settings and the protocol do not fit together.
        UsageError: the trial's method of drawing cannot be simulated.
    """
    steps = len(trial.arm_ids) + 3
    progress(_PEOPLE, 0, steps)
    drawn_under = lock or simulation_lock(trial)
    history = history_of(trial, settings, seed=seed, effect=effect, lock=drawn_under)
    assert history.people.ledger is not None
    clean: dict[str, Tables] = {}
    for done, arm in enumerate(trial.arm_ids):
        progress(_LIVES, 1 + done, steps)
        clean[arm] = clean_tables(history, arm)
    participants = history.people.participants
    tables, counts = with_dirt(observed_tables(participants, clean), settings.dirt, history.streams)
    progress(_TRUTH, steps - 1, steps)
    truth = true_effects(trial, participants, potential_panels(trial, participants, clean))
    progress(_TRUTH, steps, steps)
    return Simulation(
        participants,
        tables,
        truth,
        seed,
        effect,
        settings.sha256,
        lock=drawn_under,
        ledger=history.people.ledger,
        counts=counts,
        fidelity=None if settings.fidelity is None else fidelity_reviews(trial, settings.fidelity, history.streams),
    )


def simulation_lock(trial: Trial) -> Lock:
    """The lock of an invented trial: of the day before it opens, committing to keys that everybody can make."""
    day = trial.enrolment.opens - timedelta(days=1)
    commitments = simulation_keys().commitments()
    return Lock(protocol_sha256(trial), canonical(trial), f"{day}T12:00:00+00:00", __version__, commitments)


def history_of(
    trial: Trial,
    settings: SimulationSettings,
    *,
    seed: int,
    effect: EffectChoice = "declared",
    lock: Lock | None = None,
) -> History:
    """The people of a simulated trial and their potential lives, made as they are asked for.

    Raises:
        ProtocolError, UsageError: as :func:`simulate`.
    """
    check_settings(trial, settings)
    streams = Streams(seed)
    people = enrol(trial, settings, streams, lock)
    return History(trial, settings, streams, people, Calendar.of(trial), effect)


def clean_tables(history: History, arm: str) -> dict[str, pl.DataFrame]:
    """The registers that the trial declares, without dirt, had everybody been drawn to ``arm``."""
    names = history.people.participants.frame["person_id"]
    jobs = job_spells(history, arm)
    makers: dict[str, Callable[[], pl.DataFrame]] = {
        "employment": lambda: employment_table(history, jobs, names),
        "earnings": lambda: earnings_table(history, jobs, names),
        "benefits": lambda: benefits_table(history, arm, names),
        "education": lambda: education_table(history, names),
        "programmes": lambda: programmes_table(history, arm, names),
        "deaths": lambda: deaths_table(history, names),
        "emigrations": lambda: emigrations_table(history, names),
    }
    return {register: make() for register, make in makers.items() if register in history.trial.registers}


def observed_tables(participants: Participants, clean: Mapping[str, Tables]) -> dict[str, pl.DataFrame]:
    """Of everybody, the history of the arm that they were drawn to; records numbered anew, so that a number does not
    tell the arm."""
    frame = participants.frame
    observed = {}
    for register in next(iter(clean.values())):
        own = [
            tables[register].join(frame.filter(arm=arm).select("person_id"), on="person_id", how="semi")
            for arm, tables in clean.items()
        ]
        table = pl.concat(own)
        observed[register] = _numbered(table.sort([name for name in table.columns if name != "record_id"]))
    return observed


def potential_panels(trial: Trial, participants: Participants, clean: Mapping[str, Tables]) -> dict[str, Panel]:
    """The panel of everybody's clean history in each arm.

    Made in one go, with everybody once for each arm under a name of that life, because building a panel has costs that
    do not depend on the number of people.
    """
    from lodd.registers import build_panel_from  # 60 MB that planning and evaluating do without

    arms = list(clean)
    lives = {register: pl.concat([_renamed(clean[arm][register], arm) for arm in arms]) for register in clean[arms[0]]}
    everybody = pl.concat([_renamed(participants.frame, arm) for arm in arms])
    panel = build_panel_from(trial, lives, replace(participants, frame=everybody))
    rows = panel.frame.height // len(arms)
    return {arm: replace(panel, frame=panel.frame.slice(i * rows, rows)) for i, arm in enumerate(arms)}


def _renamed(table: pl.DataFrame, arm: str) -> pl.DataFrame:
    return table.with_columns(person_id=pl.col("person_id") + f":{arm}")


def work_histories(
    trial: Trial, settings: SimulationSettings, *, seed: int, effect: EffectChoice = "declared"
) -> WorkHistories:
    """Only people and months in work, without registers: fast, for Monte Carlo experiments.

    ``in_work`` is what the panel of the clean registers would show for the outcome of at least four hours on any day,
    missing after death, during stays abroad, and where the months are beyond the registers.
    """
    history = history_of(trial, settings, seed=seed, effect=effect)
    window = trial.analysis.window.months
    participants = history.people.participants
    column = participants.draw_month[:, None] + np.arange(window.first, window.last + 1) - history.calendar.first
    covered = (column >= 0) & (column < history.calendar.months)
    place = (np.arange(len(participants))[:, None], np.clip(column, 0, history.calendar.months - 1))
    seen = covered & history.present[place]
    in_work = {arm: np.where(seen, history.work(arm)[place].astype(float), np.nan) for arm in trial.arm_ids}
    return WorkHistories(participants, window, in_work)


def _numbered(table: pl.DataFrame) -> pl.DataFrame:
    if "record_id" not in table.columns:
        return table
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(8)
    return table.with_columns(record_id=pl.lit("r") + number)
