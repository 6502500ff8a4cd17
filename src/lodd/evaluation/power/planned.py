"""Before the trial: the smallest effect that the design can find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import polars as pl

from lodd.allocation import Design
from lodd.evaluation.algebra import one_thread
from lodd.evaluation.covariates import Covariates
from lodd.evaluation.design import Booleans, Floats, NotEstimableError
from lodd.evaluation.linear import effects
from lodd.evaluation.power.assumptions import Assumption
from lodd.evaluation.power.results import POWER_SCHEMA
from lodd.evaluation.power.smallest import (
    POWERS,
    equivalence_power,
    power_in,
    smallest_effect,
    smallest_in,
)
from lodd.evaluation.setting import EstimatorName, Setting, design_for
from lodd.locale import Text
from lodd.progress import Progress, silent
from lodd.protocol.analysis import Primary
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants, coverage_months
from lodd.simulate.planning import invented, resampled

SEED: Final = 1
_SIMULATING: Final = Text(nb="Simulerer forsøk", en="Simulating trials")
Assumed = Mapping[tuple[str, str], Assumption]
"""By outcome and months, as ``"1..36"``."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Simulated trials without an effect: (R,) estimates, standard errors, degrees of freedom."""

    estimate: Floats = field(repr=False)
    std_error: Floats = field(repr=False)
    df: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.estimate)


@one_thread()
def planned_power(
    trial: Trial,
    participants: Participants,
    assumed: Assumed,
    *,
    simulations: int = 0,
    seed: int = SEED,
    progress: Progress = silent,
) -> pl.DataFrame:
    """Smallest effects of all primary outcomes that something is assumed of: ``POWER_SCHEMA``, one row a power.

    Analytically from the variance of the main estimator under the planned probabilities, for a constant effect; and,
    with ``simulations``, by that many trials: lots redrawn by the real design, outcomes drawn anew, the estimator and
    its HC2 standard error computed in each. An effect that is constant shifts every estimate by itself, so trials
    without an effect tell the power of every effect.

    Args:
        participants: the people planned (``simulate.planned_participants``), or those drawn.
    """
    plan = _Plan(trial, participants)
    simulated = _Simulated(plan, simulations, seed, progress) if simulations else None
    rows: list[dict[str, Any]] = []
    for primary in trial.analysis.primary:
        found = assumed.get((primary.outcome, str(primary.months)))
        if found is None:
            continue
        for k in range(1, len(trial.arm_ids)):
            trials = simulated.trials(primary, found, k) if simulated is not None else None
            rows += plan.rows(primary, found, k, trials)
    return pl.DataFrame(rows, schema=POWER_SCHEMA)


def planned_setting(trial: Trial, participants: Participants) -> Setting:
    """The setting of an evaluation without covariates: what they explain is taken out of the outcome instead."""
    names: tuple[EstimatorName, ...] = ("hajek", "strata_fixed_effects")
    if trial.draw.method in ("complete", "blocks") or participants.marginal is None:
        names = ("post_stratified", "strata_fixed_effects")
    return Setting(
        arms=trial.arm_ids,
        arm=participants.arm_index,
        strata=participants.stratum_index,
        probability=participants.marginal,
        covariates=Covariates(np.empty((len(participants), 0)), (), ()),
        clusters=None,
        estimators=names,
        main=names[0] if trial.analysis.estimand == "ate" else names[1],
        confidence=float(trial.analysis.confidence),
    )


def followed_through(trial: Trial, participants: Participants, primary: Primary) -> Booleans:
    """(n,) whose months of a primary outcome lie within the registers' coverage."""
    first, last = coverage_months(trial, primary.outcome)
    drawn = participants.draw_month
    return np.asarray((drawn + primary.months.first >= first) & (drawn + primary.months.last <= last))


def expected_error(setting: Setting, k: int, people: Booleans, deviation: float) -> tuple[float, float]:
    """Standard error and degrees of freedom of the main estimator that a constant effect leads to expect.

    With deviation s of the outcome in either arm, and probabilities p of arm ``k`` and p0 of the reference:

    - Hajek: s^2 sum(1/p + 1/p0) / n^2 (the first order of its variance);
    - strata fixed effects: s^2 / sum(p p0 / (p + p0)), the sum over people of what each adds to sum(d^2);
    - post-stratified: s^2 sum over strata of (n_s/n)^2 (1/n_1s + 1/n_0s), with numbers that the draw fixes.
    """
    if setting.main == "post_stratified":
        return _post_stratified_error(setting, k, people, deviation)
    probability = _probability(setting)[people]
    p, p0 = probability[:, k], probability[:, 0]
    pair = float((p + p0).sum())
    if setting.main == "strata_fixed_effects":
        strata = len(np.unique(setting.strata[people]))
        return deviation / float(np.sqrt((p * p0 / (p + p0)).sum())), pair - strata - 1
    return deviation * float(np.sqrt((1.0 / p + 1.0 / p0).sum())) / int(people.sum()), pair - 2


