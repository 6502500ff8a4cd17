"""What happened after the answers were given, by arm: asked again, withdrawn, left out, started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl
from scipy import stats

from lodd.allocation import Design
from lodd.evaluation.design import Booleans, Floats
from lodd.evaluation.integrity.drawn import ledger_history, missing_from
from lodd.evaluation.integrity.record import DrawRecord
from lodd.evaluation.integrity.rows import (
    LEVEL,
    About,
    Member,
    Row,
    Verdict,
    benjamini_hochberg,
    flagged_names,
    row_of,
)
from lodd.evaluation.integrity.tails import Lots, Measure, references
from lodd.protocol.model import Trial
from lodd.protocol.types import PARTICIPATES, REFERRED, Panel, Participants

START_MONTHS: Final = 12
REFERRAL_DAYS: Final = 180
_FEWEST: Final = 2
"""Events that a test needs: one alone cannot lean to an arm."""
_MARKS: Final[dict[str, About]] = {"repeated": "draw", "withdrawn": "after", "error_noted": "after", "missing": "after"}
REQUESTS_SCHEMA: Final = {
    "by": pl.String(),
    "office": pl.String(),
    "arm": pl.String(),
    "requests": pl.Int64(),
    "people": pl.Int64(),
}
STARTS_SCHEMA: Final = {
    "arm": pl.String(),
    "n": pl.Int64(),
    "started": pl.Int64(),
    "within_3_months": pl.Float64(),
    "median_months": pl.Float64(),
}


def ledger_rows(
    trial: Trial, design: Design, participants: Participants, record: DrawRecord, count: int
) -> Iterator[Row]:
    """Whether those asked for again, withdrawn, in error or missing were drawn to one arm more than chance gives.

    Given who they are, the statistic is how many of them were drawn to the arm; its distribution is that of redraws, as
    if what happened to people had not depended on their arm.
    """
    answers = record.answers
    marked = {
        "repeated": answers["seq"].is_in(record.requests["first"].unique().to_list()).to_numpy(),
        "withdrawn": answers["withdrawn"].to_numpy(),
        "error_noted": answers["error_noted"].to_numpy(),
        "missing": missing_from(participants, answers),
    }
    tests = {name: mark for name, mark in marked.items() if mark.sum() >= _FEWEST}
    measures = {
        f"{name}:{arm}": _marked(mark, k)
        for name, mark in tests.items()
        for k, arm in enumerate(trial.arm_ids)
        if k > 0
    }
    found = references(design, ledger_history(trial, design, answers), measures, count) if measures else {}
    for name, mark in marked.items():
        n = int(mark.sum())
        if name not in tests:
            yield _too_few(name, n)
            continue
        for arm in trial.arm_ids[1:]:
            yield row_of(name, _MARKS[name], arm, found[f"{name}:{arm}"], n)


def _too_few(name: str, n: int) -> Row:
    verdict: Verdict = "ok" if n == 0 else "not_known"
    return Row(name, _MARKS[name], statistic=float(n), verdict=verdict, n=n, detail="few")


def requests_table(record: DrawRecord) -> pl.DataFrame:
    """Repeated requests by who asked, at which office, for people drawn to which arm."""
    first = record.answers.select(pl.col("seq").alias("first"), "arm")
    joined = record.requests.join(first, on="first", how="inner")
    counted = joined.group_by("by", "office", "arm").agg(
        pl.len().cast(pl.Int64).alias("requests"), pl.col("first").n_unique().cast(pl.Int64).alias("people")
    )
    return counted.select(list(REQUESTS_SCHEMA)).sort("by", "office", "arm")


def repeated_by_caller(record: DrawRecord) -> tuple[Row, list[Member]]:
    """Does somebody ask again more than their share of the draws would give? Binomial, upper tail."""
    callers = sorted({*record.answers["by"].to_list(), *record.requests["by"].to_list()})
    total = record.requests.height
    if len(callers) < 2 or total < _FEWEST:
        return Row("repeated_caller", "draw", n=total, detail="few" if len(callers) > 1 else "one_caller"), []
    draws = np.array([(record.answers["by"] == by).sum() for by in callers])
    asked = np.array([(record.requests["by"] == by).sum() for by in callers])
    share = (draws + 1) / (draws + 1).sum()
    p = np.asarray(stats.binom.sf(asked - 1, total, share))
    adjusted = benjamini_hochberg(p)
    members = [
        Member("repeated_caller", by, None, int(a), float(a - total * s), float(q), float(b), bool(b < LEVEL))
        for by, a, s, q, b in zip(callers, asked, share, p, adjusted, strict=True)
    ]
    row = Row(
        "repeated_caller",
        "draw",
        statistic=float(asked.max()),
        p_value=float(min(1.0, p.min() * len(p))),
        n=total,
        detail=flagged_names(members),
    )
    return row, members


def start_months(panel: Panel) -> Floats | None:
    """(n,) months from the draw to the first month in any arm's programme, at most 12; None without such a register.

    NaN for people whose programmes are not observed in all of these months. Any arm's programme: so that the value
    would be the same whatever the lot, if the lot made no difference.
    """
    first_start = _first_month(panel, [name for name in panel.frame.columns if name.startswith(PARTICIPATES)])
    if first_start is None:
        return None
    return np.asarray(np.minimum(first_start, START_MONTHS))


def referral_days(participants: Participants) -> Floats | None:
    """(n,) days from the draw to the referral, at most 180; None unless ``referred_at`` is among the columns."""
    frame = participants.frame
    if frame.schema.get(REFERRED) != pl.Date:
        return None
    days = (frame[REFERRED] - frame["drawn_at"]).dt.total_days().fill_null(REFERRAL_DAYS)
    return days.clip(upper_bound=REFERRAL_DAYS).cast(pl.Float64).to_numpy()


def starts_table(trial: Trial, participants: Participants, panel: Panel) -> pl.DataFrame:
    """By arm: people observed for a year, how many started their own arm's programme in it, how soon."""
    rows = []
    for k, arm in enumerate(trial.arm_ids):
        months = _first_month(panel, [PARTICIPATES + arm] if PARTICIPATES + arm in panel.frame.columns else [])
        if months is None:
            continue
        own = months[(participants.arm_index == k) & ~np.isnan(months)]
        started = own[own <= START_MONTHS]
        rows.append(
            {
                "arm": arm,
                "n": len(own),
                "started": len(started),
                "within_3_months": float((own <= 3).mean()) if len(own) else None,
                "median_months": float(np.median(started)) if len(started) else None,
            }
        )
    return pl.DataFrame(rows, schema=STARTS_SCHEMA)


def _first_month(panel: Panel, columns: list[str]) -> Floats | None:
    last = min(START_MONTHS, panel.window.last)
    if not columns or last < 1:
        return None
    since = slice(-panel.window.first, last - panel.window.first + 1)
    active = np.stack([panel.matrix(name)[:, since] for name in columns])
    observed = ~np.isnan(active).any(axis=(0, 2))
    taking_part = np.asarray(np.nan_to_num(active).any(axis=0), dtype=bool)
    first = np.where(taking_part.any(axis=1), taking_part.argmax(axis=1), START_MONTHS + 1)
    return np.where(observed, first.astype(float), np.nan)


def _marked(mark: Booleans, k: int) -> Measure:
    places = np.flatnonzero(mark)

    def measure(lots: Lots) -> Floats:
        return np.asarray((lots[:, places] == k).sum(axis=1, keepdims=True), dtype=np.float64)

    return measure
