"""An effect split by what went with it: work in a programme and outside, with a benefit and without.

Two outcomes split a third if one is *it and X* and the other *it without X*, as the protocol defines them. All three
are estimated for the same people, in one design, so the two parts' effects add up to the whole's exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.columns import Block, Label, by_mask
from lodd.evaluation.design import Floats, NotEstimableError
from lodd.evaluation.estimates import combinations
from lodd.evaluation.further.rows import HOW, NUMBERS, WHAT, Row, estimates_of, frame_of, how, what
from lodd.evaluation.plan import Plan, summarise
from lodd.evaluation.setting import Setting, design_for
from lodd.protocol.model import Trial

PARTS: Final = ("whole", "with", "without")
DECOMPOSITION_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    **WHAT,
    "whole": pl.String(),  # the outcome that is split
    "by": pl.String(),  # the outcome that it is split by
    "part": pl.String(),  # "whole" | "with" | "without"; ``outcome`` is the part's own
    **HOW,
    **NUMBERS,
}


@dataclass(frozen=True, slots=True)
class Split:
    """``whole`` = ``together`` (with ``by``) + ``apart`` (without it)."""

    whole: str
    by: str
    together: str
    apart: str

    @property
    def outcomes(self) -> tuple[str, str, str]:
        return self.whole, self.together, self.apart


def decomposition(plan: Plan, setting: Setting) -> pl.DataFrame | None:
    """Every split of the protocol, over primary months, periods and month by month from 1, by every estimator.

    Returns:
        Columns as ``DECOMPOSITION_SCHEMA``; None where the protocol splits no outcome.
    """
    rows = [row for split in splits(plan.trial) for row in _rows(plan, setting, split)]
    return frame_of(rows, DECOMPOSITION_SCHEMA)


def splits(trial: Trial) -> list[Split]:
    """Which outcomes split which, by definition: ``all_of = [A, X]`` and ``all_of = [A], none_of = [X]``."""
    both = {frozenset(o.all_of): name for name, o in trial.outcomes.items() if _only(o.all_of, 2, o.any_of, o.none_of)}
    return [
        Split(o.all_of[0], o.none_of[0], both[frozenset({o.all_of[0], o.none_of[0]})], name)
        for name, o in trial.outcomes.items()
        if len(o.all_of) == len(o.none_of) == 1 and not o.any_of and frozenset({o.all_of[0], o.none_of[0]}) in both
    ]


def _only(parts: tuple[str, ...], count: int, *others: tuple[str, ...]) -> bool:
    return len(parts) == count and not any(others)


def _rows(plan: Plan, setting: Setting, split: Split) -> Iterator[Row]:
    blocks = list(_blocks(plan, split))
    part_of = dict(zip(split.outcomes, PARTS, strict=True))
    for group in by_mask(blocks):
        labels, values = group.labels(blocks), group.values(blocks)
        for combination in combinations(setting) if group.observed.any() else ():
            with suppress(NotEstimableError):  # noted with the outcome's own estimate
                design = design_for(
                    setting, combination.estimator, combination.k, group.observed, adjusted=combination.adjusted
                )
                rows = list(estimates_of(setting, design, values))
                for label, row in zip(labels, rows, strict=True):
                    about: Row = {"whole": split.whole, "by": split.by, "part": part_of[label.outcome]}
                    promised = {"prespecified": label.prespecified}
                    yield what(setting, label, combination.k) | about | how(setting, combination) | row | promised


def _blocks(plan: Plan, split: Split) -> Iterator[Block]:
    """Three columns each: the whole and its parts, among those in whom all three are observed and add up."""
    for label, columns in _columns(plan, split):
        whole, together, apart = columns
        fits = whole == together + apart if label.summary == "month" else np.isclose(whole, together + apart)
        known = ~np.isnan(whole + together + apart)
        if (known & ~fits).any():
            plan.notes.at_most("parts_do_not_add_up", split.whole, int((known & ~fits).sum()), label.months)
        labels = tuple(_named(plan, label, name) for name in split.outcomes)
        yield Block(np.where((known & fits)[:, None], np.column_stack(columns), np.nan), labels)


def _columns(plan: Plan, split: Split) -> Iterator[tuple[Label, list[Floats]]]:
    for primary in plan.trial.analysis.primary:
        if primary.outcome == split.whole:
            label = Label(split.whole, "primary", str(primary.months), primary.summary)
            yield (
                label,
                [summarise(plan, o, plan.values(o), primary.months, primary.summary) for o in split.outcomes],
            )
    for months in plan.trial.analysis.periods:
        label = Label(split.whole, "period", str(months), "mean")
        yield label, [summarise(plan, o, plan.values(o), months, "mean") for o in split.outcomes]
    for position, month in enumerate(plan.panel.event_months.tolist()):
        if month >= 1:
            label = Label(split.whole, "curve", f"{month}..{month}", event_month=month)
            yield label, [plan.values(outcome)[:, position] for outcome in split.outcomes]


def _named(plan: Plan, label: Label, outcome: str) -> Label:
    entries = {
        "primary": f"primary:{outcome}:{label.months}:{label.summary}",
        "period": f"period:{label.months}",
        "curve": "curve",
    }
    return replace(label, outcome=outcome, prespecified=plan.prespecified(outcome, entries[label.role]))
