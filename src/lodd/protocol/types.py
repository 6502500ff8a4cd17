"""The frozen values that rooms exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import nan
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange, month_index, whole_months
from lodd.protocol.outcome import AfterExit, Outcome
from lodd.protocol.register import Register

MARGINAL: Final = "marginal_"
CONDITIONAL: Final = "conditional_"
PARTICIPATES: Final = "participates_"
DRAW_ORDER: Final = "draw_order"
SLIP: Final = "slip"
REFERRED: Final = "referred_at"
REQUIRED_COLUMNS: Final = ("person_id", "arm", "site", "office", "stratum", "drawn_at")


@dataclass(frozen=True, slots=True)
class Participants:
    """Everybody drawn, one row a person, in the order of ``frame``.

    Columns: ``person_id`` (pseudonym), ``arm``, ``site``, ``office``, ``stratum``, ``drawn_at`` (date); where known,
    ``marginal_<arm>`` and ``conditional_<arm>`` (probabilities), ``draw_order`` (a number that grows with the draws),
    ``slip`` (the arm came from a slip used during an outage) and ``referred_at`` (date of the referral after the draw,
    null if there was none); then any baseline facts. Made and checked by
    ``lodd.protocol.participants``.
    """

    frame: pl.DataFrame
    arms: tuple[str, ...]

    def __len__(self) -> int:
        return self.frame.height

    @property
    def arm_index(self) -> NDArray[np.int64]:
        """(n,) index of each person's arm in ``arms``; 0 is the reference."""
        position = {arm: i for i, arm in enumerate(self.arms)}
        return np.array([position[arm] for arm in self.frame["arm"].to_list()], dtype=np.int64)

    @property
    def draw_month(self) -> NDArray[np.int64]:
        """(n,) calendar month of the draw, as ``12 * year + month - 1``."""
        drawn = self.frame["drawn_at"]
        return (12 * drawn.dt.year().cast(pl.Int64) + drawn.dt.month().cast(pl.Int64) - 1).to_numpy()

    @property
    def stratum_index(self) -> NDArray[np.int64]:
        """(n,) strata numbered 0, 1, ... in sorted order of their names."""
        _, index = np.unique(self.frame["stratum"].to_numpy().astype(str), return_inverse=True)
        return index.astype(np.int64)

    @property
    def marginal(self) -> NDArray[np.float64] | None:
        """(n, arms) probability of each arm before any lot, or None where none is recorded (external designs)."""
        names = [MARGINAL + arm for arm in self.arms]
        if not set(names) <= set(self.frame.columns):
            return None
        return self.frame.select(names).cast(pl.Float64).to_numpy()

    @property
    def baseline_columns(self) -> tuple[str, ...]:
        """Columns beyond those that the draw itself makes."""
        chances = (prefix + arm for prefix in (MARGINAL, CONDITIONAL) for arm in self.arms)
        made = {*REQUIRED_COLUMNS, DRAW_ORDER, SLIP, REFERRED, *chances}
        return tuple(name for name in self.frame.columns if name not in made)


