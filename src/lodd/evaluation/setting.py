"""What the estimates of one evaluation share: arms, strata, probabilities, covariates, clusters, estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lodd.errors import DataError, Problem
from lodd.evaluation.covariates import Covariates, covariate_matrix
from lodd.evaluation.design import Booleans, Design, ErrorKind, Floats, Integers
from lodd.evaluation.estimators import post_stratified, strata_fixed_effects, weighted
from lodd.evaluation.notes import Notebook
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.types import MARGINAL, Panel, Participants

EstimatorName = Literal["hajek", "post_stratified", "strata_fixed_effects", "difference_in_means"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Arrays are by participant, (n,) unless said; ``probability`` is (n, arms) or None where none is recorded."""

    arms: tuple[str, ...]
    arm: Integers
    strata: Integers
    probability: Floats | None
    covariates: Covariates
    clusters: Integers | None
    estimators: tuple[EstimatorName, ...]
    """The estimator of the average effect over the participants first, then its companion."""
    main: EstimatorName
    confidence: float

    @property
    def adjusted(self) -> tuple[bool, ...]:
        """Without and, where covariates are declared, with them."""
        return (False, True) if self.covariates.names else (False,)

    @property
    def se_kind(self) -> ErrorKind:
        return "HC2" if self.clusters is None else "CR2"

    def pair(self, k: int) -> Booleans:
        """(n,) who can be compared for arm ``k``: in it or in the reference, with a chance of both."""
        return np.isin(self.arm, (0, k)) & self.eligible(k)

    def eligible(self, k: int) -> Booleans:
        """(n,) who had a chance of both arm ``k`` and the reference."""
        if self.probability is None:
            return np.full(len(self.arm), fill_value=True)
        return np.asarray((self.probability > 0)[:, [0, k]].all(axis=1), dtype=bool)

    @property
    def own_probability(self) -> Floats:
        """(n,) probability of the arm that each person was drawn to; without any recorded, their stratum's share."""
        if self.probability is not None:
            return self.probability[np.arange(len(self.arm)), self.arm]
        return strata_shares(self.arm, self.strata)


def setting_of(trial: Trial, participants: Participants, panel: Panel, notes: Notebook) -> Setting:
    """Read the setting from the trial and its data.

    Raises:
        DataError: probabilities are missing where the method needs them, or impossible; a cluster or covariate is not
            among the participants' columns.
    """
    probability = _probabilities(trial, participants)
    names = _estimators(trial, participants, probability)
    if names[0] == "post_stratified" and probability is None:
        notes.add("probabilities_from_strata", trial.draw.method, len(participants))
    return Setting(
        arms=trial.arm_ids,
        arm=participants.arm_index,
        strata=participants.stratum_index,
        probability=probability,
        covariates=covariate_matrix(participants, panel, trial.analysis.covariates, notes),
        clusters=_clusters(trial, participants),
        estimators=names,
        main=names[0] if trial.analysis.estimand == "ate" else names[-1],
        confidence=float(trial.analysis.confidence),
    )


def design_for(setting: Setting, estimator: EstimatorName, k: int, observed: Booleans, *, adjusted: bool) -> Design:
    """The design of one estimator for arm ``k`` against the reference among the people observed.

    Raises:
        NotEstimableError: it cannot be made.
    """
    people = observed & setting.pair(k)
    treated = setting.arm == k
    covariates = setting.covariates.columns if adjusted else None
    if estimator == "hajek":
        return weighted(treated, people, weights=1.0 / setting.own_probability, covariates=covariates)
    if estimator == "post_stratified":
        population = observed & setting.eligible(k)
        return post_stratified(treated, people, setting.strata, population=population, covariates=covariates)
    if estimator == "strata_fixed_effects":
        return strata_fixed_effects(treated, people, setting.strata, covariates=covariates)
    return weighted(treated, people, covariates=covariates)


def strata_shares(arm: Integers, strata: Integers) -> Floats:
    """(n,) the share of each person's stratum that was drawn to the person's arm."""
    same = np.unique(np.column_stack([strata, arm]), axis=0, return_inverse=True)[1].ravel()
    return np.asarray(np.bincount(same)[same] / np.bincount(strata)[strata])


def _estimators(trial: Trial, participants: Participants, probability: Floats | None) -> tuple[EstimatorName, ...]:
    """By method: weights for independent lots, post-stratification where numbers per arm are fixed.

    An external draw without probabilities is post-stratified by its strata; without strata there is one estimator.
    """
    if trial.draw.method in ("complete", "blocks"):
        return "post_stratified", "strata_fixed_effects"
    if probability is not None:
        return "hajek", "strata_fixed_effects"
    if participants.frame["stratum"].n_unique() > 1:
        return "post_stratified", "strata_fixed_effects"
    return ("difference_in_means",)


def _probabilities(trial: Trial, participants: Participants) -> Floats | None:
    probability = participants.marginal
    if probability is None:
        if trial.draw.method in ("keyed", "minimisation"):
            raise DataError(_without_probabilities(trial))
        return None
    own = probability[np.arange(len(participants)), participants.arm_index]
    impossible = ~((own > 0) & (own < 1) & ~np.isnan(probability).any(axis=1))
    if impossible.any():
        raise DataError(_impossible(impossible))
    return probability


def _clusters(trial: Trial, participants: Participants) -> Integers | None:
    name = trial.analysis.cluster
    if name is None:
        return None
    if name not in participants.frame.columns:
        raise DataError(_without_cluster(name, participants))
    values = participants.frame[name].cast(str).fill_null("").to_numpy().astype(str)
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _without_probabilities(trial: Trial) -> Problem:
    columns = ", ".join(MARGINAL + arm for arm in trial.arm_ids)
    return Problem(
        found=Text(
            nb=f"Deltakerne mangler trekningssannsynligheter, som metoden «{trial.draw.method}» vekter med",
            en=f'The participants lack draw probabilities, which the method "{trial.draw.method}" weights by',
        ),
        where="participants.parquet",
        allowed=Text(nb=f"kolonnene {columns}", en=f"the columns {columns}"),
        next_step=Text(
            nb='Hent deltakerfila på nytt fra trekningen, eller bruk method = "external" om de er ukjente',
            en='Export the participants from the draw again, or declare method = "external" if they are unknown',
        ),
    )


def _impossible(impossible: Booleans) -> Problem:
    first, count = int(np.flatnonzero(impossible)[0]) + 1, int(impossible.sum())
    return Problem(
        found=Text(
            nb=f"{count} deltakere har en manglende eller umulig sannsynlighet for gruppen de ble trukket til "
            f"(den første er nr. {first} i trekningsrekkefølgen)",
            en=f"{count} participants have a missing or impossible probability of the arm they were drawn to "
            f"(the first is no. {first} in the order of the draws)",
        ),
        where="participants.parquet",
        allowed=Text(nb="større enn 0 og mindre enn 1", en="above 0 and below 1"),
        next_step=Text(nb="Rett kolonnene marginal_<gruppe>", en="Correct the columns marginal_<arm>"),
    )


def _without_cluster(name: str, participants: Participants) -> Problem:
    return Problem(
        found=Text(
            nb=f"Planen grupperer standardfeil etter «{name}», som ikke er en kolonne hos deltakerne",
            en=f'The plan clusters standard errors by "{name}", which is not a participants\' column',
        ),
        where="participants.parquet",
        allowed=Text.same(", ".join(participants.frame.columns)),
        next_step=Text(nb="Rett analysis.cluster i trial.toml", en="Correct analysis.cluster in trial.toml"),
    )
