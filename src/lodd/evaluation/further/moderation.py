"""Does the effect grow or shrink with something measured on a scale: the draw's probability, the fidelity of a site?

Least squares on the arm, on the arm times the centred moderator, and on the moderator itself, with the estimator's
weights or strata: the first coefficient is the effect at the mean of the moderator, the second its change per unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Block, by_mask
from lodd.evaluation.design import Booleans, Design, Floats, NotEstimableError
from lodd.evaluation.estimates import Combination, combinations
from lodd.evaluation.estimators import moderated
from lodd.evaluation.further.rows import HOW, NUMBERS, WHAT, Row, chosen, frame_of, how, target_of, what
from lodd.evaluation.linear import effects
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting

CONSTANT: Final = 1e-12
SLOPE: Final[Mapping[str, pl.DataType]] = {
    name: dtype for name, dtype in NUMBERS.items() if name not in ("mean_control", "mean_treated")
}
MODERATOR: Final[Mapping[str, pl.DataType]] = {
    "effect_at_mean": pl.Float64(),
    "effect_at_mean_std_error": pl.Float64(),
    "moderator_mean": pl.Float64(),
    "moderator_low": pl.Float64(),
    "moderator_high": pl.Float64(),
}
PROBABILITY_SCHEMA: Final[Mapping[str, pl.DataType]] = {**WHAT, **HOW, **SLOPE, **MODERATOR}


def effects_by_probability(plan: Plan, setting: Setting, blocks: Sequence[Block]) -> pl.DataFrame | None:
    """Are primary effects unrelated to the probability of the draw, among the two arms' people?

    ``estimate`` is the change of the effect per unit of probability (0.1 more: a tenth of it). If there is one, strata
    fixed effects estimate something else than the average effect.

    Returns:
        Columns as ``PROBABILITY_SCHEMA``; None where the probability does not vary or is not known.
    """
    rows: list[Row] = []
    for k in range(1, len(setting.arms)):
        if setting.probability is None:
            continue
        pair = setting.pair(k)
        chance = setting.probability[:, k] / np.maximum(setting.probability[:, [0, k]].sum(axis=1), CONSTANT)
        if not pair.any() or np.ptp(chance[pair]) <= CONSTANT:
            plan.notes.at_most("probability_constant", setting.arms[k], 1)
            continue
        rows += slopes(plan, setting, chosen(blocks, ("primary",)), k, moderator=chance, subject="probability")
    return frame_of(rows, PROBABILITY_SCHEMA)


def slopes(
    plan: Plan, setting: Setting, blocks: Sequence[Block], k: int, *, moderator: Floats, subject: str
) -> Iterator[Row]:
    """Change of arm ``k``'s effect with a moderator (n,), among those in whom it is known (not NaN).

    By strata fixed effects, and by weights where these are the main estimator; with and without covariates. ``subject``
    is the moderator's name in notes.
    """
    known = [Block(block.values, block.labels, ~np.isnan(moderator)) for block in blocks]
    for group in by_mask(known):
        labels, values = group.labels(known), group.values(known)
        for combination in combinations(setting):
            if combination.k != k or combination.estimator == "post_stratified":
                continue
            try:
                design = _design(setting, combination, moderator, group.observed & setting.pair(k))
                found = effects(design, values, kind=setting.se_kind, clusters=setting.clusters)
            except NotEstimableError as error:
                plan.notes.add("slope_not_estimated", subject, len(labels), error.reason)
                continue
            about = how(setting, combination) | _moderator(design, moderator)
            for c, label in enumerate(labels):
                level = {"effect_at_mean": float(found.estimate[0, c])}
                level["effect_at_mean_std_error"] = float(found.std_error[0, c])
                yield what(setting, label, k) | about | target_of(setting, found, 1, c) | level


def _design(setting: Setting, combination: Combination, moderator: Floats, people: Booleans) -> Design:
    within = combination.estimator == "strata_fixed_effects"
    return moderated(
        setting.arm == combination.k,
        people,
        moderator,
        strata=setting.strata if within else None,
        weights=1.0 / setting.own_probability if combination.estimator == "hajek" else None,
        covariates=setting.covariates.columns if combination.adjusted else None,
    )


def _moderator(design: Design, moderator: Floats) -> Row:
    values = moderator[design.rows]
    return {
        "moderator_mean": float(values.mean()),
        "moderator_low": float(values.min()),
        "moderator_high": float(values.max()),
        "n_control": design.n_control,
        "n_treated": design.n_treated,
        "prespecified": False,
    }