@dataclass(frozen=True, slots=True)
class RegisterNote:
    """What building the panel found in one register, to be shown and kept (counts of rows or people)."""

    register: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Panel:
    """Person x event month, every declared outcome.

    ``frame`` is sorted as the participants, then by event month, and holds every event month of the window for
    everyone: ``person_id``, ``month`` (first day of the calendar month), ``event_month``, ``dead``, ``abroad``, one
    column an outcome (null = missing: not covered by its registers, or by its rule for death and emigration) and one
    ``participates_<arm>`` for each arm with programmes (1 while a programme of that arm is active).
    """

    frame: pl.DataFrame
    window: MonthRange
    outcomes: Mapping[str, Outcome]
    coverage: Mapping[str, tuple[int, int]]
    """First and last calendar month in which every register behind a column is wholly covered, by column."""
    notes: tuple[RegisterNote, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return self.frame.height // len(self.window)

    @property
    def event_months(self) -> NDArray[np.int64]:
        return np.arange(self.window.first, self.window.last + 1)

    def matrix(self, column: str) -> NDArray[np.float64]:
        """(people, event months) values of a column; NaN where missing."""
        values = self.frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values.reshape(self.people, len(self.window))

    def state(self, column: str) -> NDArray[np.bool_]:
        """(people, event months) of ``dead`` or ``abroad``."""
        return self.frame[column].to_numpy().astype(bool).reshape(self.people, len(self.window))

    def covered(self, column: str) -> NDArray[np.bool_]:
        """(people, event months): is the calendar month within the coverage of the registers behind the column?"""
        first, last = self.coverage[column]
        start = self.frame["month"].gather_every(len(self.window))  # each person's first month; the others follow it
        since = (12 * start.dt.year().cast(pl.Int64) + start.dt.month().cast(pl.Int64) - 1).to_numpy()
        calendar = since[:, None] + np.arange(len(self.window))
        return (calendar >= first) & (calendar <= last)

    def matrix_with(self, column: str, after_death: AfterExit, after_emigration: AfterExit) -> NDArray[np.float64]:
        """The values under other rules for death and emigration than the declared ones (for sensitivity)."""
        values = self.matrix(column).copy()  # the frame's own memory is read-only
        covered = self.covered(column)
        dead, abroad = self.state("dead"), self.state("abroad")
        for rule, months in ((after_emigration, abroad & ~dead), (after_death, dead)):
            values[months & covered] = 0.0 if rule == "zero" else np.nan
        return values


def coverage_months(trial: Trial, column: str) -> tuple[int, int]:
    """First and last calendar month that all registers behind an outcome or ``participates_*`` column cover wholly.

    A measure over several months needs that the registers cover them all.
    """
    outcome = None if column.startswith(PARTICIPATES) else trial.outcomes[column]
    if outcome is not None and outcome.parts:
        spans = [coverage_months(trial, part) for part in outcome.parts]
    else:
        covers = [known_register(trial, register_id).covers for register_id in registers_behind(trial, column)]
        spans = [whole_months(c.since, c.until) for c in covers if c is not None]
    if not spans:
        return month_index(date.min), month_index(date(9998, 12, 1))
    before = outcome.measure.months - 1 if outcome is not None and outcome.measure is not None else 0
    return max(first for first, _ in spans) + before, min(last for _, last in spans)


def known_register(trial: Trial, register_id: str) -> Register:
    """A register as declared, its coverage cut off at ``analysis.as_of``: nothing later was known on that day."""
    register, as_of = trial.registers[register_id], trial.analysis.as_of
    if as_of is None or register.covers is None or register.covers.until <= as_of:
        return register
    return register.model_copy(update={"covers": register.covers.model_copy(update={"until": as_of})})


def registers_behind(trial: Trial, column: str) -> frozenset[str]:
    """The registers that an outcome (through its parts) or a ``participates_*`` column is computed from."""
    if column.startswith(PARTICIPATES):
        return frozenset({trial.participation.register_id} if trial.participation else ())
    outcome = trial.outcomes[column]
    if outcome.register_id is not None:
        return frozenset({outcome.register_id})
    return frozenset().union(*(registers_behind(trial, part) for part in outcome.parts))


def in_year_of_draw(trial: Trial, outcome: str, event_month: int) -> bool:
    """Is an outcome made of a year's amounts, and the month in the year of the draw, for some who may be drawn?

    Such a month holds a twelfth of what came after the draw, too.
    """
    yearly = any(trial.registers[register_id].period == "year" for register_id in registers_behind(trial, outcome))
    opens, closes = month_index(trial.enrolment.opens), month_index(trial.enrolment.closes)
    return yearly and any((month + event_month) // 12 == month // 12 for month in range(opens, closes + 1))


def may_be_empty(trial: Trial, outcome: str) -> bool:
    """Is an outcome, or any that it is made of, missing for people without a record?"""
    declared = trial.outcomes[outcome]
    return declared.may_be_empty or any(may_be_empty(trial, part) for part in declared.parts)


def combination_order(trial: Trial) -> list[str]:
    """Outcome names ordered so that every combination comes after its parts."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for part in trial.outcomes[name].parts:
            visit(part)
        ordered.setdefault(name)

    for name in trial.outcomes:
        visit(name)
    return list(ordered)


@dataclass(frozen=True, slots=True)
class FidelityScores:
    """How faithfully a programme was delivered, by site and half-year: at most one row of each.

    Columns: ``site``, ``half_year`` (its first day: 1 January or 1 July), ``score`` (in the scale's own unit, larger is
    more faithful).

    Read and checked by ``lodd.protocol.fidelity``.
    """

    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class PriorEvidence:
    """What earlier studies together found about an outcome: the summary of a synthesis.

    ``measure`` says what the numbers are: "difference" (in the outcome's unit; nothing is 0), or "ratio" (of risks,
    odds or hazards; nothing is 1). Missing numbers are NaN.

    - ``estimate``, ``low``, ``high``: pooled, with its 95 % interval.
    - ``prediction_low``, ``prediction_high``: where the effect of a new, comparable study is expected with 95 %.
    - ``adjusted``, ``adjusted_low``, ``adjusted_high``: the same after allowing for small studies and publication.
    - ``small_study_p``: p-value of a test of whether small studies found more.
    - ``certainty``: of the body of evidence, in GRADE's words.
    """

    outcome: str
    measure: Literal["difference", "ratio"]
    studies: int
    people: int
    estimate: float
    low: float
    high: float
    prediction_low: float = nan
    prediction_high: float = nan
    adjusted: float = nan
    adjusted_low: float = nan
    adjusted_high: float = nan
    small_study_p: float = nan
    certainty: Literal["high", "moderate", "low", "very_low"] | None = None
    sources: tuple[str, ...] = ()
