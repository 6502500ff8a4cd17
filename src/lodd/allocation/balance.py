"""Redraws by minimisation: the whole sequence in its order, for many redraws at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lodd.allocation.history import DrawHistory, Floats, Sequence
from lodd.allocation.words import Words

Lots = NDArray[np.uint8]
_UNIT: Final = 2.0**-32
_TIE: Final = 1e-7
"""Totals are sums of weights 1/p; closer than this, relative to one weight, they are the same number."""


def redraw_sequence(history: DrawHistory, sequence: Sequence, words: Words, pair: tuple[int, int] | None) -> Lots:
    """(m, redraws) arms of ``sequence.rows``, from words (m, redraws).

    With a pair, only people of these two arms are redrawn, by the mechanism's probabilities of the two given everybody
    before them; the others keep their arm, and count.
    """
    arms, redraws = history.arms, words.shape[1]
    totals = np.zeros((int(sequence.levels.max()) + 1, arms, redraws))
    lots = np.empty(words.shape, dtype=np.uint8)
    columns = np.arange(redraws)
    allowed = None if pair is None else np.isin(np.arange(arms), pair)
    for step, row in enumerate(sequence.rows.tolist()):
        probability, levels = history.probability[row], sequence.levels[step]
        actual = int(history.arm[row])
        if allowed is not None and not allowed[actual]:
            lots[step] = actual
        else:
            coin = min(probability) if sequence.slips[step] else sequence.coin
            chance = chances(totals[levels], probability, coin)
            lots[step] = _pick(chance if allowed is None else chance * allowed[:, None], words[step])
        totals[levels[:, None], lots[step], columns] += 1 / probability[lots[step]]
    return lots


def chances(totals: Floats, probability: Floats, coin: float) -> Floats:
    """(arms, redraws) probabilities of the next person, from totals (factors, arms, redraws) at the person's levels.

    The arithmetic of :func:`lodd.allocation.minimisation.conditional_probability`, many redraws at a time.
    """
    imbalance = np.empty(totals.shape[1:])
    for arm, p in enumerate(probability):
        totals[:, arm] += 1 / p
        imbalance[arm] = (totals.max(axis=1) - totals.min(axis=1)).sum(axis=0)
        totals[:, arm] -= 1 / p
    tied = (imbalance <= imbalance.min(axis=0) + _TIE) * probability[:, None]
    share = (1 - coin) / (1 - probability.min())
    return np.asarray((1 - share) * tied / tied.sum(axis=0) + share * probability[:, None])


def _pick(chance: Floats, words: Words) -> NDArray[np.uint8]:
    ends = np.cumsum(chance, axis=0)
    point = words * (_UNIT * ends[-1])
    return np.asarray((point >= ends[:-1]).sum(axis=0), dtype=np.uint8)
