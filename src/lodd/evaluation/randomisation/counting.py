"""Redraws counted: p-values, step-down p-values within families, the largest t of each curve.

Redraws come in batches, and batches are worked through in steps, so that memory is bounded. What a redraw is depends on
its number alone, and counts are whole numbers, so batches, steps and threads make no difference to the answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

import numpy as np

from lodd.evaluation.design import Booleans, Floats, Integers
from lodd.evaluation.randomisation.columns import Array
from lodd.evaluation.randomisation.statistics import Allocations, Statistic, absolute_t
from lodd.locale import Text
from lodd.progress import Progress, silent

TIE: Final = 5e-5
"""A redrawn t this close to the observed one counts as equal to it, relatively above 1 and absolutely below, where t is
what is left of sums that cancel: so equal allocations count as equal in single precision too."""
BATCH: Final = 1_000
STEP: Final = 250
_REDRAWING: Final = Text(nb="Trekker loddene om igjen", en="Redrawing the lots")

Redraw = Callable[[int, int], Allocations]
"""``redraw(first, count)`` gives allocations (n, count), true for the people drawn to the arm."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the redraws. The columns of ``statistics`` are numbered through, 0 to C - 1.

    ``families``: columns that are judged together by step-down, none in two of them. ``curves``: columns whose largest
    t is wanted. ``kept``: statistics whose estimates and variances are wanted for every redraw.
    """

    statistics: Sequence[Statistic]
    families: Sequence[Integers] = ()
    curves: Sequence[Integers] = ()
    kept: Sequence[Statistic] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the redraws say.

    ``observed`` (C,): absolute t of the actual draw; ``p_value`` (C,) and ``p_family`` (C,), NaN for columns in no
    family; ``largest`` (curves, redraws). ``kept``: for each kept statistic estimates and variances (c, 1 + redraws),
    the actual draw first, in the outcomes' units.
    """

    observed: Floats
    p_value: Floats
    p_family: Floats
    largest: Floats
    kept: tuple[tuple[Floats, Floats], ...]


def ask(
    question: Question,
    redraw: Redraw,
    actual: Booleans,
    draws: int,
    *,
    progress: Progress = silent,
    threads: int | None = None,
    batch: int = BATCH,
    step: int = STEP,
) -> Answer:
    """Compare the actual draw (n,) with ``draws`` redraws.

    p-values count the actual draw as one of them (Phipson and Smyth 2010): ``(1 + #{t* >= t}) / (1 + draws)``; within a
    family by the step-down of Westfall and Young (1993, algorithm 2.8, max t): each column is compared with the largest
    t* of the columns whose own t is not larger.
    """
    counter = _Counter(question, actual)
    batches = [(first, min(batch, draws - first)) for first in range(0, draws, batch)]
    parts: list[_Part] = []
    with ThreadPoolExecutor(threads or available_threads()) as pool:
        running = [pool.submit(counter.count, redraw, first, count, step) for first, count in batches]
        try:
            for done, future in enumerate(as_completed(running)):
                progress(_REDRAWING, done, len(batches))
                parts.append(future.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    progress(_REDRAWING, len(batches), len(batches))
    return counter.answer(parts, draws)


def bar_of(observed: Array) -> Array:
    """What a redrawn t must reach to count as no smaller than the observed one; of the same shape and precision."""
    return np.asarray(observed - observed.dtype.type(TIE) * np.maximum(observed, observed.dtype.type(1.0)))


def available_threads() -> int:
    """Processors that this process may use, at most eight: every thread holds matrices of its own."""
    return max(1, min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


@dataclass(slots=True)
class _Part:
    """The counts of one batch."""

    first: int
    single: Integers
    stepped: Integers
    largest: list[Array]
    kept: list[list[tuple[Floats, Floats]]]


class _Counter:
    """The observed statistics, and how redraws are held against them."""

    def __init__(self, question: Question, actual: Booleans) -> None:
        itself = np.ascontiguousarray(actual[:, None])
        self._question = question
        observed = self._absolute(itself)[:, 0]
        self._observed = observed
        self._bar = bar_of(observed)[:, None]
        self._ascending = [family[np.argsort(observed[family], kind="stable")] for family in question.families]
        self._actual = [_scaled(statistic, itself) for statistic in question.kept]

    def count(self, redraw: Redraw, first: int, count: int, step: int) -> _Part:
        """Work through one batch."""
        nothing = np.zeros(len(self._observed), dtype=np.int64)
        part = _Part(first, nothing, nothing.copy(), [], [[] for _ in self._question.kept])
        allocations = redraw(first, count)
        for start in range(0, count, step):
            treated: Allocations = np.ascontiguousarray(allocations[:, start : start + step])
            self._count(self._absolute(treated), part)
            for moments, statistic in zip(part.kept, self._question.kept, strict=True):
                moments.append(_scaled(statistic, treated))
        return part

    def _count(self, t: Array, part: _Part) -> None:
        part.single += (t >= self._bar).sum(axis=1)
        for order in self._ascending:
            reached = np.maximum.accumulate(t[order], axis=0) >= self._bar[order]
            part.stepped[order] += reached.sum(axis=1)
        largest = np.empty((len(self._question.curves), t.shape[1]), dtype=t.dtype)
        for row, curve in zip(largest, self._question.curves, strict=True):
            t[curve].max(axis=0, out=row)
        part.largest.append(largest)

    def _absolute(self, treated: Allocations) -> Array:
        """(C, R) absolute t of all columns."""
        parts = [absolute_t(statistic.moments(treated)) for statistic in self._question.statistics]
        return np.concatenate(parts) if parts else np.empty((0, treated.shape[1]), dtype=np.float32)

    def answer(self, parts: list[_Part], draws: int) -> Answer:
        """All batches together."""
        parts.sort(key=lambda part: part.first)
        single = sum((part.single for part in parts), np.zeros(len(self._observed), dtype=np.int64))
        stepped = sum((part.stepped for part in parts), np.zeros(len(self._observed), dtype=np.int64))
        p_family = np.full(len(self._observed), np.nan)
        for order in self._ascending:
            p_family[order] = np.maximum.accumulate(((1.0 + stepped[order]) / (1.0 + draws))[::-1])[::-1]
        return Answer(
            observed=self._observed.astype(np.float64),
            p_value=np.asarray((1.0 + single) / (1.0 + draws), dtype=np.float64),
            p_family=p_family,
            largest=np.concatenate([largest for part in parts for largest in part.largest], axis=1).astype(np.float64),
            kept=tuple(
                _joined([actual, *(moments for part in parts for moments in part.kept[position])])
                for position, actual in enumerate(self._actual)
            ),
        )


def _scaled(statistic: Statistic, treated: Allocations) -> tuple[Floats, Floats]:
    """Estimates and variances (c, R) in the outcomes' units."""
    estimate, variance = statistic.moments(treated)
    scale = statistic.scale[:, None]
    return estimate * scale, variance * scale**2


def _joined(moments: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.hstack([estimate for estimate, _ in moments]), np.hstack([variance for _, variance in moments])
