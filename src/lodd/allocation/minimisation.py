"""Minimisation: each person goes, by a biased coin, to the arm that leaves the declared factors in the best balance.

Pocock and Simon (1975, Biometrics 31: 103-115), with the range as the imbalance within a factor, equal weights of the
factors, and ties broken at random; for unequal probabilities the biased-coin minimisation of Han, Enas and McEntegart
(2009, Statistics in Medicine 28: 3329-3346).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from lodd.allocation.lot import DrawRequest, Lot
from lodd.allocation.rules import DrawRules, Place, values_of
from lodd.allocation.tickets import LotSource, limits

LABEL: Final = b"lodd/minimisation/v1"
Vector = tuple[Fraction, ...]
Level = tuple[str, str]
"""A factor and a person's value of it."""


def mixing(coin: Fraction, probability: Vector) -> Fraction:
    """The share c of lots that follow the declared probabilities r alone; the others follow the balance.

    An arm k that is preferred alone gets (1 - c) + c r_k and every other arm j gets c r_j. With
    c = (1 - p) / (1 - min r) the coin p is what the least probable arm gets when preferred: Han and others' p_H. Equal
    probabilities give p to the preferred arm and (1 - p) / (arms - 1) to each other one: Pocock and Simon's.
    """
    return (1 - coin) / (1 - min(probability))


def conditional_probability(imbalance: Sequence[Fraction], probability: Vector, coin: Fraction) -> Vector:
    """Each arm's probability, given the imbalance that it would leave; arms of least imbalance share the preference.

    Breaking the tie at random, in proportion to the declared probabilities, gives the mixture computed here.
    """
    least = min(imbalance)
    tied = [r if g == least else Fraction(0) for g, r in zip(imbalance, probability, strict=True)]
    share = mixing(coin, probability)
    preferred = sum(tied)
    return tuple((1 - share) * t / preferred + share * r for t, r in zip(tied, probability, strict=True))


def imbalance_after(totals: Sequence[Sequence[Fraction]], weights: Vector) -> list[Fraction]:
    """For each arm: the sum over factors of the range of the arms' totals, were the person to go there.

    ``totals[f][k]`` is the weight of those in arm k who share the person's level of factor f; each weighs one over the
    declared probability of their arm, so that arms are balanced when they stand in the declared ratio.
    """
    return [sum((_range_with(row, arm, weights[arm]) for row in totals), Fraction(0)) for arm in range(len(weights))]


def _range_with(row: Sequence[Fraction], arm: int, weight: Fraction) -> Fraction:
    after = [total + weight if k == arm else total for k, total in enumerate(row)]
    return max(after) - min(after)


class Minimisation:
    """Remembers, for every level of every factor, the weight of those in each arm."""

    def __init__(self, rules: DrawRules, source: LotSource) -> None:
        self._rules = rules
        self._coin = Fraction(rules.biased_coin)
        self._source = source
        self._totals: dict[Level, list[Fraction]] = {}
        self._counted: dict[str, tuple[list[Level], int, Fraction]] = {}
        self._lost: set[str] = set()

    @property
    def recomputable(self) -> bool:
        return not self._lost

    def draw(self, request: DrawRequest, place: Place, stratum: str) -> Lot:
        levels = self._levels(request, place)
        weights = tuple(1 / p for p in place.probability)
        totals = [self._totals.get(level) or [Fraction(0)] * len(weights) for level in levels]
        conditional = conditional_probability(imbalance_after(totals, weights), place.probability, self._coin)
        arm = bisect_right(limits(conditional), self._source.ticket(LABEL, request.lot_id))
        self._count(request.lot_id, levels, arm, weights[arm])
        return Lot(arm, stratum, conditional, None)

    def observe(self, request: DrawRequest, place: Place, arm: int) -> None:
        self._count(request.lot_id, self._levels(request, place), arm, 1 / place.probability[arm])

    def lose(self, request: DrawRequest) -> None:
        self._lost.add(request.lot_id)

    def withdraw(self, lot_id: str) -> None:
        self._lost.discard(lot_id)
        if counted := self._counted.pop(lot_id, None):
            levels, arm, weight = counted
            self._add(levels, arm, -weight)

    def _levels(self, request: DrawRequest, place: Place) -> list[Level]:
        names = self._rules.factors
        return list(zip(names, values_of(names, place, request), strict=True))

    def _count(self, lot_id: str, levels: list[Level], arm: int, weight: Fraction) -> None:
        self._counted[lot_id] = (levels, arm, weight)
        self._add(levels, arm, weight)

    def _add(self, levels: list[Level], arm: int, weight: Fraction) -> None:
        for level in levels:
            row = self._totals.setdefault(level, [Fraction(0)] * len(self._rules.arms))
            row[arm] += weight
