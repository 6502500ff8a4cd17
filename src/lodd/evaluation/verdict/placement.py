"""Speed of placement: from the start of the programme to the first ordinary job, or to the first work practice."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
import polars as pl
from scipy import special

from lodd.evaluation.conclusions import Number
from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.further.incidence import CENSORED, Incidence, Lifetimes, incidence
from lodd.evaluation.verdict.case import Case, either
from lodd.evaluation.verdict.comparing import Row

FOLLOWED: Final = 24
"""Months after the start that are followed, unless the declared goal is further off."""
FEWEST_AT_RISK: Final = 5
_NOTHING: Final = 1e-9
PLACEMENT_SCHEMA: Final = {
    "event": pl.String(),  # "ordinary_work" | "work_practice": the first month of it since the start
    "arm": pl.String(),
    "months_since_start": pl.Int32(),  # 0: the month in which the programme started
    "share": pl.Float64(),
    "std_error": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "at_risk": pl.Int64(),
    "n": pl.Int64(),  # who started, and had none of it in the month before
}


def first_start(case: Case, column: str) -> Integers:
    """(n,) the first event month from 0 on in which a person of the arm takes part; -1: never, or of another arm."""
    active = case.plan.values(column)[:, case.since_draw] == 1
    first = np.where(active.any(axis=1), active.argmax(axis=1), -1)
    return np.where(case.setting.arm == case.k, first, -1)


def ordinary_work(case: Case, work: str) -> Floats:
    """(n, window) in work and in none of the declared instruments in the month."""
    if not case.declared.instruments:
        return case.plan.values(work)
    used = either([case.plan.values(name) for name in case.declared.instruments])
    values = case.plan.values(work)
    return np.where(values == 0, 0.0, values * (1.0 - used))


def time_to(case: Case, start: Integers, values: Floats, column: str) -> tuple[Incidence, int] | None:
    """Cumulative incidence of the first month with ``values`` (n, window) since the start, which is month 1.

    Of those who started and were not in the state in the month before (unknown counts as in it). Death and emigration
    compete; the registers' end censors. ``column`` tells the coverage. Weighted by the draw.
    """
    window = case.plan.panel.window
    before = np.clip(start - 1 - window.first, 0, len(window) - 1)
    people = (start >= 0) & (start - 1 >= window.first) & (values[np.arange(len(start)), before] == 0)
    if people.sum() < FEWEST_AT_RISK:
        return None
    lives = _lives(case, start, values, column, people)
    weights = 1.0 / case.setting.own_probability[people]
    return incidence(lives, weights, 1, _followed(case) + 1), int(people.sum())


def placed_by(found: Incidence, month: int, confidence: float) -> Number:
    """The share with the event in the month of the start or the ``month`` months after it.

    Without an interval where the registers follow nobody so far: then the share says nothing of that month.
    """
    share = float(found.curve[month])
    if not found.at_risk[month] and share < 1.0:
        return Number("placed", share)
    return Number("placed", share, *_interval(found, month, confidence))


def placement_rows(case: Case, event: str, found: Incidence, n: int) -> list[Row]:
    """The curve (``PLACEMENT_SCHEMA``), as long as there are people to follow."""
    errors = _error(found)
    rows: list[Row] = []
    for month in range(len(found.curve)):
        if found.at_risk[month] < FEWEST_AT_RISK:
            break
        share, error = float(found.curve[month]), float(errors[month])
        low, high = _interval(found, month, case.confidence)
        about: Row = {"event": event, "arm": case.arm, "months_since_start": month, "share": share}
        rows.append(
            about | {"std_error": error, "ci_low": low, "ci_high": high, "at_risk": int(found.at_risk[month]), "n": n}
        )
    return rows


def _lives(case: Case, start: Integers, values: Floats, column: str, people: Booleans) -> Lifetimes:
    """As ``lodd.evaluation.further.first_time.lifetimes``, counted from the start."""
    panel, rows = case.plan.panel, np.flatnonzero(people)
    position = start[rows, None] - panel.window.first + np.arange(_followed(case) + 1)
    known = position < len(panel.window)
    place = rows[:, None], np.minimum(position, len(panel.window) - 1)
    covered = known & case.plan.covered(column)[place]
    unobserved = 4
    state = np.select(
        [
            ~covered,
            values[place] == 1,
            panel.state("dead")[place],
            panel.state("abroad")[place],
            np.isnan(values[place]),
        ],
        [unobserved, 1, 2, 3, unobserved],
        default=CENSORED,
    )
    ended = state != CENSORED
    first = ended.argmax(axis=1)
    cause = np.where(ended.any(axis=1), state[np.arange(len(rows)), first], CENSORED)
    month = np.where(ended.any(axis=1), first + 1, state.shape[1])
    lost = cause == unobserved
    return Lifetimes(np.where(lost, month - 1, month), np.where(lost, CENSORED, cause))


def _error(found: Incidence) -> Floats:
    return np.asarray(np.sqrt((found.influence**2).sum(axis=0)))


def _followed(case: Case) -> int:
    return max(FOLLOWED, case.declared.placement_months or 0)


def _interval(found: Incidence, month: int, confidence: float) -> tuple[float, float]:
    """Wilson's (1927), for as many people as the share's variance is worth, so that it holds with few of them too.

    Where nobody or everybody has had the event there is no variance: then for those still followed, or for all.
    """
    share, error, z = float(found.curve[month]), float(_error(found)[month]), float(special.ndtri(0.5 + confidence / 2))
    known = int(found.at_risk[month]) if share < 0.5 else int(found.at_risk[0])  # where the variance is 0
    n = share * (1.0 - share) / error**2 if error > _NOTHING else float(max(1, known))
    middle, half = share + z**2 / (2 * n), z * sqrt(max(0.0, share * (1 - share)) / n + z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return min(share, max(0.0, low)), max(share, min(1.0, high))
