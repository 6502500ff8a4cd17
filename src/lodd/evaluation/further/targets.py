"""Primary effects projected to another group of people, by reweighting the participants to its declared margins.

Assumptions: people of the target group respond like participants of the same values of what is declared (and nothing
else that the effect varies with differs between the two), and the target group is offered the same programme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from lodd.errors import DataError, Problem
from lodd.evaluation.columns import Block, by_mask
from lodd.evaluation.covariates import mean_before, raw_columns
from lodd.evaluation.design import Booleans, Floats, NotEstimableError
from lodd.evaluation.estimators import weighted
from lodd.evaluation.further.balancing import effective_number, entropy_weights
from lodd.evaluation.further.rows import NUMBERS, WHAT, Row, chosen, estimates_of, frame_of, what
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting
from lodd.evaluation.subgroups import groups_of
from lodd.locale import Text
from lodd.protocol.analysis import Margin, Subgroup, Target
from lodd.protocol.types import Participants

TARGET_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "target": pl.String(),
    **WHAT,
    "estimator": pl.String(),  # "hajek", with the target's weights beside the draw's
    "adjusted": pl.Boolean(),
    **NUMBERS,
    "effective_n": pl.Float64(),  # equally weighted people that would tell as much, of n_control + n_treated
    "largest_weight": pl.Float64(),  # times the mean weight
}
MARGIN_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "target": pl.String(),
    "by": pl.String(),
    "group": pl.String(),  # null: the mean of a number
    "declared": pl.Float64(),
    "participants": pl.Float64(),  # of those in whom every margin is known
    "reweighted": pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class Margins:
    """A target's margins in the participants: ``columns`` (n, q) to be given ``means`` (q,).

    ``known`` (n,): is every margin known? ``inside`` (n,): and is the person in none of the groups without a share?
    """

    names: tuple[tuple[str, str | None], ...]
    columns: Floats
    means: Floats
    known: Booleans
    inside: Booleans


def projected_effects(
    plan: Plan, setting: Setting, participants: Participants, blocks: Sequence[Block]
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Primary effects in every declared target group, and how the reweighting met its margins.

    Returns:
        Columns as ``TARGET_SCHEMA`` and ``MARGIN_SCHEMA``; None without targets.

    Raises:
        DataError: a group that nobody belongs to has a share, a mean is outside the participants' values, or a margin
            is of something unknown.
    """
    rows: list[Row] = []
    met: list[Row] = []
    for target in plan.trial.analysis.targets:
        margins = margins_of(plan, participants, target)
        plan.notes.at_most("target_missing", target.id, int((~margins.known).sum()))
        met += _met(plan, target, margins)
        rows += _projected(plan, setting, target, margins, blocks)
    return frame_of(rows, TARGET_SCHEMA), frame_of(met, MARGIN_SCHEMA)


def margins_of(plan: Plan, participants: Participants, target: Target) -> Margins:
    """The declared margins as columns and means.

    Raises:
        DataError: as :func:`projected_effects`.
    """
    parts = [_margin(plan, participants, target, margin) for margin in target.margins]
    columns = np.column_stack([part.columns for part in parts])
    return Margins(
        names=tuple(name for part in parts for name in part.names),
        columns=columns,
        means=np.concatenate([part.means for part in parts]),
        known=np.logical_and.reduce([part.known for part in parts]),
        inside=np.logical_and.reduce([part.inside for part in parts]),
    )


def _margin(plan: Plan, participants: Participants, target: Target, margin: Margin) -> Margins:
    if margin.mean is not None:
        return _mean(plan, participants, target, margin, float(margin.mean))
    groups = groups_of(plan, participants, Subgroup(id=target.id, by=margin.by, split=margin.split))
    present = {name for name, members in groups.items() if members.any()}
    shares = {name: float(share) for name, share in margin.shares.items() if share > 0}
    for name in shares:
        if name not in present:
            raise DataError(_nobody(target, margin, name, sorted(present)))
    columns = np.column_stack([groups[name] for name in shares]).astype(float)
    known = np.logical_or.reduce(list(groups.values()))
    names = tuple((margin.by, name) for name in shares)
    inside = np.asarray(columns.any(axis=1), dtype=bool)
    return Margins(names, columns, np.array(list(shares.values())), np.asarray(known, dtype=bool), inside)


