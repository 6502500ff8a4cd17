"""Trials with people and panels made by hand, evaluated for real: what a report is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import polars as pl

from lodd.evaluation import Evaluation, evaluate
from lodd.locale import Language
from lodd.protocol.loading import load_trial
from lodd.protocol.lock import Prespecification
from lodd.protocol.model import Trial
from lodd.protocol.months import first_day
from lodd.protocol.schedule import office_periods
from lodd.protocol.types import FidelityScores, Panel, Participants, RegisterNote, coverage_months
from lodd.report import Report, build_report
from lodd.report.context import Context
from lodd.report.estimates import Estimates

SIMULATED = {"simulated": "yes", "protocol": "a" * 64, "registers/employment.parquet": "b" * 64}
NOTES = (
    RegisterNote("employment", "duplicates", 31),
    RegisterNote("employment", "start_after_stop", 3),
    RegisterNote("employment", "something_new", 12),
    RegisterNote("benefits", "not_drawn", 57),
)


@dataclass(frozen=True)
class World:
    """A trial with its people, panel and evaluation."""

    trial: Trial
    participants: Participants
    panel: Panel
    evaluation: Evaluation
    truth: pl.DataFrame | None = None

    def report(self, language: Language = "en", notes: Sequence[RegisterNote] = NOTES) -> Report:
        return build_report(
            self.trial, self.participants, self.evaluation, language, panel_notes=notes, truth=self.truth
        )

    def context(self, language: Language = "en") -> Context:
        estimates = Estimates(self.evaluation.estimates)
        return Context(language, self.trial, self.participants, self.evaluation, estimates, NOTES)

    def changed(self, **changes: object) -> World:
        """The same with other results."""
        return replace(self, evaluation=replace(self.evaluation, **changes))


def example(name: str) -> Trial:
    return load_trial(Path(str(resources.files("lodd.examples") / name))).trial


def se_trial() -> Trial:
    return example("se")


@cache
def se_world(people: int = 900) -> World:
    """The packaged protocol of the large trial, with invented people, locked."""
    return world(se_trial(), people, locked=True)


@cache
def three_arm_world(people: int = 500) -> World:
    """The same with a third arm, fewer outcomes, and no lock."""
    trial = se_trial()
    label = trial.arms["se"].label
    arms = {
        **trial.arms,
        "ips": trial.arms["se"].model_copy(update={"label": type(label).same("IPS"), "programmes": ()}),
    }
    schedule = tuple(
        row.model_copy(update={"probability": {"se": row.probability["se"] / 2, "ips": row.probability["se"] / 2}})
        for row in trial.draw.schedule
    )
    kept = ("in_work", "earnings", "in_programme", "in_work_in_programme")
    analysis = trial.analysis.model_copy(
        update={
            "window": trial.analysis.window.model_copy(update={"before": 12, "after": 40}),
            "primary": trial.analysis.primary[:1],
            "covariates": ("age", "female", "in_work@-12..-1"),
            "families": (),
            "subgroups": trial.analysis.subgroups[:1],
            "periods": trial.analysis.periods[:3],
            "explanations": None,
        }
    )
    changed = trial.model_copy(
        update={
            "trial": trial.trial.model_copy(update={"arms": ("control", "se", "ips")}),
            "arms": arms,
            "draw": trial.draw.model_copy(update={"schedule": schedule}),
            "outcomes": {name: trial.outcomes[name] for name in kept},
            "analysis": analysis,
        }
    )
    return world(changed, people, locked=False, fidelity=True)


@cache
def external_world(people: int = 200) -> World:
    """A trial that Lodd did not draw: real data, no schedule, no programmes, no families, a sum as primary outcome."""
    trial = example("nsw")
    rng = np.random.default_rng(11)
    facts = {name: rng.random(people) < 0.4 for name in ("black", "hispanic", "married", "no_degree")}
    frame = pl.DataFrame(
        {
            "person_id": [f"p{i:05d}" for i in range(people)],
            "arm": [trial.arm_ids[i % 2] for i in range(people)],
            "site": ["nsw"] * people,
            "office": ["nsw"] * people,
            "stratum": ["all"] * people,
            "drawn_at": [trial.enrolment.opens] * people,
            "age": rng.integers(17, 50, people),
            "education_years": rng.integers(4, 14, people),
            **facts,
        }
    )
    participants = Participants(frame, trial.arm_ids)
    panel = make_panel(trial, participants, rng)
    evaluation = evaluate(trial, participants, panel, Prespecification(status={"status": "differs"}), draws=199)
    return World(trial, participants, panel, replace(evaluation, provenance={}))


def world(trial: Trial, people: int, *, locked: bool, seed: int = 7, fidelity: bool = False) -> World:
    rng = np.random.default_rng(seed)
    participants = make_participants(trial, people, rng)
    panel = make_panel(trial, participants, rng)
    status = {
        "status": "locked",
        "protocol_sha256": "c" * 64,
        "locked_sha256": "c" * 64,
        "locked_at": "2018-03-01T10:00:00Z",
    }
    lock = Prespecification(
        everything=locked,
        outcomes=frozenset(trial.outcomes),
        entries=frozenset(_entries(trial)) if locked else frozenset(),
        status=status if locked else {"status": "unlocked", "protocol_sha256": "c" * 64},
    )
    scores = make_fidelity(trial) if fidelity else None
    evaluation = evaluate(trial, participants, panel, lock, fidelity=scores, draws=199)
    return World(trial, participants, panel, replace(evaluation, provenance=SIMULATED), make_truth(trial))


def make_participants(trial: Trial, people: int, rng: np.random.Generator) -> Participants:
    periods = [period for office in trial.office_site for period in office_periods(trial, office)]
    chosen = [periods[i] for i in rng.integers(0, len(periods), people)]
    days = [p.since + timedelta(days=int(rng.integers(0, (p.until - p.since).days + 1))) for p in chosen]
    arms = [trial.arm_ids[rng.choice(len(trial.arm_ids), p=[float(q) for q in p.probability])] for p in chosen]
    frame = pl.DataFrame(
        {
            "person_id": [f"p{i:05d}" for i in range(people)],
            "arm": arms,
            "site": [p.site for p in chosen],
            "office": [p.office for p in chosen],
            "stratum": [f"{p.office}:{p.id}" for p in chosen],
            "drawn_at": days,
            **{f"marginal_{arm}": [float(p.probability[k]) for p in chosen] for k, arm in enumerate(trial.arm_ids)},
            "age": rng.integers(19, 60, people),
            "female": rng.random(people) < 0.46,
            "education": rng.choice(["lower_secondary", "upper_secondary", "bachelor"], people, p=[0.5, 0.4, 0.1]),
            "higher_education_before": rng.random(people) < 0.1,
            "main_reason": rng.choice(["mental_health", "musculoskeletal", "other_illness", "social"], people),
        }
    )
    return Participants(frame, trial.arm_ids)


def make_panel(trial: Trial, participants: Participants, rng: np.random.Generator) -> Panel:
    """A panel whose outcomes drift and persist, with an effect on work while in a programme in months 6 to 18."""
    window = trial.analysis.window.months
    months = np.arange(window.first, window.last + 1)
    n, treated = len(participants), participants.arm_index > 0
    calendar = participants.draw_month[:, None] + months[None, :]
    columns: dict[str, np.ndarray] = {}
    for name, outcome in trial.outcomes.items():
        level = 0.12 + 0.22 / (1 + np.exp(-(months - 10) / 9))
        shift = _effect(months) if name in {"in_work", "in_work_in_programme"} else np.zeros(len(months))
        latent = _persistent(rng, n, len(months))
        values = (latent < level[None, :] + treated[:, None] * shift[None, :]).astype(float)
        columns[name] = values if outcome.binary else values * np.round(_size(outcome.unit) * (0.6 + latent), 1)
    for k, arm in enumerate(trial.arm_ids):
        if trial.arms[arm].programmes:
            own = (participants.arm_index == k)[:, None]
            active = np.where((months >= 1) & (months <= 20), np.where(own, 0.8, 0.04), 0.0)
            columns[f"participates_{arm}"] = (_persistent(rng, n, len(months)) < active).astype(float)
    coverage = {name: coverage_months(trial, name) for name in columns}
    for name, (first, last) in coverage.items():
        columns[name] = np.where((calendar >= first) & (calendar <= last), columns[name], np.nan)
    dead = (calendar >= calendar[:, :1] + rng.integers(40, 4000, n)[:, None]) & (months[None, :] > 0)
    columns = {name: np.where(dead, np.nan, values) for name, values in columns.items()}
    frame = pl.DataFrame(
        {
            "person_id": np.repeat(participants.frame["person_id"].to_numpy(), len(months)),
            "month": [first_day(int(m)) for m in calendar.ravel()],
            "event_month": np.tile(months, n),
            "dead": dead.ravel(),
            "abroad": np.zeros(dead.size, dtype=bool),
            **{name: pl.Series(values.ravel()).fill_nan(None) for name, values in columns.items()},
        }
    )
    return Panel(frame, window, trial.outcomes, coverage, NOTES, SIMULATED)


def make_fidelity(trial: Trial) -> FidelityScores:
    """A score of every site in every half-year of enrolment; sites differ."""
    opens, closes = trial.enrolment.opens, trial.enrolment.closes
    halves = [date(y, m, 1) for y in range(opens.year, closes.year + 1) for m in (1, 7)]
    rows = [(site, half, 80.0 + 5.0 * i) for i, site in enumerate(trial.sites) for half in halves]
    return FidelityScores(pl.DataFrame(rows, schema=["site", "half_year", "score"], orient="row"))


def make_truth(trial: Trial) -> pl.DataFrame:
    months = np.arange(trial.analysis.window.months.first, trial.analysis.window.months.last + 1)
    rows = [
        ("in_work", int(m), arm, float(e))
        for arm in trial.arm_ids[1:]
        for m, e in zip(months, _effect(months), strict=True)
    ]
    return pl.DataFrame(rows, schema=["outcome", "event_month", "arm", "effect"], orient="row")


def _entries(trial: Trial) -> list[str]:
    analysis = trial.analysis
    return [
        "curve",
        *(f"primary:{p.outcome}:{p.months}:{p.summary}" for p in analysis.primary),
        *(f"period:{span}" for span in analysis.periods),
        *(f"cumulative:{outcome}" for outcome in analysis.cumulative),
        *(f"subgroup:{group.id}" for group in analysis.subgroups),
        *(f"family:{family.id}" for family in analysis.families),
        *(f"target:{target.id}" for target in analysis.targets),
        *(f"{kind}:{p.outcome}:{p.months}:{p.summary}" for p in analysis.primary for kind in ("margin", "prior")),
        "explanations",
    ]


def _effect(months: np.ndarray) -> np.ndarray:
    return np.interp(months, [5, 10, 14, 19], [0.0, 0.08, 0.06, 0.0])


def _size(unit: object) -> float:
    return 22_000.0 if "kroner" in str(unit) else 25.0


def _persistent(rng: np.random.Generator, people: int, months: int) -> np.ndarray:
    """(people, months) uniform numbers that stay much the same from month to month."""
    person = rng.normal(size=(people, 1))
    noise = rng.normal(size=(people, months))
    for month in range(1, months):
        noise[:, month] = 0.9 * noise[:, month - 1] + np.sqrt(1 - 0.81) * noise[:, month]
    latent = (person + noise) / np.sqrt(2)
    return 1 / (1 + np.exp(-1.702 * latent))
