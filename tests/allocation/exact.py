"""The true distribution of small designs, by going through everything that can happen: slow, plain, exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product

Allocation = tuple[int, ...]
Distribution = Mapping[Allocation, Fraction]
Vector = Sequence[Fraction]


def independent(probability: Sequence[Vector]) -> Distribution:
    """Every person a lot of their own."""
    truth = {}
    for arms in product(*(range(len(vector)) for vector in probability)):
        chance = Fraction(1)
        for vector, arm in zip(probability, arms, strict=True):
            chance *= vector[arm]
        truth[arms] = chance
    return truth


def batch(counts: Sequence[int]) -> Distribution:
    """Every distinct order of the batch's arms is as likely."""
    orders = set(permutations(arm for arm, count in enumerate(counts) for _ in range(count)))
    return {order: Fraction(1, len(orders)) for order in orders}


def blocks(people: int, ratio: Vector, sizes: Sequence[int]) -> Distribution:
    """One stratum: every sequence of sizes, and in each block every distinct order; the last one may stay open."""
    truth: dict[Allocation, Fraction] = defaultdict(Fraction)
    for size in sizes:
        whole = batch([int(share * size) for share in ratio])
        for order, share in whole.items():
            chance = share / len(sizes)
            if size >= people:
                truth[order[:people]] += chance
                continue
            for later, rest in blocks(people - size, ratio, sizes).items():
                truth[order + later] += chance * rest
    return truth


def minimisation(
    people: Sequence[Sequence[str]],
    probability: Sequence[Vector],
    coin: Fraction,
    allowed: Sequence[Sequence[int]] = (),
) -> Distribution:
    """People with the values of their factors, in order; where only some arms are allowed a person, among these."""
    return dict(_paths(people, probability, coin, allowed, ()))


def _paths(
    people: Sequence[Sequence[str]],
    probability: Sequence[Vector],
    coin: Fraction,
    allowed: Sequence[Sequence[int]],
    before: Allocation,
) -> Iterator[tuple[Allocation, Fraction]]:
    person = len(before)
    if person == len(people):
        yield before, Fraction(1)
        return
    chances = minimising(people[: person + 1], probability[: person + 1], before, coin)
    arms = allowed[person] if allowed else range(len(chances))
    for arm in arms:
        chance = chances[arm] / sum(chances[k] for k in arms)
        for later, rest in _paths(people, probability, coin, allowed, (*before, arm)):
            yield later, chance * rest


def minimising(
    people: Sequence[Sequence[str]], probability: Sequence[Vector], before: Allocation, coin: Fraction
) -> Vector:
    """The last person's probabilities: the mean over ties, each broken in favour of one arm, of the biased coin.

    Written as the papers have it, with the preferred arm's probability p_kk and the others' p_kj in proportion to their
    ratio, and not as the mixture that the mechanism computes.
    """
    declared = probability[-1]
    arms = range(len(declared))
    imbalance = []
    for candidate in arms:
        total = Fraction(0)
        for factor, value in enumerate(people[-1]):
            weight = [Fraction(0) for _ in arms]
            for other, arm in enumerate((*before, candidate)):
                if people[other][factor] == value:
                    weight[arm] += 1 / probability[other][arm]
            total += max(weight) - min(weight)
        imbalance.append(total)
    best = [arm for arm in arms if imbalance[arm] == min(imbalance)]
    result = [Fraction(0) for _ in arms]
    for preferred in best:
        others = 1 - declared[preferred]
        favoured = 1 - (1 - coin) * others / (1 - min(declared))
        for arm in arms:
            chance = favoured if arm == preferred else (1 - favoured) * declared[arm] / others
            result[arm] += chance * declared[preferred] / sum(declared[k] for k in best)
    return result


def given(truth: Distribution, actual: Allocation, pair: Sequence[int]) -> Distribution:
    """The distribution given where everybody outside the pair is; they become 255."""

    def places(arms: Allocation) -> Allocation:
        return tuple(255 if arm in pair else arm for arm in arms)

    kept = {arms: chance for arms, chance in truth.items() if places(arms) == places(actual)}
    total = sum(kept.values())
    return {tuple(arm if arm in pair else 255 for arm in arms): chance / total for arms, chance in kept.items()}
