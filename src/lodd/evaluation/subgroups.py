"""Groups formed by what was known at the draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from lodd.errors import DataError, Problem
from lodd.evaluation.columns import Block
from lodd.evaluation.covariates import NO_ANSWER, mean_before, raw_columns
from lodd.evaluation.design import Booleans, Floats
from lodd.evaluation.plan import Plan
from lodd.locale import Text
from lodd.protocol.analysis import Subgroup
from lodd.protocol.types import Participants


def subgroup_blocks(plan: Plan, participants: Participants, blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks that are primary outcomes or periods, within every group; people of unknown group are in none."""
    summaries = [block for block in blocks if block.labels[0].role in {"primary", "period"}]
    for subgroup in plan.trial.analysis.subgroups:
        groups = groups_of(plan, participants, subgroup)
        grouped = sum(int(members.sum()) for members in groups.values())
        plan.notes.at_most("subgroup_missing", subgroup.id, len(participants) - grouped)
        for name, members in groups.items():
            for block in summaries:
                label = block.labels[0]
                promised = label.prespecified and plan.prespecified(label.outcome, f"subgroup:{subgroup.id}")
                named = replace(label, subgroup=f"{subgroup.id}:{name}", margin=None, prespecified=promised)
                yield Block(block.values, (named,), members)


def groups_of(plan: Plan, participants: Participants, subgroup: Subgroup) -> dict[str, Booleans]:
    """Name and members (n,) of every group.

    ``median``: "below" (the median or less) and "above". Cut points: "below" and "above" for one, else "below" and
    "from <cut>"; a group starts at its cut. ``categories``: the values of the column.

    Raises:
        DataError: the column is not there, or holds another kind of values than the split.
    """
    if subgroup.split == "categories":
        return _categories(plan, participants, subgroup.by)
    _check_split(participants, subgroup)
    values = _values(plan, participants, subgroup.by)
    if subgroup.split == "median":
        known = values[~np.isnan(values)]
        median = float(np.median(known)) if len(known) else np.nan
        return {"below": values <= median, "above": values > median}
    cuts = sorted(subgroup.split, key=_position)
    names = ["above"] if len(cuts) == 1 else [f"from {cut}" for cut in cuts]
    edges = [-np.inf, *map(_position, cuts), np.inf]
    return {
        name: (values >= low) & (values < high)
        for name, low, high in zip(["below", *names], edges[:-1], edges[1:], strict=True)
    }


def _check_split(participants: Participants, subgroup: Subgroup) -> None:
    """Raises DataError where a column has no order to split it by, or its cuts are of another kind than its values."""
    in_order = "@" in subgroup.by or subgroup.by not in participants.frame.columns
    dtype = pl.Float64() if in_order else participants.frame.schema[subgroup.by]
    by_day = dtype == pl.Date
    if not (by_day or dtype.is_numeric() or dtype == pl.Boolean):
        raise DataError(_not_split(subgroup, Text.same('split = "categories"')))
    if subgroup.split != "median" and any(isinstance(cut, date) != by_day for cut in subgroup.split):
        dates = Text(nb="datoer, for eksempel [2015-07-01]", en="dates, for example [2015-07-01]")
        raise DataError(_not_split(subgroup, dates if by_day else Text(nb="tall", en="numbers")))


def _not_split(subgroup: Subgroup, allowed: Text) -> Problem:
    return Problem(
        found=Text(
            nb=f"«{subgroup.by}» kan ikke deles slik: verdiene er av et annet slag enn delingen",
            en=f'"{subgroup.by}" cannot be split like that: its values are of another kind than the split',
        ),
        where=f"trial.toml analysis.subgroups, id = {subgroup.id}",
        allowed=allowed,
        next_step=Text(nb="Rett split i trial.toml", en="Correct split in trial.toml"),
    )


def _position(cut: Decimal | date) -> float:
    return float(cut.toordinal()) if isinstance(cut, date) else float(cut)


def _values(plan: Plan, participants: Participants, by: str) -> Floats:
    """(n,) the value that is split; dates as ordinal days, NaN where unknown."""
    if "@" in by:
        return mean_before(plan.panel, by)
    if by in participants.frame.columns and participants.frame[by].dtype == pl.Date:
        days = participants.frame[by].to_list()
        return np.array([np.nan if day is None else float(day.toordinal()) for day in days])
    return raw_columns(participants, plan.panel, by, all_categories=True)[0][1]


def _categories(plan: Plan, participants: Participants, by: str) -> dict[str, Booleans]:
    if "@" not in by and by in participants.frame.columns:
        values = participants.frame[by].cast(pl.String).fill_null(NO_ANSWER).to_numpy().astype(str)
    else:
        numbers = _values(plan, participants, by)
        values = np.where(np.isnan(numbers), NO_ANSWER, np.char.mod("%g", numbers))
    return {str(name): values == name for name in np.unique(values) if name != NO_ANSWER}