def _mean(plan: Plan, participants: Participants, target: Target, margin: Margin, mean: float) -> Margins:
    by = margin.by
    found = [("", mean_before(plan.panel, by))] if "@" in by else _numbers(plan, participants, by)
    values = found[0][1] if len(found) == 1 else np.full(len(participants), np.nan)
    known = ~np.isnan(values)
    if not known.any() or not values[known].min() < mean < values[known].max():
        raise DataError(_outside(target, margin, values[known]))
    return Margins(((by, None),), np.where(known, values, 0.0)[:, None], np.array([mean]), known, known)


def _numbers(plan: Plan, participants: Participants, by: str) -> list[tuple[str, Floats]]:
    if by in participants.frame.columns and not _is_number(participants.frame.schema[by]):
        return []
    return raw_columns(participants, plan.panel, by, all_categories=True)


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype == pl.Boolean


def _met(plan: Plan, target: Target, margins: Margins) -> Iterator[Row]:
    try:
        weights = entropy_weights(margins.columns[margins.inside], margins.means)
    except NotEstimableError as error:
        plan.notes.add(error.reason, target.id)
        return
    reached = weights @ margins.columns[margins.inside]
    for (by, group), declared, before, after in zip(
        margins.names, margins.means, margins.columns[margins.known].mean(axis=0), reached, strict=True
    ):
        row: Row = {"target": target.id, "by": by, "group": group, "declared": float(declared)}
        yield row | {"participants": float(before), "reweighted": float(after)}


def _projected(
    plan: Plan, setting: Setting, target: Target, margins: Margins, blocks: Sequence[Block]
) -> Iterator[Row]:
    primary = chosen(blocks, ("primary",))
    for group in by_mask(primary):
        labels, values = group.labels(primary), group.values(primary)
        for k in range(1, len(setting.arms)):
            people = group.observed & setting.pair(k) & margins.inside
            for adjusted in setting.adjusted:
                try:
                    found = list(_estimates(setting, k, people, margins, values, adjusted=adjusted))
                except NotEstimableError as error:
                    plan.notes.add("target_not_estimated", target.id, len(labels), error.reason)
                    continue
                for label, row in zip(labels, found, strict=True):
                    promised = label.prespecified and plan.prespecified(label.outcome, f"target:{target.id}")
                    about: Row = {"target": target.id, "prespecified": promised}
                    yield what(setting, label, k) | about | row


def _estimates(
    setting: Setting, k: int, people: Booleans, margins: Margins, values: Floats, *, adjusted: bool
) -> Iterator[Row]:
    """One row a column, for people whose margins are brought to the target's anew: they are those observed."""
    if not people.any():
        raise NotEstimableError("no_contrast")
    share = np.ones(len(people))
    share[people] = entropy_weights(margins.columns[people], margins.means) * people.sum()
    people = people & (share > 0)  # a weight may be too small for the machine
    covariates = setting.covariates.columns if adjusted else None
    design = weighted(setting.arm == k, people, weights=share / setting.own_probability, covariates=covariates)
    used = share[design.rows]
    about: Row = {"estimator": "hajek", "adjusted": adjusted, "effective_n": effective_number(used)}
    about["largest_weight"] = float(used.max() / used.mean())
    yield from (about | row for row in estimates_of(setting, design, values))


def _nobody(target: Target, margin: Margin, name: str, present: Sequence[str]) -> Problem:
    return Problem(
        found=Text(
            nb=f"målgruppen «{target.id}» gir «{name}» en andel av «{margin.by}», men ingen av deltakerne er der",
            en=f'the target group "{target.id}" gives "{name}" a share of "{margin.by}", but no participant is in it',
        ),
        where="trial.toml analysis.targets",
        allowed=Text.same(", ".join(present)),
        next_step=Text(
            nb="Rett navnet, eller ta ut målgruppen: forsøket sier ikke noe om folk som ikke var med",
            en="Correct the name, or leave the target group out: the trial says nothing of people it had none of",
        ),
    )


def _outside(target: Target, margin: Margin, values: Floats) -> Problem:
    span = f"{values.min():g} – {values.max():g}" if len(values) else "–"
    return Problem(
        found=Text(
            nb=f"målgruppen «{target.id}» skal ha {margin.mean} som gjennomsnitt av «{margin.by}»; det kan deltakerne "
            "ikke vektes til",
            en=f'the target group "{target.id}" is to have {margin.mean} as its mean of "{margin.by}"; '
            "the participants cannot be weighted to that",
        ),
        where="trial.toml analysis.targets",
        allowed=Text(nb=f"et tall mellom deltakernes verdier: {span}", en=f"between the participants' values: {span}"),
        next_step=Text(
            nb="Rett gjennomsnittet, eller bruk shares for en kolonne som ikke er tall",
            en="Correct the mean, or use shares for a column that is not of numbers",
        ),
    )