def _post_stratified_error(setting: Setting, k: int, people: Booleans, deviation: float) -> tuple[float, float]:
    """Strata in which fewer than two are expected in an arm are left out, as the estimator leaves them out."""
    strata = setting.strata[people]
    probability = _probability(setting)[people]
    treated, control = (np.bincount(strata, weights=probability[:, arm]) for arm in (k, 0))
    enough = (treated >= 1.5) & (control >= 1.5)
    size = np.bincount(strata)[enough]
    share = size / size.sum()
    variance = (share**2 * (1.0 / treated[enough] + 1.0 / control[enough])).sum()
    df = float((treated + control)[enough].sum()) - 2 * int(enough.sum())
    return deviation * float(np.sqrt(variance)), df


def _probability(setting: Setting) -> Floats:
    """(n, arms); without any recorded, the strata's shares."""
    if setting.probability is not None:
        return setting.probability
    arms = np.eye(len(setting.arms))[setting.arm]
    totals = np.stack([np.bincount(setting.strata, weights=column) for column in arms.T], axis=1)
    return np.asarray((totals / totals.sum(axis=1, keepdims=True))[setting.strata])


class _Plan:
    """A trial with the people that it is planned for."""

    def __init__(self, trial: Trial, participants: Participants) -> None:
        self.trial, self.participants = trial, participants
        self.setting = planned_setting(trial, participants)
        self.level = 1.0 - self.setting.confidence

    def rows(self, primary: Primary, assumed: Assumption, k: int, trials: Trials | None) -> Iterator[dict[str, Any]]:
        """A row for each power."""
        people = followed_through(self.trial, self.participants, primary) & self.setting.eligible(k)
        error, df = expected_error(self.setting, k, people, assumed.residual_sd)
        what = self._what(primary, assumed, k) | {
            "used": round(float(_probability(self.setting)[people][:, [0, k]].sum())),
            "std_error": error,
        }
        if primary.margin is not None:
            margin = float(primary.margin)
            what |= {"margin": margin, "power_equivalence": equivalence_power(margin, error, df, self.level)}
        for wanted in POWERS:
            smallest = smallest_effect(error, df, wanted, self.level)
            found = {} if trials is None or not len(trials) else _by_simulation(trials, smallest, wanted, self.level)
            yield {**what, "power": wanted, "smallest": smallest, **found}

    def _what(self, primary: Primary, assumed: Assumption, k: int) -> dict[str, Any]:
        return {
            "outcome": primary.outcome,
            "months": str(primary.months),
            "summary": primary.summary,
            "arm": self.setting.arms[k],
            "reference": self.trial.reference,
            "estimator": self.setting.main,
            "people": len(self.participants),
            "mean": None if np.isnan(assumed.mean) else assumed.mean,
            "sd": assumed.sd,
            "r2": assumed.r2,
            "basis": assumed.basis,
        }


def _by_simulation(trials: Trials, smallest: float, wanted: float, level: float) -> dict[str, Any]:
    share = power_in(smallest, trials.estimate, trials.std_error, trials.df, level)
    return {
        "smallest_simulated": smallest_in(trials.estimate, trials.std_error, trials.df, wanted, level),
        "power_simulated": share,
        "mc_error": float(np.sqrt(share * (1.0 - share) / len(trials))),
        "simulations": len(trials),
    }


class _Simulated:
    """Trials by the real design: the same redraws for all outcomes."""

    def __init__(self, plan: _Plan, count: int, seed: int, progress: Progress) -> None:
        design = Design.from_trial(plan.trial)
        self._plan, self._seed, self._progress = plan, seed, progress
        self._lots = design.redraw(design.history(plan.participants), count, seed)

    def trials(self, primary: Primary, assumed: Assumption, k: int) -> Trials:
        """One estimate for each redraw, without an effect. Redraws in which nothing can be estimated are left out."""
        outcomes, planned = self._outcomes(primary, assumed), self._plan.setting
        followed = followed_through(self._plan.trial, self._plan.participants, primary)
        found = []
        for r, lots in enumerate(self._lots):
            setting = replace(planned, arm=lots.astype(np.int64))
            try:
                design = design_for(setting, setting.main, k, followed, adjusted=False)
                made = effects(design, outcomes[:, [r]])
            except NotEstimableError:
                continue
            found.append((made.estimate[0, 0], made.std_error[0, 0], made.df[0]))
            if r % 100 == 99:
                self._progress(_SIMULATING, r + 1, len(self._lots))
        estimate, std_error, df = np.array(found, dtype=float).reshape(-1, 3).T
        return Trials(estimate, std_error, df)

    def _outcomes(self, primary: Primary, assumed: Assumption) -> Floats:
        """(n, R) outcomes less what covariates explain."""
        people, count = self._lots.shape[1], self._lots.shape[0]
        if assumed.values is not None:
            return resampled(assumed.values, people, count, self._seed)
        outcome = self._plan.trial.outcomes[primary.outcome]
        mean = 0.0 if np.isnan(assumed.mean) else assumed.mean
        share = outcome.binary and 0 < mean < 1 and np.isclose(assumed.sd**2, mean * (1.0 - mean)) and not assumed.r2
        return invented(mean, assumed.residual_sd, binary=bool(share), people=people, count=count, seed=self._seed)
