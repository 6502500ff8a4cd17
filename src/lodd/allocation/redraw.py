"""Hypothetical allocations of the actual participants by their actual mechanism."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lodd.allocation.balance import redraw_sequence
from lodd.allocation.history import DrawHistory, Floats, Integers
from lodd.allocation.urns import FIXED, Lots, UrnPlan, plan_urns, redraw_urns
from lodd.allocation.words import Words, words
from lodd.errors import Problem, UsageError
from lodd.locale import Text

_WORDS_AT_ONCE: Final = 2_000_000
"""Few enough to stay in the cache."""
_WORDS_IN_SMALL_STEPS: Final = 8_000_000
"""Where a step takes one person, or a few, for all redraws: enough to make the steps worth their while."""
_FEW: Final = 32
_COUNTED_AT_ONCE: Final = 2_000
_RANGE: Final = 2.0**32
Pair = tuple[int, int]


def redraw(history: DrawHistory, count: int, seed: int, *, first: int = 0, pair: Pair | None = None) -> Lots:
    """See :meth:`Design.redraw`."""
    _check(history, count, first, pair)
    lots = np.full((count, len(history)), FIXED, dtype=np.uint8)
    if not len(history):
        return lots
    plan = plan_urns(history.urns, history.arm, history.arms, pair) if history.urns else None
    width = _width(history, plan)
    for start, stop in _chunks(count, width, _words_at_once(history, plan)):
        numbers = words(seed, first + start, stop - start, width)
        _redraw_some(history, plan, pair, numbers, lots[start:stop])
    return lots


def marginal_by_redraws(history: DrawHistory, count: int, seed: int) -> Floats:
    """(n, arms): each person's probability of each arm before any lot, from redraws.

    The share of the redraws in which the person gets the arm, the declared probability counted as one redraw more, so
    that no probability is 0 or 1. Its Monte-Carlo error is sqrt(p (1 - p) / count).
    """
    hits = history.probability.copy()
    for start in range(0, count, _COUNTED_AT_ONCE):
        lots = redraw(history, min(_COUNTED_AT_ONCE, count - start), seed, first=start)
        for arm in range(history.arms):
            hits[:, arm] += (lots == arm).sum(axis=0)
    return hits / (count + 1)


def _redraw_some(history: DrawHistory, plan: UrnPlan | None, pair: Pair | None, numbers: Words, lots: Lots) -> None:
    alone = len(history.independent)
    if alone:
        own = redraw_independent(history, history.independent, numbers[:, :alone], pair)
        if alone == len(history):
            lots[:] = own
        else:
            lots[:, history.independent] = own
    if plan is not None:
        _scatter(lots, plan.rows, redraw_urns(plan, np.ascontiguousarray(numbers[:, alone:].T)))
    if history.sequence is not None:
        drawn = redraw_sequence(history, history.sequence, np.ascontiguousarray(numbers.T), pair)
        if pair is not None:
            drawn[~np.isin(history.arm[history.sequence.rows], pair)] = FIXED
        _scatter(lots, history.sequence.rows, drawn)


def redraw_independent(history: DrawHistory, rows: Integers, numbers: Words, pair: Pair | None) -> Lots:
    """(redraws, rows): a lot for each person with their probabilities; with a pair, among these two."""
    kept = list(range(history.arms)) if pair is None else list(pair)
    probability = history.probability[rows][:, kept]
    ends = np.cumsum(probability, axis=1)
    total = np.where(ends[:, -1:] > 0, ends[:, -1:], 1.0)  # neither of a pair for people of other arms: not redrawn
    limits = np.minimum(np.rint(ends[:, :-1] / total * _RANGE), _RANGE - 1).astype(np.uint32)
    lots = (numbers >= limits[:, 0]).view(np.uint8)
    for column in range(1, limits.shape[1]):
        lots += numbers >= limits[:, column]
    if pair is None:
        return lots
    fixed = ~np.isin(history.arm[rows], pair)
    return np.where(fixed, np.uint8(FIXED), np.array(pair, dtype=np.uint8)[lots])


def _scatter(lots: Lots, rows: Integers, drawn: NDArray[np.uint8]) -> None:
    """Put (m, redraws) arms into the columns ``rows`` of (redraws, n)."""
    if len(rows) == lots.shape[1]:
        lots[:] = drawn[np.argsort(rows)].T
    else:
        lots[:, rows] = drawn.T


def _width(history: DrawHistory, plan: UrnPlan | None) -> int:
    """Words that one redraw takes."""
    sequence = len(history.sequence.rows) if history.sequence is not None else 0
    return len(history.independent) + (plan.words if plan is not None else 0) + sequence


def _words_at_once(history: DrawHistory, plan: UrnPlan | None) -> int:
    small_steps = history.sequence is not None or (plan is not None and len(plan.rows) < _FEW * len(plan.steps))
    return _WORDS_IN_SMALL_STEPS if small_steps else _WORDS_AT_ONCE


def _chunks(count: int, width: int, words_at_once: int) -> Iterator[tuple[int, int]]:
    size = max(1, words_at_once // width)
    for start in range(0, count, size):
        yield start, min(start + size, count)


def _check(history: DrawHistory, count: int, first: int, pair: Pair | None) -> None:
    if count < 0 or first < 0:
        found = Text(nb="antallet og den første kan ikke være negative", en="count and first cannot be negative")
        raise UsageError(Problem(found, "redraw"))
    if pair is not None and (pair[0] == pair[1] or not all(0 <= arm < history.arms for arm in pair)):
        found = Text(nb=f"{pair} er ikke to av armene", en=f"{pair} is not two of the arms")
        raise UsageError(Problem(found, "redraw", Text.same(", ".join(map(str, range(history.arms))))))
