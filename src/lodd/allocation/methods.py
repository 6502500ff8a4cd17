"""The mechanisms themselves: random generator in, arms and probabilities out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from lodd.errors import DataError, Problem
from lodd.locale import Text


@dataclass(frozen=True, slots=True)
class Lots:
    """What was drawn: ``arm`` (n,) as indexes; ``marginal`` and ``conditional`` (n, arms) probabilities."""

    arm: NDArray[np.int64]
    marginal: NDArray[np.float64]
    conditional: NDArray[np.float64]

    @classmethod
    def nobody(cls, arms: int) -> Lots:
        return cls(np.zeros(0, dtype=np.int64), np.zeros((0, arms)), np.zeros((0, arms)))


def draw_keyed(rng: np.random.Generator, exact: Sequence[Sequence[Decimal]]) -> Lots:
    """An independent lot per person with exactly these probabilities.

    A whole number is drawn uniformly among 10^d, where d is the number of decimals that the probabilities need, so that
    "0.35" is 35 of 100 and not the float nearest to it.
    """
    scale = 10 ** max((decimals_of(p) for vector in exact for p in vector), default=0)
    tickets = np.array([[int(p * scale) for p in vector] for vector in exact], dtype=np.int64)
    ticket = rng.integers(0, scale, size=len(exact))
    arm = (ticket[:, None] >= np.cumsum(tickets, axis=1)).sum(axis=1)
    marginal = tickets / scale
    return Lots(arm.astype(np.int64), marginal, marginal.copy())


def draw_batches(
    rng: np.random.Generator, batches: Sequence[str], numbers: Mapping[str, Sequence[int]], arms: int
) -> Lots:
    """A random permutation of fixed numbers per arm within each batch.

    The batch is drawn at once, so what is known before it is drawn is n_k/n for everybody: marginal and conditional
    probabilities are the same.

    Raises:
        DataError: a batch without numbers, or numbers that do not add up to its people.
    """
    arm = np.zeros(len(batches), dtype=np.int64)
    marginal = np.zeros((len(batches), arms))
    for batch, rows in _rows_by(batches).items():
        counts = numbers.get(batch, ())
        if len(counts) != arms or sum(counts) != len(rows):
            raise DataError(_wrong_numbers(batch, counts, len(rows)))
        arm[rows] = rng.permutation(np.repeat(np.arange(arms), counts))
        marginal[rows] = np.array(counts) / len(rows)
    return Lots(arm, marginal, marginal.copy())


def draw_blocks(
    rng: np.random.Generator, strata: Sequence[str], exact: Sequence[Sequence[Decimal]], sizes: Sequence[int]
) -> Lots:
    """Permuted blocks of random size within strata, in the order that people come.

    Marginal probabilities are the ratio; the conditional one is what remains of the arm in what remains of the block.
    """
    marginal = np.array([[float(p) for p in vector] for vector in exact])
    arm = np.zeros(len(strata), dtype=np.int64)
    conditional = np.zeros_like(marginal)
    for rows in _rows_by(strata).values():
        position = 0
        while position < len(rows):
            size = int(rng.choice(np.array(sizes)))
            counts = [int(p * size) for p in exact[rows[position]]]
            members = rows[position : position + size]
            block = rng.permutation(np.repeat(np.arange(len(counts)), counts))[: len(members)]
            arm[members] = block
            conditional[members] = _remaining(block, counts)
            position += size
    return Lots(arm, marginal, conditional)


def decimals_of(p: Decimal) -> int:
    """How many decimals an exact probability needs: 2 for "0.40" and for "0.35"."""
    return max(0, -int(p.as_tuple().exponent))


def _remaining(block: NDArray[np.int64], counts: Sequence[int]) -> NDArray[np.float64]:
    """(members, arms): the share of each arm among what is left of the block just before each lot."""
    drawn = np.eye(len(counts))[block]
    before = np.cumsum(drawn, axis=0) - drawn
    left = np.array(counts) - before
    return np.asarray(left / left.sum(axis=1, keepdims=True))


def _rows_by(names: Iterable[str]) -> dict[str, list[int]]:
    rows = defaultdict[str, list[int]](list)
    for row, name in enumerate(names):
        rows[name].append(row)
    return rows


def _wrong_numbers(batch: str, counts: Sequence[int], people: int) -> Problem:
    given = ", ".join(map(str, counts)) or "–"
    return Problem(
        Text(
            nb=f"gruppen «{batch}» har {people} personer, men antallene til hver arm er: {given}",
            en=f'the batch "{batch}" has {people} people, but its numbers per arm are: {given}',
        ),
        allowed=Text(
            nb="ett antall for hver arm, som til sammen er antallet personer",
            en="one number for each arm, adding up to its people",
        ),
    )
