"""The share drawn to each arm against the declared probability.

With independent lots the number drawn to an arm in any cell is a sum of independent lots whose probabilities are
known, so its distribution is computed exactly, whether or not the probabilities are equal (Poisson-binomial). Where
numbers per arm are fixed, or Lodd did not draw the lots, there is nothing to test and the p-value is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from scipy import stats

from lodd.evaluation.design import Floats
from lodd.protocol.model import Trial
from lodd.protocol.schedule import office_periods
from lodd.protocol.types import MARGINAL, Participants

TIE: Final = 1e-7
"""Outcomes this much more probable than the observed one still count as no more probable (as R's binom.test)."""
_COUNTS: Final = {
    "arm": pl.String(),
    "n": pl.Int64(),
    "drawn": pl.Int64(),
    "share": pl.Float64(),
    "declared": pl.Float64(),
    "p_value": pl.Float64(),
}
STRATUM_SCHEMA: Final = {
    "site": pl.String(),
    "office": pl.String(),
    "stratum": pl.String(),
    "period_from": pl.Date(),
    **_COUNTS,
}
SITE_SCHEMA: Final = {"site": pl.String(), "period_from": pl.Date(), **_COUNTS}


def draw_shares(trial: Trial, participants: Participants) -> pl.DataFrame:
    """One row a stratum and arm; site, office and period are null for a stratum that spans several."""
    frame = _with_periods(trial, participants)
    same = [
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in ("site", "office", "period_from")
    ]
    described = frame.group_by("stratum", maintain_order=True).agg(same)
    counted = _by_cell(trial, frame, ["stratum"], {"stratum": pl.String(), **_COUNTS})
    joined = counted.join(described, on="stratum", how="left", maintain_order="left")
    return joined.select(list(STRATUM_SCHEMA)).sort(
        "site", "office", "period_from", "stratum", nulls_last=True, maintain_order=True
    )


def draw_shares_site(trial: Trial, participants: Participants) -> pl.DataFrame:
    """One row a site, period (null: all of them) and arm."""
    frame = _with_periods(trial, participants)
    whole = _by_cell(
        trial, frame.with_columns(pl.lit(None, pl.Date).alias("period_from")), ["site", "period_from"], SITE_SCHEMA
    )
    known = frame.filter(pl.col("period_from").is_not_null())
    periods = _by_cell(trial, known, ["site", "period_from"], SITE_SCHEMA)
    order = {site: position for position, site in enumerate(trial.sites)}
    rank = pl.col("site").replace_strict(order, default=len(order), return_dtype=pl.Int32)
    return pl.concat([whole, periods]).sort(rank, "site", "period_from", nulls_last=False, maintain_order=True)


def two_sided_p_value(probabilities: Floats, drawn: int) -> float:
    """Exact p-value of ``drawn`` successes: the probability of all counts that are no more probable.

    Args:
        probabilities: (n,) of the independent lots.
    """
    mass = poisson_binomial(probabilities)
    return float(min(1.0, mass[mass <= mass[drawn] * (1 + TIE)].sum()))


def poisson_binomial(probabilities: Floats) -> Floats:
    """(n + 1,) distribution of the number of successes: binomials of equal probabilities, convolved."""
    mass = np.ones(1)
    for p, count in zip(*np.unique(probabilities, return_counts=True), strict=True):
        mass = np.convolve(mass, stats.binom.pmf(np.arange(count + 1), count, p))
    return mass


def _by_cell(trial: Trial, frame: pl.DataFrame, keys: Sequence[str], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    rows = [
        {**dict(zip(keys, key, strict=True)), **_count(trial, people, arm)}
        for key, people in frame.group_by(keys, maintain_order=True)
        for arm in trial.arm_ids
    ]
    return pl.DataFrame(rows, schema=schema)


def _count(trial: Trial, people: pl.DataFrame, arm: str) -> dict[str, object]:
    drawn, n = int((people["arm"] == arm).sum()), people.height
    declared = people[MARGINAL + arm].cast(pl.Float64) if MARGINAL + arm in people.columns else None
    tested = trial.draw.method == "keyed" and declared is not None and declared.null_count() == 0
    return {
        "arm": arm,
        "n": n,
        "drawn": drawn,
        "share": drawn / n,
        "declared": None if declared is None else declared.mean(),
        "p_value": two_sided_p_value(declared.to_numpy(), drawn) if tested and declared is not None else None,
    }


def _with_periods(trial: Trial, participants: Participants) -> pl.DataFrame:
    """The participants with ``period_from``: the first day of the schedule's period that each was drawn in."""
    offices = {office: office_periods(trial, office) for office in trial.office_site}
    pairs = participants.frame.select("office", "drawn_at").rows()
    since = [
        next((p.since for p in offices.get(office, []) if p.since <= day <= p.until), None) for office, day in pairs
    ]
    return participants.frame.with_columns(pl.Series("period_from", since, dtype=pl.Date))
