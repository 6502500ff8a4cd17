"""Who took part in what was drawn, who was followed, and how many are in each analysis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.setting import Setting
from lodd.protocol.types import PARTICIPATES, Panel

TAKE_UP_SCHEMA: Final = {
    "arm": pl.String(),
    "programme_arm": pl.String(),
    "event_month": pl.Int32(),
    "active": pl.Float64(),
    "ever": pl.Float64(),
    "n": pl.Int64(),
}
COHORT_SCHEMA: Final = {"outcome": pl.String(), "event_month": pl.Int32(), "arm": pl.String(), "n": pl.Int64()}
_FLOW: Final = ("drawn", "started_own", "started_other", "started_both", "started_none", "dead", "abroad")


def take_up(setting: Setting, panel: Panel) -> pl.DataFrame:
    """Shares active in, and ever started in, each arm's programmes by month, by the arm drawn to.

    Weighted by the inverse probability of the own arm. ``ever`` counts from month 0 and is null before it; someone
    unobserved in a month is left out of that month's shares.
    """
    weights = 1.0 / setting.own_probability
    rows = [
        row
        for programme_arm in _programme_arms(setting, panel)
        for row in _shares(setting, panel, programme_arm, weights)
    ]
    return pl.DataFrame(rows, schema=TAKE_UP_SCHEMA, orient="row")


def flow(setting: Setting, panel: Panel, primary: Sequence[Floats]) -> pl.DataFrame:
    """One row an arm: drawn; started in the own arm's programmes only, another's only, both, none (null without a
    participation register); ever dead or abroad from month 0 to the end of the window; in each primary analysis.
    """
    arms = range(len(setting.arms))
    rows = [{"arm": setting.arms[k], **_flow_of(setting, panel, k)} for k in arms]
    for k, row in zip(arms, rows, strict=True):
        inside = setting.arm == k
        row |= {f"analysed_{i}": int((inside & ~np.isnan(values)).sum()) for i, values in enumerate(primary)}
    names = [*_FLOW, *(f"analysed_{i}" for i in range(len(primary)))]
    return pl.DataFrame(rows, schema={"arm": pl.String(), **dict.fromkeys(names, pl.Int64())})


def cohort(setting: Setting, panel: Panel) -> pl.DataFrame:
    """How many in each arm are observed, by outcome and event month."""
    counts = {
        outcome: [(~np.isnan(panel.matrix(outcome)))[setting.arm == k].sum(axis=0) for k in range(len(setting.arms))]
        for outcome in panel.outcomes
    }
    rows = [
        (outcome, int(month), arm, int(by_arm[k][position]))
        for outcome, by_arm in counts.items()
        for position, month in enumerate(panel.event_months)
        for k, arm in enumerate(setting.arms)
    ]
    return pl.DataFrame(rows, schema=COHORT_SCHEMA, orient="row")


def _programme_arms(setting: Setting, panel: Panel) -> list[str]:
    return [arm for arm in setting.arms if PARTICIPATES + arm in panel.frame.columns]


def _shares(setting: Setting, panel: Panel, programme_arm: str, weights: Floats) -> Iterator[tuple[object, ...]]:
    active = panel.matrix(PARTICIPATES + programme_arm)
    since = panel.event_months >= 0
    ever = np.maximum.accumulate(np.where(since, np.nan_to_num(active), 0.0), axis=1)
    for k, arm in enumerate(setting.arms):
        inside = setting.arm == k
        observed = ~np.isnan(active[inside])
        weight = np.where(observed, weights[inside, None], 0.0)
        total = weight.sum(axis=0)
        for position, month in enumerate(panel.event_months):
            if total[position] > 0:
                share = weight[:, position] / total[position]
                now = float(share @ np.nan_to_num(active[inside, position]))
                so_far = float(share @ ever[inside, position]) if since[position] else None
                yield arm, programme_arm, int(month), now, so_far, int(observed[:, position].sum())


def _flow_of(setting: Setting, panel: Panel, k: int) -> dict[str, object]:
    inside = setting.arm == k
    since = panel.event_months >= 0
    counts: dict[str, object] = {"drawn": int(inside.sum()), **_started(setting, panel, k, inside)}
    for state in ("dead", "abroad"):
        counts[state] = int(panel.state(state)[inside][:, since].any(axis=1).sum())
    return counts


def _started(setting: Setting, panel: Panel, k: int, inside: Booleans) -> dict[str, int]:
    with_programmes = _programme_arms(setting, panel)
    if not with_programmes:
        return {}
    ever = {
        arm: np.nan_to_num(panel.matrix(PARTICIPATES + arm))[:, _from_draw(panel)].any(axis=1)
        for arm in with_programmes
    }
    nobody = np.zeros(len(setting.arm), dtype=bool)
    own = ever.get(setting.arms[k], nobody)
    other = np.logical_or.reduce([nobody, *(started for arm, started in ever.items() if arm != setting.arms[k])])
    kinds = {"own": own & ~other, "other": other & ~own, "both": own & other, "none": ~(own | other)}
    return {f"started_{name}": int((members & inside).sum()) for name, members in kinds.items()}


def _from_draw(panel: Panel) -> Integers:
    return np.flatnonzero(panel.event_months >= 0)
