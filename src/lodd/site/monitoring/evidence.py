r"""Evidence, gathered lot by lot, that lots do not fall with the probabilities that the mechanism declares.

Under the null hypothesis, lot i falls on an arm with probability p_i given all that was known just before it. Let A_i
be 1 if it did. An alternative tilts the odds by exp(theta): q_i = p_i e^theta / (1 - p_i + p_i e^theta). The
*e-process* is the likelihood ratio against an even mixture of tilts,

    E_n = mean over theta of  prod_{i <= n}  e^{theta A_i} / (1 - p_i + p_i e^theta).

Each factor has mean 1 given the past, so E_n is a non-negative martingale from 1, whatever the design (blocks,
minimisation, changing probabilities) and whoever chooses, from what is known before each lot, what comes next. Hence
(Ville 1939) P(E_n ever reaches 1/alpha) <= alpha: looking every day costs nothing. Mixtures of likelihood ratios are
Robbins' (1970, "Statistical methods related to the law of the iterated logarithm"); e-processes and stopping times:
Ramdas, Grünwald, Vovk and Shafer (2023, "Game-theoretic statistics and safe anytime-valid inference").

A lot with p_i of 0 or 1 (the rest of a block, say) carries no information: its factor is 1. That such a lot fell right
is the verifier's to see. Evidence grows only where shares are tilted one way over time; lots that are *too even*, as if
dealt in turn, make it shrink, so this alarm cannot see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

TILTS: Final = tuple(sign * 0.1 * 2.0**step for step in range(6) for sign in (-1, 1))
"""Tilts theta of the log odds, from 0.1 (seen only in thousands of lots) to 3.2 (nearly always the same arm)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """By stream, shape (streams,): the natural logarithm of E now, and of the largest that E has been (E starts at 1);
    and how many lots carried information."""

    log_now: Floats
    log_peak: Floats
    informative: Integers


def log_ratios(drawn: Booleans, probability: Floats) -> Floats:
    """The logarithm of each lot's likelihood ratio for each tilt, shape (lots, tilts)."""
    tilts = np.asarray(TILTS)
    ratios: Floats = drawn[:, None] * tilts - np.log1p(probability[:, None] * np.expm1(tilts))
    ratios[(probability <= 0) | (probability >= 1)] = 0.0
    return ratios


def log_path(drawn: Booleans, probability: Floats) -> Floats:
    """log E after each lot of one stream, shape (lots,)."""
    return _log_mixture(np.cumsum(log_ratios(drawn, probability), axis=0))


def gather(stream: Integers, streams: int, drawn: Booleans, probability: Floats) -> Evidence:
    """The evidence of each of ``streams`` streams; ``stream`` is each lot's, -1 for none; lots in ledger order."""
    order = np.argsort(stream, kind="stable")
    order = order[np.searchsorted(stream[order], 0) :]
    codes = stream[order]
    log_now, log_peak = np.zeros(streams), np.zeros(streams)
    known = (probability[order] > 0) & (probability[order] < 1)
    informative = np.bincount(codes[known], minlength=streams).astype(np.int64)
    if codes.size:
        first = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        path = _path_by_stream(log_ratios(drawn[order], probability[order]), first)
        log_now[codes[first]] = path[np.r_[first[1:], codes.size] - 1]
        log_peak[codes[first]] = np.maximum(np.maximum.reduceat(path, first), 0.0)
    return Evidence(log_now, log_peak, informative)


def _path_by_stream(ratios: Floats, first: Integers) -> Floats:
    """log E after each lot, of streams that lie one after another and begin at ``first``."""
    total = np.cumsum(ratios, axis=0)
    before = np.vstack([np.zeros(ratios.shape[1]), total[first[1:] - 1]])
    return _log_mixture(total - np.repeat(before, np.diff(np.r_[first, len(ratios)]), axis=0))


def _log_mixture(logs: Floats) -> Floats:
    largest = logs.max(axis=1)
    mixed: Floats = largest + np.log(np.exp(logs - largest[:, None]).mean(axis=1))
    return mixed


def raised(log_evidence: Floats, weight: Floats, alpha: float) -> Booleans:
    """Which streams raise the alarm: the weighted e-BH procedure, for weights >= 0 with sum at most 1.

    The R streams of largest weight x E alarm, for the largest R at which each of them has weight x E >= 1 / (alpha R)
    (Wang and Ramdas 2022, "False discovery rate control with e-values"; equal weights 1/m are plain e-BH).
    Whatever the dependence between streams, and at any stopping time, the expected share of false alarms among the
    alarms is at most alpha: a false alarm's part of it is at most alpha x weight x E, whose mean is alpha x weight.
    """
    with np.errstate(divide="ignore"):
        weighted = log_evidence + np.log(weight)
    order = np.argsort(-weighted, kind="stable")
    needed = -np.log(alpha * np.arange(1, len(order) + 1))
    enough = np.flatnonzero(weighted[order] >= needed - 1e-12)
    alarm = np.zeros(len(order), dtype=np.bool_)
    if enough.size:
        alarm[order[: enough[-1] + 1]] = True
    return alarm


def arrival_weights(streams: int) -> Floats:
    """Weights for streams of which nobody knows beforehand how many there will be, in the order of their arrival.

    Arrivals 2^b to 2^(b+1) - 1 share 1 / ((b + 1)(b + 2)) evenly, so that all weights there could ever be sum to 1.
    Weights that depended on how many have come so far would not keep the error rate: a newcomer would dilute
    evidence that is below 1.
    """
    batch = np.floor(np.log2(np.arange(1, streams + 1))).astype(np.int64)
    weights: Floats = 1.0 / ((batch + 1) * (batch + 2) * 2.0**batch)
    return weights
