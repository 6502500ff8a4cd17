"""Permuted blocks of random size within strata, in the order of the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from lodd.allocation.lot import DrawRequest, Lot
from lodd.allocation.rules import PLACES, DrawRules, Place
from lodd.allocation.tickets import LotSource, number

LABEL: Final = b"lodd/block/v1"


@dataclass(slots=True)
class _Open:
    """A block being filled: its arms in order, and how many are given."""

    ratio: tuple[Fraction, ...]
    arms: tuple[int, ...]
    given: int = 0

    @property
    def full(self) -> bool:
        return self.given == len(self.arms)

    def conditional(self) -> tuple[Fraction, ...]:
        """Each arm's share of what is left of the block, as somebody who knows its size would have it."""
        left = Counter(self.arms[self.given :])
        return tuple(Fraction(left[arm], len(self.arms) - self.given) for arm in range(len(self.ratio)))


class Blocks:
    """Block b of a stratum has its size (each declared one equally likely) and its order from one message.

    The message holds the beacons that were mixed in when the block was opened. ``conditional`` uses the actual block,
    whose size nobody outside knows while it is open; ``marginal`` is the ratio.
    """

    def __init__(self, rules: DrawRules, source: LotSource) -> None:
        self._sizes = rules.block_sizes
        self._by_factor = any(name not in PLACES for name in rules.strata)
        self._source = source
        self._open: dict[str, _Open] = {}
        self._opened: Counter[str] = Counter()
        self._epoch = 0
        self._lost: set[str] = set()

    @property
    def recomputable(self) -> bool:
        return not self._lost

    def draw(self, request: DrawRequest, place: Place, stratum: str) -> Lot:
        block = self._open.get(stratum)
        if block is None or block.full or block.ratio != place.probability:
            block = self._open[stratum] = self._next(stratum, place.probability)
        conditional = block.conditional()
        arm = block.arms[block.given]
        block.given += 1
        return Lot(arm, stratum, conditional, place.probability)

    def observe(self, request: DrawRequest, place: Place, arm: int) -> None:
        """A slip takes no place in a block."""

    def lose(self, request: DrawRequest) -> None:
        """Which stratum's block the person had a place in is no longer known."""
        if self._by_factor:
            self._lost.add(request.lot_id)

    def withdraw(self, lot_id: str) -> None:
        """Where strata are made of factors all blocks begin anew, known or not which the person was in."""
        if self._by_factor:
            self._lost.discard(lot_id)
            self._open = {}
            self._opened = Counter()
            self._epoch += 1

    def _next(self, stratum: str, ratio: tuple[Fraction, ...]) -> _Open:
        index = self._opened[stratum]
        self._opened[stratum] += 1
        numbers = self._source.numbers(LABEL, stratum.encode(), number(self._epoch), number(index))
        size = self._sizes[numbers.below(len(self._sizes))]
        arms = [arm for arm, share in enumerate(ratio) for _ in range(int(share * size))]
        return _Open(ratio, numbers.shuffled(arms))
