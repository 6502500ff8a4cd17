"""Effects within groups of people, and whether they differ: the halves of the draw, the sites of high fidelity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lodd.evaluation import inference
from lodd.evaluation.columns import Block, Label, by_mask
from lodd.evaluation.design import Booleans, NotEstimableError
from lodd.evaluation.estimates import Combination, combinations
from lodd.evaluation.further.rows import Row, estimates_of, how, what
from lodd.evaluation.plan import Plan
from lodd.evaluation.setting import Setting, design_for

Key = tuple[Label, Combination]


def within_groups(
    plan: Plan, setting: Setting, blocks: Sequence[Block], groups: Mapping[str, Booleans], *, subject: str
) -> Iterator[Row]:
    """Every column by every estimator within each group, with ``group`` and ``p_interaction``.

    ``p_interaction`` (Welch 1951) is of equal effects in all groups; null where a group has no estimate, or where the
    groups share clusters and so are not independent. ``subject`` is the groups' name in notes.
    """
    if setting.clusters is not None:
        plan.notes.at_most("interaction_not_tested", subject, 1)
    found: dict[Key, dict[str, Row]] = {}
    for name, members in groups.items():
        for key, row in _within(plan, setting, blocks, members, subject):
            found.setdefault(key, {})[name] = row
    for (label, combination), rows in found.items():
        p_value = _equal(setting, list(rows.values())) if len(rows) == len(groups) else np.nan
        for name, row in rows.items():
            about = {"group": name, "p_interaction": p_value, "prespecified": False}
            yield what(setting, label, combination.k) | how(setting, combination) | row | about


def _within(
    plan: Plan, setting: Setting, blocks: Sequence[Block], members: Booleans, subject: str
) -> Iterator[tuple[Key, Row]]:
    inside = [Block(block.values, block.labels, members) for block in blocks]
    for group in by_mask(inside):
        labels, values = group.labels(inside), group.values(inside)
        for combination in combinations(setting):
            try:
                design = design_for(
                    setting, combination.estimator, combination.k, group.observed, adjusted=combination.adjusted
                )
                rows = list(estimates_of(setting, design, values))
            except NotEstimableError as error:
                plan.notes.add("not_estimated_in_group", subject, len(labels), error.reason)
                continue
            yield from (((label, combination), row) for label, row in zip(labels, rows, strict=True))


def _equal(setting: Setting, rows: Sequence[Row]) -> float:
    if setting.clusters is not None:
        return np.nan
    return inference.equal_effects(*(_numbers(rows, name) for name in ("estimate", "std_error", "df")))


def _numbers(rows: Sequence[Row], name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([row[name] for row in rows], dtype=np.float64)
