"""One arm's estimates as a question to the redraws, and the answers put back beside the estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lodd.evaluation.columns import Block, Label
from lodd.evaluation.design import Booleans, Floats, Integers, NotEstimableError
from lodd.evaluation.estimates import Combination, Part, Rows
from lodd.evaluation.randomisation.interactions import common_effect
from lodd.evaluation.randomisation.inversion import shift_columns
from lodd.evaluation.randomisation.selection import curve_key, family_key, is_tested, subgroup_of, together
from lodd.evaluation.randomisation.statistics import Statistic, fixed_effects, post_stratified
from lodd.evaluation.randomisation.weighted import hajek
from lodd.evaluation.setting import Setting

Within = tuple[str | None, str, str, str, str, str]
"""A subgroup, and the summary that is compared between its groups: outcome, role, rule, months, summary."""


@dataclass(slots=True)
class Asked:
    """The statistics of one arm, and which row of the estimates each of their columns belongs to.

    - ``statistics``, ``rows``: in float32; ``rows`` has one entry for each of their columns.
    - ``shifted``: in float64, the three columns of an inverted interval for each (row, scale).
    - ``groups``: in float64, one column for each (row, comparison) of a subgroup's groups, ``common`` effect taken off.
    """

    statistics: list[Statistic] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    shifted: list[tuple[Statistic, list[tuple[int, float]]]] = field(default_factory=list)
    groups: list[tuple[Statistic, list[tuple[int, Within]]]] = field(default_factory=list)
    common: dict[Within, float] = field(default_factory=dict)

    def families(self, rows: Rows, families: Mapping[str, str]) -> list[Integers]:
        """Columns that are judged together; ``families``: the family of each outcome that is in one."""
        keys = [(combination, family_key(label, families)) for combination, label in self._keys(rows)]
        return list(together(keys).values())

    def curves(self, rows: Rows) -> list[Integers]:
        """Columns that share a simultaneous band."""
        keys = [(key := curve_key(label)) and (combination, key) for combination, label in self._keys(rows)]
        return list(together(keys).values())

    def _keys(self, rows: Rows) -> list[tuple[Combination, Label]]:
        return [(rows.constants[row][0], rows.labels[row]) for row in self.rows]

    @property
    def kept(self) -> list[Statistic]:
        return [statistic for statistic, _ in [*self.shifted, *self.groups]]


def asked_of_arm(setting: Setting, blocks: Sequence[Block], rows: Rows, k: int, main: Combination) -> Asked:
    """Prepare every statistic of arm ``k`` that is redrawn; what cannot be prepared has no randomisation p-value."""
    asked = Asked(common=_common_effects(rows, main))
    for part in rows.parts:
        if part.combination.k == k:
            try:
                _ask(setting, blocks, rows, part, asked=asked, main=part.combination == main)
            except NotEstimableError:
                continue
    return asked


def statistic_for(
    setting: Setting, combination: Combination, outcomes: Floats, observed: Booleans, *, double: bool = False
) -> Statistic:
    """The statistic that an estimator's p-values come from, for (n, C) outcomes of the people observed.

    Raises:
        NotEstimableError: there is nobody to compare.
    """
    k, people = combination.k, observed & setting.pair(combination.k)
    covariates = setting.covariates.columns if combination.adjusted else None
    dtype = np.float64 if double else np.float32
    if combination.estimator == "strata_fixed_effects":
        return fixed_effects(outcomes, people, setting.strata, covariates=covariates, dtype=dtype)
    if combination.estimator == "post_stratified":
        population = observed & setting.eligible(k)
        return post_stratified(
            outcomes, people, setting.strata, population=population, covariates=covariates, dtype=dtype
        )
    probability = np.full((len(people), 2), 0.5)
    if combination.estimator == "hajek" and setting.probability is not None:
        probability = setting.probability[:, [0, k]]
    return hajek(outcomes, people, probability, covariates=covariates, dtype=dtype, name=combination.estimator)


def _ask(setting: Setting, blocks: Sequence[Block], rows: Rows, part: Part, *, asked: Asked, main: bool) -> None:
    labels = rows.labels[part.first : part.first + part.count]
    chosen = [position for position, label in enumerate(labels) if is_tested(label, main=main)]
    if not chosen:
        return
    values = part.group.values(blocks)
    tested = values if len(chosen) == len(labels) else values[:, chosen]
    asked.statistics.append(statistic_for(setting, part.combination, tested, part.group.observed))
    asked.rows += [part.first + position for position in chosen]
    _ask_shifts(setting, part, labels, values, asked)
    if main and setting.clusters is None:
        _ask_groups(setting, part, labels, values, asked)


def _ask_shifts(setting: Setting, part: Part, labels: list[Label], values: Floats, asked: Asked) -> None:
    """Three columns for each primary outcome."""
    treated = setting.arm == part.combination.k
    people = part.group.observed & setting.pair(part.combination.k)
    primary = [j for j, label in enumerate(labels) if label.role == "primary" and label.subgroup is None]
    if primary:
        made = [shift_columns(values[:, j], treated, people) for j in primary]
        columns = np.hstack([columns for columns, _ in made])
        statistic = statistic_for(setting, part.combination, columns, part.group.observed, double=True)
        asked.shifted.append((statistic, [(part.first + j, made[i][1]) for i, j in enumerate(primary)]))


def _ask_groups(setting: Setting, part: Part, labels: list[Label], values: Floats, asked: Asked) -> None:
    """A column for each summary within a group, the common effect taken off."""
    treated = setting.arm == part.combination.k
    grouped = [j for j, label in enumerate(labels) if label.subgroup is not None]
    if grouped:
        keys = [within(labels[j]) for j in grouped]
        shifts = np.array([asked.common[key] for key in keys])
        columns = values[:, grouped] - treated[:, None] * shifts
        statistic = statistic_for(setting, part.combination, columns, part.group.observed, double=True)
        asked.groups.append((statistic, [(part.first + j, key) for j, key in zip(grouped, keys, strict=True)]))


def within(label: Label) -> Within:
    """What a subgroup's estimate is compared as."""
    return subgroup_of(label), label.outcome, label.role, label.rule, label.months, label.summary


def _common_effects(rows: Rows, main: Combination) -> dict[Within, float]:
    """The mean of the groups' effects, for every comparison of the main estimator."""
    numbers = rows.table
    members: dict[Within, list[int]] = {}
    for row, label in enumerate(rows.labels):
        if label.subgroup is not None and rows.constants[row][0] == main:
            members.setdefault(within(label), []).append(row)
    return {key: common_effect(numbers[0, found], numbers[1, found]) for key, found in members.items()}
