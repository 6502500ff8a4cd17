"""Redraws without replacement: batches and permuted blocks, many redraws and strata at a time.

The arms of a random permutation, taken one after the other, are draws without replacement: the next person gets an arm
with its share of the lots that are left. Person j of every urn is drawn in one step, for all redraws together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lgamma
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lodd.allocation.history import Integers, Urn
from lodd.allocation.words import Words
from lodd.errors import DataError, Problem
from lodd.locale import Text

Small = NDArray[np.unsignedinteger[Any]]
Lots = NDArray[np.uint8]
FIXED: Final = 255
"""The arm of a person whose lot is not redrawn."""
_RANGE: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class UrnPlan:
    """Urns laid out for redraws.

    Attributes:
        rows: (m,) people: first everybody who draws first from an urn, then those who draw second, and so on, the
            largest urns first.
        steps: where each of these groups begins and ends in ``rows``.
        sizes: (urns, s) lots in a filled urn. counts: (arms redrawn, urns, s) of each arm.
        size_limits: (m, s - 1) or (1, s - 1) where the sizes' intervals of words end, for an urn filled at that person.
        drawn: (m,) whose lot is redrawn; None for everybody's.
        labels: the arms redrawn.
    """

    rows: Integers
    steps: tuple[tuple[int, int], ...]
    sizes: Small
    counts: Small
    size_limits: NDArray[np.unsignedinteger[Any]]
    drawn: NDArray[np.bool_] | None
    labels: Lots

    @property
    def smallest(self) -> int:
        """Lots in the smallest urn: between two fillings there are at least so many people."""
        return int(self.sizes.min())

    @property
    def words(self) -> int:
        """Words that a redraw takes: one a person, and where sizes are random one for each time that an urn can be
        filled."""
        if self.sizes.shape[1] == 1:
            return len(self.rows)
        return len(self.rows) + sum(stop - start for start, stop in self.steps[:: self.smallest])


def plan_urns(urns: Sequence[Urn], arm: NDArray[np.uint8], arms: int, pair: tuple[int, int] | None) -> UrnPlan:
    """Lay out urns, to redraw everybody's lot, or only those of two arms while the others stay where they are.

    Raises:
        DataError: the others' places are not possible in blocks of the declared sizes.
    """
    ordered = sorted(urns, key=lambda urn: -len(urn.rows))
    lengths = np.array([len(urn.rows) for urn in ordered])
    active = [int((lengths > step).sum()) for step in range(int(lengths[0]))]
    ends = np.cumsum(active)
    rows = np.concatenate([[urn.rows[step] for urn in ordered[:count]] for step, count in enumerate(active)])
    kept = list(range(arms)) if pair is None else list(pair)
    small = np.uint8 if max(int(urn.sizes.max()) for urn in ordered) < 256 else np.uint32
    return UrnPlan(
        rows=rows.astype(np.int64),
        steps=tuple((int(end - count), int(end)) for end, count in zip(ends, active, strict=True)),
        sizes=np.array([urn.sizes for urn in ordered], dtype=small),
        counts=np.array([[urn.counts[:, k] for urn in ordered] for k in kept], dtype=small),
        size_limits=_size_limits(ordered, active, arm, kept, arms),
        drawn=None if pair is None else np.isin(arm[rows], kept),
        labels=np.array(kept, dtype=np.uint8),
    )


def redraw_urns(plan: UrnPlan, words: Words) -> Lots:
    """(m, redraws) arms of ``plan.rows``, from words (``plan.words``, redraws)."""
    people, redraws = len(plan.rows), words.shape[1]
    arms, urns, sizes = plan.counts.shape
    lots = np.empty((people, redraws), dtype=np.uint8)
    room = np.zeros((urns, redraws if sizes > 1 else 1), dtype=plan.sizes.dtype)
    left = np.zeros((arms, urns, redraws), dtype=plan.sizes.dtype)
    fillings = len(plan.rows)
    for step, (start, stop) in enumerate(plan.steps):
        active = slice(0, stop - start)
        if step and step % plan.smallest == 0:
            previous = plan.steps[step - plan.smallest]
            fillings += previous[1] - previous[0]
        if not room[active].all():
            _fill(plan, (start, stop), room[active], left[:, active], words[fillings : fillings + stop - start])
        room[active] -= 1
        drawn = None if plan.drawn is None else plan.drawn[start:stop]
        lots[start:stop] = _draw(left[:, active], words[start:stop], drawn)
    if plan.drawn is None:
        return lots
    return np.where(plan.drawn[:, None], plan.labels[np.minimum(lots, len(plan.labels) - 1)], np.uint8(FIXED))


def _fill(plan: UrnPlan, step: tuple[int, int], room: Small, left: Small, words: Words) -> None:
    """Fill the urns that are empty, each with a size of its own, by words (urns, redraws).

    An empty urn has no room and no lots left, so that what it is filled with can be added.
    """
    start, stop = step
    bounds = plan.size_limits[start:stop] if len(plan.size_limits) > 1 else plan.size_limits
    reached = [room == 0]
    reached += [reached[0] & (words >= bounds[:, size, None]) for size in range(bounds.shape[1])]
    room += _reached(plan.sizes[: stop - start], reached)
    for arm, counts in enumerate(plan.counts):
        left[arm] += _reached(counts[: stop - start], reached)


def _reached(values: Small, reached: list[NDArray[np.bool_]]) -> Small:
    """(urns, redraws or 1): of each urn the value (urns, sizes) of the last size reached; 0 where none is.

    As sizes are reached in their order, the value is a sum of differences (modulo 256 or 2^32, which does no harm).
    """
    total = reached[0] * values[:, :1]
    for size in range(1, len(reached)):
        total += reached[size] * (values[:, size] - values[:, size - 1])[:, None]
    return total


def _draw(left: Small, words: Words, drawn: NDArray[np.bool_] | None) -> Lots:
    """Take one lot out of each urn, at random among those left; none for people whose lot is not redrawn."""
    total = left.sum(axis=0, dtype=np.uint64)
    picked = ((words * total) >> np.uint64(32)).astype(left.dtype)
    lots = np.zeros(words.shape, dtype=np.uint8)
    end = left[0].copy()
    for arm in range(1, len(left)):
        lots += picked >= end
        end += left[arm]
    for arm in range(len(left)):
        taken = lots == arm
        left[arm] -= taken if drawn is None else taken & drawn[:, None]
    return lots


def _size_limits(
    ordered: Sequence[Urn], active: Sequence[int], arm: NDArray[np.uint8], kept: list[int], arms: int
) -> NDArray[np.unsignedinteger[Any]]:
    sizes = len(ordered[0].sizes)
    if len(kept) == arms:
        return _ends(np.full((1, sizes), 1 / sizes)).astype(np.uint32)
    chances = [size_chances(urn, arm, kept) for urn in ordered]
    by_step = [chances[urn][step] for step, count in enumerate(active) for urn in range(count)]
    return _ends(np.array(by_step))


def _ends(chances: NDArray[np.float64]) -> NDArray[np.uint64]:
    ends = np.cumsum(chances, axis=1)[:, :-1] * _RANGE
    return np.clip(np.rint(ends), 0, _RANGE).astype(np.uint64)


def size_chances(urn: Urn, arm: NDArray[np.uint8], kept: Sequence[int]) -> NDArray[np.float64]:
    """(m, sizes): the chance of each size of a block that begins at person t, given where the other arms' people are.

    With b(t) the probability of the others' places from t on if a block begins there, b(m) = 1 and
    b(t) = mean over sizes s of f(t, s) b(t + s), where f is the share of a block's orders that has the others where
    they are. The chance of size s at t is f(t, s) b(t + s) over its sum; only its logarithm is kept.

    Raises:
        DataError: no sequence of blocks has the others where they are.
    """
    people = len(urn.rows)
    log_later = np.full(people + 1, -np.inf)
    log_later[people] = 0
    chances = np.full((people, len(urn.sizes)), 1 / len(urn.sizes))
    for start in range(people - 1, -1, -1):
        logs = np.array(list(_log_chances(urn, arm[urn.rows[start:]], kept, log_later[start:])))
        top = logs.max()
        if top > -np.inf:
            log_later[start] = top + np.log(np.exp(logs - top).mean())
            chances[start] = np.exp(logs - top) / np.exp(logs - top).sum()
    if log_later[0] == -np.inf:
        raise DataError(_impossible())
    return chances


def _log_chances(
    urn: Urn, later: NDArray[np.uint8], kept: Sequence[int], log_later: NDArray[np.float64]
) -> Iterator[float]:
    for size, counts in zip(urn.sizes.tolist(), urn.counts, strict=True):
        seen = np.bincount(later[:size], minlength=len(counts))
        yield _log_share(_pooled(counts, kept), _pooled(seen, kept)) + float(log_later[min(size, len(later))])


def _pooled(counts: Integers, kept: Sequence[int]) -> list[int]:
    """The counts of the other arms, and that of the arms redrawn together."""
    return [*np.delete(counts, list(kept)).tolist(), int(counts[list(kept)].sum())]


def _log_share(counts: Sequence[int], seen: Sequence[int]) -> float:
    """Log of the share of a block's orders that begin with those seen, in the order that they were seen."""
    left = [count - used for count, used in zip(counts, seen, strict=True)]
    if min(left) < 0:
        return -np.inf
    return _log_orders(left) - _log_orders(counts)


def _log_orders(counts: Sequence[int]) -> float:
    return lgamma(sum(counts) + 1) - sum(lgamma(count + 1) for count in counts)


def _impossible() -> Problem:
    return Problem(
        Text(
            nb="deltakernes grupper og rekkefølge kan ikke ha kommet fra blokker av de oppgitte størrelsene",
            en="the participants' arms and order cannot have come from blocks of the declared sizes",
        ),
        "participants.parquet",
        next_step=Text(
            nb="Ta med kolonnen «draw_order» (rekkefølgen av loddene); dagen alene er ikke nok.",
            en='Take along the column "draw_order" (the order of the lots); the day alone is not enough.',
        ),
    )
